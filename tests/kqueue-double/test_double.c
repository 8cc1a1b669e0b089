/* SPDX-License-Identifier: MIT */
/*
 * The double of kqueue(2) against the facts about real kernels: the call, its
 * changes and modes, time, fork. Each test names the section of KQUEUE.md that
 * holds its fact. What the state of a descriptor is stands in test_files.c.
 */
#include "kqueue-double/double.h"
#include "support/fds.h"
#include "support/test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/event.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct timespec none = {.tv_sec = 0, .tv_nsec = 0};

struct scene {
    int kq;
    int fds[2]; /* a pipe */
    int open_before;
};

static struct kevent
change(int fd, __typeof__(((struct kevent *) 0)->filter) filter, unsigned flags)
{
    return (struct kevent){
        .ident = (unsigned) fd,
        .filter = filter,
        .flags = (__typeof__(((struct kevent *) 0)->flags)) flags,
    };
}

static int setup(void **state)
{
    static struct scene scene;

    double_reset();
    double_behave_as(DOUBLE_FREEBSD);
    scene.open_before = test_fds_open();
    scene.kq = kqueue();
    assert_true(scene.kq >= 0);
    test_pipe(scene.fds);
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(close(scene->kq), 0);
    test_close_pair(scene->fds);
    assert_int_equal(test_fds_open(), scene->open_before);
    double_reset();
    return 0;
}

/* One change, with no room for an answer. */
static int make(const struct scene *scene, struct kevent one)
{
    return kevent(scene->kq, &one, 1, NULL, 0, NULL) == 0 ? 0 : errno;
}

static int add(const struct scene *scene, unsigned flags)
{
    return make(scene, change(scene->fds[0], EVFILT_READ, EV_ADD | flags));
}

static int take(const struct scene *scene, struct kevent *events, int room)
{
    return kevent(scene->kq, NULL, 0, events, (unsigned short) room, &none);
}

/* How many events there are now. */
static int count(const struct scene *scene)
{
    struct kevent events[4];

    return take(scene, events, 4);
}

/* --- section 2 ----------------------------------------------------------- */

static void errors_end_the_call_without_events(void **state)
{
    struct scene *scene = *state;
    struct kevent changes[3];
    struct kevent events[4];

    test_write_byte(scene->fds[1]);
    changes[0] = change(scene->fds[0], EVFILT_READ, EV_ADD);
    changes[1] = change(scene->fds[1], EVFILT_READ, EV_DELETE);
    changes[2] = change(scene->fds[1], EVFILT_WRITE, EV_ADD);
    assert_int_equal(kevent(scene->kq, changes, 3, events, 4, NULL), 1);
    assert_true(events[0].flags & EV_ERROR);
    assert_int_equal(events[0].data, ENOENT);
    assert_int_equal(events[0].ident, scene->fds[1]);
    assert_int_equal(count(scene), 2);
}

static void an_error_without_room_stops_the_changes(void **state)
{
    struct scene *scene = *state;
    struct kevent changes[3];

    changes[0] = change(scene->fds[0], EVFILT_READ, EV_ADD);
    changes[1] = change(scene->fds[1], EVFILT_READ, EV_DELETE);
    changes[2] = change(scene->fds[1], EVFILT_WRITE, EV_ADD);
    assert_int_equal(kevent(scene->kq, changes, 3, NULL, 0, NULL), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(double_knotes(scene->fds[0]), 1);
    assert_int_equal(double_knotes(scene->fds[1]), 0);
}

static void a_receipt_takes_the_place_of_events(void **state)
{
    struct scene *scene = *state;
    struct kevent one = change(scene->fds[0], EVFILT_READ, EV_ADD | EV_RECEIPT);
    struct kevent events[4];

    test_write_byte(scene->fds[1]);
    assert_int_equal(kevent(scene->kq, &one, 1, events, 4, NULL), 1);
    assert_true(events[0].flags & EV_ERROR);
    assert_int_equal(events[0].data, 0);
    assert_int_equal(take(scene, events, 4), 1);
    assert_true(events[0].flags & EV_RECEIPT); /* it sticks */
    double_behave_as(DOUBLE_DRAGONFLY);
    assert_int_equal(kevent(scene->kq, &one, 1, events, 4, NULL), 1);
    assert_false(events[0].flags & EV_ERROR);
}

static void a_receipt_needs_room(void **state)
{
    struct scene *scene = *state;
    struct kevent changes[2];

    changes[0] = change(scene->fds[0], EVFILT_READ, EV_ADD | EV_RECEIPT);
    changes[1] = change(scene->fds[1], EVFILT_WRITE, EV_ADD | EV_RECEIPT);
    assert_int_equal(kevent(scene->kq, changes, 2, NULL, 0, NULL), 0);
    assert_int_equal(double_knotes(scene->fds[1]), 0);
    double_behave_as(DOUBLE_XNU);
    assert_int_equal(kevent(scene->kq, changes, 2, NULL, 0, NULL), 0);
    assert_int_equal(double_knotes(scene->fds[1]), 1);
}

static void without_room_it_returns_at_once(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(kevent(scene->kq, NULL, 0, NULL, 0, NULL), 0);
}

static void ready_ones_take_turns(void **state)
{
    struct scene *scene = *state;
    struct kevent event;
    int other[2];

    test_pipe(other);
    assert_int_equal(make(scene, change(scene->fds[1], EVFILT_WRITE, EV_ADD)),
                     0);
    assert_int_equal(make(scene, change(other[1], EVFILT_WRITE, EV_ADD)), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(take(scene, &event, 1), 1);
        assert_int_equal(event.ident, i % 2 == 0 ? scene->fds[1] : other[1]);
    }
    test_close_pair(other);
}

/* The queue is not empty until a scan finds that nothing is ready. */
static void it_polls_readable_while_it_has_events(void **state)
{
    struct scene *scene = *state;
    struct pollfd polled = {.fd = scene->kq, .events = POLLIN};

    assert_int_equal(add(scene, 0), 0);
    assert_int_equal(poll(&polled, 1, 0), 0);
    test_write_byte(scene->fds[1]);
    assert_int_equal(poll(&polled, 1, 0), 1);
    assert_int_equal(count(scene), 1);
    test_read_byte(scene->fds[0]);
    assert_int_equal(poll(&polled, 1, 0), 1);
    assert_int_equal(count(scene), 0);
    assert_int_equal(poll(&polled, 1, 0), 0);
}

static void bad_numbers_are_refused(void **state)
{
    struct scene *scene = *state;
    struct kevent none_such = change(-1, EVFILT_READ, EV_ADD);

    none_such.ident = (uintptr_t) -1;
    assert_int_equal(make(scene, none_such), EBADF);
    assert_int_equal(make(scene, change(scene->kq, EVFILT_READ, EV_ADD)),
                     EINVAL);
    assert_int_equal(kevent(scene->fds[0], NULL, 0, NULL, 0, NULL), -1);
    assert_int_equal(errno, EBADF);
}

/* --- section 3 ----------------------------------------------------------- */

static void closing_drops_by_number(void **state)
{
    struct scene *scene = *state;
    int copy = dup(scene->fds[0]);
    int number = dup(scene->fds[0]);

    test_write_byte(scene->fds[1]);
    assert_int_equal(make(scene, change(number, EVFILT_READ, EV_ADD)), 0);
    assert_int_equal(count(scene), 1);
    assert_int_equal(close(number), 0);
    assert_int_equal(count(scene), 0);
    assert_int_equal(double_knotes(number), 0);
    assert_int_equal(make(scene, change(copy, EVFILT_READ, EV_ADD)), 0);
    assert_int_equal(dup2(scene->fds[1], copy), copy);
    assert_int_equal(double_knotes(copy), 0);
    assert_int_equal(close(copy), 0);
}

static void what_is_not_there_cannot_be_removed(void **state)
{
    struct scene *scene = *state;
    struct kevent removal;
    int number = dup(scene->fds[0]);

    removal = change(number, EVFILT_READ, EV_DELETE);
    assert_int_equal(make(scene, removal), ENOENT);
    assert_int_equal(close(number), 0);
    assert_int_equal(make(scene, removal), EBADF);
    double_behave_as(DOUBLE_XNU);
    assert_int_equal(make(scene, removal), ENOENT);
}

/* --- section 4 ----------------------------------------------------------- */

static void a_level_is_told_while_it_holds(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(add(scene, 0), 0);
    assert_int_equal(count(scene), 0);
    test_write_byte(scene->fds[1]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(count(scene), 1);
    test_read_byte(scene->fds[0]);
    assert_int_equal(count(scene), 0);
}

static void an_edge_is_told_once_an_arrival(void **state)
{
    struct scene *scene = *state;
    struct kevent event;

    assert_int_equal(add(scene, EV_CLEAR), 0);
    for (int i = 1; i <= 3; i++) {
        test_write_byte(scene->fds[1]);
        assert_int_equal(take(scene, &event, 1), 1);
        assert_int_equal(event.data, i);
        assert_int_equal(count(scene), 0);
    }
}

static void adding_again_tests_but_keeps_the_mode(void **state)
{
    struct scene *scene = *state;

    test_write_byte(scene->fds[1]);
    assert_int_equal(add(scene, EV_CLEAR), 0);
    assert_int_equal(count(scene), 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(add(scene, 0), 0);
        assert_int_equal(count(scene), 1);
        assert_int_equal(count(scene), 0);
    }
}

static void once_is_once(void **state)
{
    struct scene *scene = *state;

    test_write_byte(scene->fds[1]);
    assert_int_equal(add(scene, EV_ONESHOT), 0);
    assert_int_equal(count(scene), 1);
    assert_int_equal(make(scene, change(scene->fds[0], EVFILT_READ, EV_DELETE)),
                     ENOENT);
}

static void adding_does_not_enable(void **state)
{
    struct scene *scene = *state;

    test_write_byte(scene->fds[1]);
    assert_int_equal(add(scene, EV_DISABLE), 0);
    assert_int_equal(count(scene), 0);
    assert_int_equal(add(scene, 0), 0);
    assert_int_equal(count(scene), 0);
    assert_int_equal(make(scene, change(scene->fds[0], EVFILT_READ, EV_ENABLE)),
                     0);
    assert_int_equal(count(scene), 1);
    assert_int_equal(add(scene, EV_ENABLE | EV_DISABLE), EINVAL);
}

static void enabling_after_dispatch_differs(void **state)
{
    struct scene *scene = *state;
    struct kevent enable = change(scene->fds[0], EVFILT_READ, EV_ENABLE);

    test_write_byte(scene->fds[1]);
    assert_int_equal(add(scene, EV_DISPATCH), 0);
    assert_int_equal(count(scene), 1);
    assert_int_equal(count(scene), 0);
    assert_int_equal(make(scene, enable), 0);
    assert_int_equal(count(scene), 1);
    double_behave_as(DOUBLE_NETBSD);
    assert_int_equal(make(scene, enable), 0);
    assert_int_equal(count(scene), 0);
    assert_int_equal(add(scene, EV_ENABLE | EV_DISPATCH), 0);
    assert_int_equal(count(scene), 1);
}

/* --- sections 7 to 9 ----------------------------------------------------- */

static void a_timer_fires(void **state)
{
    struct scene *scene = *state;
    struct kevent timer = change(0, EVFILT_TIMER, EV_ADD | EV_ONESHOT);
    struct kevent event;

    timer.data = 1;
    assert_int_equal(kevent(scene->kq, &timer, 1, &event, 1, NULL), 1);
    assert_true(event.filter == EVFILT_TIMER);
    assert_true(event.data >= 1);
    timer.flags = EV_DELETE;
    assert_int_equal(make(scene, timer), ENOENT);
    timer = change(0, EVFILT_TIMER, EV_ADD);
    timer.data = -1;
    assert_int_equal(make(scene, timer), EINVAL);
}

static int wait_for(const struct scene *scene, time_t seconds, long nanoseconds)
{
    struct timespec timeout = {.tv_sec = seconds, .tv_nsec = nanoseconds};
    struct kevent event;
    int result = kevent(scene->kq, NULL, 0, &event, 1, &timeout);

    return result < 0 ? -errno : result;
}

static void bad_times_are_refused(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(make(scene, change(scene->fds[1], EVFILT_WRITE, EV_ADD)),
                     0);
    assert_int_equal(wait_for(scene, 0, 1000000000), -EINVAL);
    assert_int_equal(wait_for(scene, 0, -1), -EINVAL);
    assert_int_equal(wait_for(scene, -1, 0), -EINVAL);
    assert_int_equal(wait_for(scene, INT64_MAX, 0), 1);
    double_behave_as(DOUBLE_OPENBSD);
    assert_int_equal(wait_for(scene, 100000001, 0), -EINVAL);
    double_behave_as(DOUBLE_XNU);
    assert_int_equal(wait_for(scene, 0, 1000000000), 1);
    assert_int_equal(wait_for(scene, (time_t) INT32_MAX + 1, 0), -EINVAL);
}

static void it_sleeps_its_time(void **state)
{
    struct scene *scene = *state;
    uint64_t before = eddy_hrtime();

    assert_int_equal(add(scene, 0), 0);
    assert_int_equal(wait_for(scene, 0, 5000000), 0);
    assert_true(eddy_hrtime() - before >= EDDY_MS(5));
}

static void no_child_inherits_it(void **state)
{
    struct scene *scene = *state;
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(fcntl(scene->kq, F_GETFD) == -1 &&
                      kevent(scene->kq, NULL, 0, NULL, 0, NULL) == -1
                  ? 0
                  : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(add(scene, 0), 0);
    test_write_byte(scene->fds[1]);
    assert_int_equal(count(scene), 1);
}

/* --- what it can be told ------------------------------------------------- */

static void calls_fail_as_told(void **state)
{
    struct scene *scene = *state;

    double_fail(DOUBLE_KQUEUE, 1, EMFILE);
    assert_int_equal(kqueue(), -1);
    assert_int_equal(errno, EMFILE);
    double_fail(DOUBLE_KEVENT, 2, ENOMEM);
    assert_int_equal(add(scene, 0), 0);
    assert_int_equal(add(scene, 0), ENOMEM);
    double_fail(DOUBLE_KEVENT_LATE, 1, EINTR);
    assert_int_equal(make(scene, change(scene->fds[1], EVFILT_WRITE, EV_ADD)),
                     EINTR);
    assert_int_equal(double_knotes(scene->fds[1]), 1);
    double_refuse(scene->fds[0], EV_ADD, 'r', EACCES);
    assert_int_equal(make(scene, change(scene->fds[1], EVFILT_WRITE, EV_ADD)),
                     0);
    assert_int_equal(add(scene, 0), EACCES);
    double_refuse(scene->fds[0], EV_ADD, 'r', 0);
    assert_int_equal(add(scene, 0), 0);
    test_write_byte(scene->fds[1]);
    assert_int_equal(count(scene), 2);
    double_shorten(1);
    assert_int_equal(count(scene), 1);
}

#define DOUBLE_TEST(function)                                                  \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOUBLE_TEST(errors_end_the_call_without_events),
        DOUBLE_TEST(an_error_without_room_stops_the_changes),
        DOUBLE_TEST(a_receipt_takes_the_place_of_events),
        DOUBLE_TEST(a_receipt_needs_room),
        DOUBLE_TEST(without_room_it_returns_at_once),
        DOUBLE_TEST(ready_ones_take_turns),
        DOUBLE_TEST(it_polls_readable_while_it_has_events),
        DOUBLE_TEST(bad_numbers_are_refused),
        DOUBLE_TEST(closing_drops_by_number),
        DOUBLE_TEST(what_is_not_there_cannot_be_removed),
        DOUBLE_TEST(a_level_is_told_while_it_holds),
        DOUBLE_TEST(an_edge_is_told_once_an_arrival),
        DOUBLE_TEST(adding_again_tests_but_keeps_the_mode),
        DOUBLE_TEST(once_is_once),
        DOUBLE_TEST(adding_does_not_enable),
        DOUBLE_TEST(enabling_after_dispatch_differs),
        DOUBLE_TEST(a_timer_fires),
        DOUBLE_TEST(bad_times_are_refused),
        DOUBLE_TEST(it_sleeps_its_time),
        DOUBLE_TEST(no_child_inherits_it),
        DOUBLE_TEST(calls_fail_as_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
