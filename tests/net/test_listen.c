/* SPDX-License-Identifier: MIT */
/*
 * Listening and accepting, also when that is not possible.
 */
#include "support/net.h"

#include "support/fds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    int calls;
    int errors;
    int status; /* the last error */
    int accepted;
    int refused; /* accepts that failed, EDDY_EAGAIN not counted */
    int result;  /* of the last one */
    int wanted;  /* how many to accept in a callback; -1: until EDDY_EAGAIN */
    eddy_tcp *clients;
    int used; /* of these, whatever became of them */
} host;

static bool accept_one(eddy_stream *server)
{
    eddy_tcp *client = &host.clients[host.used++];

    assert_int_equal(eddy_tcp_init(server->loop, client), 0);
    host.result = eddy_accept(server, &client->stream);
    if (host.result == 0) {
        host.accepted++;
        return true;
    }
    host.refused += host.result != EDDY_EAGAIN;
    assert_int_equal(eddy_close(&client->handle, NULL), 1);
    return false;
}

static void on_connection(eddy_stream *server, int status)
{
    int taken = 0;

    if (status < 0) {
        host.errors++;
        host.status = status;
        return;
    }
    host.calls++;
    while (taken != host.wanted && accept_one(server))
        taken++;
}

/* Room for this many clients, used ones and not. */
static eddy_tcp *prepare(int clients)
{
    eddy_tcp *all = calloc((size_t) clients, sizeof(*all));

    memset(&host, 0, sizeof(host));
    host.wanted = 1;
    host.clients = all;
    assert_non_null(all);
    return all;
}

static void each_connection_is_accepted(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = prepare(8);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, on_connection);
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
    eddy_tcp *clients = prepare(8);
    struct sockaddr_in address;
    eddy_tcp server;

    host.wanted = -1;
    net_listen(net, &server, on_connection);
    address = net_address(&server);
    for (int i = 0; i < 3; i++)
        net_dial_raw(net, &address);
    net_until(net, &host.accepted, 3);
    assert_int_equal(host.calls, 1);
    assert_int_equal(host.result, EDDY_EAGAIN);
    net_dial_raw(net, &address);
    net_until(net, &host.calls, 2);
    net_close(net);
    free(clients);
}

/* The callback is not repeated for a connection that it does not want. */
static void pauses_until_accept_is_called(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = prepare(8);
    struct sockaddr_in address;
    eddy_tcp server;

    host.wanted = 0;
    net_listen(net, &server, on_connection);
    address = net_address(&server);
    net_dial_raw(net, &address);
    net_dial_raw(net, &address);
    net_until(net, &host.calls, 1);
    net_turns(net, 5);
    assert_int_equal(host.calls, 1);
    assert_true(eddy_is_active(&server.handle));
    assert_true(accept_one(&server.stream));
    net_until(net, &host.calls, 2);
    net_turns(net, 5);
    assert_int_equal(host.calls, 2);
    assert_true(accept_one(&server.stream));
    assert_false(accept_one(&server.stream));
    assert_int_equal(host.result, EDDY_EAGAIN);
    net_close(net);
    free(clients);
}

/* Whatever accept says, the listener is heard of again. */
static void failure_does_not_end_it(void **state)
{
    static const int errors[] = {EDDY_ENOMEM,  EDDY_EMFILE, EDDY_ENFILE,
                                 EDDY_ENOBUFS, EDDY_EINVAL, EDDY_EIO};
    struct net *net = *state;

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        eddy_tcp *clients = prepare(8);
        struct sockaddr_in address;
        eddy_tcp server;

        net_listen(net, &server, on_connection);
        address = net_address(&server);
        fake_os_fail(&net->os, FAKE_ACCEPT, 1, 1, errors[i]);
        net_dial_raw(net, &address);
        net_until(net, &host.errors, 1);
        assert_int_equal(host.status, errors[i]);
        assert_int_equal(host.refused, 1);
        net_dial_raw(net, &address);
        net_until(net, &host.accepted, 1);
        assert_int_equal(host.errors, 1);
        eddy_close(&server.handle, NULL);
        eddy_close(&clients[1].handle, NULL);
        net_turns(net, 2);
        free(clients);
    }
    net_close(net);
}

static void connections_that_went_away_are_passed_over(void **state)
{
    static const int errors[] = {EDDY_EINTR, EDDY_ECONNABORTED, EDDY_EPROTO,
                                 EDDY_EPERM, EDDY_ENETDOWN};
    struct net *net = *state;
    eddy_tcp *clients = prepare(16);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, on_connection);
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
    eddy_tcp *clients = prepare(16);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, on_connection);
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

/* --- without descriptors ----------------------------------------------------
 */

/* Takes every descriptor but as many as are to be left; returns how many it
 * took, all above the last one. */
static int hoard(struct rlimit *before, int *taken, int size)
{
    struct rlimit tight;
    int count = 0;
    int fd = dup(0);

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
    tight = *before;
    tight.rlim_cur = (rlim_t) fd + 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    while (count < size && (fd = dup(0)) >= 0)
        taken[count++] = fd;
    assert_true(count < size);
    return count;
}

/* From now on time passes only when the test says so. */
static void stop_clock(struct net *net)
{
    net->os.now_ns = eddy_hrtime();
    net->os.own_clock = true;
}

static void let_it_rest(struct net *net)
{
    net->os.now_ns += EDDY_MS(100);
    net_turns(net, 3);
}

static bool is_shut(int fd)
{
    char byte;
    ssize_t count = recv(fd, &byte, 1, MSG_DONTWAIT);

    return count == 0 || (count < 0 && errno == ECONNRESET);
}

static void without_descriptors_it_sheds_and_rests(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = prepare(64);
    struct sockaddr_in address;
    struct rlimit limit;
    eddy_tcp server;
    int taken[64];
    int first;
    int second;
    int count;

    net_listen(net, &server, on_connection);
    address = net_address(&server);
    first = net_dial_raw(net, &address);
    second = net_dial_raw(net, &address);
    count = hoard(&limit, taken, 64);
    stop_clock(net);
    net_until(net, &host.errors, 1);
    assert_int_equal(host.status, EDDY_EMFILE);
    assert_int_equal(host.calls, 1);
    assert_true(is_shut(first));
    assert_false(is_shut(second));
    assert_true(net->loop.reserve_fd >= 0);
    net_turns(net, 10); /* no spinning */
    assert_int_equal(host.calls, 1);
    let_it_rest(net);
    assert_int_equal(host.calls, 2);
    assert_true(is_shut(second));
    net_turns(net, 10);
    assert_int_equal(host.errors, 1); /* told once */
    while (count > 0)
        close(taken[--count]);
    net_dial_raw(net, &address);
    net_turns(net, 10);
    assert_int_equal(host.accepted, 0);
    let_it_rest(net);
    assert_int_equal(host.accepted, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    net_close(net);
    free(clients);
}

/* The reserve itself could not be had: nothing is shed, all else the same. */
static void without_a_reserve_it_rests_too(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = prepare(16);
    struct sockaddr_in address;
    eddy_tcp server;
    int fd;

    fake_os_fail(&net->os, FAKE_RESERVE, 1, 100, EDDY_EMFILE);
    net_listen(net, &server, on_connection);
    address = net_address(&server);
    fake_os_fail(&net->os, FAKE_ACCEPT, 1, 2, EDDY_EMFILE);
    fd = net_dial_raw(net, &address);
    stop_clock(net);
    net_until(net, &host.errors, 1);
    assert_int_equal(host.calls, 1);
    net_turns(net, 5);
    assert_int_equal(host.calls, 1);
    let_it_rest(net);
    assert_int_equal(host.calls, 2);
    assert_int_equal(host.accepted, 0);
    let_it_rest(net);
    assert_int_equal(host.accepted, 1);
    assert_int_equal(host.errors, 1);
    assert_false(is_shut(fd));
    net_close(net);
    free(clients);
}

/* What was told is told anew after a success in between. */
static void each_shortage_is_told(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = prepare(16);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, on_connection);
    address = net_address(&server);
    for (int i = 1; i <= 2; i++) {
        fake_os_fail(&net->os, FAKE_ACCEPT, 1, 1, EDDY_ENOBUFS);
        net_dial_raw(net, &address);
        net_until(net, &host.accepted, i);
        assert_int_equal(host.errors, i);
    }
    net_close(net);
    free(clients);
}

static void close_when_told(eddy_stream *server, int status)
{
    host.calls++;
    if (status < 0) {
        host.errors++;
        assert_int_equal(eddy_close(&server->handle, NULL), 1);
        return;
    }
    assert_int_equal(eddy_tcp_init(server->loop, &host.clients[0]), 0);
    assert_int_equal(eddy_accept(server, &host.clients[0].stream), EDDY_EMFILE);
}

static void closed_while_it_rests(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = prepare(4);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, close_when_told);
    address = net_address(&server);
    fake_os_fail(&net->os, FAKE_ACCEPT, 1, 1, EDDY_EMFILE);
    net_dial_raw(net, &address);
    net_until(net, &host.errors, 1);
    net_turns(net, 3);
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

/* The timer that a listener has in reserve is none of the user's. */
static void count_handle(eddy_handle *handle, void *arg)
{
    assert_int_equal(handle->type, EDDY_HANDLE_TCP);
    ++*(int *) arg;
}

static void only_the_listener_is_seen(void **state)
{
    struct net *net = *state;
    eddy_tcp server;
    int handles = 0;

    net_listen(net, &server, on_connection);
    eddy_walk(&net->loop, count_handle, &handles);
    assert_int_equal(handles, 1);
    eddy_unref(&server.handle);
    assert_int_equal(eddy_run(&net->loop, EDDY_RUN_DEFAULT), 0);
    net_close(net);
}

static void listening_again_changes_the_callback(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    eddy_tcp server;

    memset(&host, 0, sizeof(host));
    net_listen(net, &server, on_connection);
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
    eddy_tcp *clients = prepare(2 * wanted);
    struct sockaddr_in address;
    eddy_tcp server;
    int *fds = calloc((size_t) wanted, sizeof(*fds));

    if (!test_allow_fds((size_t) wanted * 2 + 100))
        skip();
    net_listen(net, &server, on_connection);
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
    eddy_tcp *clients = prepare(4);
    eddy_tcp server;
    eddy_tcp fresh;

    net_connect_raw(net, &peer);
    net_listen(net, &server, on_connection);
    assert_int_equal(eddy_tcp_init(&net->loop, &fresh), 0);
    assert_int_equal(eddy_listen(NULL, 1, on_connection), EDDY_EINVAL);
    assert_int_equal(eddy_listen(&server.stream, 1, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_listen(&fresh.stream, 1, on_connection), EDDY_EBADF);
    assert_int_equal(eddy_listen(&peer.tcp.stream, 1, on_connection),
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
    assert_int_equal(eddy_listen(&server.stream, 1, on_connection),
                     EDDY_EINVAL);
    assert_int_equal(eddy_accept(&server.stream, &fresh.stream), EDDY_EINVAL);
    net_close(net);
    free(clients);
}

/* A client that could not be made of the connection is as it was. */
static void failed_client_is_unchanged(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = prepare(4);
    struct sockaddr_in address;
    eddy_tcp server;
    eddy_tcp client;

    host.wanted = 0;
    net_listen(net, &server, on_connection);
    address = net_address(&server);
    assert_int_equal(eddy_tcp_init(&net->loop, &client), 0);
    assert_int_equal(eddy_tcp_nodelay(&client, true), 0);
    net_dial_raw(net, &address);
    net_dial_raw(net, &address);
    net_until(net, &host.calls, 1);
    fake_os_fail(&net->os, FAKE_SETSOCKOPT, 1, 1, EDDY_ENOBUFS);
    assert_int_equal(eddy_accept(&server.stream, &client.stream), EDDY_ENOBUFS);
    assert_false(eddy_is_active(&client.handle));
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
        NET_TEST(failure_does_not_end_it),
        NET_TEST(connections_that_went_away_are_passed_over),
        NET_TEST(going_away_for_ever_is_bounded),
        NET_TEST(without_descriptors_it_sheds_and_rests),
        NET_TEST(without_a_reserve_it_rests_too),
        NET_TEST(each_shortage_is_told),
        NET_TEST(closed_while_it_rests),
        NET_TEST(closed_in_its_callback),
        NET_TEST(only_the_listener_is_seen),
        NET_TEST(listening_again_changes_the_callback),
        NET_TEST(many_connections),
        NET_TEST(bad_arguments),
        NET_TEST(failed_client_is_unchanged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
