/* SPDX-License-Identifier: MIT */
/*
 * What is peculiar to the kqueue backend: changes that are buffered, refused
 * or lost, knotes that a kernel forgets by itself, and what kernels say in
 * different ways. The kernel is the double of tests/kqueue-double.
 */
#include "kqueue-double/double.h"
#include "support/backend.h"
#include "support/fds.h"

#include <fcntl.h>
#include <poll.h>
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

/* --- buffering ----------------------------------------------------------- */

static void changes_wait_for_the_wait(void **state)
{
    struct test_backend *tb = *state;
    size_t calls = double_calls(DOUBLE_KEVENT);
    int fds[2];

    test_socketpair(fds);
    for (int i = 0; i < 100; i++) {
        test_watch(tb, fds[0], BOTH_WAYS);
        test_rewatch(tb, fds[0], BOTH_WAYS, EDDY_READABLE);
        test_unwatch(tb, fds[0], EDDY_READABLE);
    }
    test_watch(tb, fds[0], EDDY_WRITABLE);
    assert_int_equal(double_calls(DOUBLE_KEVENT), calls);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_WRITABLE);
    assert_true(double_calls(DOUBLE_KEVENT) - calls <= 2);
    assert_int_equal(double_changes(), 1);
    test_close_pair(fds);
}

static void many_changes_are_handed_over(void **state)
{
    struct test_backend *tb = *state;
    enum { MANY = 600 };
    static int fds[MANY][2];
    static eddy_ready ready[MANY];

    if (!test_allow_fds(2 * MANY + 64))
        skip();
    for (int i = 0; i < MANY; i++) {
        test_socketpair(fds[i]);
        test_write_byte(fds[i][1]);
        test_watch(tb, fds[i][0],
                   BOTH_WAYS | (tb->ops->events & EDDY_PRIORITY));
    }
    assert_int_equal(test_collect(tb, ready, MANY), MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(ready[i].events, BOTH_WAYS);
        test_close_pair(fds[i]);
    }
}

/* A full list of events may part the two of one descriptor. */
static void both_directions_come_in_one_report(void **state)
{
    struct test_backend *tb = *state;
    eddy_ready ready;
    int fds[2];

    test_socketpair(fds);
    test_write_byte(fds[1]);
    test_watch(tb, fds[0], BOTH_WAYS);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(test_poll(tb, &ready, 1), 1);
        assert_int_equal(ready.events, BOTH_WAYS);
    }
    test_close_pair(fds);
}

/* --- failures ------------------------------------------------------------ */

static void a_refused_change_harms_no_other(void **state)
{
    struct test_backend *tb = *state;
    static const int errors[][2] = {
        {ENOMEM, EDDY_ENOMEM},    {EINVAL, EDDY_EPERM}, {ENODEV, EDDY_EPERM},
        {EOPNOTSUPP, EDDY_EPERM}, {EBADF, EDDY_EPERM}, /* for it is open */
    };
    int fds[2];
    int other[2];

    test_socketpair(fds);
    test_pipe(other);
    test_watch(tb, other[1], EDDY_WRITABLE);
    assert_int_equal(test_events_now(tb, other[1]), EDDY_WRITABLE);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        test_watch(tb, fds[0], BOTH_WAYS);
        double_refuse(fds[0], EV_ADD, 'r', errors[i][0]);
        assert_int_equal(only_error(tb, fds[0]), errors[i][1]);
        assert_int_equal(double_knotes(fds[0]), 0);
        assert_int_equal(test_events_now(tb, other[1]), EDDY_WRITABLE);
        assert_int_equal(tb->ops->update(tb->backend, test_token(fds[0]),
                                         fds[0], EDDY_READABLE, 0),
                         EDDY_ENOENT);
    }
    test_close_pair(fds);
    test_close_pair(other);
}

/* Of one descriptor, too: READ was added and WRITE refused. */
static void after_half_a_refusal_nothing_is_left(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_socketpair(fds);
    test_write_byte(fds[1]);
    test_watch(tb, fds[0], BOTH_WAYS);
    double_refuse(fds[0], EV_ADD, 'w', ENOMEM);
    assert_int_equal(only_error(tb, fds[0]), EDDY_ENOMEM);
    assert_int_equal(double_knotes(fds[0]), 0);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    double_refuse(fds[0], EV_ADD, 'w', 0);
    test_watch(tb, fds[0], BOTH_WAYS);
    assert_int_equal(test_events_now(tb, fds[0]), BOTH_WAYS);
    test_close_pair(fds);
}

static void a_refusal_may_be_taken_back_unread(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    double_refuse(fds[0], EV_ADD, 'r', ENOMEM);
    (void) tb->ops->fd(tb->backend, EDDY_NEVER);
    double_refuse(fds[0], EV_ADD, 'r', 0);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_write_byte(fds[1]);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_close_pair(fds);
}

static void a_refusal_makes_the_descriptor_readable(void **state)
{
    struct test_backend *tb = *state;
    struct pollfd polled = {.events = POLLIN};
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], BOTH_WAYS);
    double_refuse(fds[0], EV_ADD, 'r', ENOMEM);
    polled.fd = tb->ops->fd(tb->backend, EDDY_NEVER);
    assert_int_equal(poll(&polled, 1, 10000), 1);
    assert_int_equal(double_knotes(fds[0]), 0);
    assert_int_equal(only_error(tb, fds[0]), EDDY_ENOMEM);
    test_close_pair(fds);
}

/* Or the change is tried again at once, and no wait fails. */
static void a_failed_wait_loses_no_change(void **state)
{
    struct test_backend *tb = *state;
    eddy_ready ready[4];
    int result;
    int fds[2];

    test_socketpair(fds);
    test_write_byte(fds[1]);
    test_watch(tb, fds[0], EDDY_READABLE);
    double_fail(DOUBLE_KEVENT, 1, ENOMEM);
    result = test_poll(tb, ready, 4);
    assert_true(result == EDDY_ENOMEM || result == 1);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_rewatch(tb, fds[0], EDDY_READABLE, EDDY_WRITABLE);
    double_fail(DOUBLE_KEVENT, 1, ENOMEM);
    result = test_poll(tb, ready, 4);
    assert_true(result == EDDY_ENOMEM || result == 1);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_WRITABLE);
    assert_int_equal(double_knotes(fds[0]), 1);
    test_close_pair(fds);
}

static void an_interrupted_wait_made_its_changes(void **state)
{
    struct test_backend *tb = *state;
    eddy_ready ready;
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    double_fail(DOUBLE_KEVENT_LATE, 1, EINTR);
    assert_int_equal(test_poll(tb, &ready, 1), EDDY_EINTR);
    assert_int_equal(double_changes(), 1);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(double_changes(), 1);
    test_write_byte(fds[1]);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_close_pair(fds);
}

/* It cannot be removed now: it is never reported, and soon gone. */
static void a_failed_removal_is_made_up_for(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_socketpair(fds);
    test_write_byte(fds[1]);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    double_refuse(fds[0], EV_DELETE, 'r', ENOMEM);
    (void) tb->ops->update(tb->backend, test_token(fds[0]), fds[0],
                           EDDY_READABLE, 0);
    double_refuse(fds[0], EV_DELETE, 'r', 0);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(double_knotes(fds[0]), 0);
    test_close_pair(fds);
}

/* Added over the old knote, the new one would keep its mode. */
static void a_failed_removal_leaves_no_mode(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], EDDY_READABLE | EDDY_EDGE);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    double_refuse(fds[0], EV_DELETE, 'r', ENOMEM);
    (void) tb->ops->update(tb->backend, test_token(fds[0]), fds[0],
                           EDDY_READABLE | EDDY_EDGE, 0);
    double_refuse(fds[0], EV_DELETE, 'r', 0);
    test_watch(tb, fds[0], EDDY_READABLE);
    test_write_byte(fds[1]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_close_pair(fds);
}

static void long_times_suit_every_kernel(void **state)
{
    struct test_backend *tb = *state;
    eddy_ready ready;
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[1], EDDY_WRITABLE);
    for (int kernel = DOUBLE_FREEBSD; kernel <= DOUBLE_DRAGONFLY; kernel++) {
        double_behave_as((enum double_kernel) kernel);
        assert_int_equal(tb->ops->wait(tb->backend, INT64_MAX, &ready, 1), 1);
        assert_int_equal(tb->ops->wait(tb->backend, 1999999999, &ready, 1), 1);
    }
    test_close_pair(fds);
}

static void without_a_kqueue_there_is_none(void **state)
{
    struct test_backend *tb = *state;
    eddy_backend *other;

    double_fail(DOUBLE_KQUEUE, 1, ENOMEM);
    assert_int_equal(tb->ops->create(&tb->memory.base, &other), EDDY_ENOMEM);
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
        KQUEUE_TEST(changes_wait_for_the_wait),
        KQUEUE_TEST(many_changes_are_handed_over),
        KQUEUE_TEST(both_directions_come_in_one_report),
        KQUEUE_TEST(a_refused_change_harms_no_other),
        KQUEUE_TEST(after_half_a_refusal_nothing_is_left),
        KQUEUE_TEST(a_refusal_may_be_taken_back_unread),
        KQUEUE_TEST(a_refusal_makes_the_descriptor_readable),
        KQUEUE_TEST(a_failed_wait_loses_no_change),
        KQUEUE_TEST(an_interrupted_wait_made_its_changes),
        KQUEUE_TEST(a_failed_removal_is_made_up_for),
        KQUEUE_TEST(a_failed_removal_leaves_no_mode),
        KQUEUE_TEST(long_times_suit_every_kernel),
        KQUEUE_TEST(without_a_kqueue_there_is_none),
        KQUEUE_TEST(a_number_closed_in_secret_is_watched_anew),
        KQUEUE_TEST(removing_a_closed_one_is_no_error),
        KQUEUE_TEST(a_pipe_without_reader_hung_up),
        KQUEUE_TEST(an_edge_on_a_broken_pipe_is_told_once),
        KQUEUE_TEST(devices_are_tried_twice),
        KQUEUE_TEST(a_disconnect_is_awaited_in_peace),
        KQUEUE_TEST(an_own_shutdown_is_no_hangup),
        KQUEUE_TEST(a_child_closes_no_strangers_number),
    };

    return cmocka_run_group_tests(tests, choose_kqueue, NULL);
}
