/* SPDX-License-Identifier: MIT */
/*
 * The backend on kqueue, the kernel queue of the BSDs and macOS. Changes are
 * buffered and handed over with the next wait, in the same call if they fit.
 *
 * A knote belongs to the number, not to the open file: the kernel drops it
 * when the number is closed, and says nothing. Events carry a generation
 * instead of the token, because there may be only 32 bits: the table of slots
 * has the token. A child does not inherit a kqueue; the number of one may be
 * another file's there.
 *
 * Regular files and folders, which kqueue would watch in ways of its own, are
 * refused when they come. Other kinds the kernel refuses itself, when it is
 * told of them: such errors come out of wait().
 */
#include "kevents.h"

#include <assert.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

extern const eddy_backend_ops eddy_backend_kqueue;

enum {
    WATCHED = EDDY_READABLE | EDDY_WRITABLE | EDDY_DISCONNECT | EDDY_EDGE |
              (HAVE_EXCEPT ? EDDY_PRIORITY : 0)
};

static int create(const eddy_allocator *allocator, eddy_backend **out)
{
    eddy_backend *be =
        allocator->resize(allocator->context, NULL, 0, sizeof *be);
    int fd;

    if (be == NULL)
        return EDDY_ENOMEM;
    fd = eddy__kqueue_create();
    if (fd < 0) {
        (void) allocator->resize(allocator->context, be, sizeof *be, 0);
        return fd;
    }
    be->allocator = allocator;
    be->slots = NULL;
    be->slot_count = 0;
    be->fd = fd;
    be->scratch_fd = -1;
    for (int queue = 0; queue < QUEUES; queue++)
        be->first[queue] = -1;
    be->live = 0;
    be->change_count = 0;
    be->timed = false;
    be->broken_turn = false;
    *out = be;
    return 0;
}

static void destroy(eddy_backend *be, bool inherited)
{
    const eddy_allocator *allocator = be->allocator;

    if (!inherited) {
        (void) close(be->fd);
        if (be->scratch_fd >= 0)
            (void) close(be->scratch_fd);
    }
    eddy__kqueue_free_slots(be);
    (void) allocator->resize(allocator->context, be, sizeof *be, 0);
}

/* The kind of a descriptor as SLOT_ flags, or why it cannot be watched. */
static int kind_of(int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return -errno;
    if (S_ISSOCK(status.st_mode))
        return SLOT_SOCKET;
    if (S_ISFIFO(status.st_mode))
        return eddy__kqueue_watches_fifo(fd) ? SLOT_FIFO : EDDY_EPERM;
    if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
        return EDDY_EPERM;
    return 0;
}

/* A number that is watched anew. What the kernel has of it may be an earlier
 * file's: nothing of that is believed. */
static int enter(eddy_backend *be, int fd)
{
    int kind = kind_of(fd);
    int error = kind < 0 ? kind : eddy__kqueue_make_slot(be, fd);
    struct slot *slot = eddy__kqueue_slot(be, fd);

    if (error == 0) {
        assert(slot != NULL);
        eddy__kqueue_withdraw(be, fd);
        eddy__kqueue_renew(slot);
        slot->flags = (unsigned char) kind;
        slot->stale = ALL_KNOTES;
    } else if (slot != NULL) {
        (void) eddy__kqueue_drop(be, fd);
    }
    return error;
}

static int leave(eddy_backend *be, int fd)
{
    const struct slot *slot = eddy__kqueue_slot(be, fd);
    bool watched = slot != NULL && slot->want != 0;
    int error = slot != NULL ? eddy__kqueue_drop(be, fd) : 0;

    if (watched || error < 0)
        return error;
    return eddy__kqueue_is_open(fd) ? EDDY_ENOENT : EDDY_EBADF;
}

/* What was kept of the old wish and is not of the new one. */
static void forget_unwanted(eddy_backend *be, int fd)
{
    struct slot *slot = &be->slots[fd];
    unsigned happened = slot->happened;

    if (happened == 0 || happened == EDDY_ANY_EVENT)
        return;
    /* GCOV_EXCL_START: a wait reads no more than it then reports; what is left
     * for the next one are errors and hangups, from changes */
    eddy__kqueue_withdraw(be, fd);
    if (happened & slot->want)
        eddy__kqueue_report(be, fd, happened & slot->want, 0);
    /* GCOV_EXCL_STOP */
}

static int update(eddy_backend *be, uint64_t token, int fd, unsigned known,
                  unsigned want)
{
    struct slot *slot = eddy__kqueue_slot(be, fd);

    if (want == 0)
        return leave(be, fd);
    if (known == 0 || slot == NULL || slot->want == 0) {
        int error = enter(be, fd);

        if (error != 0)
            return error;
        slot = &be->slots[fd];
    }
    slot->token = token;
    slot->want = (unsigned char) want;
    forget_unwanted(be, fd);
    eddy__kqueue_push(be, CHANGED, fd);
    return 0;
}

static void retry_broken(eddy_backend *be)
{
    for (int fd = eddy__kqueue_pop(be, BROKEN); fd >= 0;
         fd = eddy__kqueue_pop(be, BROKEN))
        eddy__kqueue_push(be, CHANGED, fd);
}

static int room_left(const eddy_backend *be, int capacity)
{
    int room = capacity - be->live;

    return room < BATCH_COUNT ? room : BATCH_COUNT;
}

/* One call for events, with the changes if they fit. Changes that are answered
 * end it without a sleep. */
static int turn(eddy_backend *be, int64_t timeout_ns, int capacity)
{
    int room;
    int count;

    eddy__kqueue_fill(be);
    if (be->change_count > room_left(be, capacity) ||
        eddy__kqueue_has(be, CHANGED))
        eddy__kqueue_flush(be);
    room = room_left(be, capacity);
    if (room <= 0)
        return 0;
    if (be->live > 0 || eddy__kqueue_has(be, BROKEN))
        timeout_ns = 0;
    count = eddy__kqueue_call(be->fd, be->changes, be->change_count, be->events,
                              room, timeout_ns);
    (void) eddy__kqueue_taken(be, count);
    if (count == room)
        eddy__kqueue_complete(be);
    return count;
}

static int64_t time_left(uint64_t deadline_ns)
{
    uint64_t now_ns = eddy__kqueue_now_ns();

    return now_ns < deadline_ns ? (int64_t) (deadline_ns - now_ns) : 0;
}

/* When the time is up, events that are for nothing get no more turns. */
enum { MOST_IDLE = 8 };

/* Turns until there is something to report. A turn may be for nothing: with
 * changes that were refused, data where only the end is wanted, the timer of
 * fd(), a piece of a long sleep. */
static int await(eddy_backend *be, int64_t timeout_ns, int capacity)
{
    uint64_t deadline_ns = 0;
    int idle_turns = 0;

    if (timeout_ns > 0)
        deadline_ns = eddy__kqueue_now_ns() + (uint64_t) timeout_ns;
    for (;;) {
        int count = turn(be, timeout_ns, capacity);

        if (be->live > 0)
            return be->live;
        if (count < 0)
            return count;
        if (timeout_ns > 0)
            timeout_ns = time_left(deadline_ns);
        if (eddy__kqueue_has(be, BROKEN))
            retry_broken(be);
        else if (timeout_ns == 0 && (count == 0 || ++idle_turns > MOST_IDLE))
            return 0;
    }
}

static int wait_ready(eddy_backend *be, int64_t timeout_ns, eddy_ready *ready,
                      int capacity)
{
    int error;

    be->broken_turn = !be->broken_turn;
    if (be->broken_turn)
        retry_broken(be);
    error = await(be, timeout_ns, capacity);
    return error > 0 ? eddy__kqueue_take(be, ready, capacity) : error;
}

/* Changes that were refused make it readable, too. */
static int pollable_fd(eddy_backend *be, uint64_t deadline_ns)
{
    int error;

    eddy__kqueue_flush(be);
    if (be->live > 0 || eddy__kqueue_has(be, BROKEN))
        deadline_ns = 0;
    error = eddy__kqueue_arm(be, deadline_ns);
    return error == 0 ? be->fd : error;
}

const eddy_backend_ops eddy_backend_kqueue = {
    .name = "kqueue",
    .events = WATCHED,
    .create = create,
    .destroy = destroy,
    .update = update,
    .wait = wait_ready,
    .fd = pollable_fd,
};
