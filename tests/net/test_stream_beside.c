/* SPDX-License-Identifier: MIT */
/*
 * Where an edge will not do for a stream: somebody else watches its descriptor,
 * its socket is not TCP, or the backend does not tell enough.
 */
#include "support/net.h"

#include <string.h>
#include <unistd.h>

/* --- others on the same descriptor --------------------------------------- */

static int looks;

static void on_look(eddy_io *io, int status, unsigned happened)
{
    (void) io;
    assert_int_equal(status, 0);
    assert_int_equal(happened, EDDY_READABLE);
    looks++;
}

static void look_at(struct net *net, eddy_io *io, const struct peer *peer)
{
    looks = 0;
    assert_int_equal(eddy_io_init(&net->loop, io, peer->tcp.stream.watcher.fd),
                     0);
    net_turns(net, 1); /* which finds what the kernel was not told */
    assert_int_equal(eddy_io_start(io, EDDY_READABLE, on_look), 0);
}

/* A watcher beside the stream is level-triggered all the same, and when it
 * goes the stream misses nothing. */
static void a_watcher_beside_it_is_told_every_time(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd = net_connect_raw(net, &peer);
    eddy_io io;

    peer_read(&peer);
    net_turns(net, 2);
    look_at(net, &io, &peer);
    assert_int_equal(eddy_read_stop(&peer.tcp.stream), 0);
    net_send_raw(fd, 0, 10);
    net_until(net, &looks, 3);
    peer_read(&peer);
    net_until_size(net, &peer.received, 10);
    assert_int_equal(eddy_close(&io.handle, NULL), 0);
    net_turns(net, 1);
    net_send_raw(fd, 10, 10);
    net_until_size(net, &peer.received, 20);
    look_at(net, &io, &peer);
    net_send_raw(fd, 20, 10);
    net_until_size(net, &peer.received, 30);
    assert_int_equal(eddy_close(&io.handle, NULL), 0);
    net_close(net);
}

static void a_watcher_beside_a_writer_is_told_every_time(void **state)
{
    struct net *net = *state;
    struct writing writings[3] = {{.calls = 0}, {.calls = 0}, {.calls = 0}};
    struct peer peer;
    int fd = net_connect_raw(net, &peer);
    eddy_io io;

    look_at(net, &io, &peer);
    peer_fill(&peer, &writings[0]);
    peer_write(&peer, &writings[1], 0, NET_PATTERN);
    peer_write(&peer, &writings[2], 0, NET_PATTERN);
    net_send_raw(fd, 0, 10);
    net_until(net, &looks, 3);
    assert_int_equal(writings[2].calls, 0);
    net_close(net);
}

/* --- other families ------------------------------------------------------ */

/* A byte with a descriptor: a read ends behind it, however much there is. */
static void send_descriptor(int fd, char byte)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control),
    };

    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
    assert_int_equal(sendmsg(fd, &message, 0), 1);
}

static void other_sockets_stop_short_as_they_like(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    net_peer(net, &peer);
    assert_int_equal(eddy_tcp_open(&peer.tcp, fds[0]), 0);
    for (size_t i = 0; i < 5; i++)
        send_descriptor(fds[1], net_byte(i));
    peer_read(&peer);
    net_until_size(net, &peer.received, 5);
    assert_int_equal(peer.reads, 5);
    peer_close(&peer);
    net_until(net, &peer.closes, 1);
    assert_int_equal(close(fds[1]), 0);
    net_close(net);
}

/* --- backends of the program's own --------------------------------------- */

/* One that cannot tell of urgent data cannot say where a read stops short. */
static void a_backend_that_tells_less_is_asked_again(void **state)
{
    struct net *net = *state;
    eddy_backend_ops less = *net->loop.ops;
    eddy_loop_options options = {.backend_ops = &less, .os = &net->os.base};
    struct sockaddr_in address;
    eddy_loop loop;
    struct peer peer = {.reads = 0};
    int listener = net_listen_raw(net, &address);
    int fd = net_dial_raw(net, &address);

    less.events &= ~(unsigned) EDDY_PRIORITY;
    assert_int_equal(eddy_loop_init(&loop, &options), 0);
    assert_int_equal(eddy_tcp_init(&loop, &peer.tcp), 0);
    peer.tcp.data = &peer;
    assert_int_equal(eddy_tcp_open(&peer.tcp, accept(listener, NULL, NULL)), 0);
    peer_read(&peer);
    net_send_raw(fd, 0, 10);
    while (peer.received < 10)
        assert_true(eddy_run(&loop, EDDY_RUN_ONCE) > 0);
    peer_close(&peer);
    assert_int_equal(eddy_run(&loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(eddy_loop_close(&loop), 0);
    net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_PLAIN_TEST(a_watcher_beside_it_is_told_every_time),
        NET_PLAIN_TEST(a_watcher_beside_a_writer_is_told_every_time),
        NET_PLAIN_TEST(other_sockets_stop_short_as_they_like),
        NET_PLAIN_TEST(a_backend_that_tells_less_is_asked_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
