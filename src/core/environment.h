/* SPDX-License-Identifier: MIT */
/*
 * The process's environment, where it may be trusted.
 */
#ifndef EDDY_CORE_ENVIRONMENT_H
#define EDDY_CORE_ENVIRONMENT_H

/* The variable's value, or NULL: always NULL in a program that runs with
 * privileges that its caller has not (set-uid and the like). */
const char *eddy__environment(const char *name);

#endif
