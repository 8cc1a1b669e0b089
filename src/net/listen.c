/* SPDX-License-Identifier: MIT */
/*
 * Listening and accepting. A listener is told of waiting connections until it
 * takes none; then it pauses until eddy_accept is called.
 *
 * When a connection cannot be taken and would be reported for ever (no
 * descriptor, no memory, a broken socket), the listener rests: the error is
 * told once, by a timer, so that it does not come out of eddy_accept itself,
 * and accepting goes on after a while. With no descriptor left, the loop's
 * reserve is given up for a moment to take who waits and close it, one after
 * the other, since a peer that is turned away is better off than one that
 * waits in vain.
 */
#include "net/stream.h"
#include "net/tcp.h"

#include "core/loop.h"

enum { REST_MS = 100, MAX_ABORTED = 64, MAX_SHED = 64 };

static const unsigned resting = EDDY__STREAM_RESTING | EDDY__STREAM_TOLD;

static void on_rest(eddy_timer *timer)
{
    eddy_stream *stream = timer->data;

    if (!(stream->handle.flags & EDDY__STREAM_TOLD)) {
        if (stream->handle.flags & EDDY__STREAM_RESTING) {
            stream->handle.flags |= EDDY__STREAM_TOLD;
            eddy_timer_start(timer, on_rest, EDDY_MS(REST_MS), 0);
        }
        stream->cb.connection(stream, stream->delayed_error);
        return;
    }
    stream->handle.flags &= ~(unsigned) EDDY__STREAM_RESTING;
    (void) eddy__loop_reserve(stream->loop);
    eddy__stream_refresh(stream);
}

static void rest(eddy_stream *stream, int error)
{
    uint64_t pause =
        stream->handle.flags & EDDY__STREAM_TOLD ? EDDY_MS(REST_MS) : 0;

    if (stream->handle.flags & EDDY__STREAM_RESTING)
        return;
    stream->handle.flags |= EDDY__STREAM_RESTING;
    stream->delayed_error = error;
    eddy_timer_start(&stream->extra->rest, on_rest, pause, 0);
}

/* An error that has not been told is told all the same. */
static void work_again(eddy_stream *stream)
{
    if (stream->handle.flags & EDDY__STREAM_TOLD)
        eddy_timer_stop(&stream->extra->rest);
    stream->handle.flags &= ~resting;
}

/* Errors that took the connection with them: the next one may be fine. */
static bool is_gone(int error)
{
    switch (error) {
    case EDDY_EINTR:
    case EDDY_ECONNABORTED:
    case EDDY_EPROTO:
    case EDDY_EPERM:
    case EDDY_ENETDOWN:
    case EDDY_ENETUNREACH:
    case EDDY_EHOSTDOWN:
    case EDDY_EHOSTUNREACH:
    case EDDY_ENOPROTOOPT:
        return true;
    default:
        return false;
    }
}

/* A descriptor, or an error. So many that went away in a row is reason enough
 * to let others have their turn. */
static int take(const eddy_stream *stream)
{
    const eddy_os *os = stream->loop->os;

    for (int i = 0; i < MAX_ABORTED; i++) {
        int fd = os->accept(os->context, stream->watcher.fd);

        if (fd >= 0 || !is_gone(fd))
            return fd;
    }
    return EDDY_EAGAIN;
}

/* Turns away who waits; the rest of very many after the next rest. */
static void shed(eddy_stream *stream)
{
    eddy_loop *loop = stream->loop;

    if (loop->reserve_fd < 0)
        return;
    eddy__stream_close_fd(loop, loop->reserve_fd);
    loop->reserve_fd = -1;
    for (int i = 0; i < MAX_SHED; i++) {
        int fd = take(stream);

        if (fd < 0)
            break;
        eddy__stream_close_fd(loop, fd);
    }
    (void) eddy__loop_reserve(loop);
}

static int give(eddy_stream *client, int fd, unsigned edge)
{
    int err = eddy__stream_attach(client, fd);

    if (err < 0) {
        eddy__stream_close_fd(client->loop, fd);
        return err;
    }
    err = eddy__tcp_apply(client);
    if (err < 0)
        eddy__stream_drop(client);
    else
        client->handle.flags |= EDDY__STREAM_CONNECTED | edge;
    return err;
}

static int check_accept(const eddy_stream *server, const eddy_stream *client)
{
    int err;

    if (server == NULL || client == NULL)
        return EDDY_EINVAL;
    err = eddy__handle_misused(&server->handle);
    if (err == 0)
        err = eddy__handle_misused(&client->handle);
    if (err < 0)
        return err;
    if (client->handle.flags & EDDY__STREAM_OPEN)
        return EDDY_EBUSY;
    if (!(server->handle.flags & EDDY__STREAM_LISTENING) ||
        client->loop != server->loop || client->type != server->type)
        return EDDY_EINVAL;
    return 0;
}

/* Whatever comes of it, the listener is armed again: a failure must not be the
 * last that is heard of it. */
int eddy_accept(eddy_stream *server, eddy_stream *client)
{
    int err = check_accept(server, client);
    int fd;

    if (err < 0)
        return err;
    server->handle.flags |= EDDY__STREAM_ACCEPTED;
    server->handle.flags &= ~(unsigned) EDDY__STREAM_PAUSED;
    fd = take(server);
    err = fd < 0 ? fd
                 : give(client, fd, server->handle.flags & EDDY__STREAM_EDGE);
    if (fd == EDDY_EMFILE || fd == EDDY_ENFILE)
        shed(server);
    if (err == 0)
        work_again(server);
    else if (err != EDDY_EAGAIN)
        rest(server, err);
    eddy__stream_refresh(server);
    return err;
}

/* A descriptor that the kernel would not watch is offered again after a rest:
 * it may have been for want of memory. */
unsigned eddy__listen_ready(eddy_stream *stream, int status)
{
    if (status < 0) {
        rest(stream, status);
        return 0; /* the timer tells */
    }
    stream->handle.flags &= ~(unsigned) EDDY__STREAM_ACCEPTED;
    stream->cb.connection(stream, 0);
    if (stream->handle.flags & (EDDY__CLOSING | EDDY__STREAM_ACCEPTED))
        return 1;
    stream->handle.flags |= EDDY__STREAM_PAUSED;
    eddy__stream_refresh(stream);
    return 1;
}

/* Once there, it stays until the stream is closed. The timer is nobody's
 * business: it neither shows nor keeps eddy_run going. */
static int add_extra(eddy_stream *stream)
{
    struct eddy__stream_extra *extra;
    int err;

    if (stream->extra != NULL)
        return 0;
    extra = eddy__allocate(stream->loop->allocator, sizeof(*extra));
    if (extra == NULL)
        return EDDY_ENOMEM;
    err = eddy_timer_init(stream->loop, &extra->rest);
    if (err < 0) {
        eddy__free(stream->loop->allocator, extra, sizeof(*extra));
        return err;
    }
    extra->rest.data = stream;
    eddy_unref(&extra->rest.handle);
    eddy__handle_hide(&extra->rest.handle);
    stream->extra = extra;
    return 0;
}

void eddy__listen_close(eddy_stream *stream)
{
    struct eddy__stream_extra *extra = stream->extra;

    if (extra == NULL)
        return;
    stream->extra = NULL;
    eddy_close(&extra->rest.handle, NULL);
    eddy__free(stream->loop->allocator, extra, sizeof(*extra));
}

static int listen_on(const eddy_stream *stream, int backlog)
{
    const eddy_os *os = stream->loop->os;
    int err;

    do
        err = os->listen(os->context, stream->watcher.fd, backlog);
    while (err == EDDY_EINTR);
    return err;
}

/* Without a reserve a listener works all the same, so it is not insisted on. */
int eddy_listen(eddy_stream *stream, int backlog, eddy_connection_cb cb)
{
    const unsigned unfit = EDDY__STREAM_CONNECTED | EDDY__STREAM_CONNECTING;
    int err = cb == NULL ? EDDY_EINVAL : eddy__stream_unready(stream, ~0U);

    if (err < 0)
        return err;
    if (stream->handle.flags & unfit)
        return EDDY_EINVAL;
    err = add_extra(stream);
    if (err < 0)
        return err;
    err = listen_on(stream, backlog);
    if (err < 0)
        return err;
    (void) eddy__loop_reserve(stream->loop);
    stream->cb.connection = cb;
    stream->handle.flags |= EDDY__STREAM_LISTENING;
    stream->handle.flags &= ~(unsigned) EDDY__STREAM_PAUSED;
    eddy__stream_refresh(stream);
    return 0;
}
