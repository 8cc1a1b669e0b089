/* SPDX-License-Identifier: MIT */
/*
 * One conversation, in which every call of the system and every allocation
 * fails in turn: whatever fails, nothing is lost, nothing leaks, each request
 * calls back once, and each handle closes. An interruption changes nothing at
 * all.
 *
 * Two clients connect to a listener, send a question longer than a socket
 * holds, end their side, and read back what the server echoes.
 */
#include "support/net.h"

#include <string.h>

enum { CLIENTS = 2, SIZE = 300000, ROOM = SIZE + 65536 };

struct side {
    eddy_tcp tcp;
    eddy_connect_req connect;
    eddy_write_req write;
    eddy_shutdown_req ending;
    char bytes[ROOM];
    size_t size; /* received */
    int pending; /* requests begun whose callback has not come */
    bool opened; /* and not closed yet */
    bool ended;  /* the other side's end came */
    bool failed;
};

static struct talk {
    struct net *net;
    eddy_tcp server;
    bool server_open;
    bool server_failed;
    struct side clients[CLIENTS];
    struct side hosts[CLIENTS];
    int hosts_used;
    int sides_open;
} talk;

static void on_closed(eddy_handle *handle)
{
    struct side *side = handle->data;

    assert_int_equal(side->pending, 0);
    side->opened = false;
    talk.sides_open--;
}

static void close_side(struct side *side)
{
    if (!eddy_is_closing(&side->tcp.handle))
        assert_int_equal(eddy_close(&side->tcp.handle, on_closed), 1);
}

static void fail_side(struct side *side)
{
    side->failed = true;
    close_side(side);
}

/* Both directions are over. */
static void settle(struct side *side)
{
    if (side->ended && side->pending == 0)
        close_side(side);
}

static void on_request(struct side *side, int status)
{
    side->pending--;
    assert_true(side->pending >= 0);
    if (status < 0 && !eddy_is_closing(&side->tcp.handle))
        fail_side(side);
    else if (!eddy_is_closing(&side->tcp.handle))
        settle(side);
}

static void on_write(eddy_write_req *req, int status)
{
    on_request(req->data, status);
}

static void on_ending(eddy_shutdown_req *req, int status)
{
    on_request(req->data, status);
}

static void begun(struct side *side, int err)
{
    if (err == 0)
        side->pending++;
    else
        fail_side(side);
}

/* In more pieces than a request has room for, so that memory is needed. */
static void send_and_end(struct side *side, char *bytes, size_t size)
{
    eddy_buf bufs[6];

    for (size_t i = 0; i < 6; i++)
        bufs[i] =
            (eddy_buf){bytes + i * size / 6, (i + 1) * size / 6 - i * size / 6};
    begun(side, eddy_write(&side->write, &side->tcp.stream, bufs, 6, on_write));
    if (!side->failed)
        begun(side, eddy_shutdown(&side->ending, &side->tcp.stream, on_ending));
}

static void on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    struct side *side = stream->data;

    if (nread > 0) {
        assert_true(side->size + (size_t) nread <= ROOM);
        memcpy(side->bytes + side->size, buf->base, (size_t) nread);
        side->size += (size_t) nread;
        return;
    }
    if (nread != EDDY_EOF) {
        fail_side(side);
        return;
    }
    side->ended = true;
    if (side >= talk.hosts && side < talk.hosts + CLIENTS)
        send_and_end(side, side->bytes, side->size);
    else
        settle(side);
}

static void begin_reading(struct side *side)
{
    if (eddy_read_start(&side->tcp.stream, NULL, on_read) < 0)
        fail_side(side);
}

static void open_side(struct side *side)
{
    assert_int_equal(eddy_tcp_init(&talk.net->loop, &side->tcp), 0);
    assert_int_equal(eddy_tcp_nodelay(&side->tcp, true), 0);
    side->tcp.data = side;
    side->write.data = side;
    side->ending.data = side;
    side->connect.data = side;
    side->opened = true;
    talk.sides_open++;
}

static void on_connection(eddy_stream *server, int status)
{
    struct side *side = &talk.hosts[talk.hosts_used];

    talk.server_failed = talk.server_failed || status < 0;
    if (status < 0 || talk.hosts_used == CLIENTS)
        return;
    talk.hosts_used++;
    open_side(side);
    if (eddy_accept(server, &side->tcp.stream) < 0)
        fail_side(side);
    else
        begin_reading(side);
}

static void on_connect(eddy_connect_req *req, int status)
{
    struct side *side = req->data;

    on_request(side, status);
    if (!eddy_is_closing(&side->tcp.handle))
        begin_reading(side);
}

/* False if the listener failed: then there is nobody to talk to. */
static bool open_server(struct net *net, struct sockaddr_in *address)
{
    socklen_t length = sizeof(*address);
    int err = eddy_tcp_init(&net->loop, &talk.server);

    talk.server_open = err == 0;
    *address = net_any();
    if (err == 0)
        err = eddy_tcp_bind(&talk.server, (struct sockaddr *) address, 0);
    if (err == 0)
        err = eddy_listen(&talk.server.stream, 10, on_connection);
    if (err == 0)
        err = eddy_tcp_getsockname(&talk.server, (struct sockaddr *) address,
                                   &length);
    return err == 0;
}

static void open_client(struct side *side, struct sockaddr_in *address)
{
    eddy_buf question = net_pattern(0, SIZE);

    open_side(side);
    begun(side, eddy_tcp_connect(&side->connect, &side->tcp,
                                 (struct sockaddr *) address, on_connect));
    if (!side->failed)
        send_and_end(side, question.base, question.len);
}

/* A connection that the server lost is reset or waits for ever: whoever still
 * waits when one side has failed is closed. */
static bool anybody_failed(void)
{
    for (int i = 0; i < CLIENTS; i++)
        if (talk.clients[i].failed || talk.hosts[i].failed)
            return true;
    return false;
}

static void close_all(void)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (talk.clients[i].opened)
            close_side(&talk.clients[i]);
        if (talk.hosts[i].opened)
            close_side(&talk.hosts[i]);
    }
}

/* The whole conversation; true if it went well. */
static bool converse(struct net *net)
{
    struct sockaddr_in address;
    bool well;

    memset(&talk, 0, sizeof(talk));
    talk.net = net;
    well = open_server(net, &address);
    for (int i = 0; well && i < CLIENTS; i++)
        open_client(&talk.clients[i], &address);
    while (talk.sides_open > 0) {
        if (anybody_failed())
            close_all();
        assert_true(eddy_run(&net->loop, EDDY_RUN_ONCE) >= 0);
        assert_int_equal(eddy_loop_check(&net->loop), 0);
    }
    if (talk.server_open)
        assert_int_equal(eddy_close(&talk.server.handle, NULL), 1);
    assert_int_equal(eddy_run(&net->loop, EDDY_RUN_DEFAULT), 0);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(talk.clients[i].pending, 0);
        assert_int_equal(talk.hosts[i].pending, 0);
        well = well && !talk.clients[i].failed && !talk.hosts[i].failed &&
               talk.clients[i].size == SIZE;
        if (talk.clients[i].size > 0)
            assert_memory_equal(talk.clients[i].bytes,
                                net_pattern(0, SIZE).base,
                                talk.clients[i].size);
    }
    return well;
}

static void nothing_fails(void **state)
{
    struct net *net = *state;

    assert_true(converse(net));
    net_close(net);
}

/* Calls of the loop itself, and those whose failure the caller cannot see. */
static bool is_streams(enum fake_call call)
{
    return call >= FAKE_SOCKET && call != FAKE_CLOSE && call != FAKE_IS_OPEN &&
           call != FAKE_SET_NONBLOCKING;
}

/* How often the conversation makes the call. */
static unsigned count_calls(struct net *net, enum fake_call call)
{
    unsigned before = net->os.calls[call];

    fake_os_fail(&net->os, call, 1, 0, 0);
    assert_true(converse(net));
    return net->os.calls[call] - before;
}

static void each_call_fails(struct net *net, int error, bool harmless)
{
    for (int call = 0; call < FAKE_CALLS; call++) {
        unsigned count;

        if (!is_streams((enum fake_call) call))
            continue;
        count = count_calls(net, (enum fake_call) call);
        count = count > 20 ? 20 : count; /* they repeat themselves */
        for (unsigned nth = 1; nth <= count; nth++) {
            bool well;

            fake_os_fail(&net->os, (enum fake_call) call, nth, 1, error);
            well = converse(net);
            if (harmless)
                assert_true(well);
        }
        fake_os_fail(&net->os, (enum fake_call) call, 1, 0, 0);
    }
    assert_true(converse(net));
    net_close(net);
}

static void errors_lose_nothing(void **state)
{
    each_call_fails(*state, EDDY_ENOBUFS, false);
}

static void resets_lose_nothing(void **state)
{
    each_call_fails(*state, EDDY_ECONNRESET, false);
}

static void interruptions_change_nothing(void **state)
{
    each_call_fails(*state, EDDY_EINTR, true);
}

/* Each time on a new loop, so that what is allocated once is among it. How
 * often the table of descriptors grows depends on who comes first, so that the
 * last ones may not be reached; and a listener gets over it by a rest. */
static void allocations_that_fail_lose_nothing(void **state)
{
    struct net *net = *state;
    size_t count;

    counting_allocator_fail(&net->memory, 0);
    count = net->memory.allocations;
    assert_true(converse(net));
    count = net->memory.allocations - count;
    assert_true(count >= 4);
    net_close(net);
    for (size_t nth = 1; nth <= count; nth++) {
        struct net *fresh = NULL;
        bool well;

        assert_int_equal(net_setup((void **) &fresh), 0);
        counting_allocator_fail(&fresh->memory, nth);
        well = converse(fresh);
        if (nth <= 4)
            assert_int_equal(fresh->memory.failed, 1);
        assert_true(well || fresh->memory.failed == 1);
        assert_true(converse(fresh));
        net_close(fresh);
        assert_int_equal(net_teardown((void **) &fresh), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(nothing_fails),
        NET_TEST(errors_lose_nothing),
        NET_TEST(resets_lose_nothing),
        NET_TEST(interruptions_change_nothing),
        NET_TEST(allocations_that_fail_lose_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
