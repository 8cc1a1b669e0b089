/* SPDX-License-Identifier: MIT */
/*
 * The version of the headers (the macros) and of the library that was linked
 * (the function). While the major version is 0, a minor version may change
 * the size of a public struct; afterwards only a major version does.
 */
#ifndef EDDY_VERSION_H
#define EDDY_VERSION_H

#include <eddy/export.h>

EDDY_BEGIN_DECLS

#define EDDY_VERSION_MAJOR 0
#define EDDY_VERSION_MINOR 1
#define EDDY_VERSION_PATCH 0

/** The linked library's version, "major.minor.patch". Any thread. */
EDDY_EXTERN const char *eddy_version_string(void);

EDDY_END_DECLS

#endif
