/* SPDX-License-Identifier: MIT */
/*
 * Writing: a request goes behind the queue, and what is first in the queue is
 * sent at once if nothing was waiting before. Requests are gathered into one
 * sendmsg(). A request ends when all its bytes are out; its callback comes in
 * the pending phase, so nothing here calls the user.
 */
#include "net/stream.h"

#include <assert.h>
#include <limits.h>

/* How much one sendmsg() is offered: some systems refuse a total beyond
 * INT_MAX. And how many a turn makes before other streams have theirs. */
#ifdef EDDY_STRESS
enum { MAX_BUFFERS = 2, MAX_BYTES = 1 << 24, MAX_SENDS = 1 };
#else
enum { MAX_BUFFERS = 64, MAX_BYTES = 1 << 24, MAX_SENDS = 8 };
#endif

static void done(eddy_req *req)
{
    eddy_write_req *write = (eddy_write_req *) (void *) req;
    size_t size = write->nbufs * sizeof(*write->bufs);

    if (write->bufs != write->inline_bufs)
        eddy__free(write->stream->loop->allocator, write->bufs, size);
    write->bufs = NULL;
    eddy__stream_done(write->stream);
    if (write->cb != NULL)
        write->cb(write, req->status);
}

static size_t left(const eddy_write_req *write)
{
    size_t bytes = 0;

    for (unsigned i = write->first; i < write->nbufs; i++)
        bytes += write->bufs[i].len;
    return bytes;
}

/* What the peer has seen a part of cannot be left out any more. */
static int cancel(eddy_req *req)
{
    eddy_write_req *write = (eddy_write_req *) (void *) req;
    eddy_stream *stream = write->stream;

    if (write->nwritten > 0)
        return EDDY_EBUSY;
    stream->queued -= left(write);
    eddy__stream_end(stream, req, EDDY_ECANCELED);
    eddy__stream_refresh(stream);
    return 0;
}

static const struct eddy__req_class write_class = {
    .done = done,
    .cancel = cancel,
};

static eddy_write_req *first_write(const eddy_stream *stream)
{
    if (stream->writes == NULL || stream->writes->kind != &write_class)
        return NULL;
    return (eddy_write_req *) (void *) stream->writes;
}

/* Adds what there is room for; returns the number of bytes. The type of
 * msg_iovlen differs by system, so it is only ever counted up. */
static size_t add(struct msghdr *message, const eddy_buf *bufs, unsigned nbufs,
                  size_t room)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < nbufs && bytes < room; i++) {
        struct iovec *iov = &message->msg_iov[message->msg_iovlen];

        if (bufs[i].len == 0)
            continue;
        if (message->msg_iovlen == MAX_BUFFERS)
            break;
        iov->iov_base = bufs[i].base;
        iov->iov_len = bufs[i].len < room - bytes ? bufs[i].len : room - bytes;
        bytes += iov->iov_len;
        message->msg_iovlen++;
    }
    return bytes;
}

static size_t gather(const eddy_stream *stream, struct msghdr *message)
{
    size_t bytes = 0;

    for (const eddy_req *req = stream->writes;
         req != NULL && req->kind == &write_class; req = req->next) {
        const eddy_write_req *write =
            (const eddy_write_req *) (const void *) req;

        bytes += add(message, write->bufs + write->first,
                     write->nbufs - write->first, MAX_BYTES - bytes);
        if (message->msg_iovlen == MAX_BUFFERS || bytes == MAX_BYTES)
            break;
    }
    return bytes;
}

/* Errors after which a connection is no more. The unreachable ones are among
 * them: what a router says is held back until the retries have run out. */
static bool is_over(ssize_t error)
{
    switch (error) {
    case EDDY_ECONNABORTED:
    case EDDY_ECONNREFUSED:
    case EDDY_ECONNRESET:
    case EDDY_EHOSTDOWN:
    case EDDY_EHOSTUNREACH:
    case EDDY_ENETDOWN:
    case EDDY_ENETUNREACH:
    case EDDY_ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

/* For the reader, whom the kernel may not tell any more. A connection that
 * still takes data has not ended, whatever was said before. */
static void note(eddy_stream *stream, ssize_t sent)
{
    if (sent > 0)
        stream->delayed_error = 0;
    else if (is_over(sent))
        stream->delayed_error = (int) sent;
}

static inline ssize_t send_message(eddy_stream *stream,
                                   const struct msghdr *message)
{
    const eddy_os *os = stream->loop->os;
    ssize_t sent;

    do
        sent = os->sendmsg(os->context, stream->watcher.fd, message);
    while (sent == EDDY_EINTR);
    if (sent > 0)
        stream->loop->stats.bytes_written += (uint64_t) sent;
    note(stream, sent);
    if (sent != EDDY_ENOBUFS)
        return sent;
    eddy__stream_forgo_edge(stream); /* nothing says when there is room */
    return EDDY_EAGAIN;
}

/* Takes up to `sent` bytes off the request; returns how many. */
static size_t consume(eddy_write_req *write, size_t sent)
{
    size_t taken = 0;

    while (write->first < write->nbufs) {
        eddy_buf *buf = &write->bufs[write->first];
        size_t part = buf->len < sent - taken ? buf->len : sent - taken;

        if (part < buf->len) {
            buf->base += part;
            buf->len -= part;
            taken += part;
            break;
        }
        taken += part;
        write->first++;
    }
    write->nwritten += taken;
    return taken;
}

/* Ends every request that is complete, those without bytes too. */
static void advance(eddy_stream *stream, size_t sent)
{
    eddy_write_req *write;

    assert(sent <= stream->queued);
    stream->queued -= sent;
    while ((write = first_write(stream)) != NULL) {
        sent -= consume(write, sent);
        if (write->first < write->nbufs)
            break;
        eddy__stream_end(stream, &write->req, 0);
    }
    assert(sent == 0);
}

/* One system call's worth. Whether the kernel took all it was offered, so that
 * it may take more. */
static bool send_some(eddy_stream *stream)
{
    struct iovec iov[MAX_BUFFERS];
    struct msghdr message = {.msg_iov = iov};
    size_t offered = gather(stream, &message);
    ssize_t sent = 0;

    if (offered > 0)
        sent = send_message(stream, &message);
    if (sent == EDDY_EAGAIN)
        return false;
    if (sent < 0) {
        eddy__stream_fail(stream, (int) sent);
        return false;
    }
    advance(stream, (size_t) sent);
    return (size_t) sent == offered;
}

void eddy__stream_flush(eddy_stream *stream)
{
    int sends = 0;

    assert(stream->handle.flags & EDDY__STREAM_CONNECTED);
    while (sends < MAX_SENDS && first_write(stream) != NULL &&
           send_some(stream))
        sends++;
    if (sends == MAX_SENDS && first_write(stream) != NULL)
        eddy__stream_forgo_edge(stream); /* the kernel may take more */
    eddy__shutdown_reached(stream);
    eddy__stream_refresh(stream);
}

/* The number of bytes, which a ssize_t must be able to hold. */
static ssize_t measure(const eddy_buf bufs[], unsigned nbufs)
{
    size_t bytes = 0;

    if (bufs == NULL && nbufs > 0)
        return EDDY_EINVAL;
    for (unsigned i = 0; i < nbufs; i++) {
        if ((bufs[i].base == NULL && bufs[i].len > 0) ||
            bufs[i].len > SSIZE_MAX - bytes)
            return EDDY_EINVAL;
        bytes += bufs[i].len;
    }
    return (ssize_t) bytes;
}

static int copy(eddy_write_req *req, eddy_loop *loop, const eddy_buf bufs[],
                unsigned nbufs)
{
    const size_t room = sizeof(req->inline_bufs) / sizeof(req->inline_bufs[0]);
    size_t count = nbufs;
    eddy_buf *space = req->inline_bufs;

    if (count > room) {
        if (count > SIZE_MAX / sizeof(*bufs))
            return EDDY_ENOMEM; /* GCOV_EXCL_LINE: not with 64-bit sizes */
        space = eddy__allocate(loop->allocator, count * sizeof(*bufs));
        if (space == NULL)
            return EDDY_ENOMEM;
    }
    for (unsigned i = 0; i < nbufs; i++)
        space[i] = bufs[i];
    req->bufs = space;
    req->nbufs = nbufs;
    return 0;
}

/* The number of bytes, or why they cannot be written. */
static ssize_t check(const eddy_stream *stream, const eddy_buf bufs[],
                     unsigned nbufs)
{
    const unsigned states = EDDY__STREAM_CONNECTED | EDDY__STREAM_CONNECTING;
    int err = eddy__stream_unready(stream, states);

    if (err < 0)
        return err;
    if (stream->handle.flags & EDDY__STREAM_SHUT)
        return EDDY_EPIPE;
    return measure(bufs, nbufs);
}

int eddy_write(eddy_write_req *req, eddy_stream *stream, const eddy_buf bufs[],
               unsigned nbufs, eddy_write_cb cb)
{
    ssize_t bytes = check(stream, bufs, nbufs);
    int err;

    if (req == NULL)
        return EDDY_EINVAL;
    if (bytes < 0)
        return (int) bytes;
    if (eddy__req_in_flight(&req->req))
        return EDDY_EBUSY;
    if ((size_t) bytes > SSIZE_MAX - stream->queued)
        return EDDY_EINVAL;
    err = copy(req, stream->loop, bufs, nbufs);
    if (err < 0)
        return err;
    req->nwritten = 0;
    req->stream = stream;
    req->cb = cb;
    req->first = 0;
    eddy__stream_enqueue(stream, &req->req, &write_class);
    stream->queued += (size_t) bytes;
    if (stream->writes == &req->req &&
        (stream->handle.flags & EDDY__STREAM_CONNECTED))
        eddy__stream_flush(stream);
    else
        eddy__stream_refresh(stream);
    return 0;
}

ssize_t eddy_try_write(eddy_stream *stream, const eddy_buf bufs[],
                       unsigned nbufs)
{
    struct iovec iov[MAX_BUFFERS];
    struct msghdr message = {.msg_iov = iov};
    ssize_t bytes = check(stream, bufs, nbufs);

    if (bytes < 0)
        return bytes;
    if (stream->writes != NULL ||
        !(stream->handle.flags & EDDY__STREAM_CONNECTED))
        return EDDY_EAGAIN;
    if (bytes == 0)
        return 0;
    add(&message, bufs, nbufs, MAX_BYTES);
    return send_message(stream, &message);
}
