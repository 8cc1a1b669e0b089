/* SPDX-License-Identifier: MIT */
/*
 * Descriptors and bytes for scenarios. They are no part of what is tested, and
 * never fail.
 */
#include "faults/scene.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATTERN = 1 << 17, PERIOD = 251, SMALL = 4096 };

void keep_fd(int fd)
{
    REQUIRE(fd > 0);
    for (int i = 0; i < SCENE_FDS; i++)
        if (scene.fds[i] == 0) {
            scene.fds[i] = fd;
            return;
        }
    tally_fail(__FILE__, __LINE__, "too many descriptors");
}

void forget_fd(int fd)
{
    for (int i = 0; i < SCENE_FDS; i++)
        if (scene.fds[i] == fd)
            scene.fds[i] = 0;
}

void drop_fd(int fd)
{
    forget_fd(fd);
    REQUIRE(close(fd) == 0);
}

void crowd(int last)
{
    int fd;

    do {
        fd = dup(scene.fds[0]);
        keep_fd(fd);
    } while (fd < last);
}

static void keep_both(const int fds[2])
{
    for (int i = 0; i < 2; i++) {
        REQUIRE(fcntl(fds[i], F_SETFL, fcntl(fds[i], F_GETFL) | O_NONBLOCK) ==
                0);
        keep_fd(fds[i]);
    }
}

void scene_pipe(int fds[2])
{
    REQUIRE(pipe(fds) == 0);
    keep_both(fds);
}

void scene_pair(int fds[2])
{
    const int size = SMALL;

    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    for (int i = 0; i < 2; i++)
        (void) setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    keep_both(fds);
}

void write_byte(int fd)
{
    REQUIRE(write(fd, "x", 1) == 1);
}

void read_byte(int fd)
{
    char byte;

    REQUIRE(read(fd, &byte, 1) == 1);
}

size_t drain(int fd)
{
    char bytes[SMALL];
    size_t size = 0;
    ssize_t count;

    while ((count = read(fd, bytes, sizeof(bytes))) > 0)
        size += (size_t) count;
    return size;
}

eddy_buf pattern(size_t offset, size_t size)
{
    static char bytes[PATTERN];
    size_t from = offset % PERIOD;

    if (bytes[1] == 0)
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (char) (i % PERIOD);
    REQUIRE(from + size <= sizeof(bytes));
    return (eddy_buf){bytes + from, size};
}
