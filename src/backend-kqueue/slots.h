/* SPDX-License-Identifier: MIT */
/*
 * What the backend knows of each descriptor, by number: a slot. Slots are
 * linked into queues, so that changes and reports need no memory of their own
 * and what is of one descriptor comes together.
 *
 * What must hold: a slot whose knotes may differ from those it wants is queued
 * as CHANGED; one with something to report as REPORTED, and `live` counts
 * those. A slot may be in a queue for nothing: it is passed over there.
 */
#ifndef EDDY_BACKEND_KQUEUE_SLOTS_H
#define EDDY_BACKEND_KQUEUE_SLOTS_H

#include "system.h"

#include <eddy/backend.h>

/* A descriptor's filters, as bits. */
enum { READ_KNOTE = 1, WRITE_KNOTE = 2, EXCEPT_KNOTE = 4, ALL_KNOTES = 7 };

enum {
    SLOT_SOCKET = 1,
    SLOT_FIFO = 2,
    SLOT_RETEST = 4, /* a knote was told once, but is to be level */
    SLOT_LOWAT = 8   /* a device that wants to be asked for one byte */
};

enum slot_queue {
    CHANGED,  /* the kernel is to be told */
    REPORTED, /* something is to be reported */
    BROKEN,   /* the kernel refuses a pipe without reader: ask it again */
    QUEUES
};

struct slot {
    uint64_t token;
    uint32_t generation; /* comes back with its events; never 0 */
    int error;           /* to be reported */
    int next[QUEUES];    /* the descriptor behind this one; -1 ends */
    unsigned char want;
    unsigned char knotes;   /* that the kernel has */
    unsigned char clear;    /* those of them that are edge-triggered */
    unsigned char stale;    /* those to be removed before they are added */
    unsigned char happened; /* to be reported */
    unsigned char seen;     /* knotes that have had their say on that */
    unsigned char flags;    /* SLOT_… */
    unsigned char queued;   /* a bit for each queue */
};

enum {
#ifdef EDDY_STRESS
    CHANGE_COUNT = 8,
    EVENT_COUNT = 8,
    BATCH_COUNT = 1,
#else
    CHANGE_COUNT = 256,
    EVENT_COUNT = 1024, /* at least CHANGE_COUNT: each may be answered */
    BATCH_COUNT = EVENT_COUNT,
#endif
    SLOT_CHANGES = 6 /* the most that one slot needs */
};

struct eddy_backend {
    const eddy_allocator *allocator;
    struct slot *slots;
    size_t slot_count;
    int fd;
    int scratch_fd;       /* to ask single questions; negative until then */
    int first[QUEUES];    /* descriptors; -1: none */
    int last[QUEUES];     /* meaningless in an empty queue */
    int live;             /* slots with something to report */
    int change_count;     /* in `changes`, not yet handed over */
    uint64_t deadline_ns; /* the timer's, if timed */
    bool timed;           /* the kernel has a timer of ours */
    bool broken_turn;     /* the broken ones go first every other time */
    struct kevent changes[CHANGE_COUNT];
    struct kevent events[EVENT_COUNT];
};

/* The slot; NULL if there is none for this number, or it is negative. */
static inline struct slot *eddy__kqueue_slot(const eddy_backend *be, int fd)
{
    return fd >= 0 && (size_t) fd < be->slot_count ? &be->slots[fd] : NULL;
}

/* Makes the table reach this number. EDDY_ENOMEM. */
int eddy__kqueue_make_slot(eddy_backend *be, int fd);

void eddy__kqueue_free_slots(eddy_backend *be);

/* Appends the descriptor's slot, unless it is in the queue. */
void eddy__kqueue_push(eddy_backend *be, enum slot_queue queue, int fd);

/* The first descriptor, taken off; -1 if there is none. */
int eddy__kqueue_pop(eddy_backend *be, enum slot_queue queue);

static inline bool eddy__kqueue_has(const eddy_backend *be,
                                    enum slot_queue queue)
{
    return be->first[queue] >= 0;
}

/* Adds to what is to be reported; takes all of it back. */
void eddy__kqueue_report(eddy_backend *be, int fd, unsigned happened,
                         int error);
void eddy__kqueue_withdraw(eddy_backend *be, int fd);

/* Later events of earlier knotes are not this slot's any more. */
void eddy__kqueue_renew(struct slot *slot);

#endif
