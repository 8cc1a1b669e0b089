/* SPDX-License-Identifier: MIT */
/*
 * Connecting. The request is first in the stream's queue until the kernel has
 * an answer, and the stream is EDDY__STREAM_CONNECTING until the callback, so
 * that requests may be queued behind it all the while. What the answer means
 * for the stream is done right before the callback, in one place.
 *
 * After a failure the socket is closed: what a second connect() on it does
 * differs by system. A new attempt makes a new one.
 */
#include "net/tcp.h"

#include <assert.h>

static void fail(eddy_stream *stream)
{
    eddy__stream_fail(stream, EDDY_ECANCELED);
    eddy__stream_drop(stream);
    eddy__stream_refresh(stream);
}

static void succeed(eddy_stream *stream)
{
    stream->handle.flags |= EDDY__STREAM_CONNECTED;
    eddy__stream_flush(stream);
}

/* A stream that was closed meanwhile has lost its socket already. */
static void settle(eddy_stream *stream, int status)
{
    stream->handle.flags &= ~(unsigned) EDDY__STREAM_CONNECTING;
    if (stream->handle.flags & EDDY__CLOSING)
        return;
    if (status == 0)
        succeed(stream);
    else
        fail(stream);
}

static void done(eddy_req *req)
{
    eddy_connect_req *connect = (eddy_connect_req *) (void *) req;
    eddy_stream *stream = connect->stream;

    if (req->status == 0 && (stream->handle.flags & EDDY__CLOSING))
        req->status = EDDY_ECANCELED; /* it was connected, and is no more */
    settle(stream, req->status);
    eddy__stream_done(stream);
    connect->cb(connect, req->status);
}

static int cancel(eddy_req *req)
{
    eddy_stream *stream = ((eddy_connect_req *) (void *) req)->stream;

    eddy__stream_end(stream, req, EDDY_ECANCELED);
    eddy__stream_refresh(stream);
    return 0;
}

static const struct eddy__req_class connect_class = {
    .done = done,
    .cancel = cancel,
};

bool eddy__is_connect(const eddy_req *req)
{
    return req->kind == &connect_class;
}

/* How the attempt ended. If even that cannot be learnt, it has failed. */
static int outcome(const eddy_stream *stream)
{
    const eddy_os *os = stream->loop->os;
    int error = 0;
    socklen_t length = sizeof(error);
    int err;

    do
        err = os->getsockopt(os->context, stream->watcher.fd, SOL_SOCKET,
                             SO_ERROR, &error, &length);
    while (err == EDDY_EINTR);
    return err < 0 ? err : eddy_from_errno(error);
}

void eddy__connect_ready(eddy_stream *stream, int status)
{
    if (stream->writes == NULL || !eddy__is_connect(stream->writes))
        return; /* GCOV_EXCL_LINE: without the request nothing is watched */
    if (status == 0)
        status = outcome(stream);
    eddy__stream_end(stream, stream->writes, status);
    eddy__stream_refresh(stream);
}

/* EDDY_EALREADY after an interruption: the first call's attempt goes on. */
static int begin(const eddy_stream *stream, const struct sockaddr *address,
                 socklen_t length)
{
    const eddy_os *os = stream->loop->os;
    bool interrupted = false;
    int err;

    while ((err = os->connect(os->context, stream->watcher.fd, address,
                              length)) == EDDY_EINTR)
        interrupted = true;
    if (err == EDDY_EALREADY && interrupted)
        return -EINPROGRESS;
    return err == EDDY_EISCONN && interrupted ? 0 : err;
}

static int check(const eddy_connect_req *req, const eddy_tcp *tcp,
                 const struct sockaddr *address, eddy_connect_cb cb)
{
    int err;

    if (req == NULL || tcp == NULL || cb == NULL ||
        eddy__address_size(address) == 0)
        return EDDY_EINVAL;
    err = eddy__handle_misused(&tcp->handle);
    if (err < 0)
        return err;
    if (eddy__req_in_flight(&req->req))
        return EDDY_EBUSY;
    if (tcp->handle.flags & EDDY__STREAM_CONNECTING)
        return EDDY_EALREADY;
    if (tcp->handle.flags & EDDY__STREAM_CONNECTED)
        return EDDY_EISCONN;
    return tcp->handle.flags & EDDY__STREAM_LISTENING ? EDDY_EINVAL : 0;
}

int eddy_tcp_connect(eddy_connect_req *req, eddy_tcp *tcp,
                     const struct sockaddr *address, eddy_connect_cb cb)
{
    int err = check(req, tcp, address, cb);
    eddy_stream *stream;

    if (err == 0)
        err = eddy__tcp_make(tcp, address->sa_family);
    if (err < 0)
        return err;
    stream = &tcp->stream;
    assert(stream->writes == NULL);
    req->stream = stream;
    req->cb = cb;
    stream->handle.flags |= EDDY__STREAM_CONNECTING;
    eddy__stream_enqueue(stream, &req->req, &connect_class);
    err = begin(stream, address, eddy__address_size(address));
    if (err != -EINPROGRESS)
        eddy__stream_end(stream, &req->req, err);
    eddy__stream_refresh(stream);
    return 0;
}
