/* SPDX-License-Identifier: MIT */
/*
 * A backend that asks no kernel: a test scripts what is ready, and the time
 * that passes is that of a fake_os. A wait that has nothing to report moves
 * the clock to its deadline; one that would sleep for ever fails with
 * EDDY_EDEADLK, so that a test of the core cannot hang.
 *
 * It holds the core to the contract of eddy/backend.h: each breach is counted
 * in `mistakes`.
 */
#ifndef TESTS_SUPPORT_FAKE_BACKEND_H
#define TESTS_SUPPORT_FAKE_BACKEND_H

#include "support/fake_os.h"

#include <eddy/backend.h>

#define EDDY_EDEADLK (-EDEADLK)

enum { FAKE_FDS = 256, FAKE_EVENTS = 64 };

/* What the "kernel" has about a descriptor; mask 0 is nothing. */
struct fake_registration {
    uint64_t token;
    unsigned mask;
    unsigned changed_before; /* the wait before which it was last changed */
    int update_error;        /* with which the next update fails */
};

struct fake_event {
    eddy_ready ready;
    int fd; /* reported with its token if registered; -1: as it stands */
};

struct fake_backend {
    eddy_backend_ops ops; /* give this to the loop */
    struct fake_os *os;

    /* the script: of the next calls */
    struct fake_event events[FAKE_EVENTS];
    int event_count;
    int create_error;
    int wait_error;     /* of the next wait, once, after elapse_ns */
    uint64_t elapse_ns; /* how long the next wait takes before it reports */
    uint64_t late_ns;   /* how much each timed-out sleep takes too long */
    void (*asleep)(void *arg); /* called by the next wait: another thread */
    void *asleep_arg;

    /* what happened */
    struct fake_registration table[FAKE_FDS];
    unsigned creates, destroys, inherited;
    unsigned updates, waits, sleeps; /* sleeps: waits that timed out */
    int64_t last_timeout_ns;
    int last_fd; /* of the last update, and what it was told */
    unsigned last_known, last_want;
    unsigned mistakes;
};

/* There is one at a time: create() knows only the last one made. */
void fake_backend_init(struct fake_backend *fake, struct fake_os *os);

/* The next wait reports `events` of fd, if it is then registered. */
void fake_backend_ready(struct fake_backend *fake, int fd, unsigned events);

/* The next wait reports just this, whatever is registered. */
void fake_backend_report(struct fake_backend *fake, uint64_t token,
                         unsigned events, int error);

#endif
