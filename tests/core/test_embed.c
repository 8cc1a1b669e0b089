/* SPDX-License-Identifier: MIT */
/*
 * A loop inside another one: eddy_loop_fd polls readable whenever there is
 * something to do, and not when there is nothing. The outer loop is poll(2).
 */
#include "support/ear.h"
#include "support/fds.h"
#include "support/loop.h"
#include "support/threads.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long to wait for what must come: for ever, but for a stuck test. */
enum { LONG_MS = 60000 };

static int outer_fd;
static int rang;
static int rung;
static int run;

static void on_timer(eddy_timer *timer)
{
    (void) timer;
    rang++;
}

static void on_async(eddy_async *async)
{
    (void) async;
    rung++;
}

static void on_task(eddy_task *task, int status)
{
    (void) task;
    assert_int_equal(status, 0);
    run++;
}

static bool readable(int timeout_ms)
{
    struct pollfd entry = {.fd = outer_fd, .events = POLLIN};

    return poll(&entry, 1, timeout_ms) == 1 && entry.revents == POLLIN;
}

static void assert_becomes_readable(void)
{
    assert_true(readable(LONG_MS));
}

static void assert_silent(eddy_loop *loop)
{
    test_turns(loop, 2);
    assert_false(readable(0));
}

/* Skips where the backend has no such descriptor. */
static eddy_loop *embed(void **state)
{
    eddy_loop *loop = test_loop(state);

    rang = 0;
    rung = 0;
    run = 0;
    outer_fd = eddy_loop_fd(loop);
    if (outer_fd == EDDY_ENOTSUP) {
        assert_string_equal(eddy_loop_backend(loop), "poll");
        test_loop_close(loop);
        skip();
    }
    assert_true(outer_fd >= 0);
    assert_int_equal(eddy_loop_fd(loop), outer_fd);
    assert_silent(loop);
    return loop;
}

static void asking_nonsense_is_refused(void **state)
{
    eddy_loop *loop = test_loop(state);

    assert_int_equal(eddy_loop_fd(NULL), EDDY_EINVAL);
    test_loop_close(loop);
    assert_int_equal(eddy_loop_fd(loop), EDDY_EINVAL);
}

static void not_supported_on_poll(void **state)
{
    eddy_loop *loop = test_loop(state);

    if (strcmp(eddy_loop_backend(loop), "poll") == 0)
        assert_int_equal(eddy_loop_fd(loop), EDDY_ENOTSUP);
    else
        assert_true(eddy_loop_fd(loop) >= 0);
    test_turn(loop);
    test_loop_close(loop);
}

/* Started outside a run, the kernel has to be told before the outer sleep. */
static void ready_descriptor_makes_it_readable(void **state)
{
    eddy_loop *loop = embed(state);
    struct ear ear;
    int fds[2];

    test_pipe(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    assert_becomes_readable();
    assert_silent(loop);
    test_write_byte(fds[1]);
    assert_becomes_readable();
    test_turn(loop);
    assert_int_equal(ear.calls, 1);
    assert_true(readable(0));
    test_read_byte(fds[0]);
    assert_silent(loop);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void start_outside_a_run_reports_what_was_ready(void **state)
{
    eddy_loop *loop = embed(state);
    struct ear ear;
    int fds[2];

    test_pipe(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    test_turn(loop);
    ear_stop(&ear);
    test_write_byte(fds[1]);
    test_turns(loop, 3);
    assert_int_equal(ear.calls, 0);
    ear_start(&ear, EDDY_READABLE);
    assert_becomes_readable();
    for (int i = 0; i < 3 && ear.calls == 0; i++) {
        assert_becomes_readable();
        test_turn(loop);
    }
    assert_int_equal(ear.calls, 1);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void due_timer_makes_it_readable(void **state)
{
    eddy_loop *loop = embed(state);
    eddy_timer timer;

    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(3), 0), 0);
    while (rang == 0) {
        assert_becomes_readable();
        test_turn(loop);
    }
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(1), EDDY_MS(2)),
                     0);
    while (rang < 5) {
        assert_becomes_readable();
        test_turn(loop);
    }
    assert_int_equal(eddy_timer_stop(&timer), 0);
    assert_silent(loop);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    test_loop_close(loop);
}

static void send_and_post_make_it_readable(void **state)
{
    eddy_loop *loop = embed(state);
    eddy_task task = {.data = NULL};
    eddy_async async;

    assert_int_equal(eddy_async_init(loop, &async, on_async), 0);
    assert_silent(loop);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(eddy_async_send(&async), 0);
        assert_becomes_readable();
        test_turn(loop);
        assert_int_equal(rung, i);
        assert_silent(loop);
        assert_int_equal(eddy_post(loop, &task, on_task), 0);
        assert_becomes_readable();
        test_turn(loop);
        assert_int_equal(run, i);
        assert_silent(loop);
    }
    assert_int_equal(eddy_close(&async.handle, NULL), 1);
    assert_becomes_readable();
    test_turn(loop);
    test_loop_close(loop);
}

static void *send_late(void *async)
{
    thread_dawdle(50000);
    eddy_async_send(async);
    return NULL;
}

static void send_from_a_thread_makes_it_readable(void **state)
{
    eddy_loop *loop = embed(state);
    eddy_async async;

    assert_int_equal(eddy_async_init(loop, &async, on_async), 0);
    for (int i = 1; i <= 20; i++) {
        pthread_t thread = thread_start(send_late, &async);

        while (rung < i) {
            assert_becomes_readable();
            test_turn(loop);
        }
        thread_join(thread);
        assert_silent(loop);
    }
    assert_int_equal(eddy_close(&async.handle, NULL), 1);
    test_turn(loop);
    test_loop_close(loop);
}

static void on_idle(eddy_idle *idle)
{
    (void) idle;
    run++;
}

static void left_over_work_keeps_it_readable(void **state)
{
    eddy_loop *loop = embed(state);
    eddy_idle idle;

    assert_int_equal(eddy_idle_init(loop, &idle), 0);
    assert_int_equal(eddy_idle_start(&idle, on_idle), 0);
    for (int i = 1; i <= 5; i++) {
        assert_becomes_readable();
        test_turn(loop);
        assert_int_equal(run, i);
    }
    assert_int_equal(eddy_idle_stop(&idle), 0);
    assert_silent(loop);
    assert_int_equal(eddy_close(&idle.handle, NULL), 0);
    test_loop_close(loop);
}

/* Nothing keeps the loop going; what happens is to be served all the same, or
 * the outer loop would find it readable for ever. */
static void unreferenced_handles_are_served_too(void **state)
{
    eddy_loop *loop = embed(state);
    eddy_async async;
    eddy_timer timer;

    assert_int_equal(eddy_async_init(loop, &async, on_async), 0);
    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    eddy_unref(&async.handle);
    eddy_unref(&timer.handle);
    assert_int_equal(eddy_async_send(&async), 0);
    assert_becomes_readable();
    test_turn(loop);
    assert_int_equal(rung, 1);
    assert_silent(loop);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(1), 0), 0);
    for (int i = 0; i < 5 && rang == 0; i++) {
        assert_becomes_readable();
        test_turn(loop);
    }
    assert_int_equal(rang, 1);
    assert_silent(loop);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    assert_int_equal(eddy_close(&async.handle, NULL), 1);
    test_turn(loop);
    test_loop_close(loop);
}

static void on_closed(eddy_handle *handle)
{
    (void) handle;
    run++;
}

static void close_outside_a_run_makes_it_readable(void **state)
{
    eddy_loop *loop = embed(state);
    eddy_timer timer;

    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    assert_int_equal(eddy_close(&timer.handle, on_closed), 1);
    assert_becomes_readable();
    test_turn(loop);
    assert_int_equal(run, 1);
    assert_silent(loop);
    test_loop_close(loop);
}

/* An earlier deadline than the one that was armed. */
static void earlier_timer_is_armed_anew(void **state)
{
    eddy_loop *loop = embed(state);
    eddy_timer far;
    eddy_timer near;

    assert_int_equal(eddy_timer_init(loop, &far), 0);
    assert_int_equal(eddy_timer_init(loop, &near), 0);
    assert_int_equal(eddy_timer_start(&far, on_timer, EDDY_SEC(3600), 0), 0);
    assert_silent(loop);
    assert_int_equal(eddy_timer_start(&near, on_timer, EDDY_MS(2), 0), 0);
    while (rang == 0) {
        assert_becomes_readable();
        test_turn(loop);
    }
    assert_int_equal(rang, 1);
    assert_silent(loop);
    assert_int_equal(eddy_close(&far.handle, NULL), 0);
    assert_int_equal(eddy_close(&near.handle, NULL), 0);
    test_loop_close(loop);
}

/* Closes a watched descriptor that a duplicate keeps registered, which shows
 * when it becomes ready; returns the duplicate. */
static int leave_a_stale_one(eddy_loop *loop, int fds[2])
{
    struct ear ear;
    int duplicate;

    test_pipe(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    test_turn(loop);
    duplicate = dup(fds[0]);
    assert_true(duplicate >= 0);
    assert_int_equal(close(fds[0]), 0);
    ear_close(&ear);
    test_write_byte(fds[1]);
    return duplicate;
}

/* Where the kernel forgets closed descriptors nothing moves. */
static void moved_descriptor_is_told_once(void **state)
{
    eddy_loop *loop = embed(state);
    eddy_async async;
    int told = 0;
    int fds[2];

    assert_int_equal(eddy_async_init(loop, &async, on_async), 0);
    eddy_unref(&async.handle);
    fds[0] = leave_a_stale_one(loop, fds);
    for (int i = 0; i < 8; i++) {
        int rc = eddy_run(loop, EDDY_RUN_NOWAIT);

        assert_true(rc == 0 || rc == EDDY_ESTALE);
        told += rc == EDDY_ESTALE;
        test_check(loop);
    }
    assert_int_equal(told, test_stats(loop).rebuilds);
    if (strcmp(eddy_loop_backend(loop), "epoll") == 0)
        assert_int_equal(told, 1);
    outer_fd = eddy_loop_fd(loop);
    assert_true(outer_fd >= 0);
    assert_silent(loop);
    assert_int_equal(eddy_async_send(&async), 0);
    assert_becomes_readable();
    test_turn(loop);
    assert_int_equal(rung, 1);
    assert_int_equal(eddy_close(&async.handle, NULL), 1);
    test_turn(loop);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void run_and_close_inside(struct ear *ear)
{
    eddy_loop *loop = ear->arg;

    assert_int_equal(ear->status, EDDY_EPERM);
    assert_int_equal(eddy_run(loop, EDDY_RUN_NOWAIT), EDDY_EBUSY);
    ear_close(ear);
    assert_int_equal(eddy_loop_close(loop), EDDY_EBUSY);
    assert_true(eddy_loop_fd(loop) >= 0);
}

/* Asking for the descriptor tells the refused, as a run does. */
static void refused_while_asking_it_is_as_in_a_run(void **state)
{
    eddy_loop *loop = embed(state);
    FILE *file = tmpfile();
    struct ear ear;

    assert_non_null(file);
    ear_open(loop, &ear, fileno(file));
    ear.act = run_and_close_inside;
    ear.arg = loop;
    ear_start(&ear, EDDY_READABLE);
    assert_int_equal(ear.calls, 0);
    assert_int_equal(eddy_loop_fd(loop), outer_fd);
    assert_int_equal(ear.calls, 1);
    assert_silent(loop);
    assert_int_equal(fclose(file), 0);
    test_loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(asking_nonsense_is_refused),
        LOOP_TEST(not_supported_on_poll),
        LOOP_TEST(ready_descriptor_makes_it_readable),
        LOOP_TEST(start_outside_a_run_reports_what_was_ready),
        LOOP_TEST(due_timer_makes_it_readable),
        LOOP_TEST(send_and_post_make_it_readable),
        LOOP_TEST(send_from_a_thread_makes_it_readable),
        LOOP_TEST(left_over_work_keeps_it_readable),
        LOOP_TEST(unreferenced_handles_are_served_too),
        LOOP_TEST(close_outside_a_run_makes_it_readable),
        LOOP_TEST(earlier_timer_is_armed_anew),
        LOOP_TEST(moved_descriptor_is_told_once),
        LOOP_TEST(refused_while_asking_it_is_as_in_a_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
