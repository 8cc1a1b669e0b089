/* SPDX-License-Identifier: MIT */
/*
 * Facts of the kernel that the epoll backend and the core rely on, each by
 * bare system calls: should a kernel differ, this says so before anything of
 * ours behaves strangely.
 */
#include "support/fds.h"
#include "support/test.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int open_set(void)
{
    int set = epoll_create1(EPOLL_CLOEXEC);

    assert_true(set >= 0);
    return set;
}

static void control(int set, int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    assert_int_equal(epoll_ctl(set, operation, fd, &event), 0);
}

static int count_ready(int set)
{
    struct epoll_event events[8];
    int count = epoll_wait(set, events, 8, 0);

    assert_true(count >= 0);
    return count;
}

static const uint32_t edge = (uint32_t) EPOLLIN | (uint32_t) EPOLLET;

/* The wakeup is written and never read while the loop is busy. */
static void an_unread_eventfd_reports_each_write(void **state)
{
    int set = open_set();
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    (void) state;
    control(set, EPOLL_CTL_ADD, fd, edge);
    assert_int_equal(count_ready(set), 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(eventfd_write(fd, 1), 0);
        assert_int_equal(count_ready(set), 1);
        assert_int_equal(count_ready(set), 0);
    }
    assert_int_equal(close(fd), 0);
    assert_int_equal(close(set), 0);
}

/* A full counter refuses the write and reports nothing: it must be drained
 * before, in some 2^64 writes. */
static void a_full_eventfd_reports_no_write(void **state)
{
    int set = open_set();
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    (void) state;
    control(set, EPOLL_CTL_ADD, fd, edge);
    assert_int_equal(eventfd_write(fd, UINT64_MAX - 1), 0);
    assert_int_equal(count_ready(set), 1);
    assert_int_equal(eventfd_write(fd, 1), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(count_ready(set), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(close(set), 0);
}

static void an_unread_pipe_reports_each_write(void **state)
{
    int set = open_set();
    int fds[2];

    (void) state;
    test_pipe(fds);
    control(set, EPOLL_CTL_ADD, fds[0], edge);
    for (int i = 0; i < 100; i++) {
        test_write_byte(fds[1]);
        assert_int_equal(count_ready(set), 1);
        assert_int_equal(count_ready(set), 0);
    }
    test_close_pair(fds);
    assert_int_equal(close(set), 0);
}

static void what_is_ready_when_added_is_an_edge(void **state)
{
    int set = open_set();
    int fds[2];

    (void) state;
    test_pipe(fds);
    test_write_byte(fds[1]);
    control(set, EPOLL_CTL_ADD, fds[0], edge);
    assert_int_equal(count_ready(set), 1);
    assert_int_equal(count_ready(set), 0);
    test_close_pair(fds);
    assert_int_equal(close(set), 0);
}

static void a_modification_is_an_edge(void **state)
{
    int set = open_set();
    int fds[2];

    (void) state;
    test_pipe(fds);
    test_write_byte(fds[1]);
    control(set, EPOLL_CTL_ADD, fds[0], edge);
    assert_int_equal(count_ready(set), 1);
    control(set, EPOLL_CTL_MOD, fds[0], edge);
    assert_int_equal(count_ready(set), 1);
    assert_int_equal(count_ready(set), 0);
    test_close_pair(fds);
    assert_int_equal(close(set), 0);
}

/* What was reported goes behind what was not. */
static void a_short_array_takes_turns(void **state)
{
    int set = open_set();
    int fds[3][2];
    int turns[3] = {0, 0, 0};

    (void) state;
    for (int i = 0; i < 3; i++) {
        test_pipe(fds[i]);
        control(set, EPOLL_CTL_ADD, fds[i][1], (uint32_t) EPOLLOUT);
    }
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 3; i++) {
            struct epoll_event event;

            assert_int_equal(epoll_wait(set, &event, 1, 0), 1);
            for (int k = 0; k < 3; k++)
                turns[k] += event.data.fd == fds[k][1];
        }
        for (int k = 0; k < 3; k++)
            assert_int_equal(turns[k], round);
    }
    for (int i = 0; i < 3; i++)
        test_close_pair(fds[i]);
    assert_int_equal(close(set), 0);
}

static void closing_the_last_copy_unregisters(void **state)
{
    int set = open_set();
    int fds[2];
    int copy;

    (void) state;
    test_pipe(fds);
    test_write_byte(fds[1]);
    copy = dup(fds[0]);
    control(set, EPOLL_CTL_ADD, fds[0], (uint32_t) EPOLLIN);
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(count_ready(set), 1);
    assert_int_equal(close(copy), 0);
    assert_int_equal(count_ready(set), 0);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(close(set), 0);
}

static void a_set_polls_readable_while_it_has_events(void **state)
{
    int inner = open_set();
    int outer = open_set();
    int fds[2];

    (void) state;
    test_pipe(fds);
    control(inner, EPOLL_CTL_ADD, fds[0], (uint32_t) EPOLLIN);
    control(outer, EPOLL_CTL_ADD, inner, (uint32_t) EPOLLIN);
    assert_int_equal(count_ready(outer), 0);
    test_write_byte(fds[1]);
    assert_int_equal(count_ready(outer), 1);
    assert_int_equal(count_ready(inner), 1);
    assert_int_equal(count_ready(outer), 1);
    test_drain(fds[0]);
    assert_int_equal(count_ready(outer), 0);
    test_close_pair(fds);
    assert_int_equal(close(inner), 0);
    assert_int_equal(close(outer), 0);
}

/* Setting a timer takes back an expiry that nobody has seen yet. */
static void a_timer_set_anew_has_not_expired(void **state)
{
    struct itimerspec past = {.it_value = {.tv_nsec = 1}};
    struct itimerspec never = {.it_value = {.tv_nsec = 0}};
    int set = open_set();
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event;

    (void) state;
    control(set, EPOLL_CTL_ADD, fd, edge);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(timerfd_settime(fd, TFD_TIMER_ABSTIME, &past, NULL),
                         0);
        assert_int_equal(epoll_wait(set, &event, 1, -1), 1);
        assert_int_equal(count_ready(set), 0);
    }
    assert_int_equal(timerfd_settime(fd, TFD_TIMER_ABSTIME, &past, NULL), 0);
    assert_int_equal(timerfd_settime(fd, TFD_TIMER_ABSTIME, &never, NULL), 0);
    assert_int_equal(count_ready(set), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(close(set), 0);
}

/* Unlike poll, which calls it ready for ever. */
static void dev_null_is_refused(void **state)
{
    struct epoll_event event = {.events = (uint32_t) EPOLLIN};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int set = open_set();

    (void) state;
    assert_int_equal(epoll_ctl(set, EPOLL_CTL_ADD, null, &event), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(epoll_ctl(set, EPOLL_CTL_DEL, null, &event), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(close(null), 0);
    assert_int_equal(close(set), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unread_eventfd_reports_each_write),
        cmocka_unit_test(a_full_eventfd_reports_no_write),
        cmocka_unit_test(an_unread_pipe_reports_each_write),
        cmocka_unit_test(what_is_ready_when_added_is_an_edge),
        cmocka_unit_test(a_modification_is_an_edge),
        cmocka_unit_test(a_short_array_takes_turns),
        cmocka_unit_test(closing_the_last_copy_unregisters),
        cmocka_unit_test(a_set_polls_readable_while_it_has_events),
        cmocka_unit_test(a_timer_set_anew_has_not_expired),
        cmocka_unit_test(dev_null_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
