/* SPDX-License-Identifier: MIT */
/*
 * The scenarios, by subject: each table ends with a NULL name. A scenario runs
 * in a scene that has been begun, and leaves it to be ended.
 */
#ifndef TESTS_FAULTS_SCENARIOS_H
#define TESTS_FAULTS_SCENARIOS_H

struct scenario {
    const char *name;
    void (*play)(void);
};

extern const struct scenario scenarios_loop[];
extern const struct scenario scenarios_io[];
extern const struct scenario scenarios_time[];
extern const struct scenario scenarios_send[];
extern const struct scenario scenarios_embed[];
extern const struct scenario scenarios_fork[];
extern const struct scenario scenarios_stream[];
extern const struct scenario scenarios_write[];
extern const struct scenario scenarios_tcp[];
extern const struct scenario scenarios_listen[];
extern const struct scenario scenarios_work[];

/* The n-th of all, or NULL. */
const struct scenario *scenario_at(int n);

/* The one of that name, or NULL. */
const struct scenario *scenario_named(const char *name);

#endif
