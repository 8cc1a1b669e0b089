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
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int choose_epoll(void **state)
{
    (void) state;
    return setenv("EDDY_BACKEND", "epoll", 1);
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

/* --- without epoll_pwait2 ------------------------------------------------ */

/* From here on, in this process, epoll_pwait2 fails with this errno. */
static bool forbid_pwait2(int number)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_pwait2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned) number),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {
        .len = sizeof rules / sizeof *rules,
        .filter = rules,
    };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

enum { SLEPT = 0, SHORT = 1, UNFILTERED = 77 };

static int sleep_without_pwait2(struct test_backend *tb, int number)
{
    static const int64_t timeouts[] = {1, 999999, 1000001, 2500000};
    eddy_ready ready;

    if (!forbid_pwait2(number) ||
        syscall(SYS_epoll_pwait2, -1, NULL, 0, NULL, NULL, 0) != -1 ||
        errno != number)
        return UNFILTERED;
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        uint64_t before = eddy_hrtime();

        if (tb->ops->wait(tb->backend, timeouts[i], &ready, 1) != 0 ||
            eddy_hrtime() - before < (uint64_t) timeouts[i])
            return SHORT;
    }
    return SLEPT;
}

static void child_sleeps_without_pwait2(struct test_backend *tb, int number)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        _exit(sleep_without_pwait2(tb, number));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == UNFILTERED)
        skip();
    assert_int_equal(WEXITSTATUS(status), SLEPT);
}

static void an_old_kernel_sleeps_in_milliseconds(void **state)
{
    child_sleeps_without_pwait2(*state, ENOSYS);
}

static void an_old_sandbox_sleeps_in_milliseconds(void **state)
{
    child_sleeps_without_pwait2(*state, EPERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BACKEND_TEST(a_duplicate_keeps_the_registration),
        BACKEND_TEST(an_old_registration_keeps_its_token),
        BACKEND_TEST(a_number_that_comes_back_is_repaired),
        BACKEND_TEST(a_repair_may_be_refused),
        BACKEND_TEST(its_own_tokens_are_refused),
        BACKEND_TEST(it_does_not_watch_itself),
        BACKEND_TEST(an_old_kernel_sleeps_in_milliseconds),
        BACKEND_TEST(an_old_sandbox_sleeps_in_milliseconds),
    };

    return cmocka_run_group_tests(tests, choose_epoll, NULL);
}
