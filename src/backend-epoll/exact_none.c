/* SPDX-License-Identifier: MIT */
/*
 * For systems whose headers know of no epoll_pwait2: every sleep is rounded
 * up to milliseconds.
 */
#include "exact.h"

#include <eddy/error.h>

int eddy__epoll_wait_exact(int fd, struct epoll_event *events, int capacity,
                           int64_t timeout_ns)
{
    (void) fd;
    (void) events;
    (void) capacity;
    (void) timeout_ns;
    return EDDY_ENOSYS;
}
