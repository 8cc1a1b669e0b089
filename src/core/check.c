/* SPDX-License-Identifier: MIT */
/*
 * Walks every structure of a loop and says which invariant does not hold, by
 * its line in this file (or in wheel.c). Always compiled: it is also what one
 * calls from a debugger.
 */
#include "core/fdtable.h"
#include "core/handle.h"
#include "core/loop.h"
#include "core/phase.h"
#include "core/timer.h"

static int check_list(const struct eddy__link *list)
{
    return eddy__list_whole(list) ? 0 : __LINE__;
}

static int check_handle(const eddy_loop *loop, const eddy_handle *handle,
                        size_t *active)
{
    if (handle->type == EDDY_HANDLE_UNKNOWN)
        return 0; /* a walk's marker */
    if (handle->loop != loop || loop->classes[handle->type] == NULL ||
        loop->classes[handle->type]->type != handle->type)
        return __LINE__;
    if (handle->flags & (EDDY__CLOSING | EDDY__CLOSED))
        return __LINE__;
    *active += (handle->flags & EDDY__ACTIVE) && (handle->flags & EDDY__REF);
    return 0;
}

/* Hidden handles are active without being listed, so that the counter may be
 * ahead of the list, never behind. */
static int check_handles(const eddy_loop *loop)
{
    const struct eddy__link *link;
    size_t active = 0;
    int line = check_list(&loop->handles);

    for (link = loop->handles.next; line == 0 && link != &loop->handles;
         link = link->next)
        line = check_handle(loop, EDDY__CONTAINER(link, eddy_handle, link),
                            &active);
    if (line == 0 && active > loop->active)
        line = __LINE__;
    return line;
}

static int check_closing(const eddy_loop *loop, const struct eddy__link *list,
                         unsigned *count)
{
    const struct eddy__link *link;
    int line = check_list(list);

    for (link = list->next; line == 0 && link != list; link = link->next) {
        const eddy_handle *handle = EDDY__CONTAINER(link, eddy_handle, link);

        ++*count;
        if (handle->loop != loop || !(handle->flags & EDDY__CLOSING) ||
            (handle->flags & (EDDY__ACTIVE | EDDY__CLOSED)))
            line = __LINE__;
    }
    return line;
}

/* While the closing phase runs, those it has taken are on no list. */
static int check_all_closing(const eddy_loop *loop)
{
    unsigned count = 0;
    int line = check_closing(loop, &loop->closing, &count);

    if (line == 0)
        line = check_closing(loop, &loop->waiting, &count);
    if (line == 0 &&
        (loop->state & EDDY__LOOP_RUNNING ? count > loop->closing_handles
                                          : count != loop->closing_handles))
        line = __LINE__;
    return line;
}

static int check_slot(const eddy_loop *loop, int fd)
{
    const struct eddy__fd *slot = &loop->fds[fd];
    const struct eddy__watcher *prev = NULL;
    const struct eddy__watcher *watcher;
    unsigned wanted = eddy__fd_wanted(slot);

    for (watcher = slot->watchers; watcher != NULL; watcher = watcher->next) {
        if (watcher->fd != fd || watcher->prev != prev ||
            watcher->ready == NULL)
            return __LINE__;
        prev = watcher;
    }
    if (slot->watchers == NULL && slot->known != 0)
        return __LINE__;
    if (eddy__fd_unlike(slot, wanted) && !(slot->flags & EDDY__FD_QUEUED))
        return __LINE__;
    return 0;
}

static int check_fds(const eddy_loop *loop)
{
    int queued = 0;
    int steps = 0;
    int line = 0;

    for (int fd = 0; line == 0 && fd < loop->fd_count; fd++) {
        line = check_slot(loop, fd);
        queued += (loop->fds[fd].flags & EDDY__FD_QUEUED) != 0;
    }
    if (line != 0)
        return line;
    for (int fd = loop->first_changed; fd >= 0; fd = loop->fds[fd].next) {
        if (fd >= loop->fd_count || ++steps > queued ||
            !(loop->fds[fd].flags & EDDY__FD_QUEUED))
            return __LINE__;
    }
    /* A flush that is under way has taken some off the queue. */
    return steps != queued && !(loop->state & EDDY__LOOP_RUNNING) ? __LINE__
                                                                  : 0;
}

static int check_timers(const eddy_loop *loop)
{
    size_t queued = 0;
    int line;

    if (loop->wheel == NULL)
        return 0;
    line = eddy__wheel_check(loop->wheel, &queued);
    if (line == 0)
        line = eddy__fresh_check(loop->wheel, loop);
    if (line == 0 && queued > loop->wheel->active)
        line = __LINE__;
    return line;
}

static int check_requests(const eddy_loop *loop)
{
    const eddy_req *last = NULL;
    size_t count = 0;

    for (const eddy_req *req = loop->ended; req != NULL; req = req->next) {
        if (req->loop != loop || req->kind == NULL || ++count > loop->requests)
            return __LINE__;
        last = req;
    }
    if (last != NULL && last != loop->last_ended)
        return __LINE__;
    return 0;
}

int eddy_loop_check(const eddy_loop *loop)
{
    static int (*const checks[])(const eddy_loop *) = {
        check_handles, check_all_closing, check_fds,
        check_timers,  check_requests,
    };
    int line = 0;

    if (loop == NULL || !(loop->state & EDDY__LOOP_OPEN))
        return __LINE__;
    for (int i = EDDY__IDLE; line == 0 && i <= EDDY__CHECK; i++)
        line = check_list(&loop->phases[i]);
    for (size_t i = 0; line == 0 && i < sizeof(checks) / sizeof(checks[0]); i++)
        line = checks[i](loop);
    return line;
}
