/* SPDX-License-Identifier: MIT */
/*
 * The default system table where the system itself fails or is interrupted,
 * which a test cannot bring about: the linker puts the calls of this file in
 * its place (--wrap). Sockets and pipes are those of os_socket_fcntl.c, which
 * need several calls each.
 */
#include "core/os.h"
#include "support/fds.h"
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

/* The calls that fail: from `after` calls on, `times` of them. */
static struct script {
    int after, times;
    int error;
    int calls;
} closing, controlling, connecting, opening, sending;

static void set_fails(struct script *script, int after, int times, int error)
{
    *script = (struct script){after, times, error, 0};
}

static bool fails(struct script *script)
{
    int number = script->calls++;

    if (number < script->after || number >= script->after + script->times)
        return false;
    errno = script->error;
    return true;
}

int __real_close(int fd);
int __wrap_close(int fd);
int __real_fcntl(int fd, int command, long argument);
int __wrap_fcntl(int fd, int command, long argument);
int __real_connect(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

/* As Linux does: what fails has closed all the same. */
int __wrap_close(int fd)
{
    int result = __real_close(fd);

    return fails(&closing) ? -1 : result;
}

int __wrap_fcntl(int fd, int command, long argument)
{
    return fails(&controlling) ? -1 : __real_fcntl(fd, command, argument);
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    return fails(&connecting) ? -1 : __real_connect(fd, address, length);
}

int __wrap_open(const char *path, int flags, ...)
{
    int mode = 0; /* as a mode_t is promoted to where it is short */
    va_list rest;

    va_start(rest, flags);
    if (flags & O_CREAT)
        mode = va_arg(rest, int);
    va_end(rest);
    return fails(&opening) ? -1 : __real_open(path, flags, mode);
}

ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
    (void) fd;
    (void) data;
    (void) flags;
    return fails(&sending) ? -1 : (ssize_t) size;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    (void) fd;
    (void) flags;
    return fails(&sending) ? -1 : (ssize_t) message->msg_iov->iov_len;
}

static const eddy_os *os(void)
{
    return eddy_os_default();
}

static int listen_somewhere(struct sockaddr_in *address)
{
    socklen_t length = sizeof(*address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *) address, length), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) address, &length), 0);
    return fd;
}

/* To close it again could hit somebody else's descriptor. */
static void interrupted_close_has_closed(void **state)
{
    static const int errors[] = {EINTR, EINPROGRESS};

    (void) state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        int fds[2];

        test_pipe(fds);
        set_fails(&closing, 0, 1, errors[i]);
        assert_int_equal(os()->close(NULL, fds[0]), 0);
        assert_int_equal(closing.calls, 1);
        assert_int_equal(os()->is_open(NULL, fds[0]), EDDY_EBADF);
        set_fails(&closing, 0, 1, EIO);
        assert_int_equal(os()->close(NULL, fds[1]), EDDY_EIO);
        assert_int_equal(closing.calls, 1);
    }
}

static void interrupted_connect_goes_on(void **state)
{
    struct sockaddr_in address;
    int fd = listen_somewhere(&address);
    struct sockaddr *to = (struct sockaddr *) &address;
    int client = socket(AF_INET, SOCK_STREAM, 0);

    (void) state;
    set_fails(&connecting, 0, 1, EINTR);
    assert_int_equal(os()->connect(NULL, client, to, sizeof(address)),
                     -EINPROGRESS);
    assert_int_equal(connecting.calls, 1);
    assert_int_equal(os()->connect(NULL, client, to, sizeof(address)), 0);
    assert_int_equal(close(client), 0);
    assert_int_equal(close(fd), 0);
}

/* In a changed root there may be no /dev/null; with no descriptor left there
 * is no use in trying another file. */
static void reserve_needs_no_device(void **state)
{
    static const int full[] = {EMFILE, ENFILE};
    int fd;

    (void) state;
    set_fails(&opening, 0, 1, ENOENT);
    fd = os()->reserve(NULL);
    assert_int_equal(opening.calls, 2);
    assert_int_equal(os()->close(NULL, fd), 0);
    set_fails(&opening, 0, 2, ENOENT);
    assert_int_equal(os()->reserve(NULL), EDDY_ENOENT);
    for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
        set_fails(&opening, 0, 9, full[i]);
        assert_int_equal(os()->reserve(NULL), -full[i]);
        assert_int_equal(opening.calls, 1);
    }
}

static ssize_t send_to(void *name, unsigned parts)
{
    struct iovec iov[2] = {{"x", 1}, {"y", 1}};
    struct msghdr message = {.msg_iov = iov, .msg_name = name};

    while (parts-- > 0)
        message.msg_iovlen++;
    return os()->sendmsg(NULL, 0, &message);
}

/* A stream that is being reset, where it may say so in an odd way. */
static void wrong_prototype_is_a_reset(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    (void) state;
    set_fails(&sending, 0, 4, EPROTOTYPE);
    assert_int_equal(send_to(NULL, 1), EDDY_ECONNRESET);
    assert_int_equal(send_to(NULL, 2), EDDY_ECONNRESET);
    assert_int_equal(send_to(&address, 1), EDDY_EPROTOTYPE);
    assert_int_equal(send_to(&address, 2), EDDY_EPROTOTYPE);
    set_fails(&sending, 0, 1, EPIPE);
    assert_int_equal(send_to(NULL, 1), EDDY_EPIPE);
}

static int make_socket(int fds[2])
{
    fds[0] = eddy__os_socket(NULL, AF_INET, SOCK_STREAM, 0);
    return fds[0];
}

static int make_pair(int fds[2])
{
    return eddy__os_socketpair(SOCK_STREAM, 0, fds);
}

/* To the caller a connection that cannot be prepared never arrived. */
static int make_accepted(int fds[2])
{
    struct sockaddr_in address;
    int server = listen_somewhere(&address);
    int client = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(
        connect(client, (struct sockaddr *) &address, sizeof(address)), 0);
    fds[0] = eddy__os_accept(NULL, server);
    (void) close(client);
    (void) close(server);
    return fds[0] == EDDY_ECONNABORTED ? EDDY_EPERM : fds[0];
}

/* Every step of the making fails once: the error is told, and nothing is left
 * open. Returns how many steps there are. */
static int fail_each_step(int (*make)(int fds[2]))
{
    int open_before = test_fds_open();
    int step = 0;

    for (; step < 20; step++) {
        int fds[2] = {-1, -1};
        int made;

        set_fails(&controlling, step, 1, EPERM);
        made = make(fds);
        set_fails(&controlling, 0, 0, 0);
        if (made >= 0) {
            (void) close(fds[0]);
            if (fds[1] >= 0)
                (void) close(fds[1]);
            assert_int_equal(test_fds_open(), open_before);
            return step;
        }
        assert_int_equal(made, EDDY_EPERM);
        assert_int_equal(test_fds_open(), open_before);
    }
    return step;
}

static void failed_making_leaves_nothing_open(void **state)
{
    (void) state;
    assert_int_equal(fail_each_step(make_socket), 3);
    assert_int_equal(fail_each_step(make_accepted), 3);
    assert_int_equal(fail_each_step(make_pair), 6);
    assert_int_equal(fail_each_step(eddy__os_pipe), 6);
}

/* A script that is left over would meet whatever the process does at its end.
 */
static int forget(void **state)
{
    (void) state;
    set_fails(&closing, 0, 0, 0);
    set_fails(&connecting, 0, 0, 0);
    set_fails(&controlling, 0, 0, 0);
    set_fails(&opening, 0, 0, 0);
    set_fails(&sending, 0, 0, 0);
    return 0;
}

#define FAILING_TEST(function) cmocka_unit_test_teardown(function, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAILING_TEST(interrupted_close_has_closed),
        FAILING_TEST(interrupted_connect_goes_on),
        FAILING_TEST(reserve_needs_no_device),
        FAILING_TEST(wrong_prototype_is_a_reset),
        FAILING_TEST(failed_making_leaves_nothing_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
