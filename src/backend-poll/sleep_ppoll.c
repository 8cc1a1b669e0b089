/* SPDX-License-Identifier: MIT */
/*
 * ppoll: exact to the nanosecond, as far as the system's timers go. Some
 * systems refuse a time-out of years, so a long sleep is made of several.
 */
#include "sleep.h"

#include <eddy/error.h>

#include <stddef.h>
#include <time.h>

static int sleep_for(struct pollfd *fds, nfds_t count, int64_t timeout_ns)
{
    const int64_t second_ns = (int64_t) EDDY_SEC(1);
    struct timespec timeout = {
        .tv_sec = (time_t) (timeout_ns / second_ns),
        .tv_nsec = (long) (timeout_ns % second_ns),
    };
    int ready = ppoll(fds, count, &timeout, NULL);

    return ready < 0 ? -errno : ready;
}

int eddy__poll_sleep(struct pollfd *fds, nfds_t count, int64_t timeout_ns)
{
    const int64_t piece_ns = (int64_t) EDDY_SEC(24 * 60 * 60);
    int ready = 0;

    if (timeout_ns < 0) {
        ready = ppoll(fds, count, NULL, NULL);
        return ready < 0 ? -errno : ready;
    }
    for (; ready == 0 && timeout_ns > piece_ns; timeout_ns -= piece_ns)
        ready = sleep_for(fds, count, piece_ns);
    return ready == 0 ? sleep_for(fds, count, timeout_ns) : ready;
}
