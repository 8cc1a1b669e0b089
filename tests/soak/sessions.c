/* SPDX-License-Identifier: MIT */
/*
 * The server: echoes what it hears, half of the sessions into buffers of their
 * own, the others out of the loop's. A session stops reading while much is
 * queued, and shuts its side down when the client has.
 */
#include "soak/traffic.h"

#include <stddef.h>
#include <string.h>

enum { BACKLOG = 511, MUCH = 64 * 1024, BUFFER = 4096 };

struct session {
    eddy_tcp tcp;
    eddy_shutdown_req shutdown;
    struct traffic *traffic;
    struct eddy__link link;
    size_t heard;
    size_t awaiting; /* writes and shutdowns without their callback */
    bool ended;
    char *own; /* what the alloc callback gave */
};

struct echo {
    eddy_write_req req;
    struct session *session;
    size_t size;
    char bytes[];
};

static void on_session_closed(eddy_handle *handle)
{
    struct session *session = handle->data;
    struct traffic *traffic = session->traffic;

    REQUIRE(session->awaiting == 0);
    REQUIRE(session->own == NULL);
    tally(&traffic->station->ledger, HANDLES_CLOSED);
    tally(&traffic->station->ledger, ACCEPTED_CLOSED);
    traffic->sessions--;
    memory_give(traffic->station, session, sizeof(*session));
}

static void hang_up(struct session *session, bool reset)
{
    if (eddy_is_closing(&session->tcp.handle))
        return;
    chain_remove(&session->link);
    if (reset) {
        tally(&session->traffic->station->ledger, RESETS);
        REQUIRE(eddy_tcp_close_reset(&session->tcp, on_session_closed) == 1);
    } else {
        REQUIRE(eddy_close(&session->tcp.handle, on_session_closed) == 1);
    }
}

static void on_shutdown(eddy_shutdown_req *req, int status)
{
    struct session *session = req->data;

    station_off_poll(session->traffic->station);
    tally_status(&session->traffic->station->ledger, SHUTDOWNS_DONE,
                 SHUTDOWNS_FAILED, SHUTDOWNS_FAILED, status);
    session->awaiting--;
    hang_up(session, false);
}

static void end(struct session *session)
{
    session->ended = true;
    session->shutdown.data = session;
    REQUIRE(eddy_shutdown(&session->shutdown, &session->tcp.stream,
                          on_shutdown) == 0);
    session->awaiting++;
    tally(&session->traffic->station->ledger, SHUTDOWNS);
}

/* --- reading and writing --- */

static void on_alloc(eddy_handle *handle, size_t suggested, eddy_buf *out)
{
    struct session *session = handle->data;

    (void) suggested;
    REQUIRE(session->own == NULL);
    session->own = memory_take(session->traffic->station, BUFFER);
    session->traffic->given++;
    tally(&session->traffic->station->ledger, BUFFERS_GIVEN);
    *out = (eddy_buf){session->own, BUFFER};
}

static void take_back(struct session *session, const eddy_buf *buf)
{
    if (session->own == NULL)
        return;
    REQUIRE(buf->base == session->own);
    session->own = NULL;
    session->traffic->given--;
    tally(&session->traffic->station->ledger, BUFFERS_BACK);
    memory_give(session->traffic->station, buf->base, BUFFER);
}

static void on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf);

static void listen_to(struct session *session, bool own)
{
    REQUIRE(eddy_read_start(&session->tcp.stream, own ? on_alloc : NULL,
                            on_read) == 0);
}

static void on_echoed(eddy_write_req *req, int status)
{
    struct echo *echo = req->data;
    struct session *session = echo->session;
    struct station *station = session->traffic->station;

    station_off_poll(station);
    tally_status(&station->ledger, WRITES_DONE, WRITES_FAILED, WRITES_CANCELED,
                 status);
    REQUIRE(status == 0 ? req->nwritten == echo->size
                        : req->nwritten <= echo->size);
    memory_give(station, echo, sizeof(*echo) + echo->size);
    session->awaiting--;
    if (status < 0)
        hang_up(session, false);
    else if (!session->ended && !eddy_is_closing(&session->tcp.handle) &&
             eddy_stream_queued(&session->tcp.stream) < MUCH)
        listen_to(session, pick(&station->random, 2));
}

/* In up to six pieces: more than four need memory of the library's. */
static void echo(struct session *session, const char *bytes, size_t size)
{
    struct station *station = session->traffic->station;
    struct echo *echo = memory_take(station, sizeof(*echo) + size);
    unsigned pieces = 1 + pick(&station->random, 6);
    size_t each = size / pieces;
    eddy_buf bufs[6];

    memcpy(echo->bytes, bytes, size);
    echo->size = size;
    echo->session = session;
    echo->req.data = echo;
    for (unsigned i = 0; i < pieces; i++)
        bufs[i] = (eddy_buf){echo->bytes + i * each, each};
    bufs[pieces - 1].len = size - (pieces - 1) * each;
    REQUIRE(eddy_write(&echo->req, &session->tcp.stream, bufs, pieces,
                       on_echoed) == 0);
    session->awaiting++;
    tally(&station->ledger, WRITES);
    if (eddy_stream_queued(&session->tcp.stream) >= MUCH)
        REQUIRE(eddy_read_stop(&session->tcp.stream) == 0);
}

static void hear(struct session *session, const char *bytes, size_t size)
{
    bool first = session->heard == 0;

    session->heard += size;
    echo(session, bytes, size);
    if (first && bytes[0] == SERVER_CLOSES)
        hang_up(session, false);
    else if (first && bytes[0] == SERVER_RESETS)
        hang_up(session, true);
}

static void on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    struct session *session = stream->data;

    station_in_poll(session->traffic->station);
    REQUIRE(!eddy_is_closing(&stream->handle) && !session->ended);
    if (nread > 0)
        hear(session, buf->base, (size_t) nread);
    take_back(session, buf);
    if (nread == EDDY_EOF)
        end(session);
    else if (nread < 0)
        hang_up(session, false);
}

/* --- listening --- */

static void on_connection(eddy_stream *server, int status)
{
    struct traffic *traffic = server->data;
    struct station *station = traffic->station;
    struct session *session = memory_take(station, sizeof(*session));

    station_in_poll(station);
    REQUIRE(status == 0);
    session->traffic = traffic;
    REQUIRE(eddy_tcp_init(&station->loop, &session->tcp) == 0);
    session->tcp.data = session;
    tally(&station->ledger, HANDLES_MADE);
    traffic->sessions++;
    tally(&station->ledger, ACCEPTED);
    chain_add(&traffic->open_sessions, &session->link);
    status = eddy_accept(server, &session->tcp.stream);
    REQUIRE(status == 0 || status == EDDY_EAGAIN);
    if (status == 0)
        listen_to(session, pick(&station->random, 2));
    else
        hang_up(session, false); /* the caller had gone again */
}

static void on_listener_closed(eddy_handle *handle)
{
    struct traffic *traffic = handle->data;

    traffic->listening = false;
    tally(&traffic->station->ledger, HANDLES_CLOSED);
}

void sessions_open(struct traffic *traffic)
{
    struct station *station = traffic->station;
    struct sockaddr *address = (struct sockaddr *) &traffic->address;
    socklen_t length = sizeof(traffic->address);

    REQUIRE(eddy_ip4_addr("127.0.0.1", 0, &traffic->address) == 0);
    REQUIRE(eddy_tcp_init(&station->loop, &traffic->listener) == 0);
    REQUIRE(eddy_tcp_open(&traffic->listener, narrow_socket()) == 0);
    traffic->listener.data = traffic;
    tally(&station->ledger, HANDLES_MADE);
    REQUIRE(eddy_tcp_bind(&traffic->listener, address, 0) == 0);
    REQUIRE(eddy_listen(&traffic->listener.stream, BACKLOG, on_connection) ==
            0);
    REQUIRE(eddy_tcp_getsockname(&traffic->listener, address, &length) == 0);
    traffic->listening = true;
    __atomic_store_n(&station->port, ntohs(traffic->address.sin_port),
                     __ATOMIC_RELAXED);
}

void sessions_close(struct traffic *traffic)
{
    struct eddy__link *head = &traffic->open_sessions;

    __atomic_store_n(&traffic->station->port, 0, __ATOMIC_RELAXED);
    while (head->next != head) {
        char *link = (char *) head->next;

        hang_up(
            (struct session *) (void *) (link - offsetof(struct session, link)),
            false);
    }
    REQUIRE(eddy_close(&traffic->listener.handle, on_listener_closed) == 1);
}
