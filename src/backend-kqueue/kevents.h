/* SPDX-License-Identifier: MIT */
/*
 * What goes to the kernel (changes.c) and what comes from it (events.c).
 */
#ifndef EDDY_BACKEND_KQUEUE_KEVENTS_H
#define EDDY_BACKEND_KQUEUE_KEVENTS_H

#include "slots.h"

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

/* Hands over everything that is queued, without taking events. */
void eddy__kqueue_flush(eddy_backend *be);

/* Takes in what a call with be->changes returned, count or error. */
int eddy__kqueue_taken(eddy_backend *be, int count);

/* Removes all of a descriptor at once. EDDY_ENOENT, EDDY_EBADF: there was
 * nothing in the kernel; other errors: it will be tried again. */
int eddy__kqueue_drop(eddy_backend *be, int fd);

/* Takes in one entry: an event, or the error of a change. */
void eddy__kqueue_note(eddy_backend *be, const struct kevent *entry);

/* The change failed. If it is a removal, that is no matter. */
void eddy__kqueue_note_error(eddy_backend *be, const struct kevent *change,
                             int error);

/* Whether the change is a removal, or an addition for what its slot still
 * is. */
bool eddy__kqueue_is_current(const eddy_backend *be,
                             const struct kevent *change);

/* After a list of events that was full, which may have parted two of one
 * descriptor: asks for the second one of those to be reported. */
void eddy__kqueue_complete(eddy_backend *be);

/* Moves what is to be reported into `ready`; returns how many. */
int eddy__kqueue_take(eddy_backend *be, eddy_ready *ready, int capacity);

/* Makes the timer fire at the deadline on the monotonic clock, or not at all
 * (EDDY_NEVER). */
int eddy__kqueue_arm(eddy_backend *be, uint64_t deadline_ns);

uint64_t eddy__kqueue_now_ns(void);

/* The number is that of an open descriptor. */
bool eddy__kqueue_is_open(int fd);

#endif
