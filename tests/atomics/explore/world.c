/* SPDX-License-Identifier: MIT */
/*
 * The backend and the system of a world, and what senders and callbacks do in
 * it. Whatever the promise in the headers says is checked here; races and uses
 * after free are the memory's affair.
 */
#include "world.h"

#include "memory.h"
#include "search.h"

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAKEUP_FD = 3, ARENA = 1 << 17 };

struct world world;

/* What the kernel knows. */
static struct {
    int written;
    int writes, waits; /* in all */
    uint64_t token;
} kernel;

static struct {
    size_t used;
    char bytes[ARENA] __attribute__((aligned(16)));
} arena;

/* --- the system --------------------------------------------------------------
 */

/* Executions that are cut short free nothing: everything goes at once. */
static void *arena_resize(void *context, void *old, size_t old_size,
                          size_t new_size)
{
    char *got = &arena.bytes[arena.used];

    (void) context;
    if (new_size == 0)
        return NULL;
    arena.used += (new_size + 15) / 16 * 16;
    if (arena.used > ARENA)
        return NULL;
    if (old != NULL)
        memcpy(got, old, old_size < new_size ? old_size : new_size);
    return got;
}

static int open_wakeup(void *context, int fds[2])
{
    (void) context;
    fds[0] = WAKEUP_FD;
    fds[1] = WAKEUP_FD;
    return world.is_pipe ? EDDY_READABLE : EDDY_READABLE | EDDY_EDGE;
}

static int write_wakeup(void *context, int fd)
{
    (void) context;
    search_step(&kernel, true, NULL);
    memory_plain(&world.loop.wakeup_write_fd, sizeof(int), false);
    if (fd != WAKEUP_FD)
        search_fail("another descriptor was written");
    world.failed = world.fails > 0;
    search_note("write the wakeup%s", world.failed ? ", in vain" : "");
    if (world.failed) {
        world.fails--;
        return EDDY_EIO;
    }
    kernel.written = 1;
    /* One for each sleep, the one that is about to begin among them. */
    if (++kernel.writes > kernel.waits + 1)
        search_fail("a sleep was ended twice");
    return 0;
}

static int drain_wakeup(void *context, int fd)
{
    (void) context;
    (void) fd;
    search_step(&kernel, true, NULL);
    search_note("drain the wakeup");
    kernel.written = 0;
    return 0;
}

static int close_fd(void *context, int fd)
{
    (void) context;
    (void) fd;
    return 0;
}

static int is_open(void *context, int fd)
{
    (void) context;
    (void) fd;
    return 0;
}

/* In the place of libc's, by the linker. */
int __wrap_sched_yield(void);
int __wrap_nanosleep(const struct timespec *time, struct timespec *rest);

int __wrap_sched_yield(void)
{
    memory_yield();
    return 0;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *rest)
{
    (void) time;
    (void) rest;
    memory_yield();
    return 0;
}

/* --- the backend -------------------------------------------------------------
 */

static int create(const eddy_allocator *allocator, eddy_backend **out)
{
    (void) allocator;
    *out = (eddy_backend *) (void *) &kernel;
    return 0;
}

static void destroy(eddy_backend *backend, bool inherited)
{
    (void) backend;
    (void) inherited;
}

static int update(eddy_backend *backend, uint64_t token, int fd, unsigned known,
                  unsigned want)
{
    (void) backend;
    (void) fd;
    (void) known;
    (void) want;
    kernel.token = token;
    return 0;
}

/* Nobody is left to wake the loop: it must not have anything to be told. After
 * a write that failed it may have to wait for the next one. */
static void check_quiet(void)
{
    for (int i = 0; i < WORLD_ASYNCS; i++) {
        const struct world_async *async = &world.asyncs[i];

        for (int s = 1; s <= WORLD_SENDERS; s++)
            if (!async->closing && !world.failed &&
                async->told[s] != async->published[s])
                search_fail("a send was not told");
    }
    for (int i = 0; i < WORLD_TASKS; i++)
        if (!world.failed && world.tasks[i].posted != world.tasks[i].callbacks)
            search_fail("a task was not run");
    if (!world.failed && world.loop.stopping != 0)
        search_fail("a stop was not seen");
}

static bool may_return(void)
{
    return kernel.written || world.finished == world.senders;
}

static int wait(eddy_backend *backend, int64_t timeout_ns, eddy_ready *ready,
                int capacity)
{
    int written;

    (void) backend;
    (void) capacity;
    search_step(&kernel, true, timeout_ns == 0 ? NULL : may_return);
    kernel.waits++;
    written = kernel.written;
    search_note("wait%s: %d", timeout_ns == 0 ? " not" : "", written);
    if (timeout_ns != 0 && !written) {
        check_quiet();
        eddy_stop(&world.loop);
        return 0;
    }
    if (!world.is_pipe)
        kernel.written = 0;
    ready[0] = (eddy_ready){.token = kernel.token,
                            .events = EDDY_READABLE |
                                      (world.is_pipe ? 0u : EDDY_EDGE)};
    return written;
}

static int no_fd(eddy_backend *backend, uint64_t deadline_ns)
{
    (void) backend;
    (void) deadline_ns;
    return EDDY_ENOTSUP;
}

static const eddy_backend_ops backend = {
    .name = "explored",
    .events = EDDY_READABLE | EDDY_WRITABLE | EDDY_EDGE,
    .create = create,
    .destroy = destroy,
    .update = update,
    .wait = wait,
    .fd = no_fd,
};

/* --- callbacks ---------------------------------------------------------------
 */

static void on_closed(eddy_handle *handle)
{
    struct world_async *async = (struct world_async *) (void *) handle;
    eddy_async *freed = &async->async;

    /* A send that comes too late still looks at the state, in memory that its
     * caller has to keep. */
    memory_free(&freed->handle, sizeof(freed->handle));
    memory_free(&freed->message.next, sizeof(freed->message.next));
    memory_free(&freed->cb, sizeof(freed->cb));
    world.asyncs_freed++;
}

void world_close_async(int which)
{
    struct world_async *async = &world.asyncs[which];

    if (async->closing)
        return;
    async->closing = true;
    if (eddy_close(&async->async.handle, on_closed) != 1)
        search_fail("an async was not closed");
    memory_store(&async->closed, sizeof(int), 1, __ATOMIC_RELEASE);
}

static void on_async(eddy_async *handle)
{
    struct world_async *async = (struct world_async *) (void *) handle;

    if (async->closing)
        search_fail("a closed handle was called back");
    if (++async->callbacks > async->sends)
        search_fail("more callbacks than sends");
    for (int s = 1; s <= world.senders; s++)
        async->told[s] = (int) memory_load(&async->published[s], sizeof(int),
                                           __ATOMIC_RELAXED);
    if (++world.told_in_all == world.close_in)
        world_close_async((int) (async - world.asyncs));
}

static void on_task(eddy_task *posted, int status)
{
    struct world_task *task = (struct world_task *) (void *) posted;

    if (++task->callbacks > task->posted)
        search_fail("a task ran that was not posted");
    if (task->after != NULL && task->after->posted > task->after->callbacks)
        search_fail("a task came before an older one");
    task->canceled += status == EDDY_ECANCELED;
    if (++world.told_in_all == world.close_in)
        eddy_loop_unref(&world.loop);
}

/* --- what threads do ---------------------------------------------------------
 */

static void name_words(void)
{
    eddy_loop *loop = &world.loop;

    memory_reset();
    memory_watch(loop, sizeof(*loop), "loop");
    memory_name(&loop->arrivals, "arrivals");
    memory_name(&loop->sleeping, "sleeping");
    memory_name(&loop->stopping, "stopping");
    memory_name(&loop->senders, "senders");
    memory_name(&loop->wakeups_written, "counter");
    memory_name(&loop->rouse_error, "rouse_error");
    for (int i = 0; i < WORLD_ASYNCS; i++) {
        eddy_async *async = &world.asyncs[i].async;

        memory_watch(async, sizeof(*async), "async");
        memory_name(&async->message.state, "state");
        memory_name(&world.asyncs[i].closed, "closed");
        for (int s = 1; s <= WORLD_SENDERS; s++)
            memory_name(&world.asyncs[i].published[s], "published");
    }
    for (int i = 0; i < WORLD_TASKS; i++) {
        eddy_task *task = &world.tasks[i].task;

        memory_watch(task, sizeof(*task), "task");
        memory_name(&task->message.state, "state");
    }
}

void world_begin(int senders, int asyncs)
{
    static eddy_os os;
    static const eddy_allocator allocator = {.resize = arena_resize};
    const eddy_loop_options options = {
        .backend_ops = &backend, .os = &os, .allocator = &allocator};

    os = *eddy_os_default();
    os.wakeup_open = open_wakeup;
    os.wakeup_write = write_wakeup;
    os.wakeup_drain = drain_wakeup;
    os.close = close_fd;
    os.is_open = is_open;
    arena.used = 0;
    memset(&kernel, 0, sizeof(kernel));
    memset(&world, 0, sizeof(world));
    world.senders = senders;
    if (eddy_loop_init(&world.loop, &options) != 0)
        exit(2);
    /* A glance before a sleep only reads what the sleep's own last look reads
     * again, but thousands of times. */
    world.loop.glances_to_skip = UINT_MAX;
    for (int i = 0; i < WORLD_ASYNCS; i++)
        world.asyncs[i].closing = i >= asyncs;
    for (int i = 0; i < asyncs; i++)
        (void) eddy_async_init(&world.loop, &world.asyncs[i].async, on_async);
    name_words();
}

/* A send that begins after eddy_close returned, as far as a thread can tell, is
 * refused. */
void world_send(int which)
{
    struct world_async *async = &world.asyncs[which];
    int *published = &async->published[search_self()];
    bool late;
    int err;

    late = memory_load(&async->closed, sizeof(int), __ATOMIC_ACQUIRE) != 0;
    memory_store(published, sizeof(int), (uint64_t) *published + 1,
                 __ATOMIC_RELAXED);
    async->sends++;
    err = eddy_async_send(&async->async);
    if (err != 0 && err != EDDY_EINVAL)
        search_fail("a send returned what it cannot");
    if (late && err == 0)
        search_fail("a send after the close was taken");
    if (err != 0 && !async->closing)
        search_fail("a send to an open handle was refused");
}

void world_post(int which)
{
    struct world_task *task = &world.tasks[which];
    int err;

    task->posted++;
    err = eddy_post(&world.loop, &task->task, on_task);
    if (err == EDDY_EBUSY)
        task->posted--;
    else if (err != 0)
        search_fail("a post was refused");
}

void world_finish(void)
{
    search_step(&kernel, true, NULL);
    search_note("finished");
    world.finished++;
}

void world_run(void)
{
    int rc;
    bool finished;

    do {
        rc = eddy_run(&world.loop, EDDY_RUN_DEFAULT);
        search_step(&kernel, false, NULL);
        search_note("run: %d", rc);
        finished = world.finished == world.senders;
    } while ((rc > 0 || rc == EDDY_EIO) && !finished);
    if (rc < 0 && rc != EDDY_EIO)
        search_fail("the run failed");
}

void world_close(void)
{
    int rc;

    for (int i = 0; i < WORLD_ASYNCS; i++)
        world_close_async(i);
    world.loop.references = 0;
    do
        rc = eddy_run(&world.loop, EDDY_RUN_DEFAULT);
    while (rc == EDDY_EIO);
    if (rc != 0)
        search_fail("something keeps the loop going");
    if (eddy_loop_close(&world.loop) != 0)
        search_fail("the loop cannot be closed");
    memory_free(&world.loop, sizeof(world.loop));
    for (int i = 0; i < WORLD_TASKS; i++)
        if (world.tasks[i].posted != world.tasks[i].callbacks)
            search_fail("a task was lost");
}
