/* SPDX-License-Identifier: MIT */
/*
 * Listening and accepting, also when that is not possible.
 */
#include "support/host.h"

#include "support/fds.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void each_connection_is_accepted(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(8);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, host_on_connection);
    assert_true(eddy_is_active(&server.handle));
    address = net_address(&server);
    net_turns(net, 2);
    assert_int_equal(host.calls, 0);
    for (int i = 0; i < 3; i++)
        net_dial_raw(net, &address);
    net_until(net, &host.accepted, 3);
    assert_int_equal(host.calls, 3);
    net_turns(net, 3);
    assert_int_equal(host.calls, 3);
    assert_int_equal(host.errors, 0);
    net_close(net);
    free(clients);
}

static void accepting_until_none_waits(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(8);
    struct sockaddr_in address;
    eddy_tcp server;

    host.wanted = -1;
    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    for (int i = 0; i < 3; i++)
        net_dial_raw(net, &address);
    net_until(net, &host.accepted, 3);
    assert_int_equal(host.result, EDDY_EAGAIN);
    net_dial_raw(net, &address);
    net_until(net, &host.accepted, 4);
    net_close(net);
    free(clients);
}

/* The callback is not repeated for a connection that it does not want. */
static void pauses_until_accept_is_called(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(8);
    struct sockaddr_in address;
    eddy_tcp server;

    host.wanted = 0;
    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    net_dial_raw(net, &address);
    net_dial_raw(net, &address);
    net_until(net, &host.calls, 1);
    net_turns(net, 5);
    assert_int_equal(host.calls, 1);
    assert_true(eddy_is_active(&server.handle));
    assert_true(host_accept(&server.stream));
    net_until(net, &host.calls, 2);
    net_turns(net, 5);
    assert_int_equal(host.calls, 2);
    assert_true(host_accept(&server.stream));
    assert_false(host_accept(&server.stream));
    assert_int_equal(host.result, EDDY_EAGAIN);
    net_close(net);
    free(clients);
}

static void connections_that_went_away_are_passed_over(void **state)
{
    static const int errors[] = {EDDY_EINTR, EDDY_ECONNABORTED, EDDY_EPROTO,
                                 EDDY_EPERM, EDDY_ENETDOWN};
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(16);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    for (int i = 0; i < 5; i++) {
        fake_os_fail(&net->os, FAKE_ACCEPT, 1, 3, errors[i]);
        net_dial_raw(net, &address);
        net_until(net, &host.accepted, i + 1);
        assert_int_equal(host.calls, i + 1);
    }
    assert_int_equal(host.errors, 0);
    assert_int_equal(host.refused, 0);
    net_close(net);
    free(clients);
}

/* An endless row of them must not keep the loop. */
static void going_away_for_ever_is_bounded(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(16);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    fake_os_fail(&net->os, FAKE_ACCEPT, 1, 100, EDDY_ECONNABORTED);
    net_dial_raw(net, &address);
    net_until(net, &host.calls, 1);
    assert_int_equal(host.result, EDDY_EAGAIN);
    net_until(net, &host.accepted, 1);
    assert_int_equal(host.calls, 2);
    net_close(net);
    free(clients);
}

static void close_at_once(eddy_stream *server, int status)
{
    assert_int_equal(status, 0);
    host.calls++;
    assert_int_equal(eddy_close(&server->handle, NULL), 1);
}

static void closed_in_its_callback(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    eddy_tcp server;

    memset(&host, 0, sizeof(host));
    net_listen(net, &server, close_at_once);
    address = net_address(&server);
    net_dial_raw(net, &address);
    net_dial_raw(net, &address);
    net_until(net, &host.calls, 1);
    net_turns(net, 3);
    assert_int_equal(host.calls, 1);
    net_close(net);
}

static void listening_again_changes_the_callback(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    eddy_tcp server;

    memset(&host, 0, sizeof(host));
    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    assert_int_equal(eddy_listen(&server.stream, 1, close_at_once), 0);
    net_dial_raw(net, &address);
    net_until(net, &host.calls, 1);
    assert_true(eddy_is_closing(&server.handle));
    net_close(net);
}

static void many_connections(void **state)
{
    struct net *net = *state;
    int wanted = (int) test_scale(2000);
    eddy_tcp *clients = host_prepare(2 * wanted);
    struct sockaddr_in address;
    eddy_tcp server;
    int *fds = calloc((size_t) wanted, sizeof(*fds));

    if (!test_allow_fds((size_t) wanted * 2 + 100))
        skip();
    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    for (int i = 0; i < wanted; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(
            connect(fds[i], (struct sockaddr *) &address, sizeof(address)), 0);
        if (i % 100 == 99)
            net_until(net, &host.accepted, i + 1);
    }
    net_until(net, &host.accepted, wanted);
    assert_int_equal(host.errors, 0);
    for (int i = 0; i < wanted; i++)
        close(fds[i]);
    net_close(net);
    free(fds);
    free(clients);
}

/* --- arguments -------------------------------------------------------------
 */

static void bad_arguments(void **state)
{
    struct net *net = *state;
    struct net *other = NULL;
    struct peer peer;
    eddy_tcp *clients = host_prepare(4);
    eddy_tcp server;
    eddy_tcp fresh;

    net_connect_raw(net, &peer);
    net_listen(net, &server, host_on_connection);
    assert_int_equal(eddy_tcp_init(&net->loop, &fresh), 0);
    assert_int_equal(eddy_listen(NULL, 1, host_on_connection), EDDY_EINVAL);
    assert_int_equal(eddy_listen(&server.stream, 1, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_listen(&fresh.stream, 1, host_on_connection),
                     EDDY_EBADF);
    assert_int_equal(eddy_listen(&peer.tcp.stream, 1, host_on_connection),
                     EDDY_EINVAL);
    assert_int_equal(eddy_accept(NULL, &fresh.stream), EDDY_EINVAL);
    assert_int_equal(eddy_accept(&server.stream, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_accept(&peer.tcp.stream, &fresh.stream), EDDY_EINVAL);
    assert_int_equal(eddy_accept(&server.stream, &peer.tcp.stream), EDDY_EBUSY);
    assert_int_equal(net_setup((void **) &other), 0);
    assert_int_equal(eddy_tcp_init(&other->loop, clients), 0);
    assert_int_equal(eddy_accept(&server.stream, &clients[0].stream),
                     EDDY_EINVAL);
    net_close(other);
    assert_int_equal(net_teardown((void **) &other), 0);
    assert_int_equal(eddy_close(&server.handle, NULL), 1);
    assert_int_equal(eddy_listen(&server.stream, 1, host_on_connection),
                     EDDY_EINVAL);
    assert_int_equal(eddy_accept(&server.stream, &fresh.stream), EDDY_EINVAL);
    net_close(net);
    free(clients);
}

/* A client that could not be made of the connection is as it was. */
static void failed_client_is_unchanged(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(4);
    struct sockaddr_in address;
    eddy_tcp server;
    eddy_tcp client;

    host.wanted = 0;
    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    assert_int_equal(eddy_tcp_init(&net->loop, &client), 0);
    assert_int_equal(eddy_tcp_nodelay(&client, true), 0);
    net_dial_raw(net, &address);
    net_dial_raw(net, &address);
    net_until(net, &host.calls, 1);
    fake_os_fail(&net->os, FAKE_SETSOCKOPT, 1, 1, EDDY_ENOBUFS);
    assert_int_equal(eddy_accept(&server.stream, &client.stream), EDDY_ENOBUFS);
    assert_false(eddy_is_active(&client.handle));
    net_await(server.stream.watcher.fd);
    assert_int_equal(eddy_accept(&server.stream, &client.stream), 0);
    net_close(net);
    free(clients);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(each_connection_is_accepted),
        NET_TEST(accepting_until_none_waits),
        NET_TEST(pauses_until_accept_is_called),
        NET_TEST(connections_that_went_away_are_passed_over),
        NET_TEST(going_away_for_ever_is_bounded),
        NET_TEST(closed_in_its_callback),
        NET_TEST(listening_again_changes_the_callback),
        NET_TEST(many_connections),
        NET_TEST(bad_arguments),
        NET_TEST(failed_client_is_unchanged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
