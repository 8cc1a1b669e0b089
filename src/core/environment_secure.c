/* SPDX-License-Identifier: MIT */
/*
 * The environment where the C library has secure_getenv (glibc, musl).
 */
#include "core/environment.h"

#include <stdlib.h>

const char *eddy__environment(const char *name)
{
    return secure_getenv(name);
}
