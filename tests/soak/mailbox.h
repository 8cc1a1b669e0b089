/* SPDX-License-Identifier: MIT */
/*
 * Where senders reach a station: its asyncs, each in memory of its own that
 * outlives all who may send to it, and a door through which eddy_post and
 * eddy_stop may be called while it is open. The lock guards the pointers and
 * the door, never the call itself: sends race with closing as they do in a
 * program.
 */
#ifndef TESTS_SOAK_MAILBOX_H
#define TESTS_SOAK_MAILBOX_H

#include <eddy.h>
#include <pthread.h>

struct station;

/* So many asyncs belong to one sender each; the rest to all. */
enum { OWN_BOXES = 8, BOXES = 16, FAREWELLS = 4 };

/* An async. Of its memory, the station holds a share until the close
 * callback, and each sender while it uses it. */
struct box {
    eddy_async async;
    struct station *station;
    int slot;
    uint64_t sent;  /* grows before each send */
    uint64_t taken; /* and this behind it, when the send has returned */

    /* in its own boxes a sender writes these, plainly, before it sends */
    uint64_t payload;
    uint64_t complement;

    pthread_mutex_t lock; /* of the following */
    pthread_cond_t changed;
    uint64_t seen; /* what the callback read of `sent` */
    bool closed;
    int shares;
};

struct mailbox {
    pthread_mutex_t lock; /* of what senders use: */
    pthread_cond_t left;
    struct box *boxes[BOXES]; /* NULL: none now */
    bool open;
    bool door_made;
    int inside;
    uint64_t life; /* which loop this is, from 1 */

    /* the station's own */
    struct box *held[BOXES]; /* those above, also when they are taken back */
    eddy_async door;         /* sent when somebody leaves, and it is closed */
    int unclosed;            /* handles whose close callback is to come */
    uint64_t expected[OWN_BOXES]; /* of each sender's tasks: the next one */
    bool handing_back;            /* eddy_loop_close is being called */

    /* one box at a time is about to be closed and made anew */
    eddy_task fence;
    int fence_rounds; /* 0: none is */
    int doomed;       /* which slot */
    uint64_t due;     /* what has to have arrived before */

    eddy_task farewell[FAREWELLS]; /* still queued when the loop closes */
};

/* For senders. A box may be NULL; entering returns the loop's life, or 0. */
struct box *mailbox_take_box(struct station *station, int slot);
void mailbox_give_back(struct box *box);
uint64_t mailbox_enter(struct station *station);
void mailbox_leave(struct station *station);

/* A sender's task, on the station's thread: senders count from 0. */
void mailbox_on_task(struct station *station, int sender, uint64_t life,
                     uint64_t order, int status);

/* Of boxes, on the station's thread; the last is for after each message. */
void box_open(struct station *station, int slot);
void box_close(struct station *station, int slot);
void box_drop(struct box *box);
void mailbox_turn(struct station *station);

/* For the station: once in all, and at the end of each loop. */
void mailbox_create(struct station *station);
void mailbox_destroy(struct station *station);
void mailbox_close_loop(struct station *station);

#endif
