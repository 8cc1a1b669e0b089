/* SPDX-License-Identifier: MIT */
/*
 * The protocol between senders and the loop; see arrivals.h for what makes it
 * lose nothing.
 */
#include "core/arrivals.h"

#include <eddy/error.h>
#include <eddy/os.h>

#include <sched.h>
#include <time.h>

enum { MAX_YIELDS = 100 };

/* One sender claims the flag and writes for all who find it claimed. If the
 * write fails the claim is given back, for the next sender to try; what was
 * sent is on the list all the same, so it is the loop that is told. */
void eddy__rouse(eddy_loop *loop)
{
    const eddy_os *os = loop->os;
    int err;

    if (!__atomic_load_n(&loop->sleeping, __ATOMIC_SEQ_CST))
        return;
    if (!__atomic_exchange_n(&loop->sleeping, 0, __ATOMIC_SEQ_CST))
        return;
    do
        err = os->wakeup_write(os->context, loop->wakeup_write_fd);
    while (err == EDDY_EINTR);
    if (err < 0) {
        __atomic_store_n(&loop->rouse_error, err, __ATOMIC_RELAXED);
        __atomic_store_n(&loop->sleeping, 1, __ATOMIC_SEQ_CST);
    } else {
        __atomic_add_fetch(&loop->wakeups_written, 1, __ATOMIC_RELAXED);
    }
}

void eddy__arrivals_push(eddy_loop *loop, struct eddy__message *message)
{
    struct eddy__message *head;

    head = __atomic_load_n(&loop->arrivals, __ATOMIC_RELAXED);
    do
        message->next = head;
    while (!__atomic_compare_exchange_n(&loop->arrivals, &head, message, true,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
}

void eddy__sender_enter(eddy_loop *loop)
{
    __atomic_add_fetch(&loop->senders, 1, __ATOMIC_SEQ_CST);
}

void eddy__sender_leave(eddy_loop *loop)
{
    __atomic_sub_fetch(&loop->senders, 1, __ATOMIC_RELEASE);
}

void eddy__deliver(eddy_loop *loop, struct eddy__message *message)
{
    eddy__arrivals_push(loop, message);
    eddy__rouse(loop);
}

void eddy__send(eddy_loop *loop, struct eddy__message *message)
{
    eddy__sender_enter(loop);
    eddy__deliver(loop, message);
    eddy__sender_leave(loop);
}

void eddy_stop(eddy_loop *loop)
{
    int going = EDDY__GOING;

    if (loop == NULL)
        return;
    eddy__sender_enter(loop);
    if (__atomic_compare_exchange_n(&loop->stopping, &going, EDDY__STOPPED,
                                    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        eddy__rouse(loop);
    eddy__sender_leave(loop);
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
    if (!eddy__arrivals_wait(loop) && !eddy__stopped(loop))
        return true;
    eddy__sleep_end(loop);
    return false;
}

/* A sender that still reads 1 writes once too often, which harms nobody. */
void eddy__sleep_end(eddy_loop *loop)
{
    __atomic_store_n(&loop->sleeping, 0, __ATOMIC_RELAXED);
}

struct eddy__message *eddy__arrivals_take(eddy_loop *loop)
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

/* A sender counted here is a few instructions, or its write, from the end; but
 * one of a lower priority only comes to them if we sleep. */
void eddy__arrivals_shut(eddy_loop *loop)
{
    const struct timespec nap = {.tv_nsec = 50000};

    __atomic_store_n(&loop->stopping, EDDY__SHUT, __ATOMIC_SEQ_CST);
    for (int i = 0; __atomic_load_n(&loop->senders, __ATOMIC_SEQ_CST) != 0; i++)
        (void) (i < MAX_YIELDS ? sched_yield() : nanosleep(&nap, NULL));
}

void eddy__arrivals_reopen(eddy_loop *loop)
{
    __atomic_store_n(&loop->stopping, EDDY__GOING, __ATOMIC_SEQ_CST);
}
