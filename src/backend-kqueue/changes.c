/* SPDX-License-Identifier: MIT */
/*
 * From what is wanted of a descriptor to changes of its knotes.
 *
 * Readiness to read and to write are two knotes. A knote stays edge- or
 * level-triggered as it was made, so that another mode takes a removal before
 * it is added again; adding one that is there tests it anew. Who wants to know
 * of a disconnect but not of data gets an edge-triggered reading knote: data
 * wakes it once an arrival, and only the end is reported. The knote for urgent
 * data is edge-triggered for the same reason: macOS fires it for any data. What
 * such a knote told is asked for again before the next wait.
 *
 * The kernel applies a list of changes to its end, and answers those that fail
 * in the list of events, which then holds nothing else, if there is room for
 * all of them. Without any room it takes no events, and the first change that
 * fails ends the call.
 */
#include "kevents.h"

#include <fcntl.h>
#include <stddef.h>

static const int64_t longest_ns = (int64_t) EDDY_SEC(60 * 60);

/* Counts are an int here and a size_t there: an unsigned short fits both. */
int eddy__kqueue_call(int kq, const struct kevent *changes, int change_count,
                      struct kevent *events, int room, int64_t timeout_ns)
{
    const int64_t second_ns = (int64_t) EDDY_SEC(1);
    int64_t sleep_ns = timeout_ns < longest_ns ? timeout_ns : longest_ns;
    struct timespec timeout = {
        .tv_sec = (time_t) (sleep_ns / second_ns),
        .tv_nsec = (long) (sleep_ns % second_ns),
    };
    int count = kevent(kq, changes, (unsigned short) change_count, events,
                       (unsigned short) room, sleep_ns < 0 ? NULL : &timeout);

    return count < 0 ? -errno : count;
}

struct kevent eddy__kqueue_change(int fd, unsigned knote, unsigned flags,
                                  uint32_t mark)
{
    struct kevent change = {
        .ident = (unsigned) fd,
        .filter = EVFILT_READ,
        .flags = (kevent_flags) flags,
        /* A pointer on most systems, for the kernel to hand back: nobody looks
         * where it points. NOLINTNEXTLINE(performance-no-int-to-ptr) */
        .udata = (kevent_udata) (uintptr_t) mark,
    };

    if (knote == WRITE_KNOTE)
        change.filter = EVFILT_WRITE;
    if (knote == EXCEPT_KNOTE) {
        change.filter = EXCEPT_FILTER;
        change.fflags = EXCEPT_NOTE;
    }
    return change;
}

/* Only a reading knote tells of the end; priority needs it to learn that the
 * connection hung up. */
static unsigned wanted_knotes(const struct slot *slot)
{
    unsigned knotes = 0;

    if (slot->want & (EDDY_READABLE | EDDY_DISCONNECT | EDDY_PRIORITY))
        knotes |= READ_KNOTE;
    if (slot->want & EDDY_WRITABLE)
        knotes |= WRITE_KNOTE;
    if (HAVE_EXCEPT && (slot->want & EDDY_PRIORITY) &&
        (slot->flags & SLOT_SOCKET))
        knotes |= EXCEPT_KNOTE;
    return knotes;
}

static unsigned clear_knotes(const struct slot *slot)
{
    if (slot->want & EDDY_EDGE)
        return ALL_KNOTES;
    return EXCEPT_KNOTE | ((slot->want & EDDY_READABLE) ? 0U : READ_KNOTE);
}

static void put(eddy_backend *be, struct kevent change)
{
    be->changes[be->change_count++] = change;
}

static void put_removals(eddy_backend *be, int fd, unsigned knotes)
{
    for (unsigned knote = 1; knote <= knotes; knote *= 2) {
        if (knotes & knote)
            put(be, eddy__kqueue_change(fd, knote, EV_DELETE, REMOVAL_MARK));
    }
}

static void put_additions(eddy_backend *be, int fd, unsigned knotes)
{
    const struct slot *slot = &be->slots[fd];

    for (unsigned knote = 1; knote <= knotes; knote *= 2) {
        unsigned flags = EV_ADD | ((slot->clear & knote) ? EV_CLEAR : 0U);
        struct kevent change =
            eddy__kqueue_change(fd, knote, flags, slot->generation);

        if (!(knotes & knote))
            continue;
        if (slot->flags & SLOT_LOWAT) {
            change.fflags = LOWAT_NOTE;
            change.data = 1;
        }
        put(be, change);
    }
}

/* The changes count as made from here on: an entry, or the failure of the
 * call, says if they were not. */
static void put_changes(eddy_backend *be, int fd)
{
    struct slot *slot = &be->slots[fd];
    unsigned wanted = wanted_knotes(slot);
    unsigned clear = wanted & clear_knotes(slot);
    unsigned stay = slot->knotes & wanted & ~(clear ^ slot->clear) &
                    ~(unsigned) slot->stale;
    unsigned added = wanted & ~stay;

    if (slot->want & EDDY_EDGE)
        added = wanted; /* a change is a new look, as with epoll */
    else if (slot->flags & SLOT_RETEST)
        added |= clear;

    put_removals(be, fd, slot->knotes & ~stay);
    slot->knotes = (unsigned char) wanted;
    slot->clear = (unsigned char) clear;
    slot->stale = 0;
    slot->flags = (unsigned char) (slot->flags & ~SLOT_RETEST);
    put_additions(be, fd, added);
}

void eddy__kqueue_fill(eddy_backend *be)
{
    while (be->change_count <= CHANGE_COUNT - SLOT_CHANGES) {
        int fd = eddy__kqueue_pop(be, CHANGED);

        if (fd < 0)
            return;
        put_changes(be, fd);
    }
}

/* Nobody knows which of the changes were made. */
static void put_back(eddy_backend *be)
{
    for (int i = 0; i < be->change_count; i++) {
        int fd = (int) be->changes[i].ident;
        struct slot *slot = &be->slots[fd];

        slot->knotes = READ_KNOTE | WRITE_KNOTE;
        if (HAVE_EXCEPT && (slot->flags & SLOT_SOCKET))
            slot->knotes = ALL_KNOTES;
        slot->stale = ALL_KNOTES;
        eddy__kqueue_push(be, CHANGED, fd);
    }
}

/* A signal ends the sleep, which comes after the changes. */
int eddy__kqueue_taken(eddy_backend *be, int count)
{
    if (count < 0 && count != EDDY_EINTR)
        put_back(be);
    be->change_count = 0;
    for (int i = 0; i < count; i++)
        eddy__kqueue_note(be, &be->events[i]);
    return count;
}

/* The first change that fails ends the call with its error, and does not say
 * which one it was. What was made before bears being made again. */
static void hand_over_singly(eddy_backend *be)
{
    for (int i = 0; i < be->change_count; i++) {
        const struct kevent *change = &be->changes[i];
        int error = 0;

        if (eddy__kqueue_is_current(be, change))
            error = eddy__kqueue_call(be->fd, change, 1, NULL, 0, 0);
        if (error != 0)
            eddy__kqueue_note_error(be, change, -error);
    }
}

void eddy__kqueue_flush(eddy_backend *be)
{
    for (eddy__kqueue_fill(be); be->change_count > 0; eddy__kqueue_fill(be)) {
        if (eddy__kqueue_call(be->fd, be->changes, be->change_count, NULL, 0,
                              0) != 0)
            hand_over_singly(be);
        be->change_count = 0;
    }
}

bool eddy__kqueue_is_open(int fd)
{
    return fcntl(fd, F_GETFD) != -1;
}

/* Which error a kernel has for a closed descriptor differs. */
static bool is_absence(int error)
{
#ifdef ENOTCAPABLE
    if (error == -ENOTCAPABLE)
        return true;
#endif
    return error == EDDY_ENOENT || error == EDDY_EBADF;
}

static int remove_knotes(eddy_backend *be, int fd, unsigned knotes)
{
    struct kevent changes[3];
    int count = 0;
    int gone = 0;

    for (unsigned knote = 1; knote <= knotes; knote *= 2) {
        if (knotes & knote)
            changes[count++] =
                eddy__kqueue_change(fd, knote, EV_DELETE, REMOVAL_MARK);
    }
    if (eddy__kqueue_call(be->fd, changes, count, NULL, 0, 0) == 0)
        return 0;
    for (int i = 0; i < count; i++) {
        int error = eddy__kqueue_call(be->fd, &changes[i], 1, NULL, 0, 0);

        if (error != 0 && !is_absence(error))
            return error;
        gone += error != 0;
    }
    if (gone < count)
        return 0;
    return eddy__kqueue_is_open(fd) ? EDDY_ENOENT : EDDY_EBADF;
}

int eddy__kqueue_drop(eddy_backend *be, int fd)
{
    struct slot *slot = &be->slots[fd];
    unsigned char knotes = slot->knotes;
    int error;

    eddy__kqueue_withdraw(be, fd);
    eddy__kqueue_renew(slot);
    slot->want = 0;
    slot->knotes = 0;
    if (knotes == 0)
        return 0;
    error = remove_knotes(be, fd, knotes);
    if (error != 0 && !is_absence(error)) {
        slot->knotes = knotes;
        eddy__kqueue_push(be, CHANGED, fd);
    }
    return error;
}
