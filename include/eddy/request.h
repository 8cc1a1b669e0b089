/* SPDX-License-Identifier: MIT */
/*
 * What all requests have in common. A request is one operation in flight, in
 * the caller's memory from the call that begins it until its callback: a
 * write, a connect, a piece of work. It is zero-filled before its first use,
 * and may be used again from its callback on. Requests in flight keep eddy_run
 * going.
 *
 * As with handles, `req.data` and `&write.req` both work without a cast.
 */
#ifndef EDDY_REQUEST_H
#define EDDY_REQUEST_H

#include <eddy/handle.h>

EDDY_BEGIN_DECLS

typedef struct eddy_req eddy_req;

struct eddy__req_class; /* private: how a kind of request ends */

struct eddy_req {
    void *data; /* the caller's */
    /* private */
    const struct eddy__req_class *kind; /* NULL when not in flight */
    eddy_loop *loop;
    struct eddy_req *next; /* in its handle's queue, then among the ended */
    int status;
    unsigned flags;
    void *reserved[2];
};

/* The first member of every request type. */
#define EDDY_REQ_UNION                                                         \
    __extension__ union {                                                      \
        eddy_req req;                                                          \
        void *data;                                                            \
    }

/**
 * Cancels an operation: its callback comes, as always later and on the loop's
 * thread, with EDDY_ECANCELED.
 *
 * EDDY_EINVAL: NULL, or not in flight. EDDY_EBUSY: it has ended already or
 * cannot be interrupted any more (work that a thread has begun); its callback
 * comes with its own status.
 */
EDDY_EXTERN int eddy_cancel(eddy_req *req);

EDDY_END_DECLS

#endif
