/* SPDX-License-Identifier: MIT */
/*
 * Requests: begun by a module, ended by it with a status, and called back in
 * the pending phase, in the order of their ending. loop->requests counts them
 * from begin to callback.
 */
#ifndef EDDY_CORE_REQUEST_H
#define EDDY_CORE_REQUEST_H

#include <eddy/error.h>
#include <eddy/loop.h>

struct eddy__req_class {
    /* Runs when the request is the caller's again: calls the user's callback
     * with req->status, as its last act. */
    void (*done)(eddy_req *req);

    /* eddy_cancel: ends the request with EDDY_ECANCELED or returns an error.
     * Not called once the request has ended. */
    int (*cancel)(eddy_req *req);
};

static inline bool eddy__req_in_flight(const eddy_req *req)
{
    return req->kind != NULL;
}

/* The request is the library's until its callback. */
void eddy__req_begin(eddy_loop *loop, eddy_req *req,
                     const struct eddy__req_class *kind);

/* Takes back a begin that came to nothing: no callback will come. */
void eddy__req_abandon(eddy_req *req);

/* Queues the callback for the pending phase. On the loop's thread. */
void eddy__req_end(eddy_req *req, int status);

/* Calls back now: for a module that is on the loop's thread in a callback of
 * its own anyway. */
void eddy__req_finish(eddy_req *req, int status);

unsigned eddy__requests_call(eddy_loop *loop);

/* The pending phase: calls back what had ended when it began; returns how
 * many. */
static inline unsigned eddy__requests_run(eddy_loop *loop)
{
    return loop->ended == NULL ? 0 : eddy__requests_call(loop);
}

#endif
