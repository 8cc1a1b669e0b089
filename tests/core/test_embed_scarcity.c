/* SPDX-License-Identifier: MIT */
/*
 * A loop inside another one when the system gives it nothing more: what it
 * cannot arm must not make it deaf.
 */
#include "support/loop.h"

#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* How long to wait for what must come: for ever, but for a stuck test. */
enum { LONG_MS = 60000 };

static int outer_fd;
static int rung;

static void on_async(eddy_async *async)
{
    (void) async;
    rung++;
}

static void on_timer(eddy_timer *timer)
{
    (void) timer;
    fail();
}

static void assert_becomes_readable(void)
{
    struct pollfd entry = {.fd = outer_fd, .events = POLLIN};

    assert_int_equal(poll(&entry, 1, LONG_MS), 1);
    assert_int_equal(entry.revents, POLLIN);
}

/* Skips where the backend has no such descriptor. */
static eddy_loop *embed(void **state)
{
    eddy_loop *loop = test_loop(state);

    rung = 0;
    outer_fd = eddy_loop_fd(loop);
    if (outer_fd == EDDY_ENOTSUP) {
        test_loop_close(loop);
        skip();
    }
    assert_true(outer_fd >= 0);
    return loop;
}

static void serve_a_send(eddy_loop *loop, eddy_async *async)
{
    assert_int_equal(eddy_async_send(async), 0);
    assert_becomes_readable();
    assert_true(eddy_run(loop, EDDY_RUN_NOWAIT) >= 0);
    assert_int_equal(rung, 1);
    assert_int_equal(eddy_close(&async->handle, NULL), 1);
    assert_true(eddy_run(loop, EDDY_RUN_NOWAIT) >= 0);
}

/* All that it needs is opened when it is first asked for. A kqueue's timers are
 * no descriptors, but those of its double on Linux are. */
static void deadline_needs_no_descriptor(void **state)
{
    eddy_loop *loop = embed(state);
    struct rlimit limit;
    rlim_t before;
    eddy_timer timer;
    eddy_async async;
    int lowest = dup(0);
    int rc;

    if (strcmp(eddy_loop_backend(loop), "kqueue") == 0) {
        close(lowest);
        test_loop_close(loop);
        skip();
    }
    assert_int_equal(eddy_async_init(loop, &async, on_async), 0);
    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_SEC(99), 0), 0);
    assert_int_equal(close(lowest), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    before = limit.rlim_cur;
    limit.rlim_cur = (rlim_t) lowest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    rc = eddy_run(loop, EDDY_RUN_NOWAIT);
    limit.rlim_cur = before;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(rc > 0);
    serve_a_send(loop, &async);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    test_loop_close(loop);
}

static const eddy_backend_ops *real;
static int fd_error; /* of the next call */

static int lame_fd(eddy_backend *backend, uint64_t deadline_ns)
{
    int error = fd_error;

    fd_error = 0;
    return error < 0 ? error : real->fd(backend, deadline_ns);
}

/* The run that could not arm it says so; the loop is not deaf after it. */
static void failed_to_arm_it_still_hears(void **state)
{
    eddy_loop *model = embed(state);
    eddy_backend_ops ops = *model->ops;
    eddy_loop_options options = {.backend_ops = &ops};
    eddy_async async;
    eddy_loop loop;

    real = model->ops;
    ops.fd = lame_fd;
    assert_int_equal(eddy_loop_init(&loop, &options), 0);
    assert_int_equal(eddy_async_init(&loop, &async, on_async), 0);
    outer_fd = eddy_loop_fd(&loop);
    assert_true(outer_fd >= 0);
    fd_error = EDDY_ENOMEM;
    assert_int_equal(eddy_run(&loop, EDDY_RUN_NOWAIT), EDDY_ENOMEM);
    serve_a_send(&loop, &async);
    assert_int_equal(eddy_loop_close(&loop), 0);
    test_loop_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(deadline_needs_no_descriptor),
        LOOP_TEST(failed_to_arm_it_still_hears),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
