/* SPDX-License-Identifier: MIT */
/*
 * The environment where the C library has issetugid (the BSDs, macOS).
 */
#include "core/environment.h"

#include <stdlib.h>
#include <unistd.h>

const char *eddy__environment(const char *name)
{
    return issetugid() ? NULL : getenv(name);
}
