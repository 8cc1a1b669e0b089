/* SPDX-License-Identifier: MIT */
/*
 * What a test can tell the double of kqueue(2), and ask it. Any thread.
 */
#ifndef KQUEUE_DOUBLE_DOUBLE_H
#define KQUEUE_DOUBLE_DOUBLE_H

#include <stddef.h>

/* Whose kernel it behaves as, where they differ. The first one unless the
 * environment's KQUEUE_DOUBLE names another: freebsd, netbsd, openbsd, xnu,
 * dragonfly. */
enum double_kernel {
    DOUBLE_FREEBSD,
    DOUBLE_NETBSD,
    DOUBLE_OPENBSD,
    DOUBLE_XNU,
    DOUBLE_DRAGONFLY /* an old one, which knows no receipts */
};

void double_behave_as(enum double_kernel kernel);

enum double_call {
    DOUBLE_KQUEUE,      /* kqueue() and kqueue1() */
    DOUBLE_KEVENT,      /* kevent(), before it does anything */
    DOUBLE_KEVENT_LATE, /* kevent(), after the changes were made */
    DOUBLE_CALLS
};

/* The nth such call from now on, 1 being the next, fails with this error. */
void double_fail(enum double_call call, unsigned nth, int error);

/* From now on changes of this descriptor are refused with this error, 0 for
 * not any more: additions (EV_ADD) or removals (EV_DELETE), of its reading
 * ('r') or writing ('w') knote. */
void double_refuse(int fd, unsigned operation, char way, int error);

/* At most so many events a call, 0 for as many as there is room for. */
void double_shorten(size_t most);

/* Back to how it began: no failures, no shortening, counts at 0. */
void double_reset(void);

/* How many calls were made, how many changes in them. */
size_t double_calls(enum double_call call);
size_t double_changes(void);

/* How many knotes there are for a descriptor, in all kqueues. */
size_t double_knotes(int fd);

#endif
