/* SPDX-License-Identifier: MIT */
/*
 * The second thread of a workload, the processors, and waiting without a
 * system call.
 */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* The processors of a workload: to be called before it makes any thread. */
void bench_use_same_processor(bool same);
void bench_pin_first(void);

struct bench_peer {
    pthread_t thread;
    void (*run)(void *arg);
    void *arg;
};

/* Starts the second thread, on its own processor or on the same. */
void bench_peer_start(struct bench_peer *peer, void (*run)(void *arg),
                      void *arg);
void bench_peer_join(struct bench_peer *peer);

/* Each of the two threads waits here for the other. */
void bench_meet(void);

/* Spins until the counter has the value. */
void bench_wait_for(const atomic_long *counter, long value);

#endif
