/* SPDX-License-Identifier: MIT */
/*
 * Streams of bytes: listening, accepting, reading and writing, whatever the
 * transport. A stream is opened by its own type (see eddy/tcp.h); the
 * functions here take `&tcp.stream`.
 *
 *     static void on_read(eddy_stream *stream, ssize_t nread,
 *                         const eddy_buf *buf)
 *     {
 *         if (nread < 0)                   // EDDY_EOF, or an error
 *             eddy_close(&stream->handle, on_closed);
 *         else
 *             consume(stream->data, buf->base, (size_t) nread);
 *     }
 *
 *     static void on_connection(eddy_stream *server, int status)
 *     {
 *         struct client *client = new_client();
 *         eddy_tcp_init(server->loop, &client->tcp);
 *         if (eddy_accept(server, &client->tcp.stream) == 0)
 *             eddy_read_start(&client->tcp.stream, NULL, on_read);
 *     }
 *
 * Reading and writing are independent of each other: the end of one side
 * leaves the other as it was. All callbacks come later, never from within the
 * function that asks for them, and on the loop's thread.
 *
 * Every function returns EDDY_EINVAL for a NULL or closing handle, EDDY_EBADF
 * or EDDY_ENOTCONN for one that is not open or not connected.
 */
#ifndef EDDY_STREAM_H
#define EDDY_STREAM_H

#include <eddy/io.h>
#include <eddy/request.h>

#include <sys/types.h>

EDDY_BEGIN_DECLS

typedef struct eddy_stream eddy_stream;
typedef struct eddy_write_req eddy_write_req;
typedef struct eddy_connect_req eddy_connect_req;
typedef struct eddy_shutdown_req eddy_shutdown_req;

typedef struct eddy_buf {
    char *base;
    size_t len;
} eddy_buf;

/** Gives *out the memory to read into. `suggested` is a guess. A length of 0
 * or a NULL base ends the reading: the read callback gets EDDY_ENOBUFS. */
typedef void (*eddy_alloc_cb)(eddy_handle *handle, size_t suggested,
                              eddy_buf *out);

/**
 * nread > 0: that many bytes are at buf->base. nread < 0: EDDY_EOF or an
 * error; reading has stopped. Each buffer that the alloc callback gave comes
 * back in exactly one read callback, unless that alloc callback itself closes
 * the handle or stops the reading: then nothing is read. Without an alloc
 * callback the memory is the loop's own, valid until this returns.
 *
 * nread is never 0 without an alloc callback. With one it is 0 in the rare
 * case that the system took back what it had announced: the buffer returns
 * unused, and reading goes on.
 */
typedef void (*eddy_read_cb)(eddy_stream *stream, ssize_t nread,
                             const eddy_buf *buf);

/** status 0: at least one connection may wait for eddy_accept. Negative: an
 * error of the listening socket, or EDDY_EMFILE and the like, reported once
 * until a connection is accepted again: for want of a descriptor those that
 * waited were shed, and accepting goes on after a pause. */
typedef void (*eddy_connection_cb)(eddy_stream *server, int status);

typedef void (*eddy_write_cb)(eddy_write_req *write, int status);
typedef void (*eddy_connect_cb)(eddy_connect_req *connect, int status);
typedef void (*eddy_shutdown_cb)(eddy_shutdown_req *shutdown, int status);

struct eddy_stream {
    EDDY_HANDLE_UNION;
    /* private */
    struct eddy__watcher watcher;
    eddy_alloc_cb alloc_cb;
    union {
        eddy_read_cb read;
        eddy_connection_cb connection;
    } cb;
    eddy_req *writes;     /* first of the queue: a connect, writes, */
    eddy_req *last_write; /* then a shutdown, in the order of asking */
    size_t queued;        /* bytes in it */
    unsigned requests;    /* in flight, until their callbacks */
    int delayed_error;    /* met by a writer or by eddy_accept, to be told to
                             the reader or the connection callback */
    struct eddy__stream_extra *extra; /* what few streams need */
    void *reserved;
};

/* Requests: zero-filled before their first use. */
struct eddy_write_req {
    EDDY_REQ_UNION;
    size_t nwritten;     /* bytes that went out: true in the callback, whatever
                            the status */
    eddy_stream *stream; /* read-only */
    /* private */
    eddy_write_cb cb;
    eddy_buf *bufs;
    unsigned nbufs;
    unsigned first; /* not wholly written */
    eddy_buf inline_bufs[4];
    void *reserved[2];
};

struct eddy_connect_req {
    EDDY_REQ_UNION;
    eddy_stream *stream; /* read-only */
    /* private */
    eddy_connect_cb cb;
    void *reserved[2];
};

struct eddy_shutdown_req {
    EDDY_REQ_UNION;
    eddy_stream *stream; /* read-only */
    /* private */
    eddy_shutdown_cb cb;
    void *reserved[2];
};

/**
 * Listens. The callback comes when connections wait; it calls eddy_accept,
 * once or until that returns EDDY_EAGAIN. As long as it does not, the
 * callback is not repeated for the same connection but the listener pauses
 * until eddy_accept is called.
 *
 * Listening again changes callback and backlog.
 *
 * Errors: those of bind (an address in use may show up here) and listen.
 * EDDY_EINVAL: NULL callback, or the stream is connected or connecting.
 */
EDDY_EXTERN int eddy_listen(eddy_stream *stream, int backlog,
                            eddy_connection_cb cb);

/**
 * Takes one waiting connection into `client`, a stream made by its init
 * function and not yet opened, of the same loop. EDDY_EAGAIN: none waits.
 * EDDY_EINVAL: the server does not listen, or the client is of another loop.
 * EDDY_EBUSY: the client is open. EDDY_EMFILE, EDDY_ENOMEM and other errors
 * of the system's: the callback is told of these too, once. On failure the
 * client is unchanged.
 */
EDDY_EXTERN int eddy_accept(eddy_stream *server, eddy_stream *client);

/**
 * Reads what comes, until eddy_read_stop, the end or an error. Reading again
 * changes the callbacks. In one turn a stream reads a bounded amount, so that
 * it cannot keep others waiting.
 */
EDDY_EXTERN int eddy_read_start(eddy_stream *stream, eddy_alloc_cb alloc_cb,
                                eddy_read_cb read_cb);

/** No read callback comes until the next start. Stopping twice is 0. */
EDDY_EXTERN int eddy_read_stop(eddy_stream *stream);

/**
 * Writes the buffers in order, behind what is queued. What the kernel takes at
 * once goes out in this call. The array of buffers is copied (more than four
 * need memory: EDDY_ENOMEM); the bytes must stay until the callback. The
 * callback always comes later, in order, once; `cb` may be NULL.
 *
 * If writing fails, the request that met the error gets it, and all behind it
 * get EDDY_ECANCELED, as do all behind a connect that fails. eddy_cancel takes
 * a request back of which no byte went out (EDDY_EBUSY else); its callback may
 * come before those of requests ahead of it.
 *
 * EDDY_EINVAL: a NULL argument, also a buffer's base if its length is not 0,
 * or more bytes than a ssize_t holds. EDDY_EPIPE: after eddy_shutdown.
 * EDDY_EBUSY: the request is in flight.
 */
EDDY_EXTERN int eddy_write(eddy_write_req *req, eddy_stream *stream,
                           const eddy_buf bufs[], unsigned nbufs,
                           eddy_write_cb cb);

/** Writes what the kernel takes now and returns how much; EDDY_EAGAIN if that
 * is nothing, or if anything is queued before it. */
EDDY_EXTERN ssize_t eddy_try_write(eddy_stream *stream, const eddy_buf bufs[],
                                   unsigned nbufs);

/** Ends the writing side once all that is queued went out. From this call on
 * no write is taken, unless the callback brings an error or the request is
 * cancelled. `cb` may be NULL. EDDY_EPIPE: asked for already. EDDY_EBUSY: the
 * request is in flight. */
EDDY_EXTERN int eddy_shutdown(eddy_shutdown_req *req, eddy_stream *stream,
                              eddy_shutdown_cb cb);

/** Bytes that eddy_write took and the kernel did not yet. */
EDDY_EXTERN size_t eddy_stream_queued(const eddy_stream *stream);

EDDY_END_DECLS

#endif
