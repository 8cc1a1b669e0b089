/* SPDX-License-Identifier: MIT */
/*
 * Requests from begin to callback. Those that ended hang on the loop in the
 * order of their ending, and are called back in the pending phase.
 */
#include "core/request.h"

#include "core/loop.h"

#include <assert.h>

enum { ENDED = 1 }; /* eddy_req.flags */

void eddy__req_begin(eddy_loop *loop, eddy_req *req,
                     const struct eddy__req_class *kind)
{
    assert(!eddy__req_in_flight(req));
    req->kind = kind;
    req->loop = loop;
    req->next = NULL;
    req->status = 0;
    req->flags = 0;
    loop->requests++;
}

void eddy__req_abandon(eddy_req *req)
{
    assert(eddy__req_in_flight(req) && req->loop->requests > 0);
    req->kind = NULL;
    req->loop->requests--;
}

void eddy__req_end(eddy_req *req, int status)
{
    eddy_loop *loop = req->loop;

    assert(eddy__req_in_flight(req) && !(req->flags & ENDED));
    req->status = status;
    req->flags |= ENDED;
    req->next = NULL;
    if (loop->ended == NULL)
        loop->ended = req;
    else
        loop->last_ended->next = req;
    loop->last_ended = req;
    eddy__loop_touched(loop);
}

void eddy__req_finish(eddy_req *req, int status)
{
    const struct eddy__req_class *kind = req->kind;

    req->status = status;
    eddy__req_abandon(req);
    kind->done(req);
}

/* A callback may end further requests, or this one anew: the list is taken up
 * to its last member now. */
unsigned eddy__requests_call(eddy_loop *loop)
{
    const eddy_req *last = loop->last_ended;
    unsigned called = 0;

    while (loop->ended != NULL) {
        eddy_req *req = loop->ended;
        bool was_last = req == last;

        loop->ended = req->next;
        eddy__req_finish(req, req->status);
        called++;
        if (was_last)
            break;
    }
    return called;
}

int eddy_cancel(eddy_req *req)
{
    int err;

    if (req == NULL || !eddy__req_in_flight(req))
        return EDDY_EINVAL;
    err = eddy__loop_misused(req->loop);
    if (err < 0)
        return err;
    if (req->flags & ENDED)
        return EDDY_EBUSY;
    return req->kind->cancel(req);
}
