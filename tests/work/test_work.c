/* SPDX-License-Identifier: MIT */
/*
 * Work as a request of its loop: submitted, cancelled, called back.
 */
#include "support/loop.h"
#include "work/helpers.h"

/* One thread, held by work of its own: what is submitted then stays queued. */
struct jam {
    eddy_pool pool;
    struct held held;
};

static void jam_begin(struct jam *jam, eddy_loop *loop)
{
    assert_int_equal(
        eddy_pool_init(&jam->pool, &(eddy_pool_options){.threads = 1}), 0);
    assert_int_equal(
        eddy_pool_submit(&jam->pool, loop, &jam->held.work, hold, held_done),
        0);
    held_await(&jam->held);
}

static void jam_end(struct jam *jam, eddy_loop *loop)
{
    held_release(&jam->held);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(jam->held.called, 1);
    assert_int_equal(jam->held.status, 0);
    assert_int_equal(eddy_pool_close(&jam->pool), 0);
}

static void nothing(eddy_work *work)
{
    (void) work;
}

static void refuses_bad_arguments(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_pool closed = {0};
    eddy_work work = {0};

    assert_int_equal(eddy_work_submit(NULL, &work, nothing, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_work_submit(loop, NULL, nothing, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_work_submit(loop, &work, NULL, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_pool_submit(NULL, loop, &work, nothing, NULL),
                     EDDY_EINVAL);
    assert_int_equal(eddy_pool_submit(&closed, loop, &work, nothing, NULL),
                     EDDY_EINVAL);
    assert_int_equal(eddy_cancel(&work.req), EDDY_EINVAL);
    assert_false(eddy_loop_alive(loop));
    test_loop_close(loop);
}

struct visit {
    eddy_work work;
    pthread_t worker;
    pthread_t caller;
    int called;
};

static void note_worker(eddy_work *work)
{
    ((struct visit *) (void *) work)->worker = pthread_self();
}

static void note_caller(eddy_work *work, int status)
{
    struct visit *visit = (struct visit *) (void *) work;

    visit->caller = pthread_self();
    visit->called += status == 0;
}

static void calls_back_on_the_loops_thread(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct visit visit = {0};

    assert_int_equal(
        eddy_work_submit(loop, &visit.work, note_worker, note_caller), 0);
    assert_true(eddy_loop_alive(loop));
    assert_int_equal(visit.called, 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(visit.called, 1);
    assert_true(pthread_equal(visit.caller, pthread_self()));
    assert_false(pthread_equal(visit.worker, pthread_self()));
    test_loop_close(loop);
}

static void needs_no_callback(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct visit visit = {0};

    assert_int_equal(eddy_work_submit(loop, &visit.work, note_worker, NULL), 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_false(pthread_equal(visit.worker, pthread_self()));
    test_loop_close(loop);
}

static void keeps_the_callers_data(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_work work = {.data = loop};

    assert_int_equal(eddy_work_submit(loop, &work, nothing, NULL), 0);
    assert_ptr_equal(work.data, loop);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_ptr_equal(work.req.data, loop);
    test_loop_close(loop);
}

static void is_busy_while_in_flight(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct held queued = {.open = 1};
    struct jam jam = {0};

    jam_begin(&jam, loop);
    assert_int_equal(
        eddy_pool_submit(&jam.pool, loop, &jam.held.work, hold, held_done),
        EDDY_EBUSY);
    assert_int_equal(
        eddy_pool_submit(&jam.pool, loop, &queued.work, hold, held_done), 0);
    assert_int_equal(eddy_work_submit(loop, &queued.work, hold, held_done),
                     EDDY_EBUSY);
    jam_end(&jam, loop);
    assert_int_equal(queued.called, 1);
    test_loop_close(loop);
}

static void keeps_the_loop_from_closing(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct held queued = {.open = 1};
    struct jam jam = {0};

    jam_begin(&jam, loop);
    assert_int_equal(eddy_loop_close(loop), EDDY_EBUSY);
    assert_int_equal(
        eddy_pool_submit(&jam.pool, loop, &queued.work, hold, held_done), 0);
    assert_int_equal(eddy_cancel(&queued.work.req), 0);
    held_release(&jam.held);
    await_asleep(jam.pool.state, 1);
    assert_int_equal(eddy_loop_close(loop), EDDY_EBUSY);
    jam_end(&jam, loop);
    assert_int_equal(queued.status, EDDY_ECANCELED);
    test_loop_close(loop);
}

static void cancels_what_is_queued(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct held queued = {0};
    struct jam jam = {0};

    jam_begin(&jam, loop);
    assert_int_equal(
        eddy_pool_submit(&jam.pool, loop, &queued.work, hold, held_done), 0);
    assert_int_equal(eddy_cancel(&queued.work.req), 0);
    assert_int_equal(queued.called, 0); /* later, as always */
    assert_int_equal(eddy_cancel(&queued.work.req), EDDY_EBUSY);
    test_turn(loop);
    assert_int_equal(queued.called, 1);
    assert_int_equal(queued.status, EDDY_ECANCELED);
    assert_int_equal(eddy_cancel(&queued.work.req), EDDY_EINVAL);
    jam_end(&jam, loop);
    assert_int_equal(queued.called, 1);
    assert_int_equal(shared_get(&queued.begun), 0);
    test_loop_close(loop);
}

static void does_not_cancel_what_runs_or_ran(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct jam jam = {0};

    jam_begin(&jam, loop);
    assert_int_equal(eddy_cancel(&jam.held.work.req), EDDY_EBUSY);
    held_release(&jam.held);
    await_asleep(jam.pool.state, 1);
    assert_int_equal(eddy_cancel(&jam.held.work.req), EDDY_EBUSY);
    jam_end(&jam, loop);
    test_loop_close(loop);
}

/* Cancelling races with the threads: whoever wins, each request is called back
 * once, and its status says whether it ran. */
static void cancels_in_a_race(void **state)
{
    enum { COUNT = 16 };
    eddy_loop *loop = test_loop(state);

    for (size_t round = 0; round < test_scale(1000); round++) {
        struct held held[COUNT] = {0};
        int cancelled[COUNT];

        for (int i = 0; i < COUNT; i++) {
            held_release(&held[i]);
            assert_int_equal(
                eddy_work_submit(loop, &held[i].work, hold, held_done), 0);
        }
        for (int i = COUNT - 1; i >= 0; i--)
            cancelled[i] = eddy_cancel(&held[i].work.req);
        assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(held[i].called, 1);
            assert_int_equal(held[i].begun, cancelled[i] == EDDY_EBUSY);
            assert_int_equal(held[i].status,
                             cancelled[i] == 0 ? EDDY_ECANCELED : 0);
        }
    }
    test_loop_close(loop);
}

struct relay {
    eddy_work work;
    int left;
    int failed;
};

static void submit_again(eddy_work *work, int status)
{
    struct relay *relay = (struct relay *) (void *) work;

    relay->failed += status != 0;
    if (--relay->left > 0)
        relay->failed +=
            eddy_work_submit(work->req.loop, work, nothing, submit_again) != 0;
}

static void may_be_submitted_again_from_its_callback(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct relay relay = {.left = 1 + (int) test_scale(5000)};

    assert_int_equal(eddy_work_submit(loop, &relay.work, nothing, submit_again),
                     0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(relay.left, 0);
    assert_int_equal(relay.failed, 0);
    test_loop_close(loop);
}

static void submit_after_cancel(eddy_work *work, int status)
{
    struct held *held = (struct held *) (void *) work;

    held_done(work, status);
    if (status == EDDY_ECANCELED) {
        held_release(held);
        held->called += 100 * eddy_pool_submit(work->data, work->req.loop, work,
                                               hold, submit_after_cancel);
    }
}

static void may_be_submitted_again_after_cancelling(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct held queued = {0};
    struct jam jam = {0};

    jam_begin(&jam, loop);
    queued.work.data = &jam.pool;
    assert_int_equal(eddy_pool_submit(&jam.pool, loop, &queued.work, hold,
                                      submit_after_cancel),
                     0);
    assert_int_equal(eddy_cancel(&queued.work.req), 0);
    test_turn(loop);
    assert_int_equal(queued.called, 1);
    jam_end(&jam, loop);
    assert_int_equal(queued.called, 2);
    assert_int_equal(queued.status, 0);
    test_loop_close(loop);
}

struct report {
    eddy_work work;
    eddy_async async;
    int percent; /* written by the worker, read in the async's callback */
    int seen;
    int step;
};

/* Goes on only when the loop has seen each step: without a wakeup this would
 * never end. */
static void work_and_report(eddy_work *work)
{
    struct report *report = (struct report *) (void *) work;

    for (int i = 1; i <= 10; i++) {
        report->percent = i * 10;
        eddy_async_send(&report->async);
        while (shared_get(&report->step) < i)
            nap();
    }
}

static void see_report(eddy_async *async)
{
    struct report *report = async->data;

    report->seen = report->percent;
    shared_add(&report->step, 1);
}

static void close_report(eddy_work *work, int status)
{
    (void) status;
    eddy_close(&((struct report *) (void *) work)->async.handle, NULL);
}

static void reports_progress_through_an_async(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct report report = {0};

    assert_int_equal(eddy_async_init(loop, &report.async, see_report), 0);
    report.async.data = &report;
    assert_int_equal(
        eddy_work_submit(loop, &report.work, work_and_report, close_report), 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(report.seen, 100);
    assert_int_equal(report.step, 10);
    test_loop_close(loop);
}

/* Debug builds tell: in others it would break the loop. */
struct trespass {
    eddy_work work;
    int running;
    int tried;
    int result;
};

static void trespass(eddy_work *work)
{
    struct trespass *it = (struct trespass *) (void *) work;
    eddy_work other = {0};

    while (!shared_get(&it->running))
        nap();
#ifdef NDEBUG
    (void) other;
    it->result = EDDY_EPERM;
#else
    it->result = eddy_work_submit(work->req.loop, &other, nothing, NULL);
#endif
    shared_set(&it->tried, 1);
}

static void stay_in_the_run(eddy_timer *timer)
{
    struct trespass *it = timer->data;

    shared_set(&it->running, 1);
    while (!shared_get(&it->tried))
        nap();
}

static void is_submitted_on_the_loops_thread_only(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct trespass it = {0};
    eddy_timer timer;

    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    timer.data = &it;
    assert_int_equal(eddy_timer_start(&timer, stay_in_the_run, 0, 0), 0);
    assert_int_equal(eddy_work_submit(loop, &it.work, trespass, NULL), 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(it.result, EDDY_EPERM);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    test_loop_close(loop);
}

struct parting {
    eddy_task task;
    eddy_pool pool;
    struct held held;
};

/* The work is done, and on its way home, before the close goes on. */
static void submit_at_parting(eddy_task *task, int status)
{
    struct parting *parting = task->data;
    eddy_loop *loop = parting->held.work.data;

    assert_int_equal(status, EDDY_ECANCELED);
    held_release(&parting->held);
    assert_int_equal(eddy_pool_submit(&parting->pool, loop, &parting->held.work,
                                      hold, held_done),
                     0);
    held_await(&parting->held);
    await_asleep(parting->pool.state, 1);
}

/* A loop that closes takes no more posts, but what it is owed. */
static void submitted_while_the_loop_closes_it_comes_home(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct parting parting = {.task = {.data = &parting}};

    parting.held.work.data = loop;
    assert_int_equal(
        eddy_pool_init(&parting.pool, &(eddy_pool_options){.threads = 1}), 0);
    assert_int_equal(eddy_post(loop, &parting.task, submit_at_parting), 0);
    assert_int_equal(eddy_loop_close(loop), EDDY_EBUSY);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(parting.held.called, 1);
    assert_int_equal(parting.held.status, 0);
    assert_int_equal(eddy_pool_close(&parting.pool), 0);
    test_loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(refuses_bad_arguments),
        LOOP_TEST(calls_back_on_the_loops_thread),
        LOOP_TEST(needs_no_callback),
        LOOP_TEST(keeps_the_callers_data),
        LOOP_TEST(is_busy_while_in_flight),
        LOOP_TEST(keeps_the_loop_from_closing),
        LOOP_TEST(cancels_what_is_queued),
        LOOP_TEST(does_not_cancel_what_runs_or_ran),
        LOOP_TEST(cancels_in_a_race),
        LOOP_TEST(may_be_submitted_again_from_its_callback),
        LOOP_TEST(may_be_submitted_again_after_cancelling),
        LOOP_TEST(reports_progress_through_an_async),
        LOOP_TEST(is_submitted_on_the_loops_thread_only),
        LOOP_TEST(submitted_while_the_loop_closes_it_comes_home),
    };

    return cmocka_run_group_tests_name("work/work", tests, NULL, NULL);
}
