/* SPDX-License-Identifier: MIT */
/* Compiles where there is poll(2): on every system of POSIX. */
#include <poll.h>

int main(void)
{
    struct pollfd fd = {.fd = 0, .events = POLLIN | POLLPRI | POLLOUT};

    return poll(&fd, 1, 0);
}
