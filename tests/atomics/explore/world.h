/* SPDX-License-Identifier: MIT */
/*
 * The world of a scenario: one loop, its asyncs and tasks, and the wakeup as
 * the only descriptor there is. When every sender is done and the loop sleeps
 * all the same, nothing may be left to be told; then the loop is stopped, so
 * that each execution comes to its end.
 */
#ifndef TESTS_ATOMICS_EXPLORE_WORLD_H
#define TESTS_ATOMICS_EXPLORE_WORLD_H

#include <eddy.h>

enum { WORLD_ASYNCS = 2, WORLD_TASKS = 4, WORLD_SENDERS = 3 };

struct world_async {
    eddy_async async;
    int published[WORLD_SENDERS + 1]; /* by each sender, without any order */
    int told[WORLD_SENDERS + 1];      /* the last that a callback saw */
    int sends, callbacks;
    bool closing; /* eddy_close was called; or there is no such async */
    int closed;   /* it has returned, told by release and acquire */
};

struct world_task {
    eddy_task task;
    int posted, callbacks;
    int canceled;
    const struct world_task *after; /* one that has to come before, or NULL */
};

struct world {
    eddy_loop loop;
    struct world_async asyncs[WORLD_ASYNCS];
    struct world_task tasks[WORLD_TASKS];
    int senders, finished;
    bool is_pipe;     /* the wakeup is level-triggered */
    int fails;        /* so many writes of the wakeup fail */
    bool failed;      /* the last one did */
    int close_in;     /* the callback that closes its handle; 0 is none */
    int told_in_all;  /* callbacks that began */
    int asyncs_freed; /* close callbacks */
};

extern struct world world;

/* A loop with so many asyncs, to be used by so many senders. */
void world_begin(int senders, int asyncs);

/* On sender's threads: publish and send, post, and the end of the sender. */
void world_send(int which);
void world_post(int which);
void world_finish(void);

/* On the loop's thread: runs the loop until the senders are done or nothing
 * keeps it going, closes all that is open, and the loop, and frees it. */
void world_run(void);
void world_close(void);
void world_close_async(int which);

#endif
