/* SPDX-License-Identifier: MIT */
/*
 * Inside the double: kqueues, knotes, and who is told what.
 *
 * A kqueue's number is that of an epoll instance. It holds, edge-triggered,
 * the descriptors of reading knotes and the timers; an instance of its own
 * each, inside it, those of writing and of out-of-band knotes. An edge there
 * is what activates a knote in a kernel. Active knotes form a queue, whose
 * state an eventfd in the same instance mirrors: so that, as in the kernels,
 * a kqueue polls readable while its queue is not empty.
 *
 * All of it is touched with the lock held.
 */
#ifndef KQUEUE_DOUBLE_KNOTE_H
#define KQUEUE_DOUBLE_KNOTE_H

#include "double.h"

#include <stdbool.h>
#include <sys/event.h>

enum knote_kind { KIND_READ, KIND_WRITE, KIND_EXCEPT, KIND_TIMER, KINDS };

enum file_kind { FILE_SOCKET, FILE_FIFO, FILE_OTHER };

struct knote {
    struct knote *sibling; /* of the same descriptor; the next timer */
    struct knote *next;    /* in the active queue */
    struct knote *prev;
    enum knote_kind kind;
    enum file_kind file;
    int fd;      /* a timer's own, else ident */
    bool active; /* in the queue */
    bool enabled;
    bool signalled; /* activated while it was disabled */
    bool connected; /* it was, when the knote was attached */
    uintptr_t ident;
    unsigned flags;  /* as it was added */
    unsigned fflags; /* as asked */
    int64_t data;
    __typeof__(((struct kevent *) 0)->udata) udata;
};

struct kq {
    struct kq *next;
    int fd;
    int sets[KIND_TIMER]; /* the epoll instance of each kind */
    int count_fd;         /* readable while the queue is not empty */
    bool counted;         /* it is readable */
    struct knote **by_fd;
    size_t by_fd_count;
    struct knote *timers;
    struct knote *first;
    struct knote *last;
};

/* What a filter says. */
struct outcome {
    bool fires;
    unsigned flags; /* EV_EOF */
    unsigned fflags;
    int64_t data;
};

/* file.c: what a descriptor's state is in the words of kqueue. */
enum file_kind double_file_kind(int fd);
bool double_file_connected(int fd);
struct outcome double_evaluate(const struct knote *knote);
/* Nobody reads the pipe that fd writes to. */
bool double_pipe_broken(int fd);

/* timer.c */
int double_timer_open(struct knote *knote);

/* knote.c: 0 or an errno. */
int double_change(struct kq *kq, const struct kevent *change);
void double_activate(struct kq *kq, struct knote *knote);
void double_deactivate(struct kq *kq, struct knote *knote);
void double_detach(struct kq *kq, struct knote *knote);
struct knote *double_find(const struct kq *kq, uintptr_t ident,
                          enum knote_kind kind);
enum knote_kind double_kind_of(const struct kevent *kev);
void double_drop_fd(struct kq *kq, int fd);

/* scan.c: events into the list, whose room is not 0; and whether the kqueue
 * polls readable. */
size_t double_scan(struct kq *kq, struct kevent *events, size_t room);
void double_mirror(struct kq *kq);

/* kqueue.c */
void double_lock(void);
void double_unlock(void);
/* Drops the knotes of a number that is being closed, and the kqueue if it is
 * one. */
void double_closing(int fd);

/* control.c: all but the last with the lock held. */
enum double_kernel double_kernel(void);
bool double_fails(enum double_call call, int *error);
int double_refused(const struct kevent *change);
size_t double_most(size_t room);

/* close.c: the system's own. */
int double_real_close(int fd);

#endif
