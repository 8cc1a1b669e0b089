/* SPDX-License-Identifier: MIT */
/*
 * What systems with kqueue do differently, as far as the preprocessor and the
 * types of struct kevent can say it; the rest are files that CMake picks.
 */
#ifndef EDDY_BACKEND_KQUEUE_SYSTEM_H
#define EDDY_BACKEND_KQUEUE_SYSTEM_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/event.h>
#include <sys/time.h>

/* Members have types of each system's own: a filter is signed or not, udata is
 * a pointer or an integer. */
typedef __typeof__(((struct kevent *) 0)->filter) kevent_filter;
typedef __typeof__(((struct kevent *) 0)->flags) kevent_flags;
typedef __typeof__(((struct kevent *) 0)->data) kevent_data;
typedef __typeof__(((struct kevent *) 0)->udata) kevent_udata;

/* Out-of-band data. */
#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
#define HAVE_EXCEPT 1
#define EXCEPT_FILTER EVFILT_EXCEPT
#define EXCEPT_NOTE NOTE_OOB
#else
#define HAVE_EXCEPT 0
#define EXCEPT_FILTER EVFILT_READ
#define EXCEPT_NOTE 0
#endif

#ifdef NOTE_LOWAT
#define HAVE_LOWAT 1
#define LOWAT_NOTE NOTE_LOWAT
#else
#define HAVE_LOWAT 0
#define LOWAT_NOTE 0
#endif

/* A new kqueue, close-on-exec, or a negative errno. */
int eddy__kqueue_create(void);

/* Whether all that happens to this pipe would be told. */
bool eddy__kqueue_watches_fifo(int fd);

#endif
