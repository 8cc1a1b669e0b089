/* SPDX-License-Identifier: MIT */
/*
 * The pool that all loops share: how it is made, in a forked child, and at the
 * end of the process. What can be seen only once in a process is looked at in
 * children, while this one has no thread.
 */
#include "support/loop.h"
#include "work/helpers.h"

#include <signal.h>
#include <stdlib.h>

/* The thread sanitizer cannot follow a process that forks while it has threads
 * and starts threads in the child. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
enum { CAN_FORK_WITH_THREADS = 0 };
#else
enum { CAN_FORK_WITH_THREADS = 1 };
#endif

static void nothing(eddy_work *work)
{
    (void) work;
}

struct setting {
    const char *text;
    unsigned limit; /* 0: as if there were no setting */
};

static void look_at_limit(void *arg)
{
    const struct setting *setting = arg;
    eddy_pool pool = {0};
    unsigned limit = setting->limit;

    if (limit == 0) {
        CHILD_CHECK(eddy_pool_init(&pool, NULL) == 0);
        limit = pool.state->limit;
        CHILD_CHECK(eddy_pool_close(&pool) == 0);
    }
    if (setting->text != NULL)
        CHILD_CHECK(setenv("EDDY_POOL_THREADS", setting->text, 1) == 0);
    else
        CHILD_CHECK(unsetenv("EDDY_POOL_THREADS") == 0);
    CHILD_CHECK(eddy__default_pool() != NULL);
    CHILD_CHECK(eddy__default_pool()->limit == limit);
}

static void heeds_the_environment(void **state)
{
    static struct setting settings[] = {
        {NULL, 0},   {"1", 1},    {"7", 7},    {"1024", 1024},
        {"0007", 7}, {"1025", 0}, {"0", 0},    {"", 0},
        {"-1", 0},   {"7 ", 0},   {" 7", 0},   {"+7", 0},
        {"0x8", 0},  {"7.0", 0},  {"many", 0}, {"18446744073709551623", 0},
    };

    (void) state;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        assert_int_equal(in_child(look_at_limit, &settings[i]), 0);
}

enum { RACERS = 4 };
static struct meeting start = {.parties = RACERS};

static void *race_for_pool(void *arg)
{
    (void) arg;
    meeting_arrive(&start);
    return eddy__default_pool();
}

/* Several threads make it at the same moment: one pool comes of it, and the
 * memory of the others is given back, as a leak checker sees. */
static void race(void *arg)
{
    pthread_t threads[RACERS];
    void *pools[RACERS];

    (void) arg;
    for (int i = 0; i < RACERS; i++)
        CHILD_CHECK(pthread_create(&threads[i], NULL, race_for_pool, NULL) ==
                    0);
    for (int i = 0; i < RACERS; i++)
        CHILD_CHECK(pthread_join(threads[i], &pools[i]) == 0);
    for (int i = 0; i < RACERS; i++)
        CHILD_CHECK(pools[i] != NULL && pools[i] == pools[0]);
    CHILD_CHECK(eddy__default_pool() == pools[0]);
    exit(0); /* where leaks are looked for */
}

static void is_made_once(void **state)
{
    (void) state;
    for (int round = 0; round < 50; round++)
        assert_int_equal(in_child(race, NULL), 0);
}

static unsigned threads_left_behind;

/* Killed if all is well: no checker then looks at the memory of threads that
 * are left behind on purpose. */
static void end_at_exit(void)
{
    if (pool_census(eddy__default_pool()).threads == threads_left_behind)
        raise(SIGKILL);
    _exit(1);
}

/* Registered before the pool's own, this runs after it. */
static void exit_with_idle_threads(void *arg)
{
    eddy_work work[20] = {0};
    eddy_loop loop;

    (void) arg;
    threads_left_behind = 0;
    CHILD_CHECK(atexit(end_at_exit) == 0);
    CHILD_CHECK(eddy_loop_init(&loop, NULL) == 0);
    for (int i = 0; i < 20; i++)
        CHILD_CHECK(eddy_work_submit(&loop, &work[i], nothing, NULL) == 0);
    CHILD_CHECK(eddy_run(&loop, EDDY_RUN_DEFAULT) == 0);
    CHILD_CHECK(eddy_loop_close(&loop) == 0);
    CHILD_CHECK(pool_census(eddy__default_pool()).threads > 0);
    exit(2);
}

static void joins_idle_threads_at_exit(void **state)
{
    (void) state;
    assert_int_equal(in_child(exit_with_idle_threads, NULL), -SIGKILL);
}

/* Work that runs, and work that waits for a thread, for ever. */
static void exit_with_blocked_work(void *arg)
{
    static struct held held[3];
    static eddy_loop loop;

    (void) arg;
    threads_left_behind = 2;
    CHILD_CHECK(setenv("EDDY_POOL_THREADS", "2", 1) == 0);
    CHILD_CHECK(atexit(end_at_exit) == 0);
    CHILD_CHECK(eddy_loop_init(&loop, NULL) == 0);
    for (int i = 0; i < 3; i++)
        CHILD_CHECK(eddy_work_submit(&loop, &held[i].work, hold, held_done) ==
                    0);
    held_await(&held[0]);
    held_await(&held[1]);
    exit(2);
}

static void does_not_wait_for_work_at_exit(void **state)
{
    (void) state;
    assert_int_equal(in_child(exit_with_blocked_work, NULL), -SIGKILL);
}

struct family {
    eddy_loop *loop;
    struct held held;   /* runs while the process forks */
    struct held queued; /* waits behind it, on a pool of one thread */
    struct held ended;  /* its end has reached the loop, but not been told */
    eddy_pool pool;
    struct eddy__pool_state *parents;
};

static void cancel_the_parents(struct family *family)
{
    CHILD_CHECK(eddy_cancel(&family->held.work.req) == 0);
    CHILD_CHECK(eddy_cancel(&family->held.work.req) == EDDY_EBUSY);
    CHILD_CHECK(eddy_cancel(&family->queued.work.req) == 0);
    CHILD_CHECK(eddy_cancel(&family->ended.work.req) == EDDY_EBUSY);
}

static void work_in_the_child(void *arg)
{
    struct family *family = arg;
    struct held held = {.open = 1};

    CHILD_CHECK(eddy_work_submit(family->loop, &held.work, hold, held_done) ==
                EDDY_EPERM);
    CHILD_CHECK(eddy_loop_fork(family->loop) == 0);
    cancel_the_parents(family);
    CHILD_CHECK(eddy_work_submit(family->loop, &held.work, hold, held_done) ==
                0);
    CHILD_CHECK(eddy__default_pool() != family->parents);
    CHILD_CHECK(eddy_run(family->loop, EDDY_RUN_DEFAULT) == 0);
    CHILD_CHECK(held.called == 1 && held.status == 0);
    CHILD_CHECK(family->held.called == 1 &&
                family->held.status == EDDY_ECANCELED);
    CHILD_CHECK(family->queued.called == 1 &&
                family->queued.status == EDDY_ECANCELED);
    CHILD_CHECK(family->ended.called == 1 && family->ended.status == 0);
    CHILD_CHECK(eddy_loop_close(family->loop) == 0);
    CHILD_CHECK(eddy_pool_close(&family->pool) == 0);
    exit(0);
}

/* The lock of the parent's pool is held while it forks. */
static void is_made_afresh_in_a_child(void **state)
{
    struct family family = {.loop = test_loop(state)};

    if (!CAN_FORK_WITH_THREADS) {
        test_loop_close(family.loop);
        skip();
    }
    assert_int_equal(
        eddy_pool_init(&family.pool, &(eddy_pool_options){.threads = 1}), 0);
    held_release(&family.ended);
    assert_int_equal(
        eddy_work_submit(family.loop, &family.ended.work, hold, held_done), 0);
    family.parents = eddy__default_pool();
    await_asleep(family.parents, 1);
    assert_int_equal(eddy_pool_submit(&family.pool, family.loop,
                                      &family.held.work, hold, held_done),
                     0);
    assert_int_equal(eddy_pool_submit(&family.pool, family.loop,
                                      &family.queued.work, hold, held_done),
                     0);
    held_await(&family.held);
    pthread_mutex_lock(&family.parents->lock);
    assert_int_equal(in_child(work_in_the_child, &family), 0);
    pthread_mutex_unlock(&family.parents->lock);

    held_release(&family.held);
    held_release(&family.queued);
    assert_int_equal(eddy_run(family.loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(family.held.status + family.queued.status, 0);
    assert_int_equal(family.held.called + family.queued.called, 2);
    assert_int_equal(family.ended.called, 1);
    assert_ptr_equal(eddy__default_pool(), family.parents);
    assert_int_equal(eddy_pool_close(&family.pool), 0);
    test_loop_close(family.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heeds_the_environment),
        cmocka_unit_test(is_made_once),
        cmocka_unit_test(joins_idle_threads_at_exit),
        cmocka_unit_test(does_not_wait_for_work_at_exit),
        /* Last: this process has threads from here on. */
        LOOP_TEST(is_made_afresh_in_a_child),
    };

    return cmocka_run_group_tests_name("work/default_pool", tests, NULL, NULL);
}
