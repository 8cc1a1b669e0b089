/* SPDX-License-Identifier: MIT */
/*
 * Pools from making to ending.
 */
#include "support/counting_allocator.h"
#include "support/loop.h"
#include "work/helpers.h"

static void nothing(eddy_work *work)
{
    (void) work;
}

static void refuses_bad_arguments(void **state)
{
    eddy_pool pool = {0};

    (void) state;
    assert_int_equal(eddy_pool_init(NULL, NULL), EDDY_EINVAL);
    assert_int_equal(
        eddy_pool_init(&pool, &(eddy_pool_options){.threads = 1025}),
        EDDY_EINVAL);
    assert_int_equal(
        eddy_pool_init(&pool, &(eddy_pool_options){.stack_size = SIZE_MAX}),
        EDDY_EINVAL);
    assert_null(pool.state);
    assert_int_equal(eddy_pool_close(NULL), EDDY_EINVAL);
    assert_int_equal(eddy_pool_close(&pool), EDDY_EINVAL);
}

static void closes_once(void **state)
{
    eddy_pool pool = {0};

    (void) state;
    assert_int_equal(eddy_pool_init(&pool, NULL), 0);
    assert_int_equal(eddy_pool_close(&pool), 0);
    assert_int_equal(eddy_pool_close(&pool), EDDY_EINVAL);
}

static void starts_no_thread_before_work(void **state)
{
    eddy_pool pool = {0};

    (void) state;
    assert_int_equal(eddy_pool_init(&pool, NULL), 0);
    assert_int_equal(pool_census(pool.state).threads, 0);
    assert_int_equal(eddy_pool_close(&pool), 0);
}

static void has_as_many_threads_as_processors_or_four(void **state)
{
    eddy_pool pool = {0};
    unsigned processors = eddy__processors();

    (void) state;
    assert_true(processors >= 1);
    assert_int_equal(eddy_pool_init(&pool, NULL), 0);
    if (processors < 4)
        assert_int_equal(pool.state->limit, 4);
    else if (processors <= 1024)
        assert_int_equal(pool.state->limit, processors);
    assert_int_equal(eddy_pool_close(&pool), 0);
}

/* Every allocation fails once: nothing is left, and the next try succeeds.
 * Work allocates nothing. */
static void takes_memory_from_its_allocator(void **state)
{
    struct counting_allocator memory;
    eddy_pool_options options = {.threads = 1024};
    eddy_loop *loop = test_loop(state);
    eddy_pool pool = {0};
    eddy_work work = {0};
    size_t failing = 1;
    size_t allocations;

    counting_allocator_init(&memory);
    options.allocator = &memory.base;
    for (;; failing++) {
        counting_allocator_fail(&memory, failing);
        if (eddy_pool_init(&pool, &options) == 0)
            break;
        assert_null(pool.state);
        assert_int_equal(memory.live_blocks, 0);
    }
    assert_true(failing > 1);
    counting_allocator_fail(&memory, 1);
    allocations = memory.allocations;
    assert_int_equal(eddy_pool_submit(&pool, loop, &work, nothing, NULL), 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(memory.allocations, allocations);
    assert_int_equal(eddy_pool_close(&pool), 0);
    assert_int_equal(memory.live_blocks, 0);
    assert_int_equal(memory.mistakes, 0);
    test_loop_close(loop);
}

static void is_busy_until_work_was_called_back(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct held held = {0};
    eddy_pool pool = {0};

    assert_int_equal(eddy_pool_init(&pool, NULL), 0);
    assert_int_equal(eddy_pool_submit(&pool, loop, &held.work, hold, held_done),
                     0);
    assert_int_equal(eddy_pool_close(&pool), EDDY_EBUSY);
    held_await(&held);
    assert_int_equal(eddy_pool_close(&pool), EDDY_EBUSY);
    held_release(&held);
    await_asleep(pool.state, 1);
    assert_int_equal(eddy_pool_close(&pool), EDDY_EBUSY);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(held.called, 1);
    assert_int_equal(eddy_pool_close(&pool), 0);
    test_loop_close(loop);
}

struct closer {
    eddy_work work;
    eddy_pool pool;
    int result;
};

static void close_pool(eddy_work *work, int status)
{
    struct closer *closer = (struct closer *) (void *) work;

    (void) status;
    closer->result = eddy_pool_close(&closer->pool);
}

static void closes_in_the_last_callback(void **state)
{
    eddy_loop *loop = test_loop(state);

    for (size_t round = 0; round < test_scale(300); round++) {
        struct closer closer = {.result = 1};

        assert_int_equal(eddy_pool_init(&closer.pool, NULL), 0);
        assert_int_equal(eddy_pool_submit(&closer.pool, loop, &closer.work,
                                          nothing, close_pool),
                         0);
        assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
        assert_int_equal(closer.result, 0);
    }
    test_loop_close(loop);
}

/* Trimming, as at exit, ends those that have nothing to do and no other; the
 * pool then starts threads anew. */
static void trims_idle_threads_only(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct held held[3] = {0};
    eddy_pool pool = {0};

    assert_int_equal(eddy_pool_init(&pool, NULL), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            eddy_pool_submit(&pool, loop, &held[i].work, hold, held_done), 0);
        held_await(&held[i]);
    }
    held_release(&held[0]);
    test_run_until(loop, &held[0].called, 1);
    eddy__pool_trim(pool.state);
    assert_int_equal(pool_census(pool.state).threads, 1);

    held_release(&held[2]);
    assert_int_equal(
        eddy_pool_submit(&pool, loop, &held[2].work, hold, held_done), 0);
    test_run_until(loop, &held[2].called, 1);
    held_release(&held[1]);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(eddy_pool_close(&pool), 0);
    test_loop_close(loop);
}

struct user {
    eddy_pool *pool;
    pthread_t thread;
    eddy_work work[50];
    int left; /* to be submitted still */
    int called;
    int foreign; /* called on another thread */
    int failed;
};

static void submit_next(struct user *user, eddy_loop *loop, eddy_work *work);

static void user_done(eddy_work *work, int status)
{
    struct user *user = work->data;

    user->called++;
    user->failed += status != 0;
    user->foreign += !pthread_equal(user->thread, pthread_self());
    if (user->left > 0)
        submit_next(user, work->req.loop, work);
}

static void submit_next(struct user *user, eddy_loop *loop, eddy_work *work)
{
    user->left--;
    work->data = user;
    user->failed +=
        eddy_pool_submit(user->pool, loop, work, nothing, user_done) != 0;
}

static void *use_pool(void *arg)
{
    struct user *user = arg;
    eddy_loop loop;

    user->thread = pthread_self();
    user->failed += eddy_loop_init(&loop, NULL) != 0;
    for (size_t i = 0; i < sizeof(user->work) / sizeof(user->work[0]); i++)
        submit_next(user, &loop, &user->work[i]);
    user->failed += eddy_run(&loop, EDDY_RUN_DEFAULT) != 0;
    user->failed += eddy_loop_close(&loop) != 0;
    return NULL;
}

static void serves_many_loops(void **state)
{
    static struct user users[3];
    int count = 100 + (int) test_scale(20000);
    eddy_pool pool = {0};
    pthread_t threads[3];

    (void) state;
    assert_int_equal(eddy_pool_init(&pool, &(eddy_pool_options){.threads = 2}),
                     0);
    for (int i = 0; i < 3; i++) {
        users[i] = (struct user){.pool = &pool, .left = count};
        threads[i] = thread_start(use_pool, &users[i]);
    }
    for (int i = 0; i < 3; i++) {
        thread_join(threads[i]);
        assert_int_equal(users[i].failed, 0);
        assert_int_equal(users[i].foreign, 0);
        assert_int_equal(users[i].called, count);
    }
    assert_true(pool_census(pool.state).threads <= 2);
    assert_int_equal(eddy_pool_close(&pool), 0);
}

struct inheritance {
    eddy_pool pool;
    eddy_loop *loop;
    struct held held;
    struct counting_allocator memory;
};

static void use_inherited_pool(void *arg)
{
    struct inheritance *it = arg;
    eddy_work work = {0};

    CHILD_CHECK(eddy_loop_fork(it->loop) == 0);
    CHILD_CHECK(eddy_pool_submit(&it->pool, it->loop, &work, nothing, NULL) ==
                EDDY_EPERM);
    CHILD_CHECK(eddy_pool_close(&it->pool) == EDDY_EBUSY);
    CHILD_CHECK(eddy_cancel(&it->held.work.req) == 0);
    CHILD_CHECK(eddy_run(it->loop, EDDY_RUN_DEFAULT) == 0);
    CHILD_CHECK(it->held.status == EDDY_ECANCELED);
    CHILD_CHECK(eddy_pool_close(&it->pool) == 0);
    CHILD_CHECK(it->memory.live_blocks == 0 && it->memory.mistakes == 0);
}

/* The lock is held while the process forks, as another thread might: the child
 * would wait for ever if it took it. */
static void is_only_memory_in_a_child(void **state)
{
    struct inheritance it = {.loop = test_loop(state)};
    eddy_pool_options options = {.threads = 1};

    counting_allocator_init(&it.memory);
    options.allocator = &it.memory.base;
    assert_int_equal(eddy_pool_init(&it.pool, &options), 0);
    assert_int_equal(
        eddy_pool_submit(&it.pool, it.loop, &it.held.work, hold, held_done), 0);
    held_await(&it.held);
    pthread_mutex_lock(&it.pool.state->lock);
    assert_int_equal(in_child(use_inherited_pool, &it), 0);
    pthread_mutex_unlock(&it.pool.state->lock);
    held_release(&it.held);
    assert_int_equal(eddy_run(it.loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(it.held.status, 0);
    assert_int_equal(it.held.called, 1);
    assert_int_equal(eddy_pool_close(&it.pool), 0);
    test_loop_close(it.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_arguments),
        cmocka_unit_test(closes_once),
        cmocka_unit_test(starts_no_thread_before_work),
        cmocka_unit_test(has_as_many_threads_as_processors_or_four),
        LOOP_TEST(takes_memory_from_its_allocator),
        LOOP_TEST(is_busy_until_work_was_called_back),
        LOOP_TEST(closes_in_the_last_callback),
        LOOP_TEST(trims_idle_threads_only),
        cmocka_unit_test(serves_many_loops),
        LOOP_TEST(is_only_memory_in_a_child),
    };

    return cmocka_run_group_tests_name("work/pool", tests, NULL, NULL);
}
