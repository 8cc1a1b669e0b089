/* SPDX-License-Identifier: MIT */
/*
 * The system's own table: what each of its descriptors must be, and that the
 * calls return what errno says.
 */
#include "support/fds.h"
#include "support/test.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static const eddy_os *os;

static int setup(void **state)
{
    (void) state;
    os = eddy_os_default();
    return os == NULL ? -1 : 0;
}

static void assert_proper(int fd)
{
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static bool readable(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};

    return poll(&entry, 1, 0) == 1;
}

static void close_fd(int fd)
{
    assert_int_equal(os->close(os->context, fd), 0);
}

static void clock_is_monotonic_and_never_zero(void **state)
{
    uint64_t last = os->now(os->context);

    (void) state;
    assert_true(last > 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = i % 2 == 0 ? os->now(os->context) : eddy_hrtime();

        assert_true(now >= last);
        last = now;
    }
}

static void wakeup_is_readable_from_write_to_drain(void **state)
{
    int fds[2];

    (void) state;
    assert_true(os->wakeup_open(os->context, fds) >= 0);
    assert_proper(fds[0]);
    assert_proper(fds[1]);
    for (int round = 0; round < 3; round++) {
        assert_false(readable(fds[0]));
        for (int i = 0; i < 5; i++) {
            errno = 4711;
            assert_int_equal(os->wakeup_write(os->context, fds[1]), 0);
            assert_int_equal(errno, 4711);
        }
        assert_true(readable(fds[0]));
        assert_true(os->wakeup_drain(os->context, fds[0]) >= 0);
    }
    assert_false(readable(fds[0]));
    close_fd(fds[0]);
    if (fds[1] != fds[0])
        close_fd(fds[1]);
}

/* So many that a pipe is full: it is readable, which is all that matters. */
static void wakeup_may_be_written_without_end(void **state)
{
    int fds[2];

    (void) state;
    assert_true(os->wakeup_open(os->context, fds) >= 0);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(os->wakeup_write(os->context, fds[1]), 0);
    assert_true(readable(fds[0]));
    while (readable(fds[0]))
        assert_true(os->wakeup_drain(os->context, fds[0]) >= 0);
    close_fd(fds[0]);
    if (fds[1] != fds[0])
        close_fd(fds[1]);
}

static void sockets_are_proper_and_talk(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    struct sockaddr *name = (struct sockaddr *) &address;
    int listener = os->socket(os->context, AF_INET, SOCK_STREAM, 0);
    int client = os->socket(os->context, AF_INET, SOCK_STREAM, 0);
    int server = EDDY_EAGAIN;
    int rc;

    (void) state;
    assert_proper(listener);
    assert_proper(client);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(os->bind(os->context, listener, name, length), 0);
    assert_int_equal(os->listen(os->context, listener, 4), 0);
    assert_int_equal(os->accept(os->context, listener), EDDY_EAGAIN);
    assert_int_equal(os->getsockname(os->context, listener, name, &length), 0);
    rc = os->connect(os->context, client, name, length);
    assert_true(rc == 0 || rc == -EINPROGRESS);
    while (server == EDDY_EAGAIN)
        server = os->accept(os->context, listener);
    assert_proper(server);
    assert_int_equal(os->getpeername(os->context, client, name, &length), 0);
    assert_int_equal(os->shutdown(os->context, client, SHUT_WR), 0);
    close_fd(server);
    close_fd(client);
    close_fd(listener);
}

static void data_goes_and_comes(void **state)
{
    char out[] = "hello";
    char in[16];
    struct iovec part = {.iov_base = out, .iov_len = 5};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int fds[2];

    (void) state;
    test_socketpair(fds);
    assert_int_equal(os->recv(os->context, fds[1], in, sizeof(in)),
                     EDDY_EAGAIN);
    assert_int_equal(os->sendmsg(os->context, fds[0], &message), 5);
    assert_int_equal(os->recv(os->context, fds[1], in, sizeof(in)), 5);
    assert_memory_equal(in, out, 5);
    close_fd(fds[1]);
    assert_int_equal(os->sendmsg(os->context, fds[0], &message), EDDY_EPIPE);
    close_fd(fds[0]);
}

static void errors_are_negative_errno(void **state)
{
    char byte;
    int fds[2];

    (void) state;
    test_pipe(fds);
    close_fd(fds[0]);
    assert_int_equal(os->is_open(os->context, fds[0]), EDDY_EBADF);
    assert_int_equal(os->is_open(os->context, fds[1]), 0);
    assert_int_equal(os->recv(os->context, fds[1], &byte, 1), EDDY_ENOTSOCK);
    assert_int_equal(os->set_nonblocking(os->context, fds[0]), EDDY_EBADF);
    assert_int_equal(os->listen(os->context, fds[1], 1), EDDY_ENOTSOCK);
    assert_int_equal(os->accept(os->context, fds[0]), EDDY_EBADF);
    close_fd(fds[1]);
}

static void reserve_holds_a_number(void **state)
{
    int fd = os->reserve(os->context);

    (void) state;
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(os->is_open(os->context, fd), 0);
    close_fd(fd);
    assert_int_equal(os->is_open(os->context, fd), EDDY_EBADF);
}

static void set_nonblocking_does(void **state)
{
    int fds[2];

    (void) state;
    assert_int_equal(pipe(fds), 0);
    assert_false(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
    assert_int_equal(os->set_nonblocking(os->context, fds[0]), 0);
    assert_true(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
    assert_int_equal(os->set_nonblocking(os->context, fds[0]), 0);
    test_close_pair(fds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_is_monotonic_and_never_zero),
        cmocka_unit_test(wakeup_is_readable_from_write_to_drain),
        cmocka_unit_test(wakeup_may_be_written_without_end),
        cmocka_unit_test(sockets_are_proper_and_talk),
        cmocka_unit_test(data_goes_and_comes),
        cmocka_unit_test(errors_are_negative_errno),
        cmocka_unit_test(reserve_holds_a_number),
        cmocka_unit_test(set_nonblocking_does),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
