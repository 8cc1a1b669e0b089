/* SPDX-License-Identifier: MIT */
/*
 * The backend on Linux's epoll. An update is applied at once, so nothing is
 * ever buffered and every error is known before update() returns.
 *
 * A registration belongs to the open file, not to the number: while a
 * duplicate is open, closing the number neither ends the registration nor
 * leaves a way to remove it, and its events go on with the old token. The
 * core drops those. The kernel puts what it reported behind what it did not,
 * so a small array starves nobody.
 *
 * Nothing but the 64 bits of data comes back with an event. They are the
 * token, and the bit of it that is the backend's says that the registration
 * is edge-triggered; all ones are the deadline that fd() arms.
 */
#include "exact.h"

#include <eddy/backend.h>

#include <limits.h>
#include <sys/timerfd.h>
#include <unistd.h>

extern const eddy_backend_ops eddy_backend_epoll;

#define EDGE_BIT (UINT64_C(1) << 31)
#define DEADLINE_DATA UINT64_MAX

enum {
#ifdef EDDY_STRESS
    EVENT_COUNT = 1
#else
    EVENT_COUNT = 1024
#endif
};

struct eddy_backend {
    const eddy_allocator *allocator;
    int epoll_fd;
    int timer_fd;         /* of fd(): -1 until that is first called */
    uint64_t deadline_ns; /* that the timer will fire for: EDDY_NEVER, none */
    struct epoll_event events[EVENT_COUNT];
};

static int create(const eddy_allocator *allocator, eddy_backend **out)
{
    eddy_backend *be =
        allocator->resize(allocator->context, NULL, 0, sizeof *be);

    if (be == NULL)
        return EDDY_ENOMEM;
    be->allocator = allocator;
    be->timer_fd = -1;
    be->deadline_ns = EDDY_NEVER;
    be->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (be->epoll_fd < 0) {
        int error = -errno;

        (void) allocator->resize(allocator->context, be, sizeof *be, 0);
        return error;
    }
    *out = be;
    return 0;
}

/* Closing is all that is right in a forked child too: the set and the timer
 * are shared with the parent, and removing or disarming would reach it. */
static void destroy(eddy_backend *be, bool inherited)
{
    const eddy_allocator *allocator = be->allocator;

    (void) inherited;
    if (be->timer_fd >= 0)
        (void) close(be->timer_fd);
    (void) close(be->epoll_fd);
    (void) allocator->resize(allocator->context, be, sizeof *be, 0);
}

static int control(const eddy_backend *be, int operation, int fd,
                   struct epoll_event *event)
{
    return epoll_ctl(be->epoll_fd, operation, fd, event) == 0 ? 0 : -errno;
}

static uint32_t to_epoll(unsigned want)
{
    uint32_t events = 0;

    if (want & EDDY_READABLE)
        events |= (uint32_t) EPOLLIN;
    if (want & EDDY_WRITABLE)
        events |= (uint32_t) EPOLLOUT;
    if (want & EDDY_DISCONNECT)
        events |= (uint32_t) EPOLLRDHUP;
    if (want & EDDY_PRIORITY)
        events |= (uint32_t) EPOLLPRI;
    if (want & EDDY_EDGE)
        events |= (uint32_t) EPOLLET;
    return events;
}

static unsigned from_epoll(uint32_t events)
{
    enum { IN = EPOLLIN, OUT = EPOLLOUT, PRI = EPOLLPRI };
    static const unsigned char happened[] = {
        [IN] = EDDY_READABLE,
        [OUT] = EDDY_WRITABLE,
        [PRI] = EDDY_PRIORITY,
        [IN | OUT] = EDDY_READABLE | EDDY_WRITABLE,
        [IN | PRI] = EDDY_READABLE | EDDY_PRIORITY,
        [OUT | PRI] = EDDY_WRITABLE | EDDY_PRIORITY,
        [IN | OUT | PRI] = EDDY_READABLE | EDDY_WRITABLE | EDDY_PRIORITY,
    };
    unsigned disconnect = 0;

    if (events & ((uint32_t) EPOLLERR | (uint32_t) EPOLLHUP))
        return EDDY_ANY_EVENT;
    if (events & (uint32_t) EPOLLRDHUP)
        disconnect = EDDY_DISCONNECT;
    return happened[events & (IN | OUT | PRI)] | disconnect;
}

/* What the caller believes to be registered can be wrong: a number that was
 * closed and opened again is a new file, and one that was closed may still be
 * the file of a duplicate that kept its registration. */
static int enter(const eddy_backend *be, int fd, unsigned known,
                 struct epoll_event *event)
{
    int operation = known != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    int error = control(be, operation, fd, event);

    if (error == EDDY_EEXIST)
        error = control(be, EPOLL_CTL_MOD, fd, event);
    else if (error == EDDY_ENOENT)
        error = control(be, EPOLL_CTL_ADD, fd, event);
    return error;
}

/* What can never be watched is answered with EPERM here, too. */
static int leave(const eddy_backend *be, int fd)
{
    struct epoll_event unused = {.events = 0};
    int error = control(be, EPOLL_CTL_DEL, fd, &unused);

    return error == EDDY_EPERM ? EDDY_ENOENT : error;
}

static int update(eddy_backend *be, uint64_t token, int fd, unsigned known,
                  unsigned want)
{
    struct epoll_event event = {.events = to_epoll(want)};
    int error;

    if (want == 0)
        return leave(be, fd);
    if ((token & EDGE_BIT) || token == (DEADLINE_DATA & ~EDGE_BIT))
        return EDDY_EINVAL;

    event.data.u64 = token | ((want & EDDY_EDGE) ? EDGE_BIT : 0);
    error = enter(be, fd, known, &event);
    if (error != 0)
        (void) leave(be, fd);
    return error;
}

/* Rounded up, because waking early would spin until the deadline; a sleep
 * longer than an int of milliseconds is made of several. */
static int wait_rounded(int fd, struct epoll_event *events, int capacity,
                        int64_t timeout_ns)
{
    const int64_t piece_ns = (int64_t) EDDY_SEC(24 * 60 * 60);
    const int64_t ms_ns = (int64_t) EDDY_MS(1);
    int count = 0;

    for (; count == 0 && timeout_ns > piece_ns; timeout_ns -= piece_ns)
        count = epoll_wait(fd, events, capacity, (int) (piece_ns / ms_ns));
    if (count == 0)
        count = epoll_wait(fd, events, capacity,
                           (int) ((timeout_ns + ms_ns - 1) / ms_ns));
    return count < 0 ? -errno : count;
}

static int sleep_in(const eddy_backend *be, struct epoll_event *events,
                    int capacity, int64_t timeout_ns)
{
    int count;

    if (timeout_ns < 0) {
        count = epoll_wait(be->epoll_fd, events, capacity, -1);
        return count < 0 ? -errno : count;
    }
    count = eddy__epoll_wait_exact(be->epoll_fd, events, capacity, timeout_ns);
    if (count == EDDY_ENOSYS)
        count = wait_rounded(be->epoll_fd, events, capacity, timeout_ns);
    return count;
}

/* Makes the timer of fd() fire at the deadline, or not at all. */
static int arm(eddy_backend *be, uint64_t deadline_ns)
{
    struct itimerspec at = {.it_value = {.tv_sec = 0, .tv_nsec = 0}};

    /* Zero would disarm, and time 1 has passed just as well. */
    if (deadline_ns == 0)
        deadline_ns = 1;
    if (deadline_ns == be->deadline_ns)
        return 0;
    if (deadline_ns != EDDY_NEVER) {
        at.it_value.tv_sec = (time_t) (deadline_ns / EDDY_SEC(1));
        at.it_value.tv_nsec = (long) (deadline_ns % EDDY_SEC(1));
    }
    if (timerfd_settime(be->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) != 0)
        return -errno;
    be->deadline_ns = deadline_ns;
    return 0;
}

/* Translates the events; without the deadline, which is no event of the
 * caller's. Having come, it is armed no more, so that fd() arms it anew. */
static int translate(eddy_backend *be, int count, eddy_ready *ready)
{
    int filled = 0;

    for (int i = 0; i < count; i++) {
        uint64_t data = be->events[i].data.u64;

        if (data == DEADLINE_DATA) {
            be->deadline_ns = EDDY_NEVER;
            continue;
        }
        ready[filled++] = (eddy_ready){
            .token = data & ~EDGE_BIT,
            .events = from_epoll(be->events[i].events) |
                      ((data & EDGE_BIT) ? (unsigned) EDDY_EDGE : 0U),
        };
    }
    return filled;
}

static int look_ready(eddy_backend *be, eddy_ready *ready, int capacity)
{
    int filled = 0;

    /* The deadline of fd() comes once; where it came alone, there may be more
     * that it took the only place of. */
    do {
        int count = epoll_wait(be->epoll_fd, be->events, capacity, 0);
        if (count <= 0)
            return count == 0 ? 0 : -errno;
        filled = translate(be, count, ready);
    } while (filled == 0);
    return filled;
}

/* The deadline of fd() would end this sleep, which has its own. */
static int sleep_ready(eddy_backend *be, int64_t timeout_ns, eddy_ready *ready,
                       int capacity)
{
    int filled;

    if (be->deadline_ns != EDDY_NEVER) {
        int error = arm(be, EDDY_NEVER);

        if (error != 0)
            return error;
    }
    do {
        int count = sleep_in(be, be->events, capacity, timeout_ns);

        if (count <= 0)
            return count;
        filled = translate(be, count, ready);
    } while (filled == 0);
    return filled;
}

static int wait_ready(eddy_backend *be, int64_t timeout_ns, eddy_ready *ready,
                      int capacity)
{
    if (capacity > EVENT_COUNT)
        capacity = EVENT_COUNT;
    if (timeout_ns == 0)
        return look_ready(be, ready, capacity);
    return sleep_ready(be, timeout_ns, ready, capacity);
}

/* Edge-triggered, so that a passed deadline does not end every wait. */
static int open_timer(eddy_backend *be)
{
    struct epoll_event event = {
        .events = (uint32_t) EPOLLIN | (uint32_t) EPOLLET,
        .data.u64 = DEADLINE_DATA,
    };
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    int error;

    if (fd < 0)
        return -errno;
    error = control(be, EPOLL_CTL_ADD, fd, &event);
    if (error != 0) {
        (void) close(fd);
        return error;
    }
    be->timer_fd = fd;
    return 0;
}

static int pollable_fd(eddy_backend *be, uint64_t deadline_ns)
{
    int error = 0;

    if (be->timer_fd < 0)
        error = open_timer(be);
    if (error == 0)
        error = arm(be, deadline_ns);
    return error == 0 ? be->epoll_fd : error;
}

const eddy_backend_ops eddy_backend_epoll = {
    .name = "epoll",
    .events = EDDY_ANY_EVENT | EDDY_EDGE | EDDY_SNAPSHOT,
    .create = create,
    .destroy = destroy,
    .update = update,
    .wait = wait_ready,
    .fd = pollable_fd,
};
