/* SPDX-License-Identifier: MIT */
/*
 * The wakeup protocol (see wakeup.h), and the one descriptor behind it. The
 * list of arrivals is a stack that senders push with compare-and-swap and the
 * loop takes whole: there is no moment at which a sender that is held up
 * between two steps keeps the loop from seeing the others' messages.
 */
#include "core/wakeup.h"

#include "core/handle.h"
#include "core/loop.h"
#include <eddy/async.h>

#include <assert.h>
#include <sched.h>

/* Turns of tasks and asyncs in one poll phase: those that send to themselves
 * shall not keep descriptors waiting. */
enum { MAX_BATCHES = 16 };

static void drain(struct eddy__watcher *watcher, int status, unsigned events)
{
    eddy_loop *loop = EDDY__CONTAINER(watcher, eddy_loop, wakeup);

    if (status == 0 && !(events & EDDY_EDGE))
        loop->os->wakeup_drain(loop->os->context, watcher->fd);
}

int eddy__wakeup_init(eddy_loop *loop)
{
    const eddy_os *os = loop->os;
    int fds[2];
    int events;
    int err;

    do
        events = os->wakeup_open(os->context, fds);
    while (events == EDDY_EINTR);
    if (events < 0)
        return events;
    err = eddy__watcher_open(loop, &loop->wakeup, fds[0], drain);
    if (err == 0) {
        loop->wakeup_write_fd = fds[1];
        return eddy__watcher_set(loop, &loop->wakeup,
                                 (unsigned) events | EDDY_READABLE);
    }
    os->close(os->context, fds[0]);
    if (fds[1] != fds[0])
        os->close(os->context, fds[1]);
    return err;
}

void eddy__wakeup_close(eddy_loop *loop)
{
    const eddy_os *os = loop->os;
    int fd = loop->wakeup.fd;

    eddy__watcher_close(loop, &loop->wakeup);
    os->close(os->context, fd);
    if (loop->wakeup_write_fd != fd)
        os->close(os->context, loop->wakeup_write_fd);
}

/* One sender claims the flag and writes for all who find it claimed. If the
 * write fails the claim is given back, for the next sender to try. */
int eddy__wakeup_rouse(eddy_loop *loop)
{
    const eddy_os *os = loop->os;
    int err;

    if (!__atomic_load_n(&loop->sleeping, __ATOMIC_SEQ_CST))
        return 0;
    if (!__atomic_exchange_n(&loop->sleeping, 0, __ATOMIC_SEQ_CST))
        return 0;
    do
        err = os->wakeup_write(os->context, loop->wakeup_write_fd);
    while (err == EDDY_EINTR);
    if (err < 0)
        __atomic_store_n(&loop->sleeping, 1, __ATOMIC_SEQ_CST);
    else
        __atomic_add_fetch(&loop->wakeups_written, 1, __ATOMIC_RELAXED);
    return err < 0 ? err : 0;
}

static void push(eddy_loop *loop, struct eddy__message *message)
{
    struct eddy__message *head;

    head = __atomic_load_n(&loop->arrivals, __ATOMIC_RELAXED);
    do
        message->next = head;
    while (!__atomic_compare_exchange_n(&loop->arrivals, &head, message, true,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
}

/* The loop may run the message, and its owner free it, from the push on; the
 * loop itself stays until the count is taken back. */
int eddy__arrive(eddy_loop *loop, struct eddy__message *message)
{
    int err;

    __atomic_add_fetch(&loop->senders, 1, __ATOMIC_SEQ_CST);
    push(loop, message);
    err = eddy__wakeup_rouse(loop);
    __atomic_sub_fetch(&loop->senders, 1, __ATOMIC_RELEASE);
    return err;
}

void eddy_stop(eddy_loop *loop)
{
    int going = EDDY__GOING;

    if (loop == NULL)
        return;
    __atomic_add_fetch(&loop->senders, 1, __ATOMIC_SEQ_CST);
    if (__atomic_compare_exchange_n(&loop->stopping, &going, EDDY__STOPPED,
                                    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        (void) eddy__wakeup_rouse(loop);
    __atomic_sub_fetch(&loop->senders, 1, __ATOMIC_RELEASE);
}

/* Only the loop's thread takes messages off, so it may walk the list. */
bool eddy__arrivals_have_task(const eddy_loop *loop)
{
    const struct eddy__message *message;

    message = __atomic_load_n(&loop->arrivals, __ATOMIC_ACQUIRE);
    for (; message != NULL; message = message->next)
        if (!(__atomic_load_n(&message->state, __ATOMIC_RELAXED) & EDDY__ASYNC))
            return true;
    return false;
}

bool eddy__sleep_begin(eddy_loop *loop)
{
    __atomic_store_n(&loop->sleeping, 1, __ATOMIC_SEQ_CST);
    if (!eddy__arrivals_wait(loop) &&
        __atomic_load_n(&loop->stopping, __ATOMIC_SEQ_CST) == EDDY__GOING)
        return true;
    eddy__sleep_end(loop);
    return false;
}

/* A sender that still reads 1 writes once too often, which harms nobody. */
void eddy__sleep_end(eddy_loop *loop)
{
    __atomic_store_n(&loop->sleeping, 0, __ATOMIC_RELAXED);
}

/* The whole list, the oldest first. */
static struct eddy__message *take(eddy_loop *loop)
{
    struct eddy__message *message;
    struct eddy__message *oldest = NULL;

    message = __atomic_exchange_n(&loop->arrivals, NULL, __ATOMIC_SEQ_CST);
    while (message != NULL) {
        struct eddy__message *next = message->next;

        message->next = oldest;
        oldest = message;
        message = next;
    }
    return oldest;
}

static unsigned run(eddy_loop *loop, struct eddy__message *message)
{
    if (__atomic_load_n(&message->state, __ATOMIC_RELAXED) & EDDY__ASYNC)
        return eddy__async_run(message);
    loop->stats.tasks_run++;
    return eddy__task_run(message, 0);
}

unsigned eddy__arrivals_run(eddy_loop *loop)
{
    unsigned ran = 0;

    for (int batch = 0; batch < MAX_BATCHES; batch++) {
        struct eddy__message *message;

        if (!eddy__arrivals_wait(loop))
            break;
        for (message = take(loop); message != NULL;) {
            struct eddy__message *next = message->next;

            ran += run(loop, message); /* may free the message */
            message = next;
        }
    }
    return ran;
}

/* All handles are closed, so what is left are tasks. Yielding is enough: a
 * sender counted here is a few instructions, or its write, from the end. */
void eddy__arrivals_close(eddy_loop *loop)
{
    assert(eddy__list_empty(&loop->handles) && loop->closing_handles == 0);
    __atomic_store_n(&loop->stopping, EDDY__SHUT, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&loop->senders, __ATOMIC_ACQUIRE) != 0)
        sched_yield();
    for (struct eddy__message *message = take(loop); message != NULL;) {
        struct eddy__message *next = message->next;

        eddy__task_run(message, EDDY_ECANCELED);
        message = next;
    }
}

static void push_pending(eddy_handle *handle, void *arg)
{
    eddy_async *async = (eddy_async *) (void *) handle;

    (void) arg;
    if (handle->type == EDDY_HANDLE_ASYNC &&
        (async->message.state & EDDY__PENDING))
        push(handle->loop, &async->message);
}

/* No sender can be inside an async that closes: nothing is left to wait for. */
static void release_closing(eddy_loop *loop)
{
    struct eddy__link *link = loop->waiting.next;

    while (link != &loop->waiting) {
        eddy_handle *handle = EDDY__CONTAINER(link, eddy_handle, link);

        link = link->next;
        if (handle->type == EDDY_HANDLE_ASYNC)
            eddy__handle_closable(handle);
    }
}

void eddy__arrivals_fork(eddy_loop *loop)
{
    struct eddy__message *message = take(loop);

    loop->senders = 0;
    loop->sleeping = 0;
    while (message != NULL) {
        struct eddy__message *next = message->next;

        if (!(message->state & EDDY__ASYNC))
            push(loop, message);
        message = next;
    }
    eddy_walk(loop, push_pending, NULL);
    release_closing(loop);
}
