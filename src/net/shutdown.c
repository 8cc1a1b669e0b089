/* SPDX-License-Identifier: MIT */
/*
 * Ending the writing side: a request behind all that is queued, done when it
 * is reached. From its asking on no write is taken; if it fails or is
 * cancelled, the side is open again.
 */
#include "net/stream.h"

static void done(eddy_req *req)
{
    eddy_shutdown_req *shutdown = (eddy_shutdown_req *) (void *) req;

    eddy__stream_done(shutdown->stream);
    if (shutdown->cb != NULL)
        shutdown->cb(shutdown, req->status);
}

static int cancel(eddy_req *req)
{
    eddy_stream *stream = ((eddy_shutdown_req *) (void *) req)->stream;

    stream->handle.flags &= ~(unsigned) EDDY__STREAM_SHUT;
    eddy__stream_end(stream, req, EDDY_ECANCELED);
    eddy__stream_refresh(stream);
    return 0;
}

static const struct eddy__req_class shutdown_class = {
    .done = done,
    .cancel = cancel,
};

bool eddy__is_shutdown(const eddy_req *req)
{
    return req->kind == &shutdown_class;
}

void eddy__shutdown_reached(eddy_stream *stream)
{
    const eddy_os *os = stream->loop->os;
    int err;

    if (stream->writes == NULL || !eddy__is_shutdown(stream->writes) ||
        !(stream->handle.flags & EDDY__STREAM_CONNECTED))
        return;
    do
        err = os->shutdown(os->context, stream->watcher.fd, SHUT_WR);
    while (err == EDDY_EINTR);
    if (err < 0)
        stream->handle.flags &= ~(unsigned) EDDY__STREAM_SHUT;
    eddy__stream_end(stream, stream->writes, err);
}

int eddy_shutdown(eddy_shutdown_req *req, eddy_stream *stream,
                  eddy_shutdown_cb cb)
{
    const unsigned states = EDDY__STREAM_CONNECTED | EDDY__STREAM_CONNECTING;
    int err = eddy__stream_unready(stream, states);

    if (req == NULL)
        return EDDY_EINVAL;
    if (err < 0)
        return err;
    if (eddy__req_in_flight(&req->req))
        return EDDY_EBUSY;
    if (stream->handle.flags & EDDY__STREAM_SHUT)
        return EDDY_EPIPE;
    req->stream = stream;
    req->cb = cb;
    stream->handle.flags |= EDDY__STREAM_SHUT;
    eddy__stream_enqueue(stream, &req->req, &shutdown_class);
    eddy__shutdown_reached(stream);
    eddy__stream_refresh(stream);
    return 0;
}
