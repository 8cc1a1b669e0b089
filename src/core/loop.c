/* SPDX-License-Identifier: MIT */
/*
 * The making and the end of a loop, and what it lends to modules above.
 */
#include "core/loop.h"

#include "core/backend.h"
#include "core/fdtable.h"
#include "core/messages.h"
#include "core/phase.h"
#include "core/timer.h"
#include "core/wakeup.h"

#include <string.h>

static size_t ready_size(void)
{
    return EDDY__BATCH * sizeof(eddy_ready);
}

static void set_up(eddy_loop *loop, const eddy_loop_options *options)
{
    void *data = loop->data;

    memset(loop, 0, sizeof(*loop));
    loop->data = data;
    loop->os = options->os != NULL ? options->os : eddy_os_default();
    loop->allocator = options->allocator != NULL ? options->allocator
                                                 : &eddy__allocator_default;
    loop->ops = eddy__backend_choose(options);
    loop->spin_ns = options->spin_ns;
    loop->first_changed = -1;
    loop->wakeup.fd = -1;
    loop->reserve_fd = -1;
    loop->fork_generation = eddy__fork_generation();
    eddy__list_init(&loop->handles);
    eddy__list_init(&loop->closing);
    eddy__list_init(&loop->waiting);
    for (int i = EDDY__IDLE; i <= EDDY__CHECK; i++)
        eddy__list_init(&loop->phases[i]);
}

/* Twice: eddy_loop_default looks from any thread. */
static void set_open(eddy_loop *loop, bool open)
{
    loop->state = open ? EDDY__LOOP_OPEN : 0;
    __atomic_store_n(&loop->open, open, __ATOMIC_RELEASE);
}

/* Undoes what was done, from the end: also of a loop that is half built. */
static void tear_down(eddy_loop *loop)
{
    if (loop->reserve_fd >= 0)
        loop->os->close(loop->os->context, loop->reserve_fd);
    if (loop->wakeup.fd >= 0)
        eddy__wakeup_close(loop);
    if (loop->backend != NULL)
        loop->ops->destroy(loop->backend, eddy__loop_inherited(loop));
    eddy__timers_free(loop);
    eddy__fds_free(loop);
    eddy__free(loop->allocator, loop->ready, ready_size());
    eddy__free(loop->allocator, loop->read_buffer, EDDY__READ_SIZE);
    set_open(loop, false);
}

static int open_parts(eddy_loop *loop)
{
    int err;

    loop->ready = eddy__allocate(loop->allocator, ready_size());
    if (loop->ready == NULL)
        return EDDY_ENOMEM;
    err = eddy__wakeup_init(loop);
    if (err < 0) {
        loop->wakeup.fd = -1;
        return err;
    }
    err = eddy__backend_open(loop, &loop->backend);
    if (err == 0)
        eddy__fds_forget(loop);
    return err;
}

int eddy_loop_init(eddy_loop *loop, const eddy_loop_options *options)
{
    static const eddy_loop_options defaults;
    int err;

    if (loop == NULL)
        return EDDY_EINVAL;
    set_up(loop, options != NULL ? options : &defaults);
    if (loop->ops == NULL)
        return EDDY_EINVAL;
    err = eddy__fork_watch();
    if (err == 0)
        err = open_parts(loop);
    if (err < 0)
        tear_down(loop);
    else
        set_open(loop, true);
    return err;
}

static bool is_in_use(const eddy_loop *loop)
{
    return loop->requests > 0 || loop->closing_handles > 0 ||
           !eddy__list_empty(&loop->handles);
}

/* The callbacks of tasks that are handed back may make handles: then the loop
 * stays as it was. */
int eddy_loop_close(eddy_loop *loop)
{
    int err;

    if (loop == NULL || !(loop->state & EDDY__LOOP_OPEN))
        return EDDY_EINVAL;
    err = eddy__loop_misused(loop);
    if (err < 0)
        return err;
    if ((loop->state & EDDY__LOOP_RUNNING) || is_in_use(loop))
        return EDDY_EBUSY;
    eddy__loop_enter(loop); /* for the callbacks of tasks */
    eddy__messages_close(loop);
    eddy__loop_exit(loop);
    if (is_in_use(loop)) {
        eddy__arrivals_reopen(loop);
        return EDDY_EBUSY;
    }
    tear_down(loop);
    return 0;
}

void eddy_loop_ref(eddy_loop *loop)
{
    loop->references++;
}

void eddy_loop_unref(eddy_loop *loop)
{
    if (loop->references > 0)
        loop->references--;
}

size_t eddy_loop_size(void)
{
    return sizeof(eddy_loop);
}

const char *eddy_loop_backend(const eddy_loop *loop)
{
    return loop->ops->name;
}

char *eddy__loop_read_buffer(eddy_loop *loop)
{
    if (loop->read_buffer == NULL)
        loop->read_buffer = eddy__allocate(loop->allocator, EDDY__READ_SIZE);
    return loop->read_buffer;
}

int eddy__loop_reserve(eddy_loop *loop)
{
    int fd;

    if (loop->reserve_fd >= 0)
        return 0;
    do
        fd = loop->os->reserve(loop->os->context);
    while (fd == EDDY_EINTR);
    if (fd < 0)
        return fd;
    loop->reserve_fd = fd;
    return 0;
}
