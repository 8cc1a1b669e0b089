/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder share about a stream.
 *
 * What must hold: the queue (stream->writes) holds requests that have not
 * ended, a connect first, a shutdown last; stream->requests counts those whose
 * callback has not come, queued or ended; stream->queued is the bytes left in
 * the queue. The watcher wants what eddy__stream_refresh computes from flags
 * and queue: whoever changes these calls it.
 */
#ifndef EDDY_NET_STREAM_H
#define EDDY_NET_STREAM_H

#include "core/handle.h"
#include "core/request.h"
#include "core/watcher.h"
#include <eddy/stream.h>
#include <eddy/timer.h>

/* handle.flags of streams */
enum {
    EDDY__STREAM_OPEN = EDDY__FLAG_FREE,         /* has a descriptor */
    EDDY__STREAM_BOUND = EDDY__FLAG_FREE << 1,   /* by eddy_tcp_bind */
    EDDY__STREAM_NODELAY = EDDY__FLAG_FREE << 2, /* asked for, now or later */
    EDDY__STREAM_CONNECTING = EDDY__FLAG_FREE << 3, /* until the callback */
    EDDY__STREAM_CONNECTED = EDDY__FLAG_FREE << 4,
    EDDY__STREAM_READING = EDDY__FLAG_FREE << 5,
    EDDY__STREAM_SHUT = EDDY__FLAG_FREE << 6, /* shutdown queued or done */
    EDDY__STREAM_LISTENING = EDDY__FLAG_FREE << 7,
    EDDY__STREAM_ACCEPTED = EDDY__FLAG_FREE << 8, /* in this callback */
    EDDY__STREAM_PAUSED = EDDY__FLAG_FREE << 9,   /* until eddy_accept */
    EDDY__STREAM_RESTING = EDDY__FLAG_FREE << 10, /* until the timer */
    EDDY__STREAM_TOLD = EDDY__FLAG_FREE << 11,    /* why it rests */
    EDDY__STREAM_EDGE = EDDY__FLAG_FREE << 12     /* edges will do */
};

/* What only listening streams need so far. */
struct eddy__stream_extra {
    eddy_timer rest;
};

/* stream.c */

void eddy__stream_init(eddy_loop *loop, eddy_stream *stream,
                       const struct eddy__handle_class *kind);

/* The close function of every class of streams. */
enum eddy__close eddy__stream_close(eddy_handle *handle);

/* Takes an open descriptor over, or, on failure, leaves it alone. */
int eddy__stream_attach(eddy_stream *stream, int fd);

/* Closes the descriptor; the stream is as its init left it, but for what was
 * asked for by EDDY__STREAM_NODELAY. The queue must be empty. */
void eddy__stream_drop(eddy_stream *stream);

/* The same, but the descriptor stays open: it is the caller's again. */
void eddy__stream_release(eddy_stream *stream);

/* Has the watcher want, and the handle be active, as flags and queue say. */
void eddy__stream_refresh(eddy_stream *stream);

/* For who may have left something behind: from now on the kernel repeats what
 * it told. Does nothing to a stream that was closed. */
void eddy__stream_forgo_edge(eddy_stream *stream);

/* Begins a request and puts it behind the queue. */
void eddy__stream_enqueue(eddy_stream *stream, eddy_req *req,
                          const struct eddy__req_class *kind);

/* Takes a request out of the queue, wherever it is, and ends it. */
void eddy__stream_end(eddy_stream *stream, eddy_req *req, int status);

/* Ends the first in the queue with the error, and those behind, which it took
 * the chance from, with EDDY_ECANCELED. */
void eddy__stream_fail(eddy_stream *stream, int error);

/* To be called first by a class's done function: the request is the caller's
 * again. */
void eddy__stream_done(eddy_stream *stream);

/* close(), whatever it says: the number is gone also when it was interrupted,
 * and may be another's by now. */
void eddy__stream_close_fd(eddy_loop *loop, int fd);

/* A flag or number option of a socket. */
int eddy__stream_set_option(eddy_loop *loop, int fd, int level, int option,
                            int value);

/* stream_read.c: one turn of reading. May call back anything; returns how many
 * callbacks it called. */
unsigned eddy__stream_read(eddy_stream *stream, unsigned events);
void eddy__stream_read_failed(eddy_stream *stream, int error);

/* stream_write.c: writes what the kernel takes, up to a bound. Calls nobody. */
void eddy__stream_flush(eddy_stream *stream);

/* shutdown.c: ends the writing side if that is next in the queue. */
void eddy__shutdown_reached(eddy_stream *stream);
bool eddy__is_shutdown(const eddy_req *req);

/* connect.c */
void eddy__connect_ready(eddy_stream *stream, int status);
bool eddy__is_connect(const eddy_req *req);

/* listen.c: returns how many callbacks it called. */
unsigned eddy__listen_ready(eddy_stream *stream, int status);
void eddy__listen_close(eddy_stream *stream);

/* 0 if the stream is open and in one of the states, else what is wrong. */
static inline int eddy__stream_unready(const eddy_stream *stream,
                                       unsigned states)
{
    int err;

    if (stream == NULL)
        return EDDY_EINVAL;
    err = eddy__handle_misused(&stream->handle);
    if (err < 0)
        return err;
    if (!(stream->handle.flags & EDDY__STREAM_OPEN))
        return EDDY_EBADF;
    return (stream->handle.flags & states) ? 0 : EDDY_ENOTCONN;
}

#endif
