/* SPDX-License-Identifier: MIT */
/*
 * A wakeup is readable from a write to the next drain, can be written any
 * number of times, keeps errno and is no cancellation point.
 */
#include "support/wakeup_checks.h"

#include "core/wakeup.h"
#include "support/fds.h"
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

/* Returns the events to watch it for. */
static unsigned open_wakeup(int fds[2])
{
    int events = eddy__wakeup_open(NULL, fds);

    assert_true(events > 0);
    assert_int_equal(events & ~EDDY_EDGE, EDDY_READABLE);
    return (unsigned) events;
}

static void close_wakeup(const int fds[2])
{
    close(fds[0]);
    if (fds[1] != fds[0])
        close(fds[1]);
}

static bool readable(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};

    assert_true(poll(&entry, 1, 0) >= 0);
    return entry.revents == POLLIN;
}

static void both_ends_are_prepared(void **state)
{
    int before = test_fds_open();
    int fds[2];

    (void) state;
    open_wakeup(fds);
    for (int i = 0; i < 2; i++) {
        assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
        assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
    }
    close_wakeup(fds);
    assert_int_equal(test_fds_open(), before);
}

static void readable_from_write_to_drain(void **state)
{
    int fds[2];

    (void) state;
    open_wakeup(fds);
    assert_false(readable(fds[0]));
    assert_int_equal(eddy__wakeup_drain(NULL, fds[0]), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(eddy__wakeup_write(NULL, fds[1]), 0);
        assert_true(readable(fds[0]));
        assert_int_equal(eddy__wakeup_drain(NULL, fds[0]), 0);
        assert_false(readable(fds[0]));
    }
    close_wakeup(fds);
}

/* More than a pipe holds. */
static void any_number_of_writes_is_drained_at_once(void **state)
{
    int fds[2];

    (void) state;
    open_wakeup(fds);
    for (int i = 0; i < 200000; i++)
        if (eddy__wakeup_write(NULL, fds[1]) != 0)
            fail_msg("write %d failed", i);
    assert_true(readable(fds[0]));
    assert_int_equal(eddy__wakeup_drain(NULL, fds[0]), 0);
    assert_false(readable(fds[0]));
    close_wakeup(fds);
}

/* Edge-triggered, only a write that was taken is told: a counter that is full
 * has to be emptied first. */
static void full_counter_is_begun_anew(void **state)
{
    const uint64_t full = UINT64_MAX - 1;
    uint64_t count;
    int fds[2];

    (void) state;
    if (!(open_wakeup(fds) & EDDY_EDGE)) {
        close_wakeup(fds);
        skip();
    }
    assert_int_equal(write(fds[1], &full, sizeof(full)), sizeof(full));
    assert_int_equal(eddy__wakeup_write(NULL, fds[1]), 0);
    assert_int_equal(read(fds[0], &count, sizeof(count)), sizeof(count));
    assert_int_equal(count, 1);
    close_wakeup(fds);
}

static void errno_is_kept(void **state)
{
    int fds[2];

    (void) state;
    open_wakeup(fds);
    errno = 4711;
    for (int i = 0; i < 70000; i++) /* some of them refused by a pipe */
        (void) eddy__wakeup_write(NULL, fds[1]);
    assert_int_equal(errno, 4711);
    close_wakeup(fds);
    assert_int_equal(eddy__wakeup_write(NULL, -1), EDDY_EBADF);
    assert_int_equal(errno, 4711);
    assert_int_equal(eddy__wakeup_drain(NULL, -1), EDDY_EBADF);
}

struct attempt {
    int fds[2];
    bool survived;
};

static void *write_when_cancelled(void *arg)
{
    struct attempt *attempt = arg;
    int state;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    (void) eddy__wakeup_write(NULL, attempt->fds[1]);
    attempt->survived = true;
    pthread_testcancel();
    return NULL;
}

static void write_is_no_cancellation_point(void **state)
{
    struct attempt attempt = {.survived = false};
    pthread_t thread;
    void *result;

    (void) state;
    open_wakeup(attempt.fds);
    assert_int_equal(
        pthread_create(&thread, NULL, write_when_cancelled, &attempt), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_true(attempt.survived);
    assert_true(result == PTHREAD_CANCELED);
    assert_true(readable(attempt.fds[0]));
    close_wakeup(attempt.fds);
}

int wakeup_checks_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_are_prepared),
        cmocka_unit_test(readable_from_write_to_drain),
        cmocka_unit_test(any_number_of_writes_is_drained_at_once),
        cmocka_unit_test(full_counter_is_begun_anew),
        cmocka_unit_test(errno_is_kept),
        cmocka_unit_test(write_is_no_cancellation_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
