/* SPDX-License-Identifier: MIT */
/*
 * Pools where the system makes no lock and no thread, or has another number of
 * processors: the linker puts the calls of this file in its place (--wrap).
 */
#include "support/counting_allocator.h"
#include "support/loop.h"
#include "work/helpers.h"

#include <signal.h>

/* What fails: the nth call from now on, or none if 0. */
static struct {
    int mutex_init, cond_init, attr_init, sigmask;
    int error;
} failing;

static int locks; /* mutexes and conditions that were made and not destroyed */
static long processors; /* how many there are; the system's if 0 */

static bool fails(int *countdown)
{
    return *countdown > 0 && --*countdown == 0;
}

int __real_pthread_mutex_init(pthread_mutex_t *, const pthread_mutexattr_t *);
int __wrap_pthread_mutex_init(pthread_mutex_t *, const pthread_mutexattr_t *);
int __real_pthread_mutex_destroy(pthread_mutex_t *);
int __wrap_pthread_mutex_destroy(pthread_mutex_t *);
int __real_pthread_cond_init(pthread_cond_t *, const pthread_condattr_t *);
int __wrap_pthread_cond_init(pthread_cond_t *, const pthread_condattr_t *);
int __real_pthread_cond_destroy(pthread_cond_t *);
int __wrap_pthread_cond_destroy(pthread_cond_t *);
int __real_pthread_attr_init(pthread_attr_t *);
int __wrap_pthread_attr_init(pthread_attr_t *);
int __real_pthread_sigmask(int, const sigset_t *, sigset_t *);
int __wrap_pthread_sigmask(int, const sigset_t *, sigset_t *);
long __real_sysconf(int);
long __wrap_sysconf(int);

int __wrap_pthread_mutex_init(pthread_mutex_t *mutex,
                              const pthread_mutexattr_t *attributes)
{
    if (fails(&failing.mutex_init))
        return failing.error;
    locks++;
    return __real_pthread_mutex_init(mutex, attributes);
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    locks--;
    return __real_pthread_mutex_destroy(mutex);
}

int __wrap_pthread_cond_init(pthread_cond_t *condition,
                             const pthread_condattr_t *attributes)
{
    if (fails(&failing.cond_init))
        return failing.error;
    locks++;
    return __real_pthread_cond_init(condition, attributes);
}

int __wrap_pthread_cond_destroy(pthread_cond_t *condition)
{
    locks--;
    return __real_pthread_cond_destroy(condition);
}

int __wrap_pthread_attr_init(pthread_attr_t *attributes)
{
    return fails(&failing.attr_init) ? failing.error
                                     : __real_pthread_attr_init(attributes);
}

int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *before)
{
    return fails(&failing.sigmask) ? failing.error
                                   : __real_pthread_sigmask(how, set, before);
}

long __wrap_sysconf(int name)
{
    return name == _SC_NPROCESSORS_ONLN && processors != 0
               ? processors
               : __real_sysconf(name);
}

static void nothing(eddy_work *work)
{
    (void) work;
}

/* Work done by another pool than the shared one, which is made only once. */
static void assert_works(eddy_pool *pool, eddy_loop *loop)
{
    eddy_work work = {0};

    assert_int_equal(eddy_pool_submit(pool, loop, &work, nothing, NULL), 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
}

static void assert_not_made(struct counting_allocator *memory, int error)
{
    const eddy_pool_options options = {.allocator = &memory->base};
    eddy_pool pool = {0};

    failing.error = error;
    assert_int_equal(eddy_pool_init(&pool, &options), -error);
    assert_null(pool.state);
    assert_int_equal(locks, 0);
    assert_int_equal(memory->live_blocks, 0);
}

static void without_locks_there_is_no_pool(void **state)
{
    struct counting_allocator memory;

    counting_allocator_init(&memory);
    locks = 0;
    failing.mutex_init = 1;
    assert_not_made(&memory, EAGAIN);
    failing.cond_init = 1;
    assert_not_made(&memory, EAGAIN);
    failing.cond_init = 2;
    assert_not_made(&memory, ENOMEM);
    assert_int_equal(memory.allocations, 3);
    assert_int_equal(memory.mistakes, 0);
    test_loop_close(test_loop(state));
}

/* The shared pool is not made either, and the next submission tries again. */
static void without_locks_the_loop_has_no_pool(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_work work = {0};

    failing.mutex_init = 1;
    failing.error = EAGAIN;
    assert_int_equal(eddy_work_submit(loop, &work, nothing, NULL), EDDY_ENOMEM);
    assert_false(eddy_loop_alive(loop));
    assert_int_equal(eddy_work_submit(loop, &work, nothing, NULL), 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    test_loop_close(loop);
}

static void without_a_thread_work_is_refused(void **state)
{
    int *calls[] = {&failing.attr_init, &failing.sigmask};
    eddy_loop *loop = test_loop(state);
    eddy_work work = {0};
    eddy_pool pool = {0};

    assert_int_equal(eddy_pool_init(&pool, NULL), 0);
    failing.error = ENOMEM;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        *calls[i] = 1;
        assert_int_equal(eddy_pool_submit(&pool, loop, &work, nothing, NULL),
                         EDDY_ENOMEM);
        assert_int_equal(pool_census(pool.state).threads, 0);
        assert_false(eddy_loop_alive(loop));
    }
    assert_works(&pool, loop);
    assert_int_equal(eddy_pool_close(&pool), 0);
    test_loop_close(loop);
}

/* Threads that have ended and are not joined yet leave no place for another. */
static void without_a_place_work_is_refused(void **state)
{
    const eddy_pool_options options = {.threads = 1};
    eddy_loop *loop = test_loop(state);
    eddy_work work = {0};
    eddy_pool pool = {0};

    assert_int_equal(eddy_pool_init(&pool, &options), 0);
    pool.state->places[0].life = EDDY__WORKER_LEFT;
    assert_int_equal(eddy_pool_submit(&pool, loop, &work, nothing, NULL),
                     EDDY_EAGAIN);
    assert_false(eddy_loop_alive(loop));
    pool.state->places[0].life = EDDY__WORKER_NONE;
    assert_works(&pool, loop);
    assert_int_equal(eddy_pool_close(&pool), 0);
    test_loop_close(loop);
}

static void has_threads_by_processors(void **state)
{
    static const struct {
        long there;
        unsigned counted, threads;
    } systems[] = {{-1, 1, 4}, {1, 1, 4},          {4, 4, 4},
                   {5, 5, 5},  {1024, 1024, 1024}, {4096, 4096, 1024}};

    for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
        eddy_pool pool = {0};

        processors = systems[i].there;
        assert_int_equal(eddy__processors(), systems[i].counted);
        assert_int_equal(eddy_pool_init(&pool, NULL), 0);
        assert_int_equal(pool.state->limit, systems[i].threads);
        /* Alone on a processor, a thread that spins keeps the loop waiting. */
        assert_true((pool.state->spin_ns > 0) == (systems[i].counted > 1));
        assert_int_equal(eddy_pool_close(&pool), 0);
    }
    processors = 0;
    test_loop_close(test_loop(state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(without_locks_there_is_no_pool),
        LOOP_TEST(without_locks_the_loop_has_no_pool),
        LOOP_TEST(without_a_thread_work_is_refused),
        LOOP_TEST(without_a_place_work_is_refused),
        LOOP_TEST(has_threads_by_processors),
    };

    return cmocka_run_group_tests_name("work/pool_failing", tests, NULL, NULL);
}
