/* SPDX-License-Identifier: MIT */
/*
 * <sys/event.h> for systems without kqueue: what a program includes that is
 * tested with the double beside it. By default it has FreeBSD's layout, with
 * the out-of-band filter of OpenBSD; with KQUEUE_DOUBLE_NETBSD9 that of
 * NetBSD before 10: unsigned filters from 0 on, integer udata, counts of type
 * size_t, timers in milliseconds only.
 */
#ifndef KQUEUE_DOUBLE_SYS_EVENT_H
#define KQUEUE_DOUBLE_SYS_EVENT_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef KQUEUE_DOUBLE_NETBSD9

struct kevent {
    uintptr_t ident;
    uint32_t filter;
    uint32_t flags;
    uint32_t fflags;
    int64_t data;
    intptr_t udata;
};

typedef size_t kqueue_double_count;

#define EVFILT_READ 0U
#define EVFILT_WRITE 1U
#define EVFILT_TIMER 6U

#else

struct kevent {
    uintptr_t ident;
    short filter;
    unsigned short flags;
    unsigned int fflags;
    int64_t data;
    void *udata;
    uint64_t ext[4];
};

typedef int kqueue_double_count;

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_TIMER (-7)
#define EVFILT_EXCEPT (-9)

#define NOTE_OOB 0x0004
#define NOTE_SECONDS 0x0001
#define NOTE_MSECONDS 0x0002
#define NOTE_USECONDS 0x0004
#define NOTE_NSECONDS 0x0008

#endif

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_DISPATCH 0x0080
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define NOTE_LOWAT 0x0001

int kqueue(void);
#ifdef KQUEUE_DOUBLE_NETBSD9
int kqueue1(int flags);
#endif
int kevent(int kq, const struct kevent *changes, kqueue_double_count nchanges,
           struct kevent *events, kqueue_double_count nevents,
           const struct timespec *timeout);

#endif
