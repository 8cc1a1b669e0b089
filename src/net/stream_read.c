/* SPDX-License-Identifier: MIT */
/*
 * Reading: one recv() a turn. What is left is reported again after the others
 * had their turn, and neither a short read nor a hangup needs to be
 * interpreted: the end is when recv() says so.
 *
 * That is so where the watcher is level-triggered. With an edge a read must
 * have been short, so that nothing is left but at the end and at urgent data,
 * of which the report then spoke; what came after it makes another one. A
 * stream that does otherwise, once, is level-triggered ever after: asking the
 * kernel each time would cost more than it saves.
 */
#include "net/stream.h"

#include "core/loop.h"

static void stop(eddy_stream *stream)
{
    stream->handle.flags &= ~(unsigned) EDDY__STREAM_READING;
    eddy__stream_refresh(stream);
}

static void fail(eddy_stream *stream, int error, const eddy_buf *buf)
{
    stop(stream);
    stream->cb.read(stream, error, buf);
}

void eddy__stream_read_failed(eddy_stream *stream, int error)
{
    const eddy_buf none = {NULL, 0};

    fail(stream, error, &none);
}

/* False when there is nothing to read into, or nobody to read for any more. */
static bool provide(eddy_stream *stream, eddy_buf *buf)
{
    if (stream->alloc_cb == NULL) {
        *buf = (eddy_buf){stream->loop->read_buffer, EDDY__READ_SIZE};
        return true;
    }
    *buf = (eddy_buf){NULL, 0};
    stream->alloc_cb(&stream->handle, EDDY__READ_SIZE, buf);
    if (buf->base != NULL && buf->len != 0 &&
        (stream->handle.flags & EDDY__STREAM_READING))
        return true;
    eddy__stream_forgo_edge(stream);
    if (stream->handle.flags & EDDY__STREAM_READING)
        fail(stream, EDDY_ENOBUFS, buf);
    return false;
}

/* A failed write may have used up the error that ended the connection: the
 * kernel then gives the reader a plain end, as if the data were complete. */
static int ending(const eddy_stream *stream)
{
    return stream->delayed_error != 0 ? stream->delayed_error : EDDY_EOF;
}

static ssize_t receive(eddy_stream *stream, const eddy_buf *buf,
                       unsigned events)
{
    const eddy_os *os = stream->loop->os;
    ssize_t count;

    do
        count = os->recv(os->context, stream->watcher.fd, buf->base, buf->len);
    while (count == EDDY_EINTR);
    if (count == (ssize_t) buf->len || (count <= 0 && count != EDDY_EAGAIN) ||
        (events & (EDDY_DISCONNECT | EDDY_PRIORITY)))
        eddy__stream_forgo_edge(stream);
    return count;
}

unsigned eddy__stream_read(eddy_stream *stream, unsigned events)
{
    eddy_buf buf;
    ssize_t count;

    if (!provide(stream, &buf))
        return 1;
    count = receive(stream, &buf, events);
    if (count > 0) {
        stream->loop->stats.bytes_read += (uint64_t) count;
        stream->cb.read(stream, count, &buf);
    } else if (count == EDDY_EAGAIN) {
        if (stream->alloc_cb == NULL)
            return 0;
        stream->cb.read(stream, 0, &buf);
    } else {
        fail(stream, count == 0 ? ending(stream) : (int) count, &buf);
    }
    return 1;
}

int eddy_read_start(eddy_stream *stream, eddy_alloc_cb alloc_cb,
                    eddy_read_cb read_cb)
{
    int err;

    if (read_cb == NULL)
        return EDDY_EINVAL;
    err = eddy__stream_unready(stream, EDDY__STREAM_CONNECTED);
    if (err < 0)
        return err;
    if (alloc_cb == NULL && eddy__loop_read_buffer(stream->loop) == NULL)
        return EDDY_ENOMEM;
    stream->alloc_cb = alloc_cb;
    stream->cb.read = read_cb;
    stream->handle.flags |= EDDY__STREAM_READING;
    eddy__stream_refresh(stream);
    return 0;
}

int eddy_read_stop(eddy_stream *stream)
{
    int err =
        stream == NULL ? EDDY_EINVAL : eddy__handle_misused(&stream->handle);

    if (err < 0)
        return err;
    if (stream->handle.flags & EDDY__STREAM_READING)
        stop(stream);
    return 0;
}
