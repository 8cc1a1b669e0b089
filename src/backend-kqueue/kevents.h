/* SPDX-License-Identifier: MIT */
/*
 * What goes to the kernel (changes.c) and what comes from it (events.c).
 */
#ifndef EDDY_BACKEND_KQUEUE_KEVENTS_H
#define EDDY_BACKEND_KQUEUE_KEVENTS_H

#include "slots.h"

/* Who a list of events comes from. */
enum kevent_source {
    FROM_WAIT,  /* a call that takes events */
    FROM_CHANGE /* one for the sake of its changes: what is still there when
                   events are wanted is left for then */
};

/* In a change's udata: the entry of a removal that fails says nothing. */
enum { REMOVAL_MARK = 0 };

/* kevent(2), with time-outs of any length cut to what all kernels take:
 * negative is for ever. The count, or a negative errno. */
int eddy__kqueue_call(int kq, const struct kevent *changes, int change_count,
                      struct kevent *events, int room, int64_t timeout_ns);

/* A change of one filter of a descriptor. */
struct kevent eddy__kqueue_change(int fd, unsigned knote, unsigned flags,
                                  uint32_t mark);

/* Fills be->changes from the queue, as far as there is room. */
void eddy__kqueue_fill(eddy_backend *be);

/* Hands over everything that is queued, without taking events. 0, or why the
 * kernel took nothing of it: then it is queued still. */
int eddy__kqueue_flush(eddy_backend *be);

/* Takes in what a call with be->changes returned, count or error. */
int eddy__kqueue_taken(eddy_backend *be, int count, enum kevent_source source);

/* Removes all of a descriptor at once. EDDY_ENOENT, EDDY_EBADF: there was
 * nothing in the kernel; other errors: it will be tried again. */
int eddy__kqueue_drop(eddy_backend *be, int fd);

/* Takes in one entry: an event, a receipt or an error. */
void eddy__kqueue_note(eddy_backend *be, const struct kevent *entry,
                       enum kevent_source source);

/* Moves what is to be reported into `ready`; returns how many. */
int eddy__kqueue_take(eddy_backend *be, eddy_ready *ready, int capacity);

/* Makes the timer fire at the deadline on the monotonic clock, or not at all
 * (EDDY_NEVER). */
int eddy__kqueue_arm(eddy_backend *be, uint64_t deadline_ns);

/* Puts the timer's removal, if there is one, before the other changes. */
void eddy__kqueue_disarm(eddy_backend *be);

uint64_t eddy__kqueue_now_ns(void);

/* The number is that of an open descriptor. */
bool eddy__kqueue_is_open(int fd);

#endif
