/* SPDX-License-Identifier: MIT */
/* Compiles where the kernel has epoll. */
#include <sys/epoll.h>

int main(void)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
    int fd = epoll_create1(EPOLL_CLOEXEC);

    return epoll_ctl(fd, EPOLL_CTL_ADD, 0, &event) +
           epoll_wait(fd, &event, 1, 0);
}
