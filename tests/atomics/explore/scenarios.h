/* SPDX-License-Identifier: MIT */
/*
 * The programs whose every execution is looked at: a real loop on thread 0, on
 * a backend and a system that only know the wakeup, and senders on the others.
 */
#ifndef TESTS_ATOMICS_EXPLORE_SCENARIOS_H
#define TESTS_ATOMICS_EXPLORE_SCENARIOS_H

#include "search.h"

struct scenario {
    const char *name;
    const char *what;
    bool quick; /* is done in a second or so */
    struct search_program program;
};

/* Ends with one that has no name. */
extern const struct scenario scenarios[];

#endif
