/* SPDX-License-Identifier: MIT */
/*
 * Running scenarios again and again: each once to see which calls it makes,
 * then with each of these failing in each way that there is, then with a
 * second failure after the first one.
 *
 * The runs are made one after the other by a forked worker. One that fails
 * ends the worker; the runner notes which it was and has another worker go on
 * behind it. So a crash, a failed assert and a sanitizer's verdict are
 * failures like others.
 */
#ifndef TESTS_FAULTS_RUNNER_H
#define TESTS_FAULTS_RUNNER_H

#include "faults/scenarios.h"
#include "faults/tally.h"

struct runner_options {
    const struct scenario *only; /* NULL: all of them */
    unsigned every;              /* n-th single fault is tried; 1: all */
    unsigned pairs; /* about so many for a scenario: all, if there are fewer */
};

struct runner_report {
    unsigned scenarios;
    unsigned calls; /* that can fail, in one run of each scenario */
    unsigned runs;
    unsigned singles; /* runs with one fault, */
    unsigned pairs;   /* and with two */
    unsigned struck;  /* faults that were met in these */
    unsigned whole;   /* scenarios whose every pair was tried */
    unsigned failures;
};

/* Runs them all, and prints each failure as it comes. */
struct runner_report runner_run(const struct runner_options *options);

/* One run, with its plan; true if it is in order. */
bool runner_once(const struct scenario *scenario, const struct plan *plan);

/* "sendmsg:2:EIO,wait:7:EINTR"; false if it is no such plan. */
bool plan_parse(struct plan *plan, const char *text);

#endif
