/* SPDX-License-Identifier: MIT */
/*
 * What is peculiar to the epoll backend: registrations that outlive their
 * number, files it refuses that poll would not, tokens it keeps for itself,
 * and kernels or sandboxes without epoll_pwait2, which a filter on system
 * calls stands in for.
 */
#include "support/backend.h"
#include "support/fds.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 1100 }; /* descriptors, more than it takes in one wait */

static int choose_epoll(void **state)
{
    (void) state;
    return setenv("EDDY_BACKEND", "epoll", 1);
}

/* --- snapshots ----------------------------------------------------------- */

/* What is new makes the report, and what was true before is in it. */
static void an_edge_reports_all_that_is_true(void **state)
{
    const unsigned always = EDDY_WRITABLE | EDDY_EDGE;
    const unsigned ends = EDDY_DISCONNECT | EDDY_PRIORITY;
    struct test_backend *tb = *state;
    int fds[2];

    assert_true(tb->ops->events & EDDY_SNAPSHOT);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    test_watch(tb, fds[0], EDDY_READABLE | always | ends);
    assert_int_equal(test_events_now(tb, fds[0]), always);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_write_byte(fds[1]);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE | always);
    assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
    assert_int_equal(test_events_now(tb, fds[0]),
                     EDDY_READABLE | always | EDDY_DISCONNECT);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_close_pair(fds);
}

/* --- duplicates ---------------------------------------------------------- */

/* The registration belongs to the open file: closing the number neither ends
 * it nor leaves a way to remove it. Its events keep the old token. */
static void a_duplicate_keeps_the_registration(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];
    int copy;

    test_pipe(fds);
    copy = dup(fds[0]);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(close(fds[0]), 0);
    test_write_byte(fds[1]);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    assert_int_equal(tb->ops->update(tb->backend, test_token(fds[0]), fds[0],
                                     EDDY_READABLE, 0),
                     EDDY_EBADF);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    assert_int_equal(close(copy), 0);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(close(fds[1]), 0);
}

/* The number again, for another file: two registrations, told apart by their
 * tokens alone. */
static void an_old_registration_keeps_its_token(void **state)
{
    struct test_backend *tb = *state;
    eddy_ready ready[4];
    int other[2];
    int fds[2];
    int copy;

    test_pipe(fds);
    test_pipe(other);
    copy = dup(fds[0]);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(dup2(other[0], fds[0]), fds[0]);
    assert_int_equal(tb->ops->update(tb->backend, 1, fds[0], 0, EDDY_READABLE),
                     0);
    test_write_byte(fds[1]);
    test_write_byte(other[1]);
    assert_int_equal(test_collect(tb, ready, 4), 2);
    assert_true(ready[0].token == test_token(fds[0]));
    assert_true(ready[1].token == 1);
    assert_int_equal(close(copy), 0);
    assert_int_equal(test_collect(tb, ready, 4), 1);
    test_close_pair(fds);
    test_close_pair(other);
}

/* The same file under the same number again: ADD meets the old registration,
 * which gets the new token. */
static void a_number_that_comes_back_is_repaired(void **state)
{
    struct test_backend *tb = *state;
    eddy_ready ready;
    int fds[2];
    int copy;

    test_pipe(fds);
    copy = dup(fds[1]);
    test_watch(tb, fds[1], EDDY_WRITABLE);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(dup2(copy, fds[1]), fds[1]);
    assert_int_equal(tb->ops->update(tb->backend, 2, fds[1], 0, EDDY_WRITABLE),
                     0);
    assert_int_equal(test_poll(tb, &ready, 1), 1);
    assert_true(ready.token == 2);
    assert_int_equal(close(copy), 0);
    test_close_pair(fds);
}

/* MOD meets nothing, ADD is refused: the error is that of the second try. */
static void a_repair_may_be_refused(void **state)
{
    struct test_backend *tb = *state;
    int null = open("/dev/null", O_RDWR);
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(dup2(null, fds[0]), fds[0]);
    assert_int_equal(
        tb->ops->update(tb->backend, 1, fds[0], EDDY_READABLE, EDDY_WRITABLE),
        EDDY_EPERM);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(close(null), 0);
    test_close_pair(fds);
}

/* --- tokens -------------------------------------------------------------- */

static void its_own_tokens_are_refused(void **state)
{
    struct test_backend *tb = *state;
    static const uint64_t own[] = {
        UINT64_MAX,
        UINT64_C(1) << 31,
        UINT64_C(0xffffffff7fffffff),
    };
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[1], EDDY_WRITABLE);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        assert_int_equal(tb->ops->update(tb->backend, own[i], fds[1],
                                         EDDY_WRITABLE, EDDY_READABLE),
                         EDDY_EINVAL);
        assert_int_equal(
            tb->ops->update(tb->backend, own[i], fds[0], 0, EDDY_READABLE),
            EDDY_EINVAL);
    }
    assert_int_equal(test_events_now(tb, fds[1]), EDDY_WRITABLE);
    test_close_pair(fds);
}

static void it_does_not_watch_itself(void **state)
{
    struct test_backend *tb = *state;
    int self = tb->ops->fd(tb->backend, EDDY_NEVER);

    assert_int_equal(tb->ops->update(tb->backend, 1, self, 0, EDDY_READABLE),
                     EDDY_EINVAL);
}

static void its_timer_is_opened_with_the_first_asking(void **state)
{
    struct test_backend *tb = *state;
    int open_before = test_fds_open();

    assert_true(tb->ops->fd(tb->backend, EDDY_NEVER) >= 0);
    assert_int_equal(test_fds_open(), open_before + 1);
    assert_true(tb->ops->fd(tb->backend, EDDY_SEC(1)) >= 0);
    assert_int_equal(test_fds_open(), open_before + 1);
    assert_true(tb->ops->fd(tb->backend, EDDY_SEC(2)) >= 0);
    assert_int_equal(test_fds_open(), open_before + 1);
}

/* --- a kernel that says no ----------------------------------------------- */

/* From here on this action is taken, in this process, for system call `number`
 * with this second argument, or with any if that is negative. */
static bool filter(unsigned number, int argument, unsigned action)
{
    const unsigned low_half = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;
    enum { ANY = BPF_JMP | BPF_JA, IS = BPF_JMP | BPF_JEQ | BPF_K };
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(IS, number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 offsetof(struct seccomp_data, args[1]) + low_half),
        BPF_JUMP(argument < 0 ? ANY : IS,
                 argument < 0 ? 0 : (unsigned) argument, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {
        .len = sizeof rules / sizeof *rules,
        .filter = rules,
    };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool forbid(unsigned number, int argument, int error)
{
    return filter(number, argument, SECCOMP_RET_ERRNO | (unsigned) error);
}

enum { PASSED = 0, FAILED = 1, NO_FILTER = 77 };

/* The filter stays for good, so a child has it. False: it could not have. */
static bool in_child(struct test_backend *tb,
                     int (*body)(struct test_backend *tb, int argument),
                     int argument)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        int result = body(tb, argument);

        tb->ops->destroy(tb->backend, true);
        _exit(result);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_FILTER)
        return false;
    assert_int_equal(WEXITSTATUS(status), PASSED);
    return true;
}

static bool sleeps_long_enough(struct test_backend *tb)
{
    static const int64_t timeouts[] = {1, 999999, 1000001, 2500000};
    eddy_ready ready;

    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        uint64_t before = eddy_hrtime();

        if (tb->ops->wait(tb->backend, timeouts[i], &ready, 1) != 0 ||
            eddy_hrtime() - before < (uint64_t) timeouts[i])
            return false;
    }
    return true;
}

/* The second filter ends the process should the call be tried again. */
static int sleep_without_pwait2(struct test_backend *tb, int error)
{
    if (!forbid(SYS_epoll_pwait2, -1, error) ||
        syscall(SYS_epoll_pwait2, -1, NULL, 0, NULL, NULL, 0) != -1 ||
        errno != error)
        return NO_FILTER;
    if (!sleeps_long_enough(tb) ||
        !filter(SYS_epoll_pwait2, -1, SECCOMP_RET_KILL_PROCESS))
        return FAILED;
    return sleeps_long_enough(tb) ? PASSED : FAILED;
}

static void an_old_kernel_sleeps_in_milliseconds(void **state)
{
    if (!in_child(*state, sleep_without_pwait2, ENOSYS))
        skip();
}

static void an_old_sandbox_sleeps_in_milliseconds(void **state)
{
    if (!in_child(*state, sleep_without_pwait2, EPERM))
        skip();
}

/* A change that fails leaves nothing of what was there before it. */
static int change_without_memory(struct test_backend *tb, int fd)
{
    int error;

    if (!forbid(SYS_epoll_ctl, EPOLL_CTL_MOD, ENOMEM))
        return NO_FILTER;
    error = tb->ops->update(tb->backend, 1, fd, EDDY_WRITABLE,
                            EDDY_WRITABLE | EDDY_READABLE);
    return error == EDDY_ENOMEM && test_events_now(tb, fd) == 0 ? PASSED
                                                                : FAILED;
}

static void a_failed_change_unregisters(void **state)
{
    struct test_backend *tb = *state;
    bool filtered;
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], EDDY_WRITABLE);
    filtered = in_child(tb, change_without_memory, fds[0]);
    assert_int_equal(tb->ops->update(tb->backend, 1, fds[0], EDDY_WRITABLE, 0),
                     filtered ? EDDY_ENOENT : 0); /* the child's set too */
    test_close_pair(fds);
    if (!filtered)
        skip();
}

/* Where time has 64 bits and a long has not, the call may have another name. */
#ifdef SYS_timerfd_settime
enum { SET_TIMER = SYS_timerfd_settime };
#else
enum { SET_TIMER = SYS_timerfd_settime64 };
#endif

/* Whatever fails, it leaves no descriptor open, and may be asked again. */
static int have_no_timer(struct test_backend *tb, int number)
{
    int open_before = test_fds_open();
    int operation = number == SYS_epoll_ctl ? EPOLL_CTL_ADD : -1;

    if (!forbid((unsigned) number, operation, ENOMEM))
        return NO_FILTER;
    for (int i = 0; i < 2; i++) {
        if (tb->ops->fd(tb->backend, EDDY_SEC(1)) != EDDY_ENOMEM)
            return FAILED;
    }
    if (number == SET_TIMER)
        open_before++; /* it has its timer by then */
    return test_fds_open() == open_before ? PASSED : FAILED;
}

static void without_a_timer_it_has_no_descriptor(void **state)
{
    static const int calls[] = {SYS_timerfd_create, SYS_epoll_ctl, SET_TIMER};

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (!in_child(*state, have_no_timer, calls[i]))
            skip();
    }
}

static int sleep_with_a_stuck_timer(struct test_backend *tb, int fd)
{
    eddy_ready ready;

    if (!forbid(SET_TIMER, -1, ENOMEM))
        return NO_FILTER;
    if (tb->ops->wait(tb->backend, 1, &ready, 1) != EDDY_ENOMEM)
        return FAILED;
    return tb->ops->fd(tb->backend, EDDY_SEC(999)) == fd ? PASSED : FAILED;
}

/* The deadline would end the sleep too early: better none. */
static void a_deadline_that_stays_is_an_error(void **state)
{
    struct test_backend *tb = *state;
    int fd = tb->ops->fd(tb->backend, EDDY_SEC(999));

    assert_true(fd >= 0);
    if (!in_child(tb, sleep_with_a_stuck_timer, fd))
        skip();
}

/* --- more at once than it takes ------------------------------------------ */

static void a_long_array_is_filled_in_parts(void **state)
{
    struct test_backend *tb = *state;
    static eddy_ready ready[2 * MANY];
    static int copies[MANY];
    int fds[2];

    if (!test_allow_fds(MANY + 100))
        skip();
    test_pipe(fds);
    for (int i = 0; i < MANY; i++) {
        copies[i] = dup(fds[1]);
        test_watch(tb, copies[i], EDDY_WRITABLE);
    }
    assert_in_range(tb->ops->wait(tb->backend, 0, ready, 2 * MANY), 1, MANY);
    assert_int_equal(test_collect(tb, ready, 2 * MANY), MANY);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(close(copies[i]), 0);
    test_close_pair(fds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BACKEND_TEST(an_edge_reports_all_that_is_true),
        BACKEND_TEST(a_duplicate_keeps_the_registration),
        BACKEND_TEST(an_old_registration_keeps_its_token),
        BACKEND_TEST(a_number_that_comes_back_is_repaired),
        BACKEND_TEST(a_repair_may_be_refused),
        BACKEND_TEST(its_own_tokens_are_refused),
        BACKEND_TEST(it_does_not_watch_itself),
        BACKEND_TEST(its_timer_is_opened_with_the_first_asking),
        BACKEND_TEST(an_old_kernel_sleeps_in_milliseconds),
        BACKEND_TEST(an_old_sandbox_sleeps_in_milliseconds),
        BACKEND_TEST(a_failed_change_unregisters),
        BACKEND_TEST(without_a_timer_it_has_no_descriptor),
        BACKEND_TEST(a_deadline_that_stays_is_an_error),
        BACKEND_TEST(a_long_array_is_filled_in_parts),
    };

    return cmocka_run_group_tests(tests, choose_epoll, NULL);
}
