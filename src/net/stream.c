/* SPDX-License-Identifier: MIT */
/*
 * What all streams have in common: the descriptor and its watcher, the queue
 * of requests, and closing. What happens on readiness stands in the file of
 * what the stream is doing.
 *
 * A stream's memory is the caller's again only after a closing phase, so that
 * every function here may look at its flags after a user's callback.
 */
#include "net/stream.h"

#include <assert.h>

void eddy__stream_init(eddy_loop *loop, eddy_stream *stream,
                       const struct eddy__handle_class *kind)
{
    eddy__handle_init(loop, &stream->handle, kind);
    stream->watcher = (struct eddy__watcher){.fd = -1};
    stream->alloc_cb = NULL;
    stream->cb.read = NULL;
    stream->writes = NULL;
    stream->last_write = NULL;
    stream->queued = 0;
    stream->requests = 0;
    stream->delayed_error = 0;
    stream->extra = NULL;
    stream->reserved = NULL;
}

/* The end and urgent data must then be told along with the data: at these a
 * read may be short though there is more. */
static unsigned as_edge(unsigned events)
{
    const unsigned ends = EDDY_DISCONNECT | EDDY_PRIORITY;

    if (events == 0)
        return 0;
    return events | EDDY_EDGE | ((events & EDDY_READABLE) ? ends : 0U);
}

static unsigned wanted(const eddy_stream *stream)
{
    unsigned flags = stream->handle.flags;
    unsigned events = 0;

    if (flags & EDDY__STREAM_LISTENING) {
        if (!(flags & (EDDY__STREAM_PAUSED | EDDY__STREAM_RESTING)))
            events |= EDDY_READABLE;
    } else if (flags & EDDY__STREAM_CONNECTING) {
        if (stream->writes != NULL && eddy__is_connect(stream->writes))
            events |= EDDY_WRITABLE;
    } else {
        if (flags & EDDY__STREAM_READING)
            events |= EDDY_READABLE;
        if (stream->writes != NULL)
            events |= EDDY_WRITABLE;
        if (flags & EDDY__STREAM_EDGE)
            events = as_edge(events);
    }
    return events;
}

/* That the backend can watch both was seen to when the stream was attached. */
void eddy__stream_refresh(eddy_stream *stream)
{
    const unsigned busy =
        EDDY__STREAM_READING | EDDY__STREAM_LISTENING | EDDY__STREAM_CONNECTING;

    assert(!(stream->handle.flags & EDDY__CLOSING));
    if (stream->handle.flags & EDDY__STREAM_OPEN)
        (void) eddy__watcher_set(stream->loop, &stream->watcher,
                                 wanted(stream));
    if ((stream->handle.flags & busy) || stream->writes != NULL)
        eddy__handle_activate(&stream->handle);
    else
        eddy__handle_deactivate(&stream->handle);
}

void eddy__stream_forgo_edge(eddy_stream *stream)
{
    if (!(stream->handle.flags & EDDY__STREAM_EDGE))
        return;
    stream->handle.flags &= ~(unsigned) EDDY__STREAM_EDGE;
    eddy__stream_refresh(stream);
}

/* The kernel will not watch the descriptor: whoever waits for it is told. */
static unsigned refused(eddy_stream *stream, int error)
{
    eddy__stream_fail(stream, error);
    eddy__stream_refresh(stream);
    if (!(stream->handle.flags & EDDY__STREAM_READING))
        return 0;
    eddy__stream_read_failed(stream, error);
    return 1;
}

/* Reading comes first: after a reset, whoever looks first is told of it, and
 * to a reader it must not look like the end of the data. */
static unsigned transfer(eddy_stream *stream, unsigned events)
{
    unsigned called = 0;

    if ((events & EDDY_READABLE) &&
        (stream->handle.flags & EDDY__STREAM_READING))
        called = eddy__stream_read(stream, events);
    if ((events & EDDY_WRITABLE) && stream->writes != NULL)
        eddy__stream_flush(stream);
    return called;
}

static unsigned ready(struct eddy__watcher *watcher, int status,
                      unsigned events)
{
    eddy_stream *stream = EDDY__CONTAINER(watcher, eddy_stream, watcher);
    unsigned flags = stream->handle.flags;

    assert(!(flags & EDDY__CLOSING));
    if (flags & EDDY__STREAM_LISTENING)
        return eddy__listen_ready(stream, status);
    if (flags & EDDY__STREAM_CONNECTING) {
        eddy__connect_ready(stream, status);
        return 0; /* the request has ended: its callback comes later */
    }
    return status < 0 ? refused(stream, status) : transfer(stream, events);
}

int eddy__stream_attach(eddy_stream *stream, int fd)
{
    const unsigned needed = EDDY_READABLE | EDDY_WRITABLE;
    int err;

    assert(!(stream->handle.flags & EDDY__STREAM_OPEN));
    if ((stream->loop->ops->events & needed) != needed)
        return EDDY_ENOTSUP;
    err = eddy__watcher_open(stream->loop, &stream->watcher, fd, ready);
    if (err == 0)
        stream->handle.flags |= EDDY__STREAM_OPEN;
    return err;
}

void eddy__stream_close_fd(eddy_loop *loop, int fd)
{
    const eddy_os *os = loop->os;

    (void) os->close(os->context, fd);
}

void eddy__stream_release(eddy_stream *stream)
{
    const unsigned kept =
        EDDY__ACTIVE | EDDY__REF | EDDY__CLOSING | EDDY__STREAM_NODELAY;

    assert(stream->writes == NULL);
    eddy__watcher_close(stream->loop, &stream->watcher);
    stream->watcher.fd = -1;
    stream->handle.flags &= kept;
}

void eddy__stream_drop(eddy_stream *stream)
{
    int fd = stream->watcher.fd;

    if (!(stream->handle.flags & EDDY__STREAM_OPEN))
        return;
    eddy__stream_release(stream);
    eddy__stream_close_fd(stream->loop, fd);
}

int eddy__stream_set_option(eddy_loop *loop, int fd, int level, int option,
                            int value)
{
    const eddy_os *os = loop->os;
    int err;

    do
        err = os->setsockopt(os->context, fd, level, option, &value,
                             sizeof(value));
    while (err == EDDY_EINTR);
    return err;
}

void eddy__stream_enqueue(eddy_stream *stream, eddy_req *req,
                          const struct eddy__req_class *kind)
{
    eddy__req_begin(stream->loop, req, kind);
    stream->requests++;
    if (stream->writes == NULL)
        stream->writes = req;
    else
        stream->last_write->next = req;
    stream->last_write = req;
}

void eddy__stream_end(eddy_stream *stream, eddy_req *req, int status)
{
    eddy_req *before = NULL;

    for (eddy_req *it = stream->writes; it != req; it = it->next)
        before = it;
    if (before != NULL)
        before->next = req->next;
    else
        stream->writes = req->next;
    if (stream->last_write == req)
        stream->last_write = before;
    eddy__req_end(req, status);
}

void eddy__stream_fail(eddy_stream *stream, int error)
{
    while (stream->writes != NULL) {
        eddy_req *req = stream->writes;

        if (eddy__is_shutdown(req))
            stream->handle.flags &= ~(unsigned) EDDY__STREAM_SHUT;
        eddy__stream_end(stream, req, error);
        error = EDDY_ECANCELED;
    }
    stream->queued = 0;
}

void eddy__stream_done(eddy_stream *stream)
{
    assert(stream->requests > 0);
    stream->requests--;
    if (stream->requests == 0 && (stream->handle.flags & EDDY__CLOSING))
        eddy__handle_closable(&stream->handle);
}

enum eddy__close eddy__stream_close(eddy_handle *handle)
{
    eddy_stream *stream = (eddy_stream *) (void *) handle;

    eddy__stream_fail(stream, EDDY_ECANCELED);
    eddy__listen_close(stream);
    eddy__stream_drop(stream);
    return stream->requests > 0 ? EDDY__CLOSE_LATER : EDDY__CLOSE_PHASE;
}

size_t eddy_stream_queued(const eddy_stream *stream)
{
    return stream == NULL ? 0 : stream->queued;
}
