/* SPDX-License-Identifier: MIT */
/*
 * What TCP adds to streams: sockets, addresses, options, the reset.
 */
#include "support/net.h"

#include "support/fds.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int option(const eddy_tcp *tcp, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof(value);

    assert_int_equal(
        getsockopt(tcp->stream.watcher.fd, level, name, &value, &length), 0);
    return value;
}

static void init_and_close(void **state)
{
    struct net *net = *state;
    struct peer peer;
    eddy_tcp tcp;

    assert_true(sizeof(eddy_tcp) <= 200);
    assert_int_equal(eddy_tcp_init(NULL, &tcp), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_init(&net->loop, NULL), EDDY_EINVAL);
    tcp.data = &peer;
    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    assert_ptr_equal(tcp.data, &peer);
    assert_int_equal(tcp.type, EDDY_HANDLE_TCP);
    assert_ptr_equal(tcp.loop, &net->loop);
    assert_false(eddy_is_active(&tcp.handle));
    net_peer(net, &peer);
    peer_close(&peer);
    assert_int_equal(eddy_close(&peer.tcp.handle, NULL), EDDY_EINVAL);
    assert_int_equal(peer.closes, 0);
    net_until(net, &peer.closes, 1);
    net_close(net);
}

/* A number that is closed twice may be somebody else's by then. */
static void interrupted_close_is_not_repeated(void **state)
{
    struct net *net = *state;
    struct peer peer;
    unsigned calls;
    int fd;

    net_connect_raw(net, &peer);
    fd = peer.tcp.stream.watcher.fd;
    fake_os_fail(&net->os, FAKE_CLOSE, 1, 1, EDDY_EINTR);
    calls = net->os.calls[FAKE_CLOSE];
    peer_close(&peer);
    assert_int_equal(net->os.calls[FAKE_CLOSE], calls + 1);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    net_close(net);
}

/* --- open --------------------------------------------------------------------
 */

static void open_takes_stream_sockets_only(void **state)
{
    struct net *net = *state;
    struct peer peer;
    eddy_tcp tcp;
    int fds[2];
    int datagrams;

    net_connect_raw(net, &peer);
    test_pipe(fds);
    datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    assert_int_equal(eddy_tcp_open(NULL, fds[0]), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_open(&tcp, -1), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_open(&tcp, fds[0]), EDDY_ENOTSOCK);
    assert_int_equal(eddy_tcp_open(&tcp, datagrams), EDDY_EPROTOTYPE);
    assert_int_equal(eddy_tcp_open(&tcp, 4000), EDDY_EBADF);
    assert_int_equal(eddy_tcp_open(&peer.tcp, fds[0]), EDDY_EBUSY);
    test_close_pair(fds); /* they are the caller's still */
    close(datagrams);
    net_close(net);
}

static void open_makes_it_nonblocking_and_owns_it(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fd;

    net_connect_raw(net, &peer);
    fd = peer.tcp.stream.watcher.fd;
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    peer_close(&peer);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    net_close(net);
}

/* A connected socket is never taken for one that is not, only because the
 * system could not say. */
static void open_must_learn_whether_it_is_connected(void **state)
{
    struct net *net = *state;
    struct peer peer;
    int fds[2];

    test_socketpair(fds);
    net_peer(net, &peer);
    fake_os_fail(&net->os, FAKE_GETPEERNAME, 1, 1, EDDY_ENOBUFS);
    assert_int_equal(eddy_tcp_open(&peer.tcp, fds[0]), EDDY_ENOBUFS);
    assert_int_equal(eddy_tcp_open(&peer.tcp, fds[0]), 0);
    peer_read(&peer);
    peer_close(&peer);
    assert_int_equal(close(fds[1]), 0);
    net_close(net);
}

static void on_connection(eddy_stream *server, int status)
{
    struct peer *client = server->data;

    assert_int_equal(status, 0);
    assert_int_equal(eddy_accept(server, &client->tcp.stream), 0);
    client->reads = 1;
}

static void open_takes_a_listening_socket(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct peer client;
    eddy_tcp server;
    int fd = net_listen_raw(net, &address);

    net->raw_count--; /* it is the handle's from here on */
    net_peer(net, &client);
    assert_int_equal(eddy_tcp_init(&net->loop, &server), 0);
    server.data = &client;
    assert_int_equal(eddy_tcp_open(&server, fd), 0);
    assert_int_equal(eddy_listen(&server.stream, 10, on_connection), 0);
    net_dial_raw(net, &address);
    net_until(net, &client.reads, 1);
    net_close(net);
}

static void failed_open_leaves_the_descriptor(void **state)
{
    static const enum fake_call calls[] = {
        FAKE_GETSOCKOPT, FAKE_SET_NONBLOCKING, FAKE_SETSOCKOPT};
    struct net *net = *state;
    struct sockaddr_in address;
    eddy_tcp tcp;
    int fd;

    net_listen_raw(net, &address);
    fd = net_dial_raw(net, &address);
    net->raw_count--;
    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    assert_int_equal(eddy_tcp_nodelay(&tcp, true), 0);
    for (int i = 0; i < 3; i++) {
        fake_os_fail(&net->os, calls[i], 1, 1, EDDY_ENOBUFS);
        assert_int_equal(eddy_tcp_open(&tcp, fd), EDDY_ENOBUFS);
        assert_int_not_equal(fcntl(fd, F_GETFD), -1);
        fake_os_fail(&net->os, calls[i], 1, 2, EDDY_EINTR);
    }
    assert_int_equal(eddy_tcp_open(&tcp, fd), 0);
    net_close(net);
}

/* --- one port, many loops
 * ------------------------------------------------------ */

/* --- options and names
 * ---------------------------------------------------------- */

static void nodelay_is_remembered(void **state)
{
    struct net *net = *state;
    struct sockaddr_in any = net_any();
    struct peer peer;
    eddy_tcp early;

    net_connect_raw(net, &peer);
    assert_int_equal(eddy_tcp_nodelay(NULL, true), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_nodelay(&peer.tcp, true), 0);
    assert_true(option(&peer.tcp, IPPROTO_TCP, TCP_NODELAY));
    assert_int_equal(eddy_tcp_nodelay(&peer.tcp, false), 0);
    assert_false(option(&peer.tcp, IPPROTO_TCP, TCP_NODELAY));
    assert_int_equal(eddy_tcp_init(&net->loop, &early), 0);
    assert_int_equal(eddy_tcp_nodelay(&early, true), 0);
    assert_int_equal(eddy_tcp_bind(&early, (struct sockaddr *) &any, 0), 0);
    assert_true(option(&early, IPPROTO_TCP, TCP_NODELAY));
    fake_os_fail(&net->os, FAKE_SETSOCKOPT, 1, 1, EDDY_ENOBUFS);
    assert_int_equal(eddy_tcp_nodelay(&early, false), EDDY_ENOBUFS);
    net_close(net);
}

static void keepalive(void **state)
{
    struct net *net = *state;
    struct peer peer;
    eddy_tcp fresh;

    net_connect_raw(net, &peer);
    assert_int_equal(eddy_tcp_init(&net->loop, &fresh), 0);
    assert_int_equal(eddy_tcp_keepalive(NULL, true, 1), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_keepalive(&fresh, true, 1), EDDY_EBADF);
    assert_int_equal(eddy_tcp_keepalive(&peer.tcp, true, 0), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_keepalive(&peer.tcp, true, 1U << 31),
                     EDDY_EINVAL);
    assert_false(option(&peer.tcp, SOL_SOCKET, SO_KEEPALIVE));
    assert_int_equal(eddy_tcp_keepalive(&peer.tcp, true, 77), 0);
    assert_true(option(&peer.tcp, SOL_SOCKET, SO_KEEPALIVE));
#ifdef TCP_KEEPIDLE
    assert_int_equal(option(&peer.tcp, IPPROTO_TCP, TCP_KEEPIDLE), 77);
#endif
    assert_int_equal(eddy_tcp_keepalive(&peer.tcp, false, 0), 0);
    assert_false(option(&peer.tcp, SOL_SOCKET, SO_KEEPALIVE));
    net_close(net);
}

static void names(void **state)
{
    struct net *net = *state;
    struct sockaddr_in any = net_any();
    struct sockaddr_in name;
    struct sockaddr *out = (struct sockaddr *) &name;
    socklen_t length = sizeof(name);
    eddy_tcp tcp;

    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    assert_int_equal(eddy_tcp_getsockname(&tcp, out, &length), EDDY_EBADF);
    assert_int_equal(eddy_tcp_getpeername(&tcp, out, &length), EDDY_EBADF);
    assert_int_equal(eddy_tcp_getsockname(NULL, out, &length), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_getsockname(&tcp, NULL, &length), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_getpeername(&tcp, out, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_bind(&tcp, (struct sockaddr *) &any, 0), 0);
    assert_int_equal(eddy_tcp_getsockname(&tcp, out, &length), 0);
    assert_int_equal(length, sizeof(name));
    assert_int_equal(name.sin_addr.s_addr, any.sin_addr.s_addr);
    assert_int_not_equal(name.sin_port, 0);
    assert_int_equal(eddy_tcp_getpeername(&tcp, out, &length), EDDY_ENOTCONN);
    net_close(net);
}

/* --- reset
 * ----------------------------------------------------------------------- */

static void close_reset_resets(void **state)
{
    struct net *net = *state;
    struct peer a;
    struct peer b;
    struct writing writing = {.calls = 0};

    net_connect(net, &a, &b);
    peer_fill(&a, &writing);
    assert_int_equal(eddy_tcp_close_reset(NULL, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_close_reset(&a.tcp, peer_on_close), 1);
    assert_int_equal(eddy_tcp_close_reset(&a.tcp, peer_on_close), EDDY_EINVAL);
    net_until(net, &a.closes, 1);
    assert_int_equal(writing.status, EDDY_ECANCELED);
    b.tcp.data = &b;
    assert_int_equal(eddy_read_start(&b.tcp.stream, NULL, peer_on_read), 0);
    net_until(net, &b.ends, 1);
    assert_int_equal(b.end, EDDY_ECONNRESET);
    net_close(net);
}

static void close_reset_when_it_may_not(void **state)
{
    struct net *net = *state;
    struct peer a;
    struct peer b;
    eddy_shutdown_req ending = {.cb = NULL};
    eddy_tcp fresh;

    net_connect(net, &a, &b);
    assert_int_equal(eddy_tcp_init(&net->loop, &fresh), 0);
    assert_int_equal(eddy_tcp_close_reset(&fresh, NULL), 1);
    assert_int_equal(eddy_shutdown(&ending, &a.tcp.stream, NULL), 0);
    assert_int_equal(eddy_tcp_close_reset(&a.tcp, NULL), EDDY_EINVAL);
    assert_false(eddy_is_closing(&a.tcp.handle));
    fake_os_fail(&net->os, FAKE_SETSOCKOPT, 1, 1, EDDY_ENOBUFS);
    assert_int_equal(eddy_tcp_close_reset(&b.tcp, NULL), EDDY_ENOBUFS);
    assert_false(eddy_is_closing(&b.tcp.handle));
    fake_os_fail(&net->os, FAKE_SETSOCKOPT, 1, 1, EDDY_EINVAL);
    assert_int_equal(eddy_tcp_close_reset(&b.tcp, NULL), 1);
    net_close(net);
}

/* The connection is the parent's too, whatever a child does with its copy. It
 * ends by exec, lest a leak checker take the parent's memory for its own. */
static void forked_child_resets_nothing(void **state)
{
    struct net *net = *state;
    struct peer peer;
    struct linger linger = {.l_onoff = -1};
    socklen_t length = sizeof(linger);
    int status = -1;
    pid_t child;

    net_connect_raw(net, &peer);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (eddy_tcp_close_reset(&peer.tcp, NULL) == 1)
            execlp("true", "true", (char *) NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(getsockopt(peer.tcp.stream.watcher.fd, SOL_SOCKET,
                                SO_LINGER, &linger, &length),
                     0);
    assert_false(linger.l_onoff);
    net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(init_and_close),
        NET_TEST(interrupted_close_is_not_repeated),
        NET_TEST(open_takes_stream_sockets_only),
        NET_TEST(open_makes_it_nonblocking_and_owns_it),
        NET_TEST(open_must_learn_whether_it_is_connected),
        NET_TEST(open_takes_a_listening_socket),
        NET_TEST(failed_open_leaves_the_descriptor),
        NET_TEST(nodelay_is_remembered),
        NET_TEST(keepalive),
        NET_TEST(names),
        NET_TEST(close_reset_resets),
        NET_TEST(close_reset_when_it_may_not),
        NET_TEST(forked_child_resets_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
