/* SPDX-License-Identifier: MIT */
/*
 * poll where there is no ppoll: milliseconds, rounded up, because waking
 * early would spin until the deadline. A sleep longer than an int of them is
 * made of several.
 */
#include "sleep.h"

#include <eddy/error.h>

static int sleep_for(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    int ready = poll(fds, count, timeout_ms);

    return ready < 0 ? -errno : ready;
}

int eddy__poll_sleep(struct pollfd *fds, nfds_t count, int64_t timeout_ns)
{
    const int64_t piece_ns = (int64_t) EDDY_SEC(24 * 60 * 60);
    const int64_t ms_ns = (int64_t) EDDY_MS(1);
    int ready = 0;

    if (timeout_ns < 0)
        return sleep_for(fds, count, -1);
    for (; ready == 0 && timeout_ns > piece_ns; timeout_ns -= piece_ns)
        ready = sleep_for(fds, count, (int) (piece_ns / ms_ns));
    if (ready == 0)
        ready = sleep_for(fds, count, (int) ((timeout_ns + ms_ns - 1) / ms_ns));
    return ready;
}
