/* SPDX-License-Identifier: MIT */
/*
 * Reading: one recv() a turn where the watcher is level-triggered. What is left
 * is reported again after the others had their turn, and nothing needs to be
 * interpreted: the end is when recv() says so.
 *
 * With an edge, we have to know what is left, and ask to be told of it. A read
 * that was short took all there was, unless the report spoke of the end, which
 * is to be read too, or of urgent data, at which a read stops; what came after
 * the report makes another one. Asking costs a system call, so a turn goes on
 * for a while instead.
 */
#include "net/stream.h"

#include "core/loop.h"

/* For so many reads, as long as less than EDDY__READ_SIZE bytes came. */
#ifdef EDDY_STRESS
enum { MORE_READS = 0 };
#else
enum { MORE_READS = 15 };
#endif

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

/* What the kernel told is to be told again, should it not be so anyway. */
static void look_again(eddy_stream *stream)
{
    if (stream->handle.flags & EDDY__STREAM_OPEN)
        eddy__watcher_missed(stream->loop, &stream->watcher, EDDY_READABLE);
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
    look_again(stream);
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

static ssize_t receive(const eddy_stream *stream, const eddy_buf *buf)
{
    const eddy_os *os = stream->loop->os;
    ssize_t count;

    do
        count = os->recv(os->context, stream->watcher.fd, buf->base, buf->len);
    while (count == EDDY_EINTR);
    return count;
}

/* Nothing came of it: calls back all the same, if somebody must be told or
 * given back a buffer. */
static ssize_t read_nothing(eddy_stream *stream, ssize_t count,
                            const eddy_buf *buf)
{
    if (count == EDDY_EAGAIN && stream->alloc_cb == NULL)
        return EDDY_EAGAIN;
    if (count == EDDY_EAGAIN) {
        stream->cb.read(stream, 0, buf);
        return 0;
    }
    look_again(stream); /* whoever reads on is told the same again */
    fail(stream, count == 0 ? ending(stream) : (int) count, buf);
    return 0;
}

/* Returns how many bytes were read if there may be more, 0 if there are none,
 * EDDY_EAGAIN if besides nobody was called. */
static inline ssize_t read_once(eddy_stream *stream, unsigned events)
{
    const unsigned stops_short = EDDY_DISCONNECT | EDDY_PRIORITY;
    eddy_buf buf;
    ssize_t count;

    if (!provide(stream, &buf))
        return 0;
    count = receive(stream, &buf);
    if (count <= 0)
        return read_nothing(stream, count, &buf);
    stream->loop->stats.bytes_read += (uint64_t) count;
    stream->cb.read(stream, count, &buf);
    return (size_t) count == buf.len || (events & stops_short) ? count : 0;
}

/* There may be more behind so many bytes. Returns how many callbacks it
 * called. */
static unsigned read_on(eddy_stream *stream, unsigned events, ssize_t bytes)
{
    const unsigned most = (events & EDDY_EDGE) ? MORE_READS : 0;
    unsigned called = 0;

    while (called < most && bytes < EDDY__READ_SIZE &&
           (stream->handle.flags & EDDY__STREAM_READING)) {
        ssize_t count = read_once(stream, events);

        called += count != EDDY_EAGAIN;
        if (count <= 0)
            return called;
        bytes += count;
    }
    look_again(stream);
    return called;
}

unsigned eddy__stream_read(eddy_stream *stream, unsigned events)
{
    ssize_t count = read_once(stream, events);

    if (count > 0)
        return 1 + read_on(stream, events, count);
    return count != EDDY_EAGAIN;
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
