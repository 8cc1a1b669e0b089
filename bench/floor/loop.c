/* SPDX-License-Identifier: MIT */
/*
 * The loop: epoll, and a list of arrivals. It publishes that it sleeps, then
 * looks at the list for the last time; a sender pushes, then looks whether it
 * sleeps. All four are sequentially consistent, so one of the two sees the
 * other.
 */
#include "floor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS = 1024, BATCHES = 16 };

void loop_open(struct loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};

    *loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC),
                          .wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    bench_check(loop->epoll >= 0 && loop->wakeup >= 0, "opening the loop");
    bench_check(epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wakeup, &event) ==
                    0,
                "epoll_ctl");
}

void loop_close(struct loop *loop)
{
    close(loop->epoll);
    close(loop->wakeup);
}

void loop_wake(struct loop *loop)
{
    uint64_t one = 1;

    if (atomic_exchange(&loop->sleeping, 0) != 0)
        bench_check(write(loop->wakeup, &one, sizeof one) > 0, "waking");
}

static void tell(struct loop *loop, struct watcher *watcher)
{
    struct epoll_event event = {.events = watcher->want, .data.ptr = watcher};
    int operation = watcher->known == 0  ? EPOLL_CTL_ADD
                    : watcher->want == 0 ? EPOLL_CTL_DEL
                                         : EPOLL_CTL_MOD;

    watcher->known = watcher->want;
    bench_check(epoll_ctl(loop->epoll, operation, watcher->fd, &event) == 0,
                "epoll_ctl");
}

/* Wanting less can wait until an unwanted event comes. */
static void tell_changes(struct loop *loop)
{
    struct watcher *watcher = loop->changed;

    loop->changed = NULL;
    for (; watcher; watcher = watcher->next_changed) {
        watcher->changed = false;
        if ((watcher->want & ~watcher->known) != 0)
            tell(loop, watcher);
    }
}

static void dispatch(struct loop *loop, const struct epoll_event *event)
{
    struct watcher *watcher = event->data.ptr;
    uint32_t wanted;

    if (!watcher)
        return;
    if (event->events & (EPOLLERR | EPOLLHUP))
        wanted = watcher->want;
    else
        wanted = event->events & watcher->want;
    if (wanted != 0)
        watcher->ready(watcher, wanted);
    else if (watcher->known != watcher->want)
        tell(loop, watcher);
}

static bool deliver(struct loop *loop)
{
    struct message *message = atomic_exchange(&loop->arrivals, NULL);
    struct message *next;
    bool any = message != NULL;

    for (; message; message = next) {
        next = message->next;
        atomic_exchange(&message->pending, 0);
        message->arrived(message);
    }
    return any;
}

void loop_turn(struct loop *loop, bool sleeps)
{
    struct epoll_event events[EVENTS];
    int count;

    if (loop->changed)
        tell_changes(loop);
    sleeps =
        sleeps && !atomic_load_explicit(&loop->arrivals, memory_order_relaxed);
    if (sleeps) {
        atomic_store(&loop->sleeping, 1);
        sleeps = !atomic_load(&loop->arrivals);
    }
    count = epoll_wait(loop->epoll, events, EVENTS, sleeps ? -1 : 0);
    atomic_store_explicit(&loop->sleeping, 0, memory_order_relaxed);
    for (int i = 0; i < count; i++)
        dispatch(loop, &events[i]);
    for (int i = 0; i < BATCHES; i++)
        if (!atomic_load_explicit(&loop->arrivals, memory_order_relaxed) ||
            !deliver(loop))
            return;
}

void loop_run(struct loop *loop)
{
    loop->stopped = false;
    while (!loop->stopped)
        loop_turn(loop, true);
}
