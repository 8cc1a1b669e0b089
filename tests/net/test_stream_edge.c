/* SPDX-License-Identifier: MIT */
/*
 * Streams whose events are told once: nothing that the kernel told is lost,
 * however the reading stops short, and it is not told what it knows. Where a
 * backend is level-triggered the same must come of it, but for the number of
 * changes.
 */
#include "support/net.h"

#include <string.h>

enum { HELD = 64 };

static bool is_edge(const struct net *net)
{
    return net->loop.ops->events & EDDY_SNAPSHOT;
}

static uint64_t changes(const struct net *net)
{
    eddy_stats stats;

    eddy_loop_stats(&net->loop, &stats);
    return stats.interest_changes;
}

static uint64_t events(const struct net *net)
{
    eddy_stats stats;

    eddy_loop_stats(&net->loop, &stats);
    return stats.events;
}

static void stop_reading(struct peer *peer)
{
    assert_int_equal(eddy_read_stop(&peer->tcp.stream), 0);
}

/* A small buffer of the peer's own, so that what comes fills it many times. */
static char held[HELD];

static void hold(eddy_handle *handle, size_t suggested, eddy_buf *out)
{
    (void) handle;
    (void) suggested;
    *out = (eddy_buf){held, sizeof(held)};
}

static void refuse(eddy_handle *handle, size_t suggested, eddy_buf *out)
{
    (void) handle;
    (void) suggested;
    *out = (eddy_buf){NULL, 0};
}

static void stop_instead(eddy_handle *handle, size_t suggested, eddy_buf *out)
{
    hold(handle, suggested, out);
    assert_int_equal(eddy_read_stop((eddy_stream *) (void *) handle), 0);
}

static void read_into(struct peer *peer, eddy_alloc_cb alloc)
{
    assert_int_equal(eddy_read_start(&peer->tcp.stream, alloc, peer_on_read),
                     0);
}

/* --- where a read stops short of what there is --------------------------- */

static void the_end_comes_in_one_report_with_data(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    net_send_raw(fd, 0, 10);
    net_close_raw(net, fd);
    peer_read(&peer);
    net_until(net, &peer.ends, 1);
    assert_int_equal(peer.received, 10);
    assert_int_equal(peer.end, EDDY_EOF);
    peer_read(&peer); /* whoever asks again is told again */
    net_until(net, &peer.ends, 2);
    net_close(net);
}

static void who_stops_at_the_data_is_not_told_of_the_end(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    peer.act = stop_reading;
    net_send_raw(fd, 0, 10);
    net_close_raw(net, fd);
    net_await(peer.tcp.stream.watcher.fd);
    peer_read(&peer);
    net_until(net, &peer.reads, 1);
    net_turns(net, 3);
    assert_int_equal(peer.ends, 0);
    peer_read(&peer);
    net_until(net, &peer.ends, 1);
    net_close(net);
}

static void data_go_on_behind_urgent_data(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    for (int i = 0; i < 3; i++) {
        net_send_raw(fd, peer.received, 10);
        assert_int_equal(send(fd, "!", 1, MSG_OOB), 1);
        net_send_raw(fd, peer.received + 10, 10);
        peer_read(&peer);
        net_until_size(net, &peer.received, 20 * (size_t) (i + 1));
        stop_reading(&peer);
    }
    net_close(net);
}

static void full_buffers_are_followed_by_the_rest(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    read_into(&peer, hold);
    net_send_raw(fd, 0, 100 * HELD); /* to the brim */
    net_until_size(net, &peer.received, 100 * HELD);
    net_send_raw(fd, 100 * HELD, 10 * HELD + 1);
    net_until_size(net, &peer.received, 110 * HELD + 1);
    assert_int_equal(peer.ends, 0);
    net_close(net);
}

/* However much there is, and however small the buffers are, others have their
 * turn. */
static void turns_are_bounded(void **state)
{
    struct net *net = *state;
    struct peer peers[2];

    for (int i = 0; i < 2; i++) {
        net_send_raw(net_connect_raw(net, &peers[i]), 0, 100 * HELD);
        net_await(peers[i].tcp.stream.watcher.fd);
        read_into(&peers[i], hold);
    }
    for (int turns = 1; turns <= 4; turns++) {
        net_turns(net, 1);
        for (int i = 0; i < 2; i++)
            assert_true(peers[i].reads <= turns);
    }
    for (int i = 0; i < 2; i++)
        assert_true(peers[i].reads >= 2);
    net_close(net);
}

static void the_loops_buffer_is_filled_once_a_turn(void **state)
{
    struct net *net = *state;
    struct peer peer;

    net_send_raw(net_connect_raw(net, &peer), 0, 150000);
    peer.act = stop_reading;
    peer_read(&peer);
    net_turns(net, 3);
    assert_int_equal(peer.reads, 1);
    assert_int_equal(peer.received, 65536);
    peer.act = NULL;
    peer_read(&peer);
    net_turns(net, 1);
    assert_int_equal(peer.received, 131072);
    net_until_size(net, &peer.received, 150000);
    net_close(net);
}

/* --- stopping and starting ----------------------------------------------- */

static void what_came_while_stopped_is_told(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    peer_read(&peer);
    net_turns(net, 2);
    for (int i = 0; i < 6; i++) {
        stop_reading(&peer);
        net_send_raw(fd, peer.received, 10);
        net_await(peer.tcp.stream.watcher.fd);
        net_turns(net, i % 3); /* not looked at, looked at, and forgotten */
        peer_read(&peer);
        net_until_size(net, &peer.received, 10 * (size_t) (i + 1));
    }
    net_close(net);
}

static void what_was_left_in_the_callback_is_told(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    peer.act = stop_reading;
    net_send_raw(fd, 0, 10 * HELD);
    for (int i = 1; i <= 10; i++) {
        read_into(&peer, hold);
        net_until(net, &peer.reads, i);
        net_turns(net, i % 3);
        assert_int_equal(peer.received, i * HELD);
    }
    net_close(net);
}

static void what_nobody_took_is_told(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    read_into(&peer, refuse);
    net_send_raw(fd, 0, 10);
    net_until(net, &peer.ends, 1);
    assert_int_equal(peer.end, EDDY_ENOBUFS);
    read_into(&peer, stop_instead);
    while (eddy_is_active(&peer.tcp.handle))
        assert_true(eddy_run(&net->loop, EDDY_RUN_ONCE) >= 0);
    assert_int_equal(peer.received, 0);
    peer_read(&peer);
    net_until_size(net, &peer.received, 10);
    net_close(net);
}

/* A peer that floods a stream which does not read wakes the loop no more than
 * once or twice. */
static void who_does_not_read_is_not_woken(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);
    uint64_t before;

    peer_read(&peer);
    net_send_raw(fd, 0, 10);
    net_until_size(net, &peer.received, 10);
    stop_reading(&peer);
    before = events(net);
    for (size_t i = 1; i <= 50; i++) {
        net_send_raw(fd, i * 10, 10);
        net_await(peer.tcp.stream.watcher.fd);
        net_turns(net, 2);
    }
    assert_true(events(net) - before <= 2);
    peer_read(&peer);
    net_until_size(net, &peer.received, 510);
    net_close(net);
}

/* --- backpressure -------------------------------------------------------- */

/* Fills the stream until something stays queued, and has the other side take
 * it all. */
static void choke(struct net *net, struct peer *peer, int fd)
{
    struct writing writing = {.calls = 0};
    size_t size = peer_fill(peer, &writing);
    size_t taken = 0;

    net_turns(net, 2);
    while (writing.calls == 0) {
        taken += net_drain_raw(fd, taken);
        assert_true(eddy_run(&net->loop, EDDY_RUN_NOWAIT) >= 0);
    }
    assert_int_equal(writing.status, 0);
    while (taken < size)
        taken += net_drain_raw(fd, taken);
}

/* Once the kernel knows that the stream is to be told when there is room, it
 * is told nothing more: not even when it says that there is, together with what
 * has come to be read. */
static void backpressure_changes_no_interest(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);
    uint64_t before;

    peer_read(&peer);
    choke(net, &peer, fd);
    net_turns(net, 2);
    before = changes(net);
    for (size_t i = 0; i < 20; i++) {
        choke(net, &peer, fd);
        net_send_raw(fd, i * 10, 10);
        net_until_size(net, &peer.received, (i + 1) * 10);
        net_turns(net, 2);
    }
    if (is_edge(net))
        assert_true(changes(net) - before <= 2);
    else
        assert_true(changes(net) - before >= 20);
    net_close(net);
}

/* A turn sends so much and no more; the kernel would take the rest as well. */
static void a_long_queue_goes_out_though_there_is_room(void **state)
{
    enum { MANY = 2000 };
    static eddy_buf bufs[MANY];
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);
    struct writing writing = {.calls = 0};

    peer_read(&peer);
    writing.req.data = &writing;
    for (int i = 0; i < MANY; i++)
        bufs[i] = net_pattern((size_t) i, 1);
    for (int i = 1; i <= 3; i++) {
        choke(net, &peer, fd);
        assert_int_equal(eddy_write(&writing.req, &peer.tcp.stream, bufs, MANY,
                                    writing_done),
                         0);
        assert_true(eddy_stream_queued(&peer.tcp.stream) > 0);
        net_until(net, &writing.calls, i);
        net_take_raw(fd, 0, MANY);
    }
    net_close(net);
}

static void a_paused_reader_is_told_of_room(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    peer_read(&peer);
    for (size_t i = 0; i < 3; i++) {
        stop_reading(&peer);
        net_send_raw(fd, i * 10, 10);
        choke(net, &peer, fd);
        assert_int_equal(peer.received, i * 10);
        peer_read(&peer);
        net_until_size(net, &peer.received, (i + 1) * 10);
    }
    net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_PLAIN_TEST(the_end_comes_in_one_report_with_data),
        NET_PLAIN_TEST(who_stops_at_the_data_is_not_told_of_the_end),
        NET_PLAIN_TEST(data_go_on_behind_urgent_data),
        NET_PLAIN_TEST(full_buffers_are_followed_by_the_rest),
        NET_PLAIN_TEST(turns_are_bounded),
        NET_PLAIN_TEST(the_loops_buffer_is_filled_once_a_turn),
        NET_PLAIN_TEST(what_came_while_stopped_is_told),
        NET_PLAIN_TEST(what_was_left_in_the_callback_is_told),
        NET_PLAIN_TEST(what_nobody_took_is_told),
        NET_PLAIN_TEST(who_does_not_read_is_not_woken),
        NET_PLAIN_TEST(backpressure_changes_no_interest),
        NET_PLAIN_TEST(a_long_queue_goes_out_though_there_is_room),
        NET_PLAIN_TEST(a_paused_reader_is_told_of_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
