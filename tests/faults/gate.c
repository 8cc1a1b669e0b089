/* SPDX-License-Identifier: MIT */
/*
 * Threads of a pool, made predictable. Work stops at a gate, which lets one
 * piece through at a time, and only while the loop sleeps: so its end always
 * comes to a sleeping loop, which it has to wake, and the loop goes on only
 * when that has been done. A thread that wakes nobody fails the run after a
 * number of looks, not of seconds: a machine that stood still is no failure.
 */
#include "faults/scene.h"

#include <sched.h>
#include <time.h>

enum { LOOKS = 300, LOOK_NS = 100000000, SECOND_NS = 1000000000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int at_gate; /* threads that stand there */
static int tickets; /* for those that may pass */
static int written; /* wakeups by those that passed */
static pthread_t keeper;

void gate_begin(void)
{
    at_gate = 0;
    tickets = 0;
    written = 0;
    keeper = pthread_self();
}

void gate_work(eddy_work *work)
{
    (void) work;
    pthread_mutex_lock(&lock);
    at_gate++;
    pthread_cond_broadcast(&changed);
    while (tickets == 0)
        pthread_cond_wait(&changed, &lock);
    tickets--;
    at_gate--;
    pthread_mutex_unlock(&lock);
}

/* Under the lock: until it is more than 0. */
static void wait_for(const int *value, const char *what)
{
    for (int i = 0; *value == 0 && i < LOOKS; i++) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_NS;
        until.tv_sec += until.tv_nsec / SECOND_NS;
        until.tv_nsec %= SECOND_NS;
        (void) pthread_cond_timedwait(&changed, &lock, &until);
    }
    if (*value == 0)
        tally_fail(__FILE__, __LINE__, what);
}

void gate_arrived(void)
{
    pthread_mutex_lock(&lock);
    wait_for(&at_gate, "no thread begins the work");
    pthread_mutex_unlock(&lock);
}

void gate_let_one(void)
{
    gate_arrived();
    pthread_mutex_lock(&lock);
    written = 0;
    tickets++;
    pthread_cond_broadcast(&changed);
    wait_for(&written, "a thread that is done wakes nobody");
    pthread_mutex_unlock(&lock);
    /* What came of its write it notes before it leaves the loop. */
    while (__atomic_load_n(&scene.loop.senders, __ATOMIC_ACQUIRE) != 0)
        (void) sched_yield();
}

/* An interrupted write is no end: the sender tries again. */
void gate_written(bool is_over)
{
    if (pthread_equal(pthread_self(), keeper) || !is_over)
        return;
    pthread_mutex_lock(&lock);
    written = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

int gate_thread(pthread_t *id, const pthread_attr_t *attributes,
                void *(*begin)(void *), void *arg)
{
    int fault = tally_strike(KIND_THREAD);

    return fault != 0 ? fault : pthread_create(id, attributes, begin, arg);
}
