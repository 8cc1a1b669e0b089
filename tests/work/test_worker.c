/* SPDX-License-Identifier: MIT */
/*
 * A pool's threads as the work on them sees them: signals, stack and name.
 */
#include "support/loop.h"
#include "work/helpers.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

/* What a thread of the pool found, and what it was started with. */
struct look {
    eddy_work work;
    sigset_t blocked;
    char name[64];
};

static size_t stack_asked;

static int note_stack(pthread_t *thread, const pthread_attr_t *attributes,
                      void *(*run)(void *), void *arg)
{
    if (pthread_attr_getstacksize(attributes, &stack_asked) != 0)
        return EINVAL;
    return pthread_create(thread, attributes, run, arg);
}

static void look_around(eddy_work *work)
{
    struct look *look = (struct look *) (void *) work;

    pthread_sigmask(SIG_SETMASK, NULL, &look->blocked);
#ifdef __linux__
    pthread_getname_np(pthread_self(), look->name, sizeof(look->name));
#endif
}

static void run_look(eddy_loop *loop, struct look *look,
                     const eddy_pool_options *options)
{
    eddy_pool pool = {0};

    memset(look, 0, sizeof(*look));
    assert_int_equal(eddy_pool_init(&pool, options), 0);
    assert_int_equal(
        eddy_pool_submit(&pool, loop, &look->work, look_around, NULL), 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(eddy_pool_close(&pool), 0);
}

static void blocks_all_signals(void **state)
{
    static const int signals[] = {SIGHUP,  SIGINT,  SIGTERM, SIGCHLD,
                                  SIGPIPE, SIGALRM, SIGUSR1, SIGPROF};
    eddy_loop *loop = test_loop(state);
    sigset_t before;
    sigset_t after;
    struct look look;

    pthread_sigmask(SIG_SETMASK, NULL, &before);
    run_look(loop, &look, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        assert_int_equal(sigismember(&look.blocked, signals[i]), 1);
        assert_int_equal(sigismember(&after, signals[i]),
                         sigismember(&before, signals[i]));
    }
    test_loop_close(loop);
}

static int refuse(pthread_t *thread, const pthread_attr_t *attributes,
                  void *(*run)(void *), void *arg)
{
    (void) thread;
    (void) attributes;
    (void) run;
    (void) arg;
    return EAGAIN;
}

static void leaves_the_mask_after_a_failure(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct look look = {0};
    eddy_pool pool = {0};
    sigset_t after;

    eddy__worker_create = refuse;
    assert_int_equal(eddy_pool_init(&pool, NULL), 0);
    assert_int_equal(
        eddy_pool_submit(&pool, loop, &look.work, look_around, NULL),
        EDDY_EAGAIN);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGUSR1), 0);
    assert_int_equal(eddy_pool_close(&pool), 0);
    test_loop_close(loop);
}

static void has_a_stack_as_asked_for(void **state)
{
    static const size_t sizes[] = {1, 100001, 3 * 1024 * 1024};
    eddy_loop *loop = test_loop(state);
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    struct look look;

    eddy__worker_create = note_stack;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        eddy_pool_options options = {.stack_size = sizes[i]};

        run_look(loop, &look, &options);
        assert_true(stack_asked >= sizes[i]);
        assert_true(stack_asked >= (size_t) PTHREAD_STACK_MIN);
        assert_true(stack_asked % page == 0);
    }
    assert_int_equal(stack_asked, 3 * 1024 * 1024);
    test_loop_close(loop);
}

static void has_a_megabyte_of_stack_at_least(void **state)
{
    eddy_loop *loop = test_loop(state);
    pthread_attr_t attributes;
    size_t before;
    struct look look;

    eddy__worker_create = note_stack;
    run_look(loop, &look, NULL);
    assert_true(stack_asked >= 1024 * 1024);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_getstacksize(&attributes, &before), 0);
    if (before >= 1024 * 1024)
        assert_int_equal(stack_asked, before);
    pthread_attr_destroy(&attributes);
    test_loop_close(loop);
}

/* As a system does whose threads have little stack. */
static void has_more_stack_than_a_small_system_gives(void **state)
{
#ifdef __GLIBC__
    eddy_loop *loop = test_loop(state);
    pthread_attr_t attributes;
    struct look look;

    eddy__worker_create = note_stack;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, 128 * 1024), 0);
    assert_int_equal(pthread_setattr_default_np(&attributes), 0);
    run_look(loop, &look, NULL);
    assert_int_equal(stack_asked, 1024 * 1024);
    pthread_attr_destroy(&attributes);
    test_loop_close(loop);
#else
    test_loop_close(test_loop(state));
    skip();
#endif
}

static void has_a_name(void **state)
{
#ifdef __linux__
    eddy_loop *loop = test_loop(state);
    eddy_pool_options options = {.name = "a-name-longer-than-fits"};
    struct look look;

    run_look(loop, &look, NULL);
    assert_string_equal(look.name, "eddy-pool");
    run_look(loop, &look, &options);
    assert_string_equal(look.name, "a-name-longer-t");
    test_loop_close(loop);
#else
    test_loop_close(test_loop(state));
    skip();
#endif
}

static int reset(void **state)
{
    (void) state;
    eddy__worker_create = pthread_create;
    stack_asked = 0;
    return test_loop_setup(state);
}

#define WORKER_TEST(function)                                                  \
    cmocka_unit_test_setup_teardown(function, reset, test_loop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORKER_TEST(blocks_all_signals),
        WORKER_TEST(leaves_the_mask_after_a_failure),
        WORKER_TEST(has_a_stack_as_asked_for),
        WORKER_TEST(has_a_megabyte_of_stack_at_least),
        WORKER_TEST(has_a_name),
        /* Last: it changes the process's default. */
        WORKER_TEST(has_more_stack_than_a_small_system_gives),
    };

    return cmocka_run_group_tests_name("work/worker", tests, NULL, NULL);
}
