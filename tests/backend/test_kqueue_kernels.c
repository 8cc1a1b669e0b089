/* SPDX-License-Identifier: MIT */
/*
 * What is peculiar to the kqueue backend: knotes that a kernel forgets by
 * itself, what kernels say in different ways, ends of one half, and fork. The
 * kernel is the double of tests/kqueue-double.
 */
#include "kqueue-double/double.h"
#include "support/backend.h"
#include "support/fds.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BOTH_WAYS = EDDY_READABLE | EDDY_WRITABLE };

static int choose_kqueue(void **state)
{
    (void) state;
    return setenv("EDDY_BACKEND", "kqueue", 1);
}

static int setup(void **state)
{
    double_reset();
    return test_backend_setup(state);
}

static int teardown(void **state)
{
    double_reset();
    return test_backend_teardown(state);
}

/* The one error that a wait reports. */
static int only_error(struct test_backend *tb, int fd)
{
    eddy_ready ready[4];
    int count = test_poll(tb, ready, 4);
    int error = 0;

    for (int i = 0; i < count; i++) {
        if (ready[i].error == 0)
            continue;
        assert_int_equal(error, 0);
        assert_true(ready[i].token == test_token(fd));
        assert_int_equal(ready[i].events, 0);
        error = ready[i].error;
    }
    return error;
}

/* --- what kernels do by themselves --------------------------------------- */

/* The kernel dropped the knotes with the number, and told nobody. */
static void a_number_closed_in_secret_is_watched_anew(void **state)
{
    struct test_backend *tb = *state;
    int old[2];
    int new[2];

    test_socketpair(old);
    test_socketpair(new);
    test_watch(tb, old[0], BOTH_WAYS);
    assert_int_equal(test_events_now(tb, old[0]), EDDY_WRITABLE);
    assert_int_equal(dup2(new[0], old[0]), old[0]);
    assert_int_equal(test_events_now(tb, old[0]), 0);
    test_watch(tb, old[0], BOTH_WAYS);
    assert_int_equal(test_events_now(tb, old[0]), EDDY_WRITABLE);
    test_close_pair(old);
    test_close_pair(new);
}

static void removing_a_closed_one_is_no_error(void **state)
{
    static const enum double_kernel kernels[] = {DOUBLE_FREEBSD, DOUBLE_XNU};
    struct test_backend *tb = *state;

    for (int i = 0; i < 2; i++) {
        int fds[2];

        double_behave_as(kernels[i]);
        test_socketpair(fds);
        test_watch(tb, fds[0], BOTH_WAYS);
        assert_int_equal(test_events_now(tb, fds[0]), EDDY_WRITABLE);
        test_close_pair(fds);
        assert_int_equal(tb->ops->update(tb->backend, test_token(fds[0]),
                                         fds[0], BOTH_WAYS, 0),
                         EDDY_EBADF);
        assert_int_equal(test_events_now(tb, fds[0]), 0);
    }
}

/* Whoever comes late is told in an event, by an error, or by a wrong one. The
 * report is repeated, and delays nobody. */
static void a_pipe_without_reader_hung_up(void **state)
{
    static const enum double_kernel kernels[] = {DOUBLE_FREEBSD, DOUBLE_NETBSD,
                                                 DOUBLE_XNU};
    struct test_backend *tb = *state;
    int busy[2];

    test_pipe(busy);
    test_watch(tb, busy[1], EDDY_WRITABLE);
    for (int i = 0; i < 3; i++) {
        unsigned reports[2] = {0, 0};
        int fds[2];

        double_behave_as(kernels[i]);
        test_pipe(fds);
        assert_int_equal(close(fds[0]), 0);
        test_watch(tb, fds[1], EDDY_WRITABLE);
        for (int k = 0; k < 8; k++) {
            eddy_ready ready;

            assert_int_equal(test_poll(tb, &ready, 1), 1);
            assert_int_equal(ready.error, 0);
            reports[ready.token == test_token(fds[1])]++;
        }
        assert_true(reports[0] >= 2 && reports[1] >= 2);
        test_unwatch(tb, fds[1], EDDY_WRITABLE);
        assert_int_equal(test_events_now(tb, busy[1]), EDDY_WRITABLE);
        assert_int_equal(close(fds[1]), 0);
    }
    test_close_pair(busy);
}

static void an_edge_on_a_broken_pipe_is_told_once(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_pipe(fds);
    assert_int_equal(close(fds[0]), 0);
    test_watch(tb, fds[1], EDDY_WRITABLE | EDDY_EDGE);
    assert_int_equal(test_events_now(tb, fds[1]), EDDY_ANY_EVENT | EDDY_EDGE);
    assert_int_equal(test_events_now(tb, fds[1]), 0);
    assert_int_equal(close(fds[1]), 0);
}

static void devices_are_tried_twice(void **state)
{
    struct test_backend *tb = *state;
    int device = open("/dev/null", O_RDWR | O_CLOEXEC);
    int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

    double_behave_as(DOUBLE_XNU);
    test_watch(tb, device, EDDY_READABLE);
    assert_int_equal(only_error(tb, device), EDDY_EPERM);
    double_behave_as(DOUBLE_NETBSD);
    test_watch(tb, device, EDDY_READABLE);
    assert_int_equal(only_error(tb, device), EDDY_EPERM);
    assert_int_equal(close(device), 0);
    if (terminal < 0)
        skip();
    double_behave_as(DOUBLE_XNU);
    test_watch(tb, terminal, EDDY_WRITABLE);
    assert_true(test_events_now(tb, terminal) & EDDY_WRITABLE);
    assert_int_equal(close(terminal), 0);
}

/* Both are refused before they are tried again. */
static void devices_are_tried_twice_in_both_directions(void **state)
{
    struct test_backend *tb = *state;
    int device = open("/dev/null", O_RDWR | O_CLOEXEC);
    int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

    double_behave_as(DOUBLE_XNU);
    test_watch(tb, device, BOTH_WAYS);
    assert_int_equal(only_error(tb, device), EDDY_EPERM);
    assert_int_equal(only_error(tb, device), 0);
    assert_int_equal(double_knotes(device), 0);
    assert_int_equal(close(device), 0);
    if (terminal < 0)
        skip();
    test_watch(tb, terminal, BOTH_WAYS);
    assert_true(test_events_now(tb, terminal) & EDDY_WRITABLE);
    assert_int_equal(double_knotes(terminal), 2);
    assert_int_equal(close(terminal), 0);
}

static void devices_are_not_tried_for_ever(void **state)
{
    struct test_backend *tb = *state;
    int device = open("/dev/null", O_RDWR | O_CLOEXEC);

    double_refuse(device, EV_ADD, 'r', EINVAL);
    test_watch(tb, device, EDDY_READABLE);
    assert_int_equal(only_error(tb, device), EDDY_EPERM);
    assert_int_equal(close(device), 0);
}

/* --- ends ---------------------------------------------------------------- */

/* Data alone neither ends the wait nor keeps it awake; the end is level. */
static void a_disconnect_is_awaited_in_peace(void **state)
{
    struct test_backend *tb = *state;
    uint64_t before = eddy_hrtime();
    eddy_ready ready;
    size_t calls;
    int fds[2];

    test_socketpair(fds);
    test_write_byte(fds[1]);
    test_watch(tb, fds[0], EDDY_DISCONNECT);
    calls = double_calls(DOUBLE_KEVENT);
    assert_int_equal(
        tb->ops->wait(tb->backend, (int64_t) EDDY_MS(20), &ready, 1), 0);
    assert_true(eddy_hrtime() - before >= EDDY_MS(20));
    assert_true(double_calls(DOUBLE_KEVENT) - calls <= 4);
    assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(test_events_now(tb, fds[0]), EDDY_DISCONNECT);
    test_rewatch(tb, fds[0], EDDY_DISCONNECT, EDDY_READABLE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_close_pair(fds);
}

/* One's own shutdown is not the peer's. */
static void an_own_shutdown_is_no_hangup(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], BOTH_WAYS);
    assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_WRITABLE);
    assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_ANY_EVENT);
    test_close_pair(fds);
}

/* --- fork ---------------------------------------------------------------- */

/* The child has no kqueue; its number may be another file's. */
static void a_child_closes_no_strangers_number(void **state)
{
    struct test_backend *tb = *state;
    int kq = tb->ops->fd(tb->backend, EDDY_NEVER);
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        bool kept = dup2(STDOUT_FILENO, kq) == kq;

        tb->ops->destroy(tb->backend, true);
        _exit(kept && fcntl(kq, F_GETFD) != -1 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#define KQUEUE_TEST(function)                                                  \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KQUEUE_TEST(a_number_closed_in_secret_is_watched_anew),
        KQUEUE_TEST(removing_a_closed_one_is_no_error),
        KQUEUE_TEST(a_pipe_without_reader_hung_up),
        KQUEUE_TEST(an_edge_on_a_broken_pipe_is_told_once),
        KQUEUE_TEST(devices_are_tried_twice),
        KQUEUE_TEST(devices_are_tried_twice_in_both_directions),
        KQUEUE_TEST(devices_are_not_tried_for_ever),
        KQUEUE_TEST(a_disconnect_is_awaited_in_peace),
        KQUEUE_TEST(an_own_shutdown_is_no_hangup),
        KQUEUE_TEST(a_child_closes_no_strangers_number),
    };

    return cmocka_run_group_tests(tests, choose_kqueue, NULL);
}
