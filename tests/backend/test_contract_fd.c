/* SPDX-License-Identifier: MIT */
/*
 * The contract of eddy/backend.h, for each backend: the descriptor by which
 * another loop can wait for this one, for what is ready and for the deadline.
 * A backend that has none says so.
 */
#include "support/backend.h"
#include "support/fds.h"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

static const uint64_t far_ns = EDDY_SEC(1000000000);

/* The backend's descriptor with this deadline; the test is skipped if there
 * is no such thing. */
static int pollable(struct test_backend *tb, uint64_t deadline_ns)
{
    int fd = tb->ops->fd(tb->backend, deadline_ns);

    if (fd == EDDY_ENOTSUP)
        skip();
    assert_true(fd >= 0);
    return fd;
}

static int is_readable(int fd, int timeout_ms)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    int count = poll(&polled, 1, timeout_ms);

    assert_int_equal(count, polled.revents == POLLIN ? 1 : 0);
    return count;
}

static void it_is_there_or_refused(void **state)
{
    struct test_backend *tb = *state;
    int fd = tb->ops->fd(tb->backend, EDDY_NEVER);

    assert_true(fd >= 0 || fd == EDDY_ENOTSUP);
    assert_int_equal(tb->ops->fd(tb->backend, EDDY_NEVER), fd);
    assert_int_equal(tb->ops->fd(tb->backend, far_ns), fd);
    assert_int_equal(tb->ops->fd(tb->backend, EDDY_NEVER), fd);
}

/* Some kernels notice only in a wait that something is ready no more. */
static void it_is_readable_while_something_is_ready(void **state)
{
    struct test_backend *tb = *state;
    int fd = pollable(tb, EDDY_NEVER);
    int fds[2];

    test_pipe(fds);
    assert_int_equal(is_readable(fd, 0), 0);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(pollable(tb, EDDY_NEVER), fd);
    assert_int_equal(is_readable(fd, 0), 0);
    test_write_byte(fds[1]);
    assert_int_equal(is_readable(fd, -1), 1);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    assert_int_equal(is_readable(fd, 0), 1);
    test_read_byte(fds[0]);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(is_readable(fd, 0), 0);
    test_close_pair(fds);
}

static void it_is_readable_from_the_deadline_on(void **state)
{
    struct test_backend *tb = *state;
    uint64_t deadline_ns = eddy_hrtime() + EDDY_MS(15);
    int fd = pollable(tb, deadline_ns);

    assert_int_equal(is_readable(fd, -1), 1);
    assert_true(eddy_hrtime() >= deadline_ns);
    assert_int_equal(is_readable(fd, 0), 1);
}

static void a_deadline_is_no_event(void **state)
{
    struct test_backend *tb = *state;
    int fd = pollable(tb, eddy_hrtime());
    eddy_ready ready[2];

    assert_int_equal(is_readable(fd, -1), 1);
    assert_int_equal(test_poll(tb, ready, 2), 0);
}

/* Where the deadline takes the only place of an entry, too. */
static void a_deadline_hides_no_event(void **state)
{
    struct test_backend *tb = *state;
    int fd = pollable(tb, eddy_hrtime());
    int fds[2];

    assert_int_equal(is_readable(fd, -1), 1);
    test_pipe(fds);
    test_watch(tb, fds[1], EDDY_WRITABLE);
    for (int i = 0; i < 3; i++) {
        eddy_ready ready;

        assert_int_equal(test_poll(tb, &ready, 1), 1);
        assert_true(ready.token == test_token(fds[1]));
    }
    test_close_pair(fds);
}

static void a_passed_deadline_is_readable_again_and_again(void **state)
{
    struct test_backend *tb = *state;
    uint64_t deadline_ns = eddy_hrtime();
    int fd = pollable(tb, deadline_ns);
    eddy_ready ready;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(is_readable(fd, -1), 1);
        assert_int_equal(test_poll(tb, &ready, 1), 0);
        assert_int_equal(pollable(tb, deadline_ns), fd);
    }
    assert_int_equal(pollable(tb, 0), fd);
    assert_int_equal(is_readable(fd, -1), 1);
}

static void the_last_deadline_counts(void **state)
{
    struct test_backend *tb = *state;
    int fd = pollable(tb, eddy_hrtime());

    assert_int_equal(is_readable(fd, -1), 1);
    assert_int_equal(pollable(tb, far_ns), fd);
    assert_int_equal(is_readable(fd, 0), 0);
    assert_int_equal(pollable(tb, eddy_hrtime()), fd);
    assert_int_equal(is_readable(fd, -1), 1);
    assert_int_equal(pollable(tb, EDDY_NEVER), fd);
    assert_int_equal(is_readable(fd, 0), 0);
    assert_int_equal(pollable(tb, EDDY_NEVER - 1), fd);
    assert_int_equal(is_readable(fd, 0), 0);
}

/* A run of the loop sleeps by its own time-out, not by what was armed. */
static void a_deadline_ends_no_wait(void **state)
{
    struct test_backend *tb = *state;
    int fd = pollable(tb, eddy_hrtime() + EDDY_MS(1));
    uint64_t before = eddy_hrtime();
    eddy_ready ready;

    assert_int_equal(
        tb->ops->wait(tb->backend, (int64_t) EDDY_MS(20), &ready, 1), 0);
    assert_true(eddy_hrtime() - before >= EDDY_MS(20));

    assert_int_equal(pollable(tb, before), fd);
    assert_int_equal(is_readable(fd, -1), 1);
    before = eddy_hrtime();
    assert_int_equal(
        tb->ops->wait(tb->backend, (int64_t) EDDY_MS(2), &ready, 1), 0);
    assert_true(eddy_hrtime() - before >= EDDY_MS(2));
}

static void without_descriptors_it_works_without_a_deadline(void **state)
{
    struct test_backend *tb = *state;
    int fd = pollable(tb, EDDY_NEVER);
    int open_before = test_fds_open();
    struct rlimit old;
    struct rlimit none;
    int result;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    result = tb->ops->fd(tb->backend, eddy_hrtime());
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);

    assert_int_equal(test_fds_open(), open_before);
    if (result != fd) {
        assert_int_equal(result, EDDY_EMFILE);
        assert_int_equal(tb->ops->fd(tb->backend, EDDY_NEVER), fd);
        assert_int_equal(tb->ops->fd(tb->backend, eddy_hrtime()), fd);
    }
    assert_int_equal(is_readable(fd, 60000), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BACKEND_TEST(it_is_there_or_refused),
        BACKEND_TEST(it_is_readable_while_something_is_ready),
        BACKEND_TEST(it_is_readable_from_the_deadline_on),
        BACKEND_TEST(a_deadline_is_no_event),
        BACKEND_TEST(a_deadline_hides_no_event),
        BACKEND_TEST(a_passed_deadline_is_readable_again_and_again),
        BACKEND_TEST(the_last_deadline_counts),
        BACKEND_TEST(a_deadline_ends_no_wait),
        BACKEND_TEST(without_descriptors_it_works_without_a_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
