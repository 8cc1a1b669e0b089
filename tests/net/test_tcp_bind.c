/* SPDX-License-Identifier: MIT */
/*
 * Local addresses: of both families, taken, shared and refused.
 */
#include "support/net.h"

#include "support/fds.h"

#include <sys/socket.h>
#include <unistd.h>

static int option(const eddy_tcp *tcp, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof(value);

    assert_int_equal(
        getsockopt(tcp->stream.watcher.fd, level, name, &value, &length), 0);
    return value;
}

static void on_connection(eddy_stream *server, int status)
{
    struct peer *client = server->data;

    assert_int_equal(status, 0);
    assert_int_equal(eddy_accept(server, &client->tcp.stream), 0);
    client->reads = 1;
}

static void bind_refuses(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address = net_any();
    struct sockaddr *any = (struct sockaddr *) &address;
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct peer peer;
    eddy_tcp tcp;

    net_connect_raw(net, &peer);
    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    assert_int_equal(eddy_tcp_bind(NULL, any, 0), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_bind(&tcp, NULL, 0), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_bind(&tcp, &other, 0), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_bind(&tcp, any, 4), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_bind(&tcp, any, EDDY_TCP_IPV6ONLY), EDDY_EINVAL);
    assert_int_equal(eddy_tcp_bind(&peer.tcp, any, 0), EDDY_EINVAL);
    assert_int_equal(net->os.calls[FAKE_SOCKET], 0);
    assert_int_equal(eddy_tcp_bind(&tcp, any, 0), 0);
    assert_int_equal(eddy_tcp_bind(&tcp, any, 0), EDDY_EINVAL);
    assert_int_equal(net->os.calls[FAKE_BIND], 1);
    assert_int_equal(eddy_close(&tcp.handle, NULL), 1);
    assert_int_equal(eddy_tcp_bind(&tcp, any, 0), EDDY_EINVAL);
    net_close(net);
}

static void address_in_use_is_told(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct sockaddr_in any = net_any();
    eddy_tcp tcp;
    int err;

    net_listen_raw(net, &address);
    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    err = eddy_tcp_bind(&tcp, (struct sockaddr *) &address, 0);
    if (err == 0)
        err = eddy_listen(&tcp.stream, 10, on_connection);
    else
        assert_int_equal(eddy_tcp_bind(&tcp, (struct sockaddr *) &any, 0), 0);
    assert_int_equal(err, EDDY_EADDRINUSE);
    assert_false(eddy_is_active(&tcp.handle));
    net_close(net);
}

static void failed_bind_leaves_it_as_it_was(void **state)
{
    static const enum fake_call calls[] = {FAKE_SOCKET, FAKE_SETSOCKOPT,
                                           FAKE_SETSOCKOPT, FAKE_BIND};
    struct net *net = *state;
    struct sockaddr_in any = net_any();
    eddy_tcp opened;
    eddy_tcp tcp;
    int open_before;

    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    assert_int_equal(eddy_tcp_init(&net->loop, &opened), 0);
    assert_int_equal(eddy_tcp_open(&opened, socket(AF_INET, SOCK_STREAM, 0)),
                     0);
    open_before = test_fds_open();
    assert_int_equal(eddy_tcp_nodelay(&tcp, true), 0);
    for (unsigned i = 0; i < 4; i++) {
        fake_os_fail(&net->os, calls[i], i == 2 ? 2 : 1, 1, EDDY_ENOBUFS);
        assert_int_equal(eddy_tcp_bind(&tcp, (struct sockaddr *) &any, 0),
                         EDDY_ENOBUFS);
        assert_int_equal(test_fds_open(), open_before);
    }
    fake_os_fail(&net->os, FAKE_BIND, 1, 1, EDDY_EACCES);
    assert_int_equal(eddy_tcp_bind(&opened, (struct sockaddr *) &any, 0),
                     EDDY_EACCES);
    assert_int_equal(test_fds_open(), open_before);
    fake_os_fail(&net->os, FAKE_BIND, 1, 2, EDDY_EINTR);
    assert_int_equal(eddy_tcp_bind(&opened, (struct sockaddr *) &any, 0), 0);
    assert_int_equal(eddy_tcp_bind(&tcp, (struct sockaddr *) &any, 0), 0);
    net_close(net);
}

/* A number beyond the loop's table of descriptors needs a larger one. */
static void without_memory_nothing_stays_open(void **state)
{
    struct net *net = *state;
    struct sockaddr_in any = net_any();
    int taken[1024];
    int count = 0;
    int open_before;
    eddy_tcp tcp;
    int fd;

    assert_int_equal(eddy_tcp_init(&net->loop, &tcp), 0);
    while (count < 1024 && (fd = dup(0)) < net->loop.fd_count)
        taken[count++] = fd;
    close(fd);
    open_before = test_fds_open();
    counting_allocator_fail(&net->memory, 1);
    assert_int_equal(eddy_tcp_bind(&tcp, (struct sockaddr *) &any, 0),
                     EDDY_ENOMEM);
    assert_int_equal(test_fds_open(), open_before);
    assert_int_equal(eddy_tcp_bind(&tcp, (struct sockaddr *) &any, 0), 0);
    while (count > 0)
        close(taken[--count]);
    net_close(net);
}

/* Returns false where there is no IPv6. */
static bool listen_at_ipv6(struct net *net, eddy_tcp *server, const char *ip,
                           unsigned flags, int port)
{
    struct sockaddr_in6 address;

    assert_int_equal(eddy_ip6_addr(ip, port, &address), 0);
    assert_int_equal(eddy_tcp_init(&net->loop, server), 0);
    if (eddy_tcp_bind(server, (struct sockaddr *) &address, flags) < 0)
        return false;
    assert_int_equal(eddy_listen(&server->stream, 10, on_connection), 0);
    return true;
}

static struct sockaddr_in6 address_of(const eddy_tcp *tcp, bool peer)
{
    struct sockaddr_in6 address;
    socklen_t length = sizeof(address);

    assert_int_equal((peer ? eddy_tcp_getpeername : eddy_tcp_getsockname)(
                         tcp, (struct sockaddr *) &address, &length),
                     0);
    assert_int_equal(length, sizeof(address));
    return address;
}

static void on_connect(eddy_connect_req *req, int status)
{
    assert_int_equal(status, 0);
    ++*(int *) req->data;
}

static void ipv6_works_like_ipv4(void **state)
{
    struct net *net = *state;
    struct sockaddr_in6 address;
    eddy_connect_req connect = {.cb = NULL};
    struct writing writing = {.calls = 0};
    struct peer client;
    struct peer accepted;
    eddy_tcp server;
    int connects = 0;

    if (!listen_at_ipv6(net, &server, "::1", 0, 0)) {
        net_close(net);
        return;
    }
    net_peer(net, &client);
    net_peer(net, &accepted);
    server.data = &accepted;
    connect.data = &connects;
    address = address_of(&server, false);
    assert_int_equal(eddy_tcp_connect(&connect, &client.tcp,
                                      (struct sockaddr *) &address, on_connect),
                     0);
    net_until(net, &accepted.reads, 1);
    net_until(net, &connects, 1);
    assert_int_equal(address_of(&client.tcp, true).sin6_port,
                     address.sin6_port);
    assert_int_equal(address_of(&accepted.tcp, true).sin6_port,
                     address_of(&client.tcp, false).sin6_port);
    peer_read(&accepted);
    peer_write(&client, &writing, 0, 1000);
    net_until_size(net, &accepted.received, 1000);
    net_close(net);
}

static int bind_at_ipv4(struct net *net, eddy_tcp *tcp, in_port_t port)
{
    struct sockaddr_in address;

    assert_int_equal(eddy_ip4_addr("0.0.0.0", ntohs(port), &address), 0);
    assert_int_equal(eddy_tcp_init(&net->loop, tcp), 0);
    return eddy_tcp_bind(tcp, (struct sockaddr *) &address, 0);
}

/* With the flag IPv4 finds the port free, unless another program has it: then
 * other ports are tried. */
static void ipv6only_leaves_ipv4_alone(void **state)
{
    enum { TRIES = 20 };
    struct net *net = *state;
    eddy_tcp six[TRIES];
    eddy_tcp four[TRIES];
    int err = EDDY_EADDRINUSE;

    for (int i = 0; i < TRIES && err == EDDY_EADDRINUSE; i++) {
        if (!listen_at_ipv6(net, &six[i], "::", EDDY_TCP_IPV6ONLY, 0)) {
            net_close(net);
            return;
        }
        assert_int_equal(option(&six[i], IPPROTO_IPV6, IPV6_V6ONLY), 1);
        err = bind_at_ipv4(net, &four[i], address_of(&six[i], false).sin6_port);
    }
    assert_int_equal(err, 0);
    net_close(net);
}

struct share {
    eddy_loop *loop;
    eddy_tcp server;
    eddy_tcp clients[64];
    int accepted;
};

static void on_share(eddy_stream *server, int status)
{
    struct share *share = server->data;
    eddy_tcp *client = &share->clients[share->accepted];

    assert_int_equal(status, 0);
    assert_int_equal(eddy_tcp_init(server->loop, client), 0);
    assert_int_equal(eddy_accept(server, &client->stream), 0);
    share->accepted++;
}

/* Returns EDDY_ENOTSUP where the kernel does not share. */
static int listen_together(struct share *share, struct sockaddr_in *address)
{
    int err;

    assert_int_equal(eddy_tcp_init(share->loop, &share->server), 0);
    share->server.data = share;
    err = eddy_tcp_bind(&share->server, (struct sockaddr *) address,
                        EDDY_TCP_REUSEPORT);
    if (err < 0)
        return err;
    assert_int_equal(eddy_listen(&share->server.stream, 64, on_share), 0);
    *address = net_address(&share->server);
    return 0;
}

static void two_loops_share_a_port(void **state)
{
    struct net *net = *state;
    struct share shares[2] = {{.loop = &net->loop}};
    struct sockaddr_in address = net_any();
    eddy_loop other;
    int err;

    assert_int_equal(eddy_loop_init(&other, NULL), 0);
    shares[1].loop = &other;
    err = listen_together(&shares[0], &address);
    if (err == 0) {
        assert_int_equal(listen_together(&shares[1], &address), 0);
        for (int i = 0; i < 40; i++)
            net_dial_raw(net, &address);
        while (shares[0].accepted + shares[1].accepted < 40) {
            net_turns(net, 1);
            assert_true(eddy_run(&other, EDDY_RUN_NOWAIT) > 0);
        }
        /* the odds against one having got none are 2^39 to 1 */
        assert_true(shares[0].accepted > 0);
        assert_true(shares[1].accepted > 0);
    } else {
        assert_int_equal(err, EDDY_ENOTSUP);
    }
    assert_int_equal(eddy_loop_close_all(&other, EDDY_SEC(60), NULL), 0);
    net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(bind_refuses),
        NET_TEST(address_in_use_is_told),
        NET_TEST(failed_bind_leaves_it_as_it_was),
        NET_TEST(without_memory_nothing_stays_open),
        NET_TEST(ipv6_works_like_ipv4),
        NET_TEST(ipv6only_leaves_ipv4_alone),
        NET_TEST(two_loops_share_a_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
