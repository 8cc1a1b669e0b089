/* SPDX-License-Identifier: MIT */
/*
 * From active knotes to events: the part of a kernel's kqueue_scan. (KQUEUE.md,
 * sections 2 and 4)
 */
#include "knote.h"

#include <sys/epoll.h>
#include <unistd.h>

static struct knote *knote_of(const struct kq *kq, uint64_t data)
{
    enum knote_kind kind = (enum knote_kind)(data & 3);
    struct knote *knote = kq->timers;

    if (data == UINT64_MAX)
        return NULL;
    if (kind != KIND_TIMER)
        return double_find(kq, (uintptr_t) (data >> 2), kind);
    while (knote != NULL && (uint64_t) knote->fd != data >> 2)
        knote = knote->sibling;
    return knote;
}

/* Edges are what activates a knote. All of them are taken, at most 64 at a
 * time; the sets inside another one may be told of again and again. */
static void pull_from(struct kq *kq, int set)
{
    struct epoll_event events[64];
    int count = set < 0 ? 0 : 64;

    while (count == 64) {
        count = epoll_wait(set, events, 64, 0);
        for (int i = 0; i < count; i++) {
            struct knote *knote = knote_of(kq, events[i].data.u64);

            if (knote != NULL)
                double_activate(kq, knote);
        }
    }
}

void double_mirror(struct kq *kq)
{
    bool counted = kq->first != NULL;
    uint64_t count = 1;

    if (counted == kq->counted)
        return;
    if (counted)
        kq->counted = write(kq->count_fd, &count, sizeof count) > 0;
    else
        kq->counted = read(kq->count_fd, &count, sizeof count) < 0;
}

static void pull(struct kq *kq)
{
    pull_from(kq, kq->sets[KIND_WRITE]);
    pull_from(kq, kq->sets[KIND_EXCEPT]);
    pull_from(kq, kq->fd);
}

static struct kevent event_of(const struct knote *knote,
                              const struct outcome *outcome)
{
    unsigned flags = knote->flags &
                     ~(unsigned) (EV_DELETE | EV_ENABLE | EV_DISABLE | EV_EOF);
    struct kevent event = {
        .ident = knote->ident,
        .filter = EVFILT_READ,
        .fflags = outcome->fflags,
        .data = outcome->data,
        .udata = knote->udata,
    };
    uint64_t expirations;

    if (double_kernel() != DOUBLE_NETBSD)
        flags &= ~(unsigned) EV_ADD;
    event.flags = (__typeof__(event.flags)) (flags | outcome->flags);
    if (knote->kind == KIND_WRITE)
        event.filter = EVFILT_WRITE;
#ifdef EVFILT_EXCEPT
    if (knote->kind == KIND_EXCEPT)
        event.filter = EVFILT_EXCEPT;
#endif
    if (knote->kind == KIND_TIMER) {
        event.filter = EVFILT_TIMER;
        if (read(knote->fd, &expirations, sizeof expirations) > 0)
            event.data = (int64_t) expirations;
    }
    return event;
}

/* Level-triggered knotes go to the end of the queue, so that a small list of
 * events starves nobody. */
static void after_delivery(struct kq *kq, struct knote *knote)
{
    if (knote->flags & EV_ONESHOT)
        double_detach(kq, knote);
    else if (knote->flags & EV_DISPATCH)
        knote->enabled = false;
    else if (!(knote->flags & EV_CLEAR))
        double_activate(kq, knote);
}

/* Each active knote once, its filter asked again. */
size_t double_scan(struct kq *kq, struct kevent *events, size_t room)
{
    struct knote *end;
    size_t count = 0;
    bool ended;

    pull(kq);
    end = kq->last;
    ended = end == NULL;
    while (!ended && count < room) {
        struct knote *knote = kq->first;
        struct outcome outcome = double_evaluate(knote);

        ended = knote == end;
        double_deactivate(kq, knote);
        knote->signalled = false;
        if (!outcome.fires)
            continue;
        events[count++] = event_of(knote, &outcome);
        after_delivery(kq, knote);
    }
    double_mirror(kq);
    return count;
}
