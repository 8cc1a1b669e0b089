/* SPDX-License-Identifier: MIT */
/*
 * Reading: what the callbacks are told, and who has which buffer when.
 */
#include "support/net.h"

#include <string.h>

static void data_arrives_in_the_loops_buffer(void **state)
{
    struct net *net = *state;
    struct peer peer;
    eddy_stats stats;
    int fd = net_connect_raw(net, &peer);

    assert_false(eddy_is_active(&peer.tcp.handle));
    peer_read(&peer);
    assert_true(eddy_is_active(&peer.tcp.handle));
    net_turns(net, 2);
    assert_int_equal(peer.reads, 0);
    net_send_raw(fd, 0, 1000);
    net_until_size(net, &peer.received, 1000);
    net_send_raw(fd, 1000, 1);
    net_until_size(net, &peer.received, 1001);
    eddy_loop_stats(&net->loop, &stats);
    assert_int_equal(stats.bytes_read, 1001);
    net_close(net);
}

static void end_comes_once_after_all_data(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    net_send_raw(fd, 0, 200000);
    net_close_raw(net, fd);
    peer_read(&peer);
    net_until(net, &peer.ends, 1);
    assert_int_equal(peer.received, 200000);
    assert_int_equal(peer.end, EDDY_EOF);
    assert_false(eddy_is_active(&peer.tcp.handle));
    net_turns(net, 3);
    assert_int_equal(peer.ends, 1);
    peer_read(&peer);
    net_until(net, &peer.ends, 2);
    assert_int_equal(peer.end, EDDY_EOF);
    net_close(net);
}

/* However much there is, others have their turn after one piece. */
static void turns_are_bounded(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);
    unsigned before;

    net_send_raw(fd, 0, 150000);
    peer_read(&peer);
    net_until(net, &peer.reads, 1);
    assert_int_equal(peer.reads, 1);
    assert_true(peer.received <= 65536);
    before = net->os.calls[FAKE_RECV];
    net_until_size(net, &peer.received, 150000);
    assert_int_equal(net->os.calls[FAKE_RECV] - before, peer.reads - 1);
    net_close(net);
}

static void stop_reading(struct peer *peer)
{
    assert_int_equal(eddy_read_stop(&peer->tcp.stream), 0);
    assert_int_equal(eddy_read_stop(&peer->tcp.stream), 0);
}

static void stopped_means_no_callback(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    assert_int_equal(eddy_read_stop(&peer.tcp.stream), 0);
    peer.act = stop_reading;
    net_send_raw(fd, 0, 100000);
    peer_read(&peer);
    net_until(net, &peer.reads, 1);
    net_turns(net, 5);
    assert_int_equal(peer.reads, 1);
    assert_int_equal(peer.ends, 0);
    assert_false(eddy_is_active(&peer.tcp.handle));
    peer.act = NULL;
    peer_read(&peer);
    net_until_size(net, &peer.received, 100000);
    peer.act = stop_reading;
    net_close_raw(net, fd);
    net_until(net, &peer.ends, 1);
    net_close(net);
}

static void close_itself(struct peer *peer)
{
    peer_close(peer);
}

static void closed_in_the_callback(void **state)
{
    struct net *net = *state;
    struct peer first;
    struct peer second;
    int fd = net_connect_raw(net, &first);
    int other = net_connect_raw(net, &second);

    first.act = close_itself;
    second.act = close_itself;
    net_send_raw(fd, 0, 100000);
    peer_read(&first);
    peer_read(&second);
    net_until(net, &first.closes, 1);
    assert_int_equal(first.reads, 1);
    net_close_raw(net, other);
    net_until(net, &second.closes, 1);
    assert_int_equal(second.ends, 1);
    test_poison(&first, sizeof(first));
    test_poison(&second, sizeof(second));
    net_turns(net, 2);
    assert_true(test_poisoned(&first, sizeof(first)));
    assert_true(test_poisoned(&second, sizeof(second)));
    net_close(net);
}

static void close_the_other(struct peer *peer)
{
    peer_close(peer->arg);
    peer->act = NULL;
}

/* Both are ready in the same batch: the second is not called any more. */
static void closed_in_the_callback_of_another(void **state)
{
    struct net *net = *state;
    struct peer peers[2];
    int fds[2] = {net_connect_raw(net, &peers[0]),
                  net_connect_raw(net, &peers[1])};

    for (int i = 0; i < 2; i++) {
        peers[i].act = close_the_other;
        peers[i].arg = &peers[1 - i];
        peer_read(&peers[i]);
        net_send_raw(fds[i], 0, 10);
    }
    while (peers[0].closes + peers[1].closes == 0)
        assert_true(eddy_run(&net->loop, EDDY_RUN_ONCE) > 0);
    assert_int_equal(peers[0].reads + peers[1].reads, 1);
    net_turns(net, 2);
    assert_int_equal(peers[0].closes + peers[1].closes, 1);
    net_close(net);
}

/* --- buffers of the caller's --------------------------------------------- */

static struct {
    char bytes[64];
    int given;
    int returned;
    size_t suggested;
    ssize_t last;
    size_t length; /* to be given */
    int (*act)(eddy_stream *stream);
} lender;

static int close_stream(eddy_stream *stream)
{
    return eddy_close(&stream->handle, NULL);
}

static void lend(eddy_handle *handle, size_t suggested, eddy_buf *out)
{
    lender.given++;
    lender.suggested = suggested;
    *out = (eddy_buf){lender.bytes, lender.length};
    if (lender.act != NULL)
        assert_true(lender.act((eddy_stream *) (void *) handle) >= 0);
}

static void get_back(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    (void) stream;
    assert_ptr_equal(buf->base, lender.bytes);
    assert_int_equal(buf->len, lender.length);
    lender.returned++;
    lender.last = nread;
    assert_int_equal(lender.returned, lender.given);
}

static int begin_lending(struct net *net, struct peer *peer)
{
    int fd = net_connect_raw(net, peer);

    memset(&lender, 0, sizeof(lender));
    lender.length = sizeof(lender.bytes);
    assert_int_equal(eddy_read_start(&peer->tcp.stream, lend, get_back), 0);
    return fd;
}

static void every_buffer_comes_back(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = begin_lending(net, &peer);

    net_turns(net, 2);
    assert_int_equal(lender.given, 0);
    net_send_raw(fd, 0, 100);
    net_until(net, &lender.returned, 2);
    assert_true(lender.suggested > 0);
    assert_int_equal(lender.last, 36);
    net_send_raw(fd, 0, 64); /* exactly one buffer, and no empty one after */
    net_until(net, &lender.returned, 3);
    net_turns(net, 3);
    assert_int_equal(lender.given, 3);
    net_close_raw(net, fd);
    net_until(net, &lender.returned, 4);
    assert_int_equal(lender.last, EDDY_EOF);
    assert_int_equal(lender.given, 4);
    net_close(net);
}

static void no_buffer_ends_the_reading(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = begin_lending(net, &peer);

    net_send_raw(fd, 0, 10);
    lender.length = 0;
    net_until(net, &lender.returned, 1);
    assert_int_equal(lender.last, EDDY_ENOBUFS);
    assert_false(eddy_is_active(&peer.tcp.handle));
    net_turns(net, 3);
    assert_int_equal(lender.given, 1);
    assert_int_equal(net->os.calls[FAKE_RECV], 0);
    peer_read(&peer);
    net_until_size(net, &peer.received, 10);
    net_close(net);
}

static void closing_or_stopping_when_asked_for_a_buffer(void **state)
{
    struct net *net = *state;
    struct peer first;
    struct peer second;
    int fd = begin_lending(net, &first);

    lender.act = eddy_read_stop;
    net_send_raw(fd, 0, 10);
    net_until(net, &lender.given, 1);
    net_turns(net, 3);
    assert_int_equal(lender.given, 1);
    assert_int_equal(lender.returned, 0);
    fd = begin_lending(net, &second);
    lender.act = close_stream;
    net_send_raw(fd, 0, 10);
    net_until(net, &lender.given, 1);
    net_turns(net, 3);
    assert_int_equal(lender.given, 1);
    assert_int_equal(lender.returned, 0);
    assert_int_equal(net->os.calls[FAKE_RECV], 0);
    net_close(net);
}

static void nothing_after_all_gives_the_buffer_back(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = begin_lending(net, &peer);

    fake_os_fail(&net->os, FAKE_RECV, 1, 1, EDDY_EAGAIN);
    net_send_raw(fd, 0, 10);
    net_until(net, &lender.returned, 1);
    assert_int_equal(lender.last, 0);
    net_until(net, &lender.returned, 2);
    assert_int_equal(lender.last, 10);
    net_close(net);
}

/* --- errors ----------------------------------------------------------------
 */

static void nothing_after_all_is_not_told(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    peer_read(&peer);
    fake_os_fail(&net->os, FAKE_RECV, 1, 2, EDDY_EAGAIN);
    net_send_raw(fd, 0, 10);
    net_until(net, &peer.reads, 1);
    assert_int_equal(net->os.calls[FAKE_RECV], 3);
    assert_int_equal(peer.ends, 0);
    net_close(net);
}

static void interruptions_are_not_told(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    peer_read(&peer);
    fake_os_fail(&net->os, FAKE_RECV, 1, 5, EDDY_EINTR);
    net_send_raw(fd, 0, 10);
    net_until(net, &peer.reads, 1);
    assert_int_equal(peer.received, 10);
    assert_int_equal(peer.ends, 0);
    net_close(net);
}

static void reset_is_told_and_stops(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    peer_read(&peer);
    net_reset_raw(net, fd);
    net_until(net, &peer.ends, 1);
    assert_int_equal(peer.end, EDDY_ECONNRESET);
    assert_false(eddy_is_active(&peer.tcp.handle));
    net_turns(net, 3);
    assert_int_equal(peer.ends, 1);
    net_close(net);
}

/* The kernel tells an error to who asks first. A write that met it must not
 * let the reader believe that the data were complete. */
static void reset_met_by_a_write_is_no_end(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct writing writing = {.calls = 0};
    int fd = net_connect_raw(net, &peer);

    net_reset_raw(net, fd);
    net_await(peer.tcp.stream.watcher.fd);
    peer_write(&peer, &writing, 0, 10);
    net_until(net, &writing.calls, 1);
    assert_int_equal(writing.status, EDDY_ECONNRESET);
    peer_read(&peer);
    net_until(net, &peer.ends, 1);
    assert_int_equal(peer.end, EDDY_ECONNRESET);
    net_close(net);
}

static void restart_changes_the_callbacks(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = begin_lending(net, &peer);

    peer_read(&peer);
    net_send_raw(fd, 0, 10);
    net_until(net, &peer.reads, 1);
    assert_int_equal(lender.given, 0);
    net_close(net);
}

static void on_connection(eddy_stream *server, int status)
{
    (void) server;
    (void) status;
}

static void bad_arguments(void **state)
{
    struct net *net = *state;
    struct peer peer;
    eddy_tcp tcp;
    eddy_tcp server;

    net_connect_raw(net, &peer);
    assert_int_equal(eddy_read_start(NULL, NULL, peer_on_read), EDDY_EINVAL);
    assert_int_equal(eddy_read_start(&peer.tcp.stream, NULL, NULL),
                     EDDY_EINVAL);
    assert_int_equal(eddy_read_stop(NULL), EDDY_EINVAL);
    assert_false(eddy_is_active(&peer.tcp.handle));
    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    assert_int_equal(eddy_read_start(&tcp.stream, NULL, peer_on_read),
                     EDDY_EBADF);
    assert_int_equal(eddy_read_stop(&tcp.stream), 0);
    net_listen(net, &server, on_connection);
    assert_int_equal(eddy_read_start(&server.stream, NULL, peer_on_read),
                     EDDY_ENOTCONN);
    peer_close(&peer);
    assert_int_equal(eddy_read_start(&peer.tcp.stream, NULL, peer_on_read),
                     EDDY_EINVAL);
    assert_int_equal(eddy_read_stop(&peer.tcp.stream), EDDY_EINVAL);
    net_close(net);
}

static void without_memory_nothing_changes(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);

    counting_allocator_fail(&net->memory, 1);
    assert_int_equal(eddy_read_start(&peer.tcp.stream, NULL, peer_on_read),
                     EDDY_ENOMEM);
    assert_false(eddy_is_active(&peer.tcp.handle));
    net_send_raw(fd, 0, 10);
    net_turns(net, 2);
    assert_int_equal(peer.reads, 0);
    peer_read(&peer);
    net_until(net, &peer.reads, 1);
    net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(data_arrives_in_the_loops_buffer),
        NET_TEST(end_comes_once_after_all_data),
        NET_TEST(turns_are_bounded),
        NET_TEST(stopped_means_no_callback),
        NET_TEST(closed_in_the_callback),
        NET_TEST(closed_in_the_callback_of_another),
        NET_TEST(every_buffer_comes_back),
        NET_TEST(no_buffer_ends_the_reading),
        NET_TEST(closing_or_stopping_when_asked_for_a_buffer),
        NET_TEST(nothing_after_all_gives_the_buffer_back),
        NET_TEST(nothing_after_all_is_not_told),
        NET_TEST(interruptions_are_not_told),
        NET_TEST(reset_is_told_and_stops),
        NET_TEST(reset_met_by_a_write_is_no_end),
        NET_TEST(restart_changes_the_callbacks),
        NET_TEST(bad_arguments),
        NET_TEST(without_memory_nothing_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
