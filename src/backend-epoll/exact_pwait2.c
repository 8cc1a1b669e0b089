/* SPDX-License-Identifier: MIT */
/*
 * epoll_pwait2 (Linux 5.11). Called by number, because C libraries have had
 * a wrapper only for a short time. A kernel may lack what its headers have,
 * and a sandbox may forbid it (EPERM where the filter is older than the
 * call): the first refusal is remembered for the whole process.
 */
#include "exact.h"

#include <eddy/error.h>

#include <linux/time_types.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static int missing; /* touched only by __atomic builtins: loops share it */

int eddy__epoll_wait_exact(int fd, struct epoll_event *events, int capacity,
                           int64_t timeout_ns)
{
    struct __kernel_timespec timeout = {
        .tv_sec = timeout_ns / (int64_t) EDDY_SEC(1),
        .tv_nsec = timeout_ns % (int64_t) EDDY_SEC(1),
    };
    long count;

    if (__atomic_load_n(&missing, __ATOMIC_RELAXED))
        return EDDY_ENOSYS;

    count = syscall(SYS_epoll_pwait2, fd, events, capacity, &timeout, NULL,
                    (size_t) 0);
    if (count >= 0)
        return (int) count;
    if (errno != ENOSYS && errno != EPERM)
        return -errno;

    __atomic_store_n(&missing, 1, __ATOMIC_RELAXED);
    return EDDY_ENOSYS;
}
