/* SPDX-License-Identifier: MIT */
/*
 * From what the kernel says to reports: both knotes of a descriptor into one.
 *
 * An entry with EV_ERROR answers a change; all others are events. An end
 * (EV_EOF) of anything but a socket is a hangup. A socket has two halves that
 * end one by one: it hung up when both have ended, or with an error, which
 * stands in fflags. Knotes tell of one half each; for the other one a scratch
 * kqueue is asked, once for each report of an end.
 *
 * A knote that the slot does not know of (its removal failed) is taken for
 * one, and removed with the next changes, lest it be reported for ever.
 */
#include "kevents.h"

#include <stddef.h>

static unsigned knote_of(const struct kevent *entry)
{
    if (entry->filter == EVFILT_READ)
        return READ_KNOTE;
    if (entry->filter == EVFILT_WRITE)
        return WRITE_KNOTE;
    if (HAVE_EXCEPT && entry->filter == EXCEPT_FILTER)
        return EXCEPT_KNOTE;
    return 0;
}

static uint32_t mark_of(const struct kevent *entry)
{
    return (uint32_t) (uintptr_t) entry->udata;
}

static bool is_edge(const struct slot *slot)
{
    return slot->want & EDDY_EDGE;
}

/* --- errors of changes --------------------------------------------------- */

/* Kernels have many words for what cannot be watched. */
static int refusal(int error)
{
    switch (error) {
    case EINVAL:
    case ENODEV:
    case ENXIO:
    case ENOSYS:
    case ENOTTY:
    case EOPNOTSUPP:
#if ENOTSUP != EOPNOTSUPP
    case ENOTSUP:
#endif
        return EDDY_EPERM;
    default:
        return -error;
    }
}

/* A pipe that nobody reads any more has hung up: some kernels say so in an
 * event, some refuse to watch it, one of them as if it were closed. */
static bool is_broken(const struct slot *slot, int fd, unsigned knote,
                      int error)
{
    if (knote != WRITE_KNOTE)
        return false;
    return error == EPIPE || (error == EBADF && (slot->flags & SLOT_FIFO) &&
                              eddy__kqueue_is_open(fd));
}

static void refuse(eddy_backend *be, int fd, int error)
{
    if (error == EBADF && eddy__kqueue_is_open(fd))
        error = EINVAL;
    (void) eddy__kqueue_drop(be, fd);
    eddy__kqueue_report(be, fd, 0, refusal(error));
}

static void note_refusal(eddy_backend *be, int fd, unsigned knote, int error)
{
    struct slot *slot = &be->slots[fd];

    slot->knotes = (unsigned char) (slot->knotes & ~knote);
    if (is_broken(slot, fd, knote, error)) {
        eddy__kqueue_report(be, fd, EDDY_ANY_EVENT, 0);
        if (!is_edge(slot))
            eddy__kqueue_push(be, BROKEN, fd);
    } else if (HAVE_LOWAT && error == EINVAL &&
               !(slot->flags & (SLOT_SOCKET | SLOT_FIFO)) &&
               (!(slot->flags & SLOT_LOWAT) ||
                (slot->queued & (1U << CHANGED)))) {
        /* Both directions fail before the one retry, which is for both. */
        slot->flags = (unsigned char) (slot->flags | SLOT_LOWAT);
        eddy__kqueue_push(be, CHANGED, fd);
    } else {
        refuse(be, fd, error);
    }
}

bool eddy__kqueue_is_current(const eddy_backend *be,
                             const struct kevent *change)
{
    const struct slot *slot = eddy__kqueue_slot(be, (int) change->ident);

    return mark_of(change) == REMOVAL_MARK ||
           (slot != NULL && mark_of(change) == slot->generation);
}

void eddy__kqueue_note_error(eddy_backend *be, const struct kevent *change,
                             int error)
{
    if (mark_of(change) != REMOVAL_MARK && eddy__kqueue_is_current(be, change))
        note_refusal(be, (int) change->ident, knote_of(change), error);
}

/* --- events -------------------------------------------------------------- */

static const unsigned both_knotes = READ_KNOTE | WRITE_KNOTE;

/* What a knote would say now, made for this one question: false if it would
 * say nothing. */
static bool ask(eddy_backend *be, int fd, unsigned knote, struct kevent *answer)
{
    uint32_t mark = be->slots[fd].generation;
    struct kevent change =
        eddy__kqueue_change(fd, knote, EV_ADD | EV_ONESHOT, mark);

    if (be->scratch_fd < 0)
        be->scratch_fd = eddy__kqueue_create();
    if (be->scratch_fd < 0)
        return false;
    if (eddy__kqueue_call(be->scratch_fd, &change, 1, answer, 1, 0) == 1)
        return !(answer->flags & EV_ERROR);
    change = eddy__kqueue_change(fd, knote, EV_DELETE, REMOVAL_MARK);
    (void) eddy__kqueue_call(be->scratch_fd, &change, 1, NULL, 0, 0);
    return false;
}

/* Whether this half of a socket has ended. */
static bool has_ended(eddy_backend *be, int fd, unsigned knote)
{
    struct kevent answer;

    return ask(be, fd, knote, &answer) && (answer.flags & EV_EOF);
}

static bool hung_up(eddy_backend *be, int fd, unsigned knote,
                    const struct kevent *event)
{
    const struct slot *slot = &be->slots[fd];

    if (!(event->flags & EV_EOF))
        return false;
    if (!(slot->flags & SLOT_SOCKET) || event->fflags != 0 ||
        slot->happened == EDDY_ANY_EVENT)
        return true;
    return has_ended(be, fd, knote ^ both_knotes);
}

static unsigned events_of(eddy_backend *be, int fd, unsigned knote,
                          const struct kevent *event)
{
    unsigned happened = EDDY_READABLE;

    if (knote == EXCEPT_KNOTE)
        return (event->fflags & EXCEPT_NOTE) ? EDDY_PRIORITY : 0U;
    if (hung_up(be, fd, knote, event))
        return EDDY_ANY_EVENT;
    if (knote == WRITE_KNOTE)
        happened = EDDY_WRITABLE;
    else if (event->flags & EV_EOF)
        happened |= EDDY_DISCONNECT;
    return happened & be->slots[fd].want;
}

static void note_event(eddy_backend *be, int fd, unsigned knote,
                       const struct kevent *event)
{
    struct slot *slot = &be->slots[fd];
    unsigned happened;

    if (mark_of(event) != slot->generation || !(slot->knotes & knote)) {
        slot->knotes = (unsigned char) (slot->knotes | knote);
        slot->stale = (unsigned char) (slot->stale | knote);
        eddy__kqueue_push(be, CHANGED, fd);
        return;
    }
    slot->seen = (unsigned char) (slot->seen | knote);
    happened = events_of(be, fd, knote, event);
    if (happened == 0)
        return;
    eddy__kqueue_report(be, fd, happened, 0);
    if ((slot->clear & knote) && !is_edge(slot))
        slot->flags = (unsigned char) (slot->flags | SLOT_RETEST);
}

void eddy__kqueue_note(eddy_backend *be, const struct kevent *entry)
{
    int fd = (int) entry->ident;
    unsigned knote = knote_of(entry);

    if (entry->flags & EV_ERROR) {
        if (entry->data != 0)
            eddy__kqueue_note_error(be, entry, (int) entry->data);
    } else if (entry->filter == EVFILT_TIMER) {
        be->timed = false;
    } else if (knote != 0 && eddy__kqueue_slot(be, fd) != NULL) {
        note_event(be, fd, knote, entry);
    }
}

/* The other one is added anew: behind those of descriptors that have had no
 * report yet. */
static void complete(eddy_backend *be, int fd, unsigned other)
{
    struct slot *slot = &be->slots[fd];
    struct kevent answer;

    if (!ask(be, fd, other, &answer))
        return;
    note_event(be, fd, other, &answer);
    if (!is_edge(slot)) {
        slot->stale = (unsigned char) (slot->stale | other);
        eddy__kqueue_push(be, CHANGED, fd);
    }
}

void eddy__kqueue_complete(eddy_backend *be)
{
    int fd = be->first[REPORTED];

    for (; fd >= 0; fd = be->slots[fd].next[REPORTED]) {
        const struct slot *slot = &be->slots[fd];
        unsigned knotes = slot->knotes & both_knotes;
        unsigned other = knotes & ~(unsigned) slot->seen;

        if (slot->happened != 0 && slot->happened != EDDY_ANY_EVENT &&
            knotes == both_knotes && other != 0)
            complete(be, fd, other);
    }
}

/* --- reports ------------------------------------------------------------- */

int eddy__kqueue_take(eddy_backend *be, eddy_ready *ready, int capacity)
{
    int filled = 0;

    while (filled < capacity && be->live > 0) {
        int fd = eddy__kqueue_pop(be, REPORTED);
        struct slot *slot = &be->slots[fd];

        if (slot->happened == 0 && slot->error == 0)
            continue;
        ready[filled] = (eddy_ready){
            .token = slot->token,
            .error = slot->error,
        };
        if (slot->error == 0)
            ready[filled].events = slot->happened | (slot->want & EDDY_EDGE);
        filled++;
        eddy__kqueue_withdraw(be, fd);
        if (slot->flags & SLOT_RETEST)
            eddy__kqueue_push(be, CHANGED, fd);
    }
    return filled;
}
