/* SPDX-License-Identifier: MIT */
/*
 * A round of the stress: one loop, from its init to its close, with a few
 * asyncs, and senders that send, post and stop as they like, also to asyncs
 * that are being closed. What they publish and what the loop is told is
 * counted, and memory that was given back is watched.
 */
#ifndef TESTS_ATOMICS_ROUNDS_H
#define TESTS_ATOMICS_ROUNDS_H

#include <eddy.h>

enum { SENDERS = 4, ASYNCS = 3, RING = 32 };

/* Counters that threads share are touched by atomic builtins alone. */
struct stress_async {
    eddy_async async;
    int published[SENDERS]; /* by each sender, relaxed, before it sends */
    int told[SENDERS];      /* what a callback saw of it */
    int sends, callbacks;
    int closing, closed; /* before and after eddy_close */
    unsigned close_in;   /* callbacks until it is closed; 0: in the end */
};

struct stress_task {
    eddy_task task;
    struct round *round;
    int sender, number;
};

/* What one sender posts: its tasks in a ring, and one to end with. */
struct post_box {
    struct stress_task ring[RING];
    struct stress_task last;
    int posted, run;
    int operations;
};

struct round {
    eddy_loop loop;
    struct stress_async asyncs[ASYNCS];
    struct post_box boxes[SENDERS];
    int ended;       /* senders whose last task ran */
    int budget;      /* operations of each sender */
    uint64_t random; /* the loop's */
};

/* Before the senders go, on the loop's thread; then what it does, until the
 * loop is closed and its memory given back; and what is checked when the
 * senders have gone. */
void round_begin(struct round *round, int budget, uint64_t seed);
void round_run(struct round *round);
void round_end(struct round *round);

/* What every task does. */
void round_task_ran(eddy_task *task, int status);

/* On the sender's thread. */
void round_send_all(struct round *round, int sender, uint64_t seed);

/* Says what is wrong and ends the program: a loop that lost something might
 * never end. Any thread. */
void round_fail(const char *failure) __attribute__((noreturn));

uint64_t round_draw(uint64_t *state);

static inline int counted(const int *counter)
{
    return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

#endif
