/* SPDX-License-Identifier: MIT */
/*
 * Descriptors in tests. The census asks fcntl of every number up to a limit,
 * which needs no /proc.
 */
#include "support/fds.h"

#include "support/test.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CENSUS_LIMIT = 4096 };

int test_fds_open(void)
{
    int open = 0;

    for (int fd = 0; fd < CENSUS_LIMIT; fd++) {
        if (fcntl(fd, F_GETFD) != -1)
            open++;
    }
    return open;
}

static void prepare(int fd)
{
    assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
    assert_int_equal(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
}

void test_pipe(int fds[2])
{
    assert_int_equal(pipe(fds), 0);
    prepare(fds[0]);
    prepare(fds[1]);
}

void test_socketpair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    prepare(fds[0]);
    prepare(fds[1]);
}

void test_close_pair(const int fds[2])
{
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(close(fds[1]), 0);
}

void test_write_byte(int fd)
{
    assert_int_equal(write(fd, "x", 1), 1);
}

void test_read_byte(int fd)
{
    char byte;

    assert_int_equal(read(fd, &byte, 1), 1);
}

void test_fill(int fd)
{
    static const char zeros[4096];

    while (write(fd, zeros, sizeof(zeros)) > 0)
        continue;
    assert_true(errno == EAGAIN || errno == EWOULDBLOCK);
}

void test_drain(int fd)
{
    char buffer[4096];
    ssize_t count;

    do
        count = read(fd, buffer, sizeof(buffer));
    while (count > 0);
}

int test_allow_fds(size_t count)
{
    rlim_t wanted = (rlim_t) count; /* signed on some systems */
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur >= wanted)
        return 1;
    limit.rlim_cur = wanted;
    return limit.rlim_max >= wanted && setrlimit(RLIMIT_NOFILE, &limit) == 0;
}
