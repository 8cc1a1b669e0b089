/* SPDX-License-Identifier: MIT */
/*
 * EVFILT_TIMER: a timerfd each (KQUEUE.md, section 7).
 */
#include "knote.h"

#include <errno.h>
#include <sys/timerfd.h>

/* Of one unit in which the timer counts; milliseconds by default. */
static int64_t unit_ns(unsigned fflags)
{
#ifdef NOTE_NSECONDS
    if (fflags & NOTE_SECONDS)
        return 1000000000;
    if (fflags & NOTE_USECONDS)
        return 1000;
    if (fflags & NOTE_NSECONDS)
        return 1;
#endif
    (void) fflags;
    return 1000000;
}

static int64_t period_ns(const struct knote *knote)
{
    int64_t unit = unit_ns(knote->fflags);
    int64_t data = knote->data > 0 ? knote->data : 1;

    return data > INT64_MAX / unit ? INT64_MAX : data * unit;
}

static struct timespec to_timespec(int64_t ns)
{
    return (struct timespec){
        .tv_sec = ns / 1000000000,
        .tv_nsec = ns % 1000000000,
    };
}

int double_timer_open(struct knote *knote)
{
    struct itimerspec spec = {.it_value = to_timespec(period_ns(knote))};

    if (knote->data < 0 ||
        (knote->data == 0 && double_kernel() == DOUBLE_NETBSD))
        return EINVAL;
    if (!(knote->flags & EV_ONESHOT))
        spec.it_interval = spec.it_value;
    if (knote->fd < 0)
        knote->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (knote->fd < 0 || timerfd_settime(knote->fd, 0, &spec, NULL) != 0)
        return errno;
    return 0;
}
