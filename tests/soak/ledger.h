/* SPDX-License-Identifier: MIT */
/*
 * The books of a soak: how often what happened. Each thread keeps a ledger of
 * its own, so that counting orders nothing between threads: a shared counter
 * would be a fence that hides a missing one. Everybody may read them all.
 *
 * At the end the sides of each account must be equal: what was sent is what
 * was received, handed back or dropped with its owner.
 */
#ifndef TESTS_SOAK_LEDGER_H
#define TESTS_SOAK_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

enum count {
    LOOPS_MADE,
    LOOPS_CLOSED,
    ITERATIONS,
    STOPS,
    HANDLES_MADE,
    HANDLES_CLOSED,
    CONNECTS,
    CONNECTED,
    CONNECTS_FAILED,
    CONNECTS_CANCELED,
    ACCEPTED,
    ACCEPTED_CLOSED,
    ECHOES_WHOLE, /* connections that were half-closed, and ended in order */
    RESETS,
    BYTES_CHECKED, /* each compared with the one that was written */
    WRITES,
    WRITES_DONE,
    WRITES_FAILED,
    WRITES_CANCELED,
    SHUTDOWNS,
    SHUTDOWNS_DONE,
    SHUTDOWNS_FAILED,
    BUFFERS_GIVEN, /* by alloc callbacks */
    BUFFERS_BACK,
    TIMERS_STARTED,
    TIMERS_FIRED,
    TIMERS_STOPPED,
    TIMERS_RESTARTED,
    TIMERS_CLOSED, /* while they were started */
    TIMERS_REPEATED,
    TASKS_POSTED,
    TASKS_RUN,
    TASKS_CANCELED,
    SENDS, /* of asyncs, taken */
    SENDS_REFUSED,
    ASYNCS_RUN,
    AWAITED, /* sends whose sender waited to see them arrive */
    ANSWERED,
    UNDERCUT, /* their handle closed meanwhile */
    WORKS,
    WORKS_DONE,
    WORKS_CANCELED,
    POOLS_MADE,
    POOLS_CLOSED,
    PIPES_MADE,
    PIPES_CLOSED,
    PIPE_BYTES,
    PIPE_BYTES_READ,
    PIPE_BYTES_DROPPED, /* closed with the pipe */
    ENDS_OF_FILE,
    PHASES_RUN,
    FORKS,
    FORKS_WORKED, /* children that went on with the loop */
    FORKS_CLOSED, /* children that only closed it */
    COUNTS
};

struct ledger {
    uint64_t of[COUNTS];
};

/* Only the ledger's own thread adds to it. */
static inline void tally_by(struct ledger *ledger, enum count what, uint64_t by)
{
    __atomic_store_n(&ledger->of[what], ledger->of[what] + by,
                     __ATOMIC_RELAXED);
}

static inline void tally(struct ledger *ledger, enum count what)
{
    tally_by(ledger, what, 1);
}

/* Adds up. Any thread, at any time. */
void ledger_add(struct ledger *sum, const struct ledger *one);

/* Prints the accounts that do not balance; true if there are none. */
bool ledger_balances(const struct ledger *sum);

/* Prints what happened at all, and names what never did; true if everything
 * did. */
bool ledger_print(const struct ledger *sum);

#endif
