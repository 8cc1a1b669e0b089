/* SPDX-License-Identifier: MIT */
/*
 * A sleep in epoll to the nanosecond, which not every kernel has: CMake picks
 * the file that knows whether the kernel's headers do.
 */
#ifndef EDDY_BACKEND_EPOLL_EXACT_H
#define EDDY_BACKEND_EPOLL_EXACT_H

#include <stdint.h>
#include <sys/epoll.h>

/* epoll_wait with timeout_ns > 0. The count, a negative errno, or
 * EDDY_ENOSYS: there is no such call, and it did not sleep. Any thread. */
int eddy__epoll_wait_exact(int fd, struct epoll_event *events, int capacity,
                           int64_t timeout_ns);

#endif
