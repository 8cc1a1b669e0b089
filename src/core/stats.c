/* SPDX-License-Identifier: MIT */
/*
 * The counters. What is dear to count as it happens is found out here, when
 * somebody asks.
 */
#include "core/fdtable.h"
#include "core/handle.h"
#include "core/loop.h"

#include <string.h>

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void count_handles(const eddy_loop *loop, eddy_stats *out)
{
    const struct eddy__link *link;

    out->handles = loop->closing_handles;
    for (link = loop->handles.next; link != &loop->handles; link = link->next) {
        const eddy_handle *handle = EDDY__CONTAINER(link, eddy_handle, link);

        if (handle->type == EDDY_HANDLE_UNKNOWN)
            continue; /* a walk's marker */
        out->handles++;
        out->active_handles += (handle->flags & EDDY__ACTIVE) != 0;
    }
}

static uint64_t count_fds(const eddy_loop *loop)
{
    uint64_t count = 0;

    for (int fd = 0; fd < loop->fd_count; fd++)
        count += loop->fds[fd].watchers != NULL && fd != loop->wakeup.fd;
    return count;
}

void eddy_loop_stats(const eddy_loop *loop, eddy_stats *out)
{
    memcpy(out, &loop->stats, sizeof(*out));
    out->wakeups_written =
        __atomic_load_n(&loop->wakeups_written, __ATOMIC_RELAXED);
    out->wakeups_saved =
        less(out->asyncs_run + out->tasks_run, out->wakeups_written);
    out->interest_saved = less(out->interest_saved, out->interest_changes);
    count_handles(loop, out);
    out->fds = count_fds(loop);
}
