/* SPDX-License-Identifier: MIT */
/*
 * How other threads reach a loop: they push a message on its list of arrivals,
 * and write the wakeup descriptor if it sleeps.
 *
 * The list is a stack that senders push with compare-and-swap and the loop
 * takes whole: there is no moment at which a sender that is held up between
 * two steps keeps the loop from seeing the others' messages.
 *
 * The loop publishes that it sleeps and then looks at the list for the last
 * time; a sender pushes and then looks at the flag. All four accesses are
 * sequentially consistent, so at least one of them sees the other: release and
 * acquire would let both look before either has written, on x86 too.
 */
#ifndef EDDY_CORE_ARRIVALS_H
#define EDDY_CORE_ARRIVALS_H

#include <eddy/loop.h>

/* message->state */
enum {
    EDDY__PENDING = 1, /* on the list of arrivals, or about to be */
    EDDY__REFUSED = 2, /* an async that closes: takes no more */
    EDDY__ASYNC = 4    /* is part of an async, not of a task */
};

/* loop->stopping */
enum { EDDY__GOING = 0, EDDY__STOPPED = 1, EDDY__SHUT = 2 };

/* Around all that a sender does with the loop: eddy_loop_close waits for it. */
void eddy__sender_enter(eddy_loop *loop);
void eddy__sender_leave(eddy_loop *loop);

/* Has the loop run the message, which is marked pending already. The loop may
 * run it, and its owner free it, at once. Any thread, as a sender. */
void eddy__deliver(eddy_loop *loop, struct eddy__message *message);

/* The same, by a sender that is not counted yet. */
void eddy__send(eddy_loop *loop, struct eddy__message *message);

/* Puts a message on the list and wakes nobody. Any thread. */
void eddy__arrivals_push(eddy_loop *loop, struct eddy__message *message);

/* Takes the whole list, the oldest first. */
struct eddy__message *eddy__arrivals_take(eddy_loop *loop);

/* Whether a task is on the list. */
bool eddy__arrivals_have_task(const eddy_loop *loop);

/* Refuses further posts, and waits for the senders that are at work; takes
 * them again. */
void eddy__arrivals_shut(eddy_loop *loop);
void eddy__arrivals_reopen(eddy_loop *loop);

/* Ends the loop's sleep if it sleeps. Any thread, counted as a sender; or the
 * loop's own. */
void eddy__rouse(eddy_loop *loop);

/* Publishes that the loop sleeps; false, and nothing published, when there is
 * something to do. */
bool eddy__sleep_begin(eddy_loop *loop);
void eddy__sleep_end(eddy_loop *loop);

/* Whether anything is on the list. */
static inline bool eddy__arrivals_wait(const eddy_loop *loop)
{
    return __atomic_load_n(&loop->arrivals, __ATOMIC_SEQ_CST) != NULL;
}

static inline bool eddy__stopped(const eddy_loop *loop)
{
    return __atomic_load_n(&loop->stopping, __ATOMIC_SEQ_CST) != EDDY__GOING;
}

#endif
