/* SPDX-License-Identifier: MIT */
/*
 * Watchers and the table that holds them. Starting and stopping only change
 * wanted masks and queue the descriptor; the kernel is told once, before the
 * loop sleeps, of what changed in the end.
 *
 * An interest that was dropped lingers in the kernel until an event comes that
 * nobody wants: whoever stops and starts again pays no system call.
 */
#include "core/fdtable.h"

#include "core/loop.h"

#include <assert.h>
#include <string.h>

/* Beyond this a number must belong to an open descriptor before the table
 * grows to hold it: a stray INT_MAX shall not cost gigabytes. */
enum { FEW_FDS = 1 << 20 };

static uint64_t token_of(int fd, const struct eddy__fd *slot)
{
    return (uint64_t) slot->generation << 32 | (unsigned) fd;
}

static size_t grown_size(size_t size, size_t needed)
{
#ifdef EDDY_STRESS
    (void) size;
    return needed;
#else
    size = size < 64 ? 64 : size;
    while (size < needed)
        size *= 2;
    return size;
#endif
}

static int check_open(const eddy_loop *loop, int fd)
{
    int err;

    do
        err = loop->os->is_open(loop->os->context, fd);
    while (err == EDDY_EINTR);
    return err;
}

static int grow(eddy_loop *loop, int fd)
{
    size_t old = (size_t) loop->fd_count;
    size_t size = grown_size(old, (size_t) fd + 1);
    struct eddy__fd *fds;

    if (fd >= FEW_FDS) {
        int err = check_open(loop, fd);

        if (err < 0)
            return err;
    }
    if (size > INT32_MAX || size > SIZE_MAX / sizeof(*fds))
        return EDDY_ENOMEM;
    fds = eddy__resize(loop->allocator, loop->fds, old * sizeof(*fds),
                       size * sizeof(*fds));
    if (fds == NULL)
        return EDDY_ENOMEM;
    memset(fds + old, 0, (size - old) * sizeof(*fds));
    loop->fds = fds;
    loop->fd_count = (int) size;
    return 0;
}

static void enqueue(eddy_loop *loop, int fd, unsigned flags)
{
    struct eddy__fd *slot = &loop->fds[fd];

    assert(fd >= 0 && fd < loop->fd_count);
    if (!(slot->flags & EDDY__FD_QUEUED)) {
        slot->next = loop->first_changed;
        loop->first_changed = fd;
        eddy__loop_touched(loop);
    }
    slot->flags |= (unsigned char) (EDDY__FD_QUEUED | flags);
}

int eddy__watcher_open(eddy_loop *loop, struct eddy__watcher *watcher, int fd,
                       eddy__ready_fn ready)
{
    struct eddy__fd *slot;

    if (fd >= loop->fd_count) {
        int err = grow(loop, fd);

        if (err < 0)
            return err;
    }
    slot = &loop->fds[fd];
    *watcher = (struct eddy__watcher){
        .next = slot->watchers,
        .ready = ready,
        .fd = fd,
        .changed = loop->dispatch - 1,
    };
    slot->watchers = watcher;
    assert(watcher->next != NULL || slot->known == 0);
    if (watcher->next != NULL) {
        watcher->next->prev = watcher;
        enqueue(loop, fd, 0); /* an edge will not do any more */
    }
    return 0;
}

void eddy__watcher_begin_change(eddy_loop *loop, struct eddy__watcher *watcher)
{
    watcher->changed = loop->dispatch;
    watcher->before = watcher->events;
    enqueue(loop, watcher->fd, 0);
}

/* Removes the registration at once, so that the number may be reused. An error
 * means that the caller closed it before us: should a duplicate keep it alive
 * in the kernel, its events will be found to be stale. */
static void release(eddy_loop *loop, struct eddy__fd *slot, int fd)
{
    if (slot->known != 0 && !eddy__loop_inherited(loop)) {
        loop->stats.interest_changes++;
        loop->ops->update(loop->backend, token_of(fd, slot), fd, slot->known,
                          0);
    }
    slot->known = 0;
    slot->generation = ++loop->generation;
    slot->released = loop->batch;
}

void eddy__watcher_close(eddy_loop *loop, struct eddy__watcher *watcher)
{
    struct eddy__fd *slot = &loop->fds[watcher->fd];

    assert(watcher->fd < loop->fd_count && slot->watchers != NULL);
    if (loop->next_watcher == watcher)
        loop->next_watcher = watcher->next;
    if (watcher->prev != NULL)
        watcher->prev->next = watcher->next;
    else
        slot->watchers = watcher->next;
    if (watcher->next != NULL)
        watcher->next->prev = watcher->prev;
    if (slot->watchers == NULL)
        release(loop, slot, watcher->fd);
    else
        enqueue(loop, watcher->fd, 0);
    watcher->events = 0;
}

/* What a watcher is to be told of: what it wants, and wanted when the dispatch
 * began, since what is reported is older than any later wish. */
static unsigned wanted_of(const struct eddy__watcher *watcher,
                          uint64_t dispatch)
{
    if (watcher->changed != dispatch)
        return watcher->events;
    return watcher->events & watcher->before;
}

/* Calls the watchers of a descriptor. The cursor is the loop's, so that closing
 * a watcher can move it on. */
static unsigned tell(eddy_loop *loop, int fd, int status, unsigned events)
{
    uint64_t dispatch = ++loop->dispatch;
    unsigned told = 0;

    loop->next_watcher = loop->fds[fd].watchers;
    while (loop->next_watcher != NULL) {
        struct eddy__watcher *watcher = loop->next_watcher;
        unsigned wanted = wanted_of(watcher, dispatch) & events;

        loop->next_watcher = watcher->next;
        if (wanted == 0)
            continue;
        if (status < 0)
            watcher->events = 0;
        told += watcher->ready(watcher, status, status < 0 ? 0 : wanted);
    }
    return told;
}

/* The kernel will not watch the descriptor: each watcher learns it once. */
static unsigned refuse(eddy_loop *loop, int fd, int error)
{
    loop->fds[fd].known = 0;
    enqueue(loop, fd, 0);
    return tell(loop, fd, error, EDDY_ANY_EVENT | EDDY_EDGE);
}

static unsigned apply(eddy_loop *loop, int fd)
{
    struct eddy__fd *slot = &loop->fds[fd];
    unsigned wanted = eddy__fd_wanted(slot);
    bool exact = slot->flags & EDDY__FD_EXACT;
    int err;

    assert(slot->flags & EDDY__FD_QUEUED);
    assert(slot->watchers != NULL || slot->known == 0);
    slot->flags = 0;
    if (!eddy__fd_unlike(slot, wanted) &&
        !(exact && (wanted != slot->known || (wanted & EDDY_EDGE))))
        return 0;
    loop->stats.interest_changes++;
    err = loop->ops->update(loop->backend, token_of(fd, slot), fd, slot->known,
                            wanted);
    if (err == 0)
        slot->known = (unsigned char) wanted;
    else if (wanted == 0)
        slot->known = 0; /* it was gone already, which is what was wanted */
    else
        return refuse(loop, fd, err);
    return 0;
}

/* What a callback of a refused watcher queues anew waits for the next flush:
 * one that insists would keep us here for ever. */
unsigned eddy__fds_flush(eddy_loop *loop)
{
    int fd = loop->first_changed;
    unsigned told = 0;

    loop->first_changed = -1;
    while (fd >= 0) {
        int next = loop->fds[fd].next;

        told += apply(loop, fd);
        fd = next;
    }
    loop->dispatch++; /* what is changed from now on has to be queued anew */
    return told;
}

/* An event of a registration that is not ours any more. If its descriptor was
 * released within this batch there is nothing to be done: the kernel has
 * forgotten it. Else somebody closed it under a duplicate, which keeps it alive
 * in the kernel: it must go, lest it be reported for ever. */
static void drop(eddy_loop *loop, int fd, uint64_t token)
{
    const struct eddy__fd *slot = fd < loop->fd_count ? &loop->fds[fd] : NULL;

    if (slot != NULL && slot->released == loop->batch)
        return;
    if ((slot != NULL && slot->known != 0) ||
        loop->ops->update(loop->backend, token, fd, EDDY_ANY_EVENT, 0) < 0)
        loop->state |= EDDY__LOOP_REBUILD;
}

/* Whether an interest may linger though it brought an event that nobody wants.
 * An edge is not repeated, and that there is room mostly comes along with other
 * events, at no cost. Who wants to know of room later will have met EAGAIN by
 * then, and be told of new room (eddy__watcher_set). */
static bool may_linger(unsigned unwanted, unsigned events)
{
    return (events & EDDY_EDGE) && unwanted == EDDY_WRITABLE;
}

static unsigned dispatch(eddy_loop *loop, const eddy_ready *ready)
{
    int fd = (int) (ready->token & INT32_MAX);
    struct eddy__fd *slot = &loop->fds[fd];
    unsigned unwanted;

    if (fd >= loop->fd_count || slot->watchers == NULL ||
        slot->generation != (unsigned) (ready->token >> 32)) {
        drop(loop, fd, ready->token);
        return 0;
    }
    if (ready->error < 0)
        return refuse(loop, fd, ready->error);
    unwanted =
        ready->events & slot->known & ~eddy__fd_wanted(slot) & EDDY_ANY_EVENT;
    if (unwanted != 0 && !may_linger(unwanted, ready->events))
        enqueue(loop, fd, EDDY__FD_EXACT);
    return tell(loop, fd, 0, ready->events);
}

unsigned eddy__fds_dispatch(eddy_loop *loop, int count)
{
    unsigned told = 0;

    for (int i = 0; i < count && !eddy__loop_inherited(loop); i++)
        told += dispatch(loop, &loop->ready[i]);
    return told;
}

int eddy__fds_attach(const eddy_loop *loop, eddy_backend *backend)
{
    int fd = loop->wakeup.fd;
    const struct eddy__fd *slot = &loop->fds[fd];

    assert(slot->watchers != NULL);
    return loop->ops->update(backend, token_of(fd, slot), fd, 0,
                             eddy__fd_wanted(slot));
}

void eddy__fds_forget(eddy_loop *loop)
{
    struct eddy__fd *wakeup = &loop->fds[loop->wakeup.fd];

    for (int fd = 0; fd < loop->fd_count; fd++) {
        loop->fds[fd].known = 0;
        if (loop->fds[fd].watchers != NULL)
            enqueue(loop, fd, 0);
    }
    wakeup->known = (unsigned char) eddy__fd_wanted(wakeup);
    loop->stats.interest_changes++;
}

void eddy__fds_free(eddy_loop *loop)
{
    eddy__free(loop->allocator, loop->fds,
               (size_t) loop->fd_count * sizeof(*loop->fds));
    loop->fds = NULL;
    loop->fd_count = 0;
}
