/* SPDX-License-Identifier: MIT */
/*
 * Callbacks at fixed points of every iteration. Idle: before the loop polls,
 * which then does not sleep. Prepare: right before the poll. Check: right
 * after it. Within a phase they run in the order in which they were started;
 * one started in its own phase runs in the next iteration.
 *
 * The init functions return EDDY_EINVAL for NULL; start, for a NULL argument
 * or a closing handle; stop, for NULL or a closing handle. Starting a started
 * handle only changes its callback; stopping a stopped one is 0.
 */
#ifndef EDDY_PHASE_H
#define EDDY_PHASE_H

#include <eddy/handle.h>

EDDY_BEGIN_DECLS

typedef struct eddy_idle eddy_idle;
typedef struct eddy_prepare eddy_prepare;
typedef struct eddy_check eddy_check;

typedef void (*eddy_idle_cb)(eddy_idle *idle);
typedef void (*eddy_prepare_cb)(eddy_prepare *prepare);
typedef void (*eddy_check_cb)(eddy_check *check);

struct eddy_idle {
    EDDY_HANDLE_UNION;
    /* private */
    struct eddy__link queued;
    eddy_idle_cb cb;
    void *reserved;
};

struct eddy_prepare {
    EDDY_HANDLE_UNION;
    /* private */
    struct eddy__link queued;
    eddy_prepare_cb cb;
    void *reserved;
};

struct eddy_check {
    EDDY_HANDLE_UNION;
    /* private */
    struct eddy__link queued;
    eddy_check_cb cb;
    void *reserved;
};

EDDY_EXTERN int eddy_idle_init(eddy_loop *loop, eddy_idle *idle);
EDDY_EXTERN int eddy_idle_start(eddy_idle *idle, eddy_idle_cb cb);
EDDY_EXTERN int eddy_idle_stop(eddy_idle *idle);

EDDY_EXTERN int eddy_prepare_init(eddy_loop *loop, eddy_prepare *prepare);
EDDY_EXTERN int eddy_prepare_start(eddy_prepare *prepare, eddy_prepare_cb cb);
EDDY_EXTERN int eddy_prepare_stop(eddy_prepare *prepare);

EDDY_EXTERN int eddy_check_init(eddy_loop *loop, eddy_check *check);
EDDY_EXTERN int eddy_check_start(eddy_check *check, eddy_check_cb cb);
EDDY_EXTERN int eddy_check_stop(eddy_check *check);

EDDY_END_DECLS

#endif
