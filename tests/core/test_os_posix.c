/* SPDX-License-Identifier: MIT */
/*
 * The default system table: complete, with errors as results, and deaf to
 * SIGPIPE.
 */
#include "support/fds.h"
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const eddy_os *os(void)
{
    return eddy_os_default();
}

static void every_function_is_there(void **state)
{
    (void) state;
    assert_non_null(os()->now);
    assert_non_null(os()->wakeup_open);
    assert_non_null(os()->wakeup_write);
    assert_non_null(os()->wakeup_drain);
    assert_non_null(os()->socket);
    assert_non_null(os()->accept);
    assert_non_null(os()->bind);
    assert_non_null(os()->listen);
    assert_non_null(os()->connect);
    assert_non_null(os()->shutdown);
    assert_non_null(os()->getsockopt);
    assert_non_null(os()->setsockopt);
    assert_non_null(os()->getsockname);
    assert_non_null(os()->getpeername);
    assert_non_null(os()->recv);
    assert_non_null(os()->sendmsg);
    assert_non_null(os()->set_nonblocking);
    assert_non_null(os()->close);
    assert_non_null(os()->reserve);
    assert_non_null(os()->is_open);
}

static void clock_does_not_go_back(void **state)
{
    uint64_t before = eddy_hrtime();

    (void) state;
    assert_true(before > 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = os()->now(NULL);

        assert_true(now >= before);
        before = now;
    }
    assert_true(eddy_hrtime() >= before);
}

/* Each call on what is no descriptor. */
static void errors_are_results(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct sockaddr *any = (struct sockaddr *) &address;
    socklen_t length = sizeof(address);
    char byte = 'x';
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int value = 0;

    (void) state;
    assert_int_equal(os()->bind(NULL, -1, any, length), EDDY_EBADF);
    assert_int_equal(os()->listen(NULL, -1, 1), EDDY_EBADF);
    assert_int_equal(os()->connect(NULL, -1, any, length), EDDY_EBADF);
    assert_int_equal(os()->shutdown(NULL, -1, SHUT_WR), EDDY_EBADF);
    assert_int_equal(
        os()->getsockopt(NULL, -1, SOL_SOCKET, SO_TYPE, &value, &length),
        EDDY_EBADF);
    assert_int_equal(os()->setsockopt(NULL, -1, SOL_SOCKET, SO_KEEPALIVE,
                                      &value, sizeof(value)),
                     EDDY_EBADF);
    assert_int_equal(os()->getsockname(NULL, -1, any, &length), EDDY_EBADF);
    assert_int_equal(os()->getpeername(NULL, -1, any, &length), EDDY_EBADF);
    assert_int_equal(os()->recv(NULL, -1, &byte, 1), EDDY_EBADF);
    assert_int_equal(os()->sendmsg(NULL, -1, &message), EDDY_EBADF);
    assert_int_equal(os()->set_nonblocking(NULL, -1), EDDY_EBADF);
    assert_int_equal(os()->close(NULL, -1), EDDY_EBADF);
    assert_int_equal(os()->is_open(NULL, -1), EDDY_EBADF);
}

static void set_nonblocking_keeps_other_flags(void **state)
{
    int fds[2];

    (void) state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_APPEND), 0);
    assert_int_equal(os()->set_nonblocking(NULL, fds[1]), 0);
    assert_int_equal(fcntl(fds[1], F_GETFL) & (O_APPEND | O_NONBLOCK),
                     O_APPEND | O_NONBLOCK);
    assert_int_equal(os()->set_nonblocking(NULL, fds[1]), 0);
    assert_false(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
    test_close_pair(fds);
}

static void reserve_is_a_descriptor_like_others(void **state)
{
    int fd = os()->reserve(NULL);

    (void) state;
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(os()->is_open(NULL, fd), 0);
    assert_int_equal(os()->close(NULL, fd), 0);
    assert_int_equal(os()->is_open(NULL, fd), EDDY_EBADF);
}

static void bytes_go_through(void **state)
{
    char text[] = "eddy";
    char got[sizeof(text)];
    struct iovec iov[2] = {{text, 2}, {text + 2, sizeof(text) - 2}};
    struct msghdr message = {.msg_iov = iov};
    int fds[2];

    (void) state;
    test_socketpair(fds);
    assert_int_equal(os()->recv(NULL, fds[1], got, sizeof(got)), EDDY_EAGAIN);
    message.msg_iovlen++;
    assert_int_equal(os()->sendmsg(NULL, fds[0], &message), 2);
    assert_int_equal(os()->recv(NULL, fds[1], got, sizeof(got)), 2);
    assert_memory_equal(got, text, 2);
    message.msg_iovlen++;
    assert_int_equal(os()->sendmsg(NULL, fds[0], &message), sizeof(text));
    assert_int_equal(os()->recv(NULL, fds[1], got, sizeof(got)), sizeof(text));
    assert_string_equal(got, text);
    assert_int_equal(os()->shutdown(NULL, fds[0], SHUT_WR), 0);
    assert_int_equal(os()->recv(NULL, fds[1], got, sizeof(got)), 0);
    test_close_pair(fds);
}

static volatile sig_atomic_t pipes;

static void on_pipe(int number)
{
    (void) number;
    pipes++;
}

static void no_signal_is_raised(void **state)
{
    struct sigaction action = {.sa_handler = on_pipe};
    struct sigaction before;
    struct iovec iov[2] = {{"x", 1}, {"y", 1}};
    struct msghdr message = {.msg_iov = iov};
    int fds[2];

    (void) state;
    pipes = 0;
    assert_int_equal(sigaction(SIGPIPE, &action, &before), 0);
    test_socketpair(fds);
    assert_int_equal(os()->set_nonblocking(NULL, fds[0]), 0);
    close(fds[1]);
    for (int i = 0; i < 2; i++) {
        message.msg_iovlen++;
        assert_int_equal(os()->sendmsg(NULL, fds[0], &message), EDDY_EPIPE);
    }
    assert_int_equal(pipes, 0);
    close(fds[0]);
    assert_int_equal(sigaction(SIGPIPE, &before, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_is_there),
        cmocka_unit_test(clock_does_not_go_back),
        cmocka_unit_test(errors_are_results),
        cmocka_unit_test(set_nonblocking_keeps_other_flags),
        cmocka_unit_test(reserve_is_a_descriptor_like_others),
        cmocka_unit_test(bytes_go_through),
        cmocka_unit_test(no_signal_is_raised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
