/* SPDX-License-Identifier: MIT */
/*
 * Writing: what goes out, in which order, and what the callbacks are told.
 */
#include "support/net.h"

#include <stdlib.h>
#include <sys/socket.h>

static void callback_comes_later(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.calls = 0};
    int fd = net_connect_raw(net, &peer);
    eddy_stats stats;

    peer_write(&peer, &writing, 0, 1000); /* asserts that it does not yet */
    net_take_raw(fd, 0, 1000);
    assert_int_equal(eddy_stream_queued(&peer.tcp.stream), 0);
    assert_false(eddy_is_active(&peer.tcp.handle));
    assert_true(eddy_loop_alive(&net->loop));
    net_turns(net, 1);
    assert_int_equal(writing.calls, 1);
    assert_int_equal(writing.status, 0);
    assert_int_equal(writing.nwritten, 1000);
    eddy_loop_stats(&net->loop, &stats);
    assert_int_equal(stats.bytes_written, 1000);
    net_close(net);
}

/* One sendmsg each, no allocation, and nothing asked of the backend. */
static void what_fits_costs_one_call(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.calls = 0};
    int fd = net_connect_raw(net, &peer);
    size_t allocations;
    eddy_stats before;
    eddy_stats after;

    peer_read(&peer);
    net_turns(net, 1);
    eddy_loop_stats(&net->loop, &before);
    allocations = net->memory.allocations;
    for (int i = 1; i <= 100; i++) {
        peer_write(&peer, &writing, 0, 64);
        assert_int_equal(net->os.calls[FAKE_SENDMSG], i);
        net_turns(net, 1);
        net_take_raw(fd, 0, 64);
    }
    eddy_loop_stats(&net->loop, &after);
    assert_int_equal(after.interest_changes, before.interest_changes);
    assert_int_equal(net->memory.allocations, allocations);
    net_close(net);
}

static void many_buffers_keep_their_order(void **state)
{
    enum { COUNT = 1000, SIZE = 97 };
    struct net *net = *state;
    struct peer a;
    struct peer b;
    struct writing writing = {.calls = 0};
    eddy_buf bufs[COUNT];

    net_connect(net, &a, &b);
    peer_read(&b);
    for (size_t i = 0; i < COUNT; i++)
        bufs[i] = net_pattern(i / 2 * SIZE, i % 2 ? SIZE : 0);
    writing.req.data = &writing;
    assert_int_equal(
        eddy_write(&writing.req, &a.tcp.stream, bufs, COUNT, writing_done), 0);
    for (size_t i = 0; i < COUNT; i++)
        bufs[i] = (eddy_buf){NULL, 0}; /* it has made its copy */
    net_until(net, &writing.calls, 1);
    assert_int_equal(writing.nwritten, COUNT / 2 * SIZE);
    net_until_size(net, &b.received, COUNT / 2 * SIZE);
    net_close(net);
}

static void empty_writes_call_back_in_order(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing w[4] = {{.calls = 0}};
    int fd = net_connect_raw(net, &peer);
    eddy_buf empty[5] = {{NULL, 0}};
    size_t total;

    w[0].req.data = &w[0];
    assert_int_equal(
        eddy_write(&w[0].req, &peer.tcp.stream, NULL, 0, writing_done), 0);
    assert_int_equal(net->os.calls[FAKE_SENDMSG], 0);
    total = peer_fill(&peer, &w[1]);
    w[2].req.data = &w[2];
    assert_int_equal(
        eddy_write(&w[2].req, &peer.tcp.stream, empty, 5, writing_done), 0);
    peer_write(&peer, &w[3], total, 10);
    net_turns(net, 2);
    assert_int_equal(w[0].calls, 1);
    assert_int_equal(w[2].calls, 0);
    for (size_t got = 0; got < total + 10; net_turns(net, 1))
        got += net_drain_raw(fd, got);
    net_turns(net, 2);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(w[i].number, i + 1);
        assert_int_equal(w[i].status, 0);
    }
    net_close(net);
}

/* Small requests behind a full socket go out together, as soon as there is
 * room, in the order of asking. */
static void queued_requests_are_gathered(void **state)
{
    enum { COUNT = 200 };
    struct net *net = *state;
    struct peer peer;
    struct writing first = {.calls = 0};
    struct writing *w = calloc(COUNT, sizeof(*w));
    int fd = net_connect_raw(net, &peer);
    size_t total = peer_fill(&peer, &first);
    size_t got = 0;
    unsigned sends = net->os.calls[FAKE_SENDMSG];

    for (size_t i = 0; i < COUNT; i++)
        peer_write(&peer, &w[i], total + i, 1);
    assert_int_equal(net->os.calls[FAKE_SENDMSG], sends);
    assert_true(eddy_stream_queued(&peer.tcp.stream) > COUNT);
    assert_true(eddy_is_active(&peer.tcp.handle));
    while (got < total + COUNT) {
        got += net_drain_raw(fd, got);
        net_turns(net, 1);
    }
    assert_true(net->os.calls[FAKE_SENDMSG] - sends < COUNT);
    net_turns(net, 1);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(w[i].number, i + 2);
        assert_int_equal(w[i].nwritten, 1);
    }
    assert_int_equal(eddy_stream_queued(&peer.tcp.stream), 0);
    assert_false(eddy_is_active(&peer.tcp.handle));
    net_close(net);
    free(w);
}

/* However much there is, others have their turn after a while. */
static void turns_are_bounded(void **state)
{
    enum { COUNT = 5000 };
    struct net *net = *state;
    struct peer peer;
    struct writing *w = calloc(COUNT, sizeof(*w));
    int fd = net_connect_raw(net, &peer);
    unsigned sends;

    fake_os_fail(&net->os, FAKE_SENDMSG, 1, 1, EDDY_EAGAIN);
    for (size_t i = 0; i < COUNT; i++)
        peer_write(&peer, &w[i], i, 1);
    sends = net->os.calls[FAKE_SENDMSG];
    while (net->os.calls[FAKE_SENDMSG] == sends)
        net_turns(net, 1);
    assert_true(net->os.calls[FAKE_SENDMSG] - sends < 20);
    assert_true(eddy_stream_queued(&peer.tcp.stream) > COUNT / 2);
    net_until(net, &w[COUNT - 1].calls, 1);
    net_take_raw(fd, 0, COUNT);
    net_close(net);
    free(w);
}

/* --- backpressure ----------------------------------------------------------
 */

struct flood {
    struct peer from;
    struct writing writings[8];
    size_t asked;
    size_t done;
    size_t goal;
};

static void write_more(struct writing *writing)
{
    struct flood *flood = writing->req.stream->data;
    size_t size = 262144;

    assert_int_equal(writing->status, 0);
    flood->done += writing->nwritten;
    if (flood->asked >= flood->goal)
        return;
    peer_write(&flood->from, writing, flood->asked, size);
    flood->asked += size;
}

/* The reader stops after each piece: an idle handle starts it again. */
static void read_again(eddy_idle *idle)
{
    struct peer *reader = idle->data;

    if (reader->received < *(size_t *) reader->arg)
        peer_read(reader);
}

static void stop_reading(struct peer *peer)
{
    assert_int_equal(eddy_read_stop(&peer->tcp.stream), 0);
}

static void slow_reader_gets_it_all(void **state)
{
    struct net *net = *state;
    struct flood flood = {.goal = test_scale(50) << 20};
    struct peer to;
    eddy_idle idle;

    net_connect(net, &flood.from, &to);
    flood.from.tcp.data = &flood;
    to.act = stop_reading;
    to.arg = &flood.goal;
    assert_int_equal(eddy_idle_init(&net->loop, &idle), 0);
    idle.data = &to;
    assert_int_equal(eddy_idle_start(&idle, read_again), 0);
    for (int i = 0; i < 8; i++) {
        flood.writings[i].act = write_more;
        peer_write(&flood.from, &flood.writings[i], flood.asked, 262144);
        flood.asked += 262144;
    }
    net_until_size(net, &to.received, flood.goal);
    assert_true(flood.done <= flood.asked);
    eddy_idle_stop(&idle);
    to.act = NULL;
    peer_read(&to);
    net_until_size(net, &flood.done, flood.asked);
    net_until_size(net, &to.received, flood.asked);
    net_close(net);
}

/* --- try -------------------------------------------------------------------
 */

static void try_write_takes_what_fits(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.calls = 0};
    int fd = net_connect_raw(net, &peer);
    eddy_buf buf = net_pattern(0, 100);
    size_t total;
    size_t got;

    assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1), 100);
    net_take_raw(fd, 0, 100);
    assert_int_equal(eddy_try_write(&peer.tcp.stream, NULL, 0), 0);
    total = peer_fill(&peer, &writing);
    assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1), EDDY_EAGAIN);
    /* what is queued comes first, even if there is room by now */
    for (got = net_drain_raw(fd, 0); got == 0;)
        got = net_drain_raw(fd, 0);
    assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1), EDDY_EAGAIN);
    for (; got < total; net_turns(net, 1))
        got += net_drain_raw(fd, got);
    net_turns(net, 1);
    assert_int_equal(writing.calls, 1);
    fake_os_fail(&net->os, FAKE_SENDMSG, 1, 1, EDDY_ENOBUFS);
    assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1), EDDY_EAGAIN);
    fake_os_fail(&net->os, FAKE_SENDMSG, 1, 3, EDDY_EINTR);
    assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1), 100);
    fake_os_fail(&net->os, FAKE_SENDMSG, 1, 1, EDDY_ECONNRESET);
    assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1),
                     EDDY_ECONNRESET);
    net_close(net);
}

static void write_once_more(struct writing *writing)
{
    if (writing->calls < 5)
        peer_write(writing->req.stream->data, writing, 0, 10);
}

static void request_is_free_in_its_callback(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.act = write_once_more};

    net_connect_raw(net, &peer);
    peer_write(&peer, &writing, 0, 10);
    net_until(net, &writing.calls, 5);
    net_close(net);
}

/* --- arguments -------------------------------------------------------------
 */

static void bad_arguments(void **state)
{
    struct net *net = *state;
    struct peer peer;
    eddy_tcp tcp;
    eddy_write_req req = {.nwritten = 0};
    eddy_write_req more = {.nwritten = 0};
    eddy_buf ok = net_pattern(0, 10);
    eddy_buf null = {NULL, 1};
    eddy_buf huge[2] = {{ok.base, SIZE_MAX / 2}, {ok.base, 1}};
    eddy_stream *stream = &peer.tcp.stream;

    net_connect_raw(net, &peer);
    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    assert_int_equal(eddy_write(NULL, stream, &ok, 1, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_write(&req, NULL, &ok, 1, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_write(&req, stream, NULL, 1, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_write(&req, stream, &null, 1, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_write(&req, stream, huge, 2, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_write(&req, &tcp.stream, &ok, 1, NULL), EDDY_EBADF);
    assert_int_equal(eddy_try_write(NULL, &ok, 1), EDDY_EINVAL);
    assert_int_equal(eddy_try_write(stream, NULL, 1), EDDY_EINVAL);
    assert_int_equal(eddy_try_write(stream, &null, 1), EDDY_EINVAL);
    assert_int_equal(eddy_try_write(stream, huge, 2), EDDY_EINVAL);
    assert_int_equal(eddy_try_write(&tcp.stream, &ok, 1), EDDY_EBADF);
    assert_int_equal(eddy_stream_queued(NULL), 0);
    assert_int_equal(net->os.calls[FAKE_SENDMSG], 0);
    assert_int_equal(eddy_write(&req, stream, &ok, 1, NULL), 0);
    assert_int_equal(eddy_write(&req, stream, &ok, 1, NULL), EDDY_EBUSY);
    net_turns(net, 1);
    huge[0].len--; /* a length for one request, but with another's too much */
    fake_os_fail(&net->os, FAKE_SENDMSG, 1, 1, EDDY_EAGAIN);
    assert_int_equal(eddy_write(&req, stream, huge, 1, NULL), 0);
    assert_int_equal(eddy_write(&more, stream, &ok, 1, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_cancel(&req.req), 0);
    net_turns(net, 1);
    peer_close(&peer);
    assert_int_equal(eddy_write(&req, stream, &ok, 1, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_try_write(stream, &ok, 1), EDDY_EINVAL);
    net_close(net);
}

static void without_memory_nothing_goes_out(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.calls = 0};
    int fd = net_connect_raw(net, &peer);
    eddy_buf bufs[5];

    for (size_t i = 0; i < 5; i++)
        bufs[i] = net_pattern(i * 10, 10);
    writing.req.data = &writing;
    counting_allocator_fail(&net->memory, 1);
    assert_int_equal(
        eddy_write(&writing.req, &peer.tcp.stream, bufs, 5, writing_done),
        EDDY_ENOMEM);
    net_turns(net, 2);
    assert_int_equal(writing.calls, 0);
    assert_int_equal(net_drain_raw(fd, 0), 0);
    assert_int_equal(
        eddy_write(&writing.req, &peer.tcp.stream, bufs, 5, writing_done), 0);
    net_until(net, &writing.calls, 1);
    net_take_raw(fd, 0, 50);
    net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(callback_comes_later),
        NET_TEST(what_fits_costs_one_call),
        NET_TEST(many_buffers_keep_their_order),
        NET_TEST(empty_writes_call_back_in_order),
        NET_TEST(queued_requests_are_gathered),
        NET_TEST(turns_are_bounded),
        NET_TEST(slow_reader_gets_it_all),
        NET_TEST(try_write_takes_what_fits),
        NET_TEST(request_is_free_in_its_callback),
        NET_TEST(bad_arguments),
        NET_TEST(without_memory_nothing_goes_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
