/* SPDX-License-Identifier: MIT */
/*
 * Where systems and backends differ although one script is for all: what is
 * left out of it, and why. Nothing here asks which system it is: each
 * difference is found by trying.
 */
#ifndef TESTS_CONFORMANCE_DIFFERENCES_H
#define TESTS_CONFORMANCE_DIFFERENCES_H

#include <eddy.h>

/* The events that the loop's backend cannot watch here. */
unsigned script_lacking(eddy_loop *loop);

/* Takes the names of lacking events, where they stand beside others, out of a
 * text. */
void script_strip(unsigned lacking, char *text);

/* NULL if the system has what is named ("needs NAME" in a script), else why
 * the script has to be left out. */
const char *script_missing(eddy_loop *loop, const char *name);

#endif
