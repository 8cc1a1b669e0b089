/* SPDX-License-Identifier: MIT */
/*
 * Threads in tests. The meeting point spins, so that those who meet leave it
 * within nanoseconds of each other, and yields, so that it works on one core.
 */
#include "support/threads.h"

#include "support/test.h"

#include <sched.h>

void meeting_arrive(struct meeting *meeting)
{
    int round = shared_get(&meeting->round);

    if (shared_add(&meeting->arrived, 1) == meeting->parties) {
        shared_set(&meeting->arrived, 0);
        shared_set(&meeting->round, round + 1);
        return;
    }
    for (int spins = 0; shared_get(&meeting->round) == round; spins++) {
        if (spins > 100)
            sched_yield();
    }
}

pthread_t thread_start(void *(*run)(void *arg), void *arg)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, run, arg), 0);
    return thread;
}

void thread_join(pthread_t thread)
{
    assert_int_equal(pthread_join(thread, NULL), 0);
}

void thread_dawdle(unsigned steps)
{
    for (volatile unsigned i = 0; i < steps; i++)
        continue;
}

int shared_get(const int *value)
{
    return __atomic_load_n(value, __ATOMIC_SEQ_CST);
}

void shared_set(int *value, int to)
{
    __atomic_store_n(value, to, __ATOMIC_SEQ_CST);
}

int shared_add(int *value, int by)
{
    return __atomic_add_fetch(value, by, __ATOMIC_SEQ_CST);
}
