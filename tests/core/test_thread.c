/* SPDX-License-Identifier: MIT */
/*
 * Calls from another thread than the one that runs the loop: a debug build
 * refuses all but those that are meant for it.
 */
#include "core/request.h"
#include "support/ear.h"
#include "support/loop.h"
#include "support/threads.h"

enum { CALLS = 13 };

struct trespass {
    eddy_loop *loop;
    eddy_timer timer;
    eddy_timer other;
    eddy_idle idle;
    eddy_async async;
    struct ear ear;
    eddy_task task;
    eddy_req req;
    int refused[CALLS];
    int allowed[2];
    int ran;
};

static void on_other(eddy_timer *timer)
{
    (void) timer;
}

static void on_idle(eddy_idle *idle)
{
    (void) idle;
}

static void on_async(eddy_async *async)
{
    ((struct trespass *) async->data)->ran++;
}

static void on_task(eddy_task *task, int status)
{
    ((struct trespass *) task->data)->ran += status == 0;
}

static void on_request(eddy_req *req)
{
    (void) req;
}

static const struct eddy__req_class request_class = {.done = on_request};

static void *call_everything(void *arg)
{
    struct trespass *from = arg;
    eddy_timer fresh;
    eddy_io io;
    eddy_async async;
    int *rc = from->refused;

    *rc++ = eddy_timer_init(from->loop, &fresh);
    *rc++ = eddy_timer_start(&from->other, on_other, 1, 0);
    *rc++ = eddy_timer_start_at(&from->other, on_other, 1, 0);
    *rc++ = eddy_timer_stop(&from->other);
    *rc++ = eddy_idle_start(&from->idle, on_idle);
    *rc++ = eddy_idle_stop(&from->idle);
    *rc++ = eddy_io_init(from->loop, &io, 0);
    *rc++ = eddy_io_start(&from->ear.io, EDDY_READABLE, ear_heard);
    *rc++ = eddy_io_stop(&from->ear.io);
    *rc++ = eddy_async_init(from->loop, &async, NULL);
    *rc++ = eddy_close(&from->other.handle, NULL);
    *rc++ = eddy_cancel(&from->req);
    *rc++ = eddy_loop_close(from->loop);
    from->allowed[0] = eddy_async_send(&from->async);
    from->allowed[1] = eddy_post(from->loop, &from->task, on_task);
    return NULL;
}

/* The loop runs, and waits in this callback for the trespasser to be done. */
static void let_in(eddy_timer *timer)
{
    thread_join(thread_start(call_everything, timer->data));
}

static void debug_builds_refuse_other_threads(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct trespass trespass = {.loop = loop};

#ifdef NDEBUG
    test_loop_close(loop);
    skip();
#endif
    assert_int_equal(eddy_timer_init(loop, &trespass.timer), 0);
    assert_int_equal(eddy_timer_init(loop, &trespass.other), 0);
    assert_int_equal(eddy_idle_init(loop, &trespass.idle), 0);
    assert_int_equal(eddy_async_init(loop, &trespass.async, on_async), 0);
    ear_open(loop, &trespass.ear, 0);
    trespass.timer.data = &trespass;
    trespass.async.data = &trespass;
    trespass.task.data = &trespass;
    assert_int_equal(eddy_timer_start(&trespass.timer, let_in, 0, 0), 0);
    eddy__req_begin(loop, &trespass.req, &request_class);
    test_turn(loop);
    eddy__req_abandon(&trespass.req);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(trespass.refused[i], EDDY_EPERM);
    assert_int_equal(trespass.allowed[0], 0);
    assert_int_equal(trespass.allowed[1], 0);
    assert_int_equal(trespass.ran, 2);
    assert_int_equal(eddy_close(&trespass.timer.handle, NULL), 0);
    assert_int_equal(eddy_close(&trespass.other.handle, NULL), 0);
    assert_int_equal(eddy_close(&trespass.idle.handle, NULL), 0);
    assert_int_equal(eddy_close(&trespass.async.handle, NULL), 1);
    ear_close(&trespass.ear);
    test_turn(loop);
    test_loop_close(loop);
}

static void *run_a_while(void *arg)
{
    eddy_loop *loop = arg;

    return eddy_run(loop, EDDY_RUN_NOWAIT) == 0 ? arg : NULL;
}

/* A loop belongs to the thread that runs it, not to the one that made it. */
static void loop_may_move_between_runs(void **state)
{
    eddy_loop *loop = test_loop(state);
    pthread_t thread = thread_start(run_a_while, loop);
    void *result = NULL;
    eddy_timer timer;

    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, loop);
    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_other, 0, 0), 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    test_loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(debug_builds_refuse_other_threads),
        LOOP_TEST(loop_may_move_between_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
