/* SPDX-License-Identifier: MIT */
/*
 * The version that was linked, which may differ from the headers'.
 */
#include <eddy/version.h>

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

const char *eddy_version_string(void)
{
    return TEXT(EDDY_VERSION_MAJOR) "." TEXT(EDDY_VERSION_MINOR) "." TEXT(
        EDDY_VERSION_PATCH);
}
