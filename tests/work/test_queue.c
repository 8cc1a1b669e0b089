/* SPDX-License-Identifier: MIT */
/*
 * The queue and the threads that serve it: the order in which work begins,
 * that each piece runs once, and how many threads there are for it.
 */
#include "support/loop.h"
#include "work/helpers.h"

#include <stdlib.h>

/* Stands in for pthread_create. */
static int creations;
static int refused_from; /* the creation that fails first; 0: none does */

static int count_creation(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *arg)
{
    int number = shared_add(&creations, 1);
    int from = shared_get(&refused_from);

    if (from != 0 && number >= from)
        return EAGAIN;
    return pthread_create(thread, attributes, run, arg);
}

static void open_pool(eddy_pool *pool, unsigned threads)
{
    shared_set(&creations, 0);
    shared_set(&refused_from, 0);
    assert_int_equal(
        eddy_pool_init(pool, &(eddy_pool_options){.threads = threads}), 0);
}

static void submit(eddy_pool *pool, eddy_loop *loop, struct held *held)
{
    assert_int_equal(eddy_pool_submit(pool, loop, &held->work, hold, held_done),
                     0);
}

struct item {
    eddy_work work;
    int number;
    int runs;
    int calls;
};

static int begun[64];
static int begun_count;

static void note_begin(eddy_work *work)
{
    begun[begun_count++] = ((struct item *) (void *) work)->number;
}

/* One thread runs them, so what it notes needs no lock. */
static void begins_in_order_of_submission(void **state)
{
    enum { COUNT = 64, TAKEN_BACK = 17 };
    static struct item items[COUNT];
    eddy_loop *loop = test_loop(state);
    struct held first = {0};
    eddy_pool pool = {0};

    open_pool(&pool, 1);
    submit(&pool, loop, &first);
    held_await(&first);
    for (int i = 0; i < COUNT; i++) {
        items[i].number = i;
        assert_int_equal(
            eddy_pool_submit(&pool, loop, &items[i].work, note_begin, NULL), 0);
    }
    assert_int_equal(eddy_cancel(&items[TAKEN_BACK].work.req), 0);
    held_release(&first);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(begun_count, COUNT - 1);
    for (int i = 0; i < COUNT - 1; i++)
        assert_int_equal(begun[i], i < TAKEN_BACK ? i : i + 1);
    assert_int_equal(eddy_pool_close(&pool), 0);
    test_loop_close(loop);
}

static void count_run(eddy_work *work)
{
    ((struct item *) (void *) work)->runs++;
}

static void count_call(eddy_work *work, int status)
{
    ((struct item *) (void *) work)->calls += status == 0 ? 1 : 1000;
}

static void runs_each_exactly_once(void **state)
{
    size_t count = test_scale(100000);
    struct item *items = calloc(count, sizeof(*items));
    eddy_loop *loop = test_loop(state);
    eddy_pool pool = {0};

    assert_non_null(items);
    open_pool(&pool, 4);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(eddy_pool_submit(&pool, loop, &items[i].work,
                                          count_run, count_call),
                         0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    for (size_t i = 0; i < count; i++)
        assert_true(items[i].runs == 1 && items[i].calls == 1);
    assert_true(pool_census(pool.state).threads <= 4);
    assert_int_equal(eddy_pool_close(&pool), 0);
    free(items);
    test_loop_close(loop);
}

/* Each waits for all the others: it ends only if all threads are at work at
 * once, from whatever state they are in when the work comes. */
static struct meeting meeting = {.parties = 4};

static void meet(eddy_work *work)
{
    (void) work;
    meeting_arrive(&meeting);
}

static void uses_every_thread(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_pool pool = {0};

    open_pool(&pool, 4);
    for (size_t round = 0; round < test_scale(500); round++) {
        eddy_work work[8] = {0};

        if (round % 10 == 1)
            await_asleep(pool.state, 4);
        for (int i = 0; i < 8; i++) {
            assert_int_equal(
                eddy_pool_submit(&pool, loop, &work[i], meet, NULL), 0);
            thread_dawdle((unsigned) (round % 7) * 1000);
        }
        assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    }
    assert_int_equal(shared_get(&creations), 4);
    assert_int_equal(eddy_pool_close(&pool), 0);
    test_loop_close(loop);
}

static void starts_no_thread_while_one_sleeps(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_pool pool = {0};

    open_pool(&pool, 4);
    for (int i = 0; i < 20; i++) {
        struct item item = {0};

        assert_int_equal(
            eddy_pool_submit(&pool, loop, &item.work, count_run, NULL), 0);
        assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
        await_asleep(pool.state, 1);
    }
    assert_int_equal(shared_get(&creations), 1);
    assert_int_equal(eddy_pool_close(&pool), 0);
    test_loop_close(loop);
}

static void starts_a_thread_when_all_are_busy(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct held held[5] = {0};
    eddy_pool pool = {0};

    open_pool(&pool, 4);
    for (int i = 0; i < 4; i++) {
        submit(&pool, loop, &held[i]);
        held_await(&held[i]);
        assert_int_equal(shared_get(&creations), i + 1);
    }
    submit(&pool, loop, &held[4]);
    assert_int_equal(shared_get(&creations), 4);
    for (int i = 0; i < 5; i++)
        held_release(&held[i]);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(held[4].called, 1);
    assert_int_equal(eddy_pool_close(&pool), 0);
    test_loop_close(loop);
}

static void reports_that_no_thread_could_be_started(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct held held = {0};
    eddy_pool pool = {0};

    open_pool(&pool, 4);
    shared_set(&refused_from, 1);
    assert_int_equal(eddy_pool_submit(&pool, loop, &held.work, hold, held_done),
                     EDDY_EAGAIN);
    assert_int_equal(eddy_cancel(&held.work.req), EDDY_EINVAL);
    assert_false(eddy_loop_alive(loop));
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(held.called, 0);

    shared_set(&refused_from, 0);
    held_release(&held);
    submit(&pool, loop, &held);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(held.called, 1);
    assert_int_equal(eddy_pool_close(&pool), 0);
    test_loop_close(loop);
}

static void does_with_the_threads_it_could_start(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct held held[10] = {0};
    eddy_pool pool = {0};

    open_pool(&pool, 4);
    shared_set(&refused_from, 2);
    for (int i = 0; i < 10; i++)
        submit(&pool, loop, &held[i]);
    held_await(&held[0]);
    for (int i = 0; i < 10; i++)
        held_release(&held[i]);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(held[i].called, 1);
    assert_int_equal(pool_census(pool.state).threads, 1);
    assert_true(shared_get(&creations) > 1);
    assert_int_equal(eddy_pool_close(&pool), 0);
    test_loop_close(loop);
}

static int setup(void **state)
{
    (void) state;
    eddy__worker_create = count_creation;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(begins_in_order_of_submission),
        LOOP_TEST(runs_each_exactly_once),
        LOOP_TEST(uses_every_thread),
        LOOP_TEST(starts_no_thread_while_one_sleeps),
        LOOP_TEST(starts_a_thread_when_all_are_busy),
        LOOP_TEST(reports_that_no_thread_could_be_started),
        LOOP_TEST(does_with_the_threads_it_could_start),
    };

    return cmocka_run_group_tests_name("work/queue", tests, setup, NULL);
}
