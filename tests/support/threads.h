/* SPDX-License-Identifier: MIT */
/*
 * Threads in tests: a meeting point that lets threads go at very nearly the
 * same moment, and starting and joining that assert. Assertions fail only on
 * the main thread: another thread notes what it saw and the main one judges.
 */
#ifndef TESTS_SUPPORT_THREADS_H
#define TESTS_SUPPORT_THREADS_H

#include <pthread.h>

/* Zero-filled but for `parties`: how many must arrive. Used again and again. */
struct meeting {
    int parties;
    int arrived;
    int round;
};

/* Spins, yielding, until all have arrived. */
void meeting_arrive(struct meeting *meeting);

pthread_t thread_start(void *(*run)(void *arg), void *arg);
void thread_join(pthread_t thread);

/* Does nothing for about so many steps: varies who comes first in a race. */
void thread_dawdle(unsigned steps);

/* A plain flag or counter that several threads read and write. */
int shared_get(const int *value);
void shared_set(int *value, int to);
int shared_add(int *value, int by);

#endif
