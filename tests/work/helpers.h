/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the pool share: work that holds its thread until the test
 * lets it go, a look at a pool's threads, and code to run in a forked child.
 * Everything waits for what has to happen, however long the machine takes.
 */
#ifndef TESTS_WORK_HELPERS_H
#define TESTS_WORK_HELPERS_H

#include "support/test.h"
#include "support/threads.h"

#include "work/pool.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void nap(void)
{
    usleep(200);
}

/* Work that begins, waits for its gate to open, and ends. Zero-filled. */
struct held {
    eddy_work work; /* first: the callbacks find the rest by it */
    int begun;
    int open;
    int called; /* of the loop's thread alone, like the status */
    int status;
};

static inline void hold(eddy_work *work)
{
    struct held *held = (struct held *) (void *) work;

    shared_set(&held->begun, 1);
    while (!shared_get(&held->open))
        nap();
}

static inline void held_done(eddy_work *work, int status)
{
    struct held *held = (struct held *) (void *) work;

    held->called++;
    held->status = status;
}

static inline void held_await(const struct held *held)
{
    while (!shared_get(&held->begun))
        nap();
}

static inline void held_release(struct held *held)
{
    shared_set(&held->open, 1);
}

/* How many threads the pool has, and how many of them sleep. */
struct census {
    unsigned threads, asleep;
};

static inline struct census pool_census(struct eddy__pool_state *pool)
{
    struct census now;

    pthread_mutex_lock(&pool->lock);
    now = (struct census){pool->threads, pool->asleep};
    pthread_mutex_unlock(&pool->lock);
    return now;
}

/* A thread that sleeps has sent all its work home. */
static inline void await_asleep(struct eddy__pool_state *pool, unsigned count)
{
    while (pool_census(pool).asleep != count)
        nap();
}

/* Runs `run` in a child; returns its exit status, or the signal that killed it,
 * negative. */
static inline int in_child(void (*run)(void *arg), void *arg)
{
    pid_t pid;
    int status = 0;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        run(arg);
        _exit(0);
    }
    assert_true(pid > 0);
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* cmocka's assertions would jump back into the parent's run of the suite. */
static inline void child_check(int line, bool holds)
{
    if (holds)
        return;
    fprintf(stderr, "in the child: line %d\n", line);
    _exit(1);
}

#define CHILD_CHECK(expression) child_check(__LINE__, (expression))

#endif
