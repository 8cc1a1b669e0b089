/* SPDX-License-Identifier: MIT */
/*
 * What is peculiar to the kqueue backend: changes that are buffered, refused
 * or lost. The kernel is the double of tests/kqueue-double.
 */
#include "backend-kqueue/slots.h"
#include "kqueue-double/double.h"
#include "support/backend.h"
#include "support/fds.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/event.h>
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

/* Of two that wait to be read: the other one is told. */
static void one_of_two_refusals_may_be_taken_back(void **state)
{
    struct test_backend *tb = *state;
    eddy_ready ready[4];
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    test_watch(tb, fds[1], EDDY_READABLE);
    double_refuse(fds[0], EV_ADD, 'r', ENOMEM);
    assert_int_equal(close(fds[1]), 0);
    (void) tb->ops->fd(tb->backend, EDDY_NEVER);
    assert_int_equal(tb->ops->update(tb->backend, test_token(fds[0]), fds[0],
                                     EDDY_READABLE, 0),
                     EDDY_ENOENT);
    assert_int_equal(test_poll(tb, ready, 4), 1);
    assert_int_equal(ready[0].error, EDDY_EBADF);
    assert_true(ready[0].token == test_token(fds[1]));
    assert_int_equal(test_poll(tb, ready, 4), 0);
    assert_int_equal(close(fds[0]), 0);
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

/* As long as the kernel clings to it, what it says of it is not believed. */
static void a_registration_that_stays_is_not_heard(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_write_byte(fds[1]);
    double_refuse(fds[0], EV_DELETE, 'r', ENOMEM);
    assert_int_equal(tb->ops->update(tb->backend, test_token(fds[0]), fds[0],
                                     EDDY_READABLE, 0),
                     EDDY_ENOMEM);
    for (int i = 0; i < 3; i++)
        assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(double_knotes(fds[0]), 1);
    double_refuse(fds[0], EV_DELETE, 'r', 0);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(double_knotes(fds[0]), 0);
    test_close_pair(fds);
}

/* One direction was gone, and the other one is now: that is a removal. */
static void half_a_registration_is_removed(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], BOTH_WAYS);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_WRITABLE);
    double_refuse(fds[0], EV_DELETE, 'r', ENOENT);
    test_unwatch(tb, fds[0], BOTH_WAYS);
    test_close_pair(fds);
}

/* Then what did not come with the rest comes with the next wait. */
static void without_a_second_kqueue_it_asks_none(void **state)
{
    struct test_backend *tb = *state;
    unsigned happened = 0;
    eddy_ready ready;
    int fds[2];

    test_socketpair(fds);
    test_write_byte(fds[1]);
    test_watch(tb, fds[0], BOTH_WAYS);
    for (int i = 0; i < 4; i++) {
        double_fail(DOUBLE_KQUEUE, 1, EMFILE);
        assert_int_equal(test_poll(tb, &ready, 1), 1);
        assert_true(ready.token == test_token(fds[0]));
        happened |= ready.events;
    }
    assert_int_equal(happened, BOTH_WAYS);
    test_close_pair(fds);
}

/* After four thousand million registrations of one number. */
static void no_generation_is_none(void **state)
{
    struct slot slot = {.generation = UINT32_MAX};

    (void) state;
    eddy__kqueue_renew(&slot);
    assert_int_equal(slot.generation, 1);
    eddy__kqueue_renew(&slot);
    assert_int_equal(slot.generation, 2);
}

static void without_a_kqueue_there_is_none(void **state)
{
    struct test_backend *tb = *state;
    eddy_backend *other;

    double_fail(DOUBLE_KQUEUE, 1, ENOMEM);
    assert_int_equal(tb->ops->create(&tb->memory.base, &other), EDDY_ENOMEM);
}

/* Called in place of fcntl, by all of this program. */
int __real_fcntl(int fd, int command, long argument);
int __wrap_fcntl(int fd, int command, long argument);

static int set_flags_error; /* of the next F_SETFD, once; 0: none */

int __wrap_fcntl(int fd, int command, long argument)
{
    if (command != F_SETFD || set_flags_error == 0)
        return __real_fcntl(fd, command, argument);
    errno = set_flags_error;
    set_flags_error = 0;
    return -1;
}

/* Not where it is made close-on-exec by the call that makes it. */
static void a_kqueue_for_every_program_is_none(void **state)
{
    struct test_backend *tb = *state;
    int open_before = test_fds_open();
    eddy_backend *other;
    int error;

    set_flags_error = EIO;
    error = tb->ops->create(&tb->memory.base, &other);
    if (set_flags_error != 0) {
        set_flags_error = 0;
        assert_int_equal(error, 0);
        tb->ops->destroy(other, false);
        skip();
    }
    assert_int_equal(error, EDDY_EIO);
    assert_int_equal(test_fds_open(), open_before);
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
        KQUEUE_TEST(one_of_two_refusals_may_be_taken_back),
        KQUEUE_TEST(a_refusal_makes_the_descriptor_readable),
        KQUEUE_TEST(a_failed_wait_loses_no_change),
        KQUEUE_TEST(an_interrupted_wait_made_its_changes),
        KQUEUE_TEST(a_failed_removal_is_made_up_for),
        KQUEUE_TEST(a_failed_removal_leaves_no_mode),
        KQUEUE_TEST(long_times_suit_every_kernel),
        KQUEUE_TEST(a_registration_that_stays_is_not_heard),
        KQUEUE_TEST(half_a_registration_is_removed),
        KQUEUE_TEST(without_a_second_kqueue_it_asks_none),
        KQUEUE_TEST(no_generation_is_none),
        KQUEUE_TEST(without_a_kqueue_there_is_none),
        KQUEUE_TEST(a_kqueue_for_every_program_is_none),
    };

    return cmocka_run_group_tests(tests, choose_kqueue, NULL);
}
