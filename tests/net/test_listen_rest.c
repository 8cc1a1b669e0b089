/* SPDX-License-Identifier: MIT */
/*
 * Accepting when that is not possible: the error is told once, the listener
 * rests instead of spinning, and goes on.
 */
#include "support/fds.h"
#include "support/host.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whatever accept says, the listener is heard of again. */
static void failure_does_not_end_it(void **state)
{
    static const int errors[] = {EDDY_ENOMEM,  EDDY_EMFILE, EDDY_ENFILE,
                                 EDDY_ENOBUFS, EDDY_EINVAL, EDDY_EIO};
    struct net *net = *state;

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        eddy_tcp *clients = host_prepare(8);
        struct sockaddr_in address;
        eddy_tcp server;

        net_listen(net, &server, host_on_connection);
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
    eddy_tcp *clients = host_prepare(64);
    struct sockaddr_in address;
    struct rlimit limit;
    eddy_tcp server;
    int taken[64];
    int count;
    int fd;

    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    fd = net_dial_raw(net, &address);
    count = hoard(&limit, taken, 64);
    stop_clock(net);
    net_until(net, &host.errors, 1);
    assert_int_equal(host.status, EDDY_EMFILE);
    assert_int_equal(host.calls, 1);
    net_await(fd);
    assert_true(is_shut(fd));
    assert_true(net->loop.reserve_fd >= 0);
    while (count > 0)
        close(taken[--count]);
    net_dial_raw(net, &address);
    net_await(server.stream.watcher.fd);
    net_turns(net, 10);
    assert_int_equal(host.accepted, 0);
    let_it_rest(net);
    assert_int_equal(host.accepted, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    net_close(net);
    free(clients);
}

/* Nobody waits in vain; but so many at once are turned away, and no more. */
static void all_are_shed(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(64);
    struct sockaddr_in address;
    eddy_tcp server;
    int fds[5];

    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    for (int i = 0; i < 5; i++)
        fds[i] = net_dial_raw(net, &address);
    stop_clock(net);
    fake_os_fail(&net->os, FAKE_ACCEPT, 1, 1, EDDY_EMFILE);
    net_until(net, &host.errors, 1);
    for (int i = 0; i < 5; i++) {
        net_await(fds[i]);
        assert_true(is_shut(fds[i]));
    }
    net_turns(net, 10);
    assert_int_equal(host.calls, 1);
    assert_true(net->loop.reserve_fd >= 0);
    net_dial_raw(net, &address);
    fake_os_fail(&net->os, FAKE_ACCEPT, 1, 1, EDDY_EMFILE);
    let_it_rest(net);
    assert_int_equal(host.calls, 2);
    assert_int_equal(host.errors, 1); /* told once */
    net_close(net);
    free(clients);
}

/* A flood of connections keeps the loop for a bounded time. */
static void shedding_has_an_end(void **state)
{
    enum { BOUND = 64, FLOOD = BOUND + 1 };
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(8);
    struct sockaddr_in address;
    eddy_tcp server;
    int last = -1;

    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    assert_int_equal(eddy_listen(&server.stream, 2 * FLOOD, host_on_connection),
                     0);
    for (int i = 0; i < FLOOD; i++) {
        if (last >= 0)
            close(last); /* it waits all the same */
        last = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(
            connect(last, (const struct sockaddr *) &address, sizeof(address)),
            0);
    }
    stop_clock(net);
    fake_os_fail(&net->os, FAKE_ACCEPT, 1, 1, EDDY_EMFILE);
    net_until(net, &host.errors, 1);
    assert_int_equal(net->os.calls[FAKE_ACCEPT], 1 + BOUND);
    assert_false(is_shut(last));
    let_it_rest(net);
    assert_int_equal(host.accepted, 1);
    assert_false(is_shut(last));
    close(last);
    net_close(net);
    free(clients);
}

/* The reserve itself could not be had: nothing is shed, all else the same. */
static void without_a_reserve_it_rests_too(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(16);
    struct sockaddr_in address;
    eddy_tcp server;
    int fd;

    fake_os_fail(&net->os, FAKE_RESERVE, 1, 100, EDDY_EMFILE);
    net_listen(net, &server, host_on_connection);
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

/* The shortage is over: the next one finds somebody who is prepared. */
static void the_reserve_is_had_after_the_rest(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(16);
    struct sockaddr_in address;
    eddy_tcp server;

    fake_os_fail(&net->os, FAKE_RESERVE, 1, 1, EDDY_EMFILE);
    net_listen(net, &server, host_on_connection);
    assert_int_equal(net->loop.reserve_fd, -1);
    address = net_address(&server);
    fake_os_fail(&net->os, FAKE_ACCEPT, 1, 1, EDDY_EMFILE);
    net_dial_raw(net, &address);
    net_until(net, &host.accepted, 1);
    assert_int_equal(host.errors, 1);
    assert_true(net->loop.reserve_fd >= 0);
    net_close(net);
    free(clients);
}

/* What was told is told anew after a success in between. */
static void each_shortage_is_told(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(16);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, host_on_connection);
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

static void nodelay_on_connection(eddy_stream *server, int status)
{
    eddy_tcp *client = &host.clients[host.used];

    if (status < 0) {
        host.errors++;
        host.status = status;
        return;
    }
    host.used++;
    assert_int_equal(eddy_tcp_init(server->loop, client), 0);
    assert_int_equal(eddy_tcp_nodelay(client, true), 0);
    if (eddy_accept(server, &client->stream) == 0) {
        host.accepted++;
        return;
    }
    host.refused++;
    assert_int_equal(eddy_close(&client->handle, NULL), 1);
}

/* A connection that was had, but could not be kept, is an error like others. */
static void what_cannot_be_taken_in_is_told(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(8);
    struct sockaddr_in address;
    eddy_tcp server;
    int fd;

    net_listen(net, &server, nodelay_on_connection);
    address = net_address(&server);
    for (int i = 1; i <= 2; i++) {
        fake_os_fail(&net->os, FAKE_SETSOCKOPT, 1, 2, EDDY_ENOBUFS);
        fd = net_dial_raw(net, &address);
        net_dial_raw(net, &address);
        net_until(net, &host.refused, 2 * i);
        net_await(fd);
        assert_true(is_shut(fd));
        net_dial_raw(net, &address);
        net_until(net, &host.accepted, i);
        assert_int_equal(host.errors, i); /* once for the two */
        assert_int_equal(host.status, EDDY_ENOBUFS);
    }
    net_close(net);
    free(clients);
}

static void accept_twice(eddy_stream *server, int status)
{
    if (status < 0)
        host.errors++;
    else if (!host_accept(server))
        host_accept(server);
}

/* It has passed already when it is told, and no rest is needed. */
static void a_success_does_not_hide_the_error(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(8);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, accept_twice);
    address = net_address(&server);
    stop_clock(net);
    for (int i = 1; i <= 2; i++) {
        fake_os_fail(&net->os, FAKE_ACCEPT, 1, 1, EDDY_ENOBUFS);
        net_dial_raw(net, &address);
        net_until(net, &host.errors, i);
        assert_int_equal(host.accepted, i);
        net_turns(net, 3);
        assert_int_equal(host.errors, i);
    }
    net_close(net);
    free(clients);
}

/* Who accepts all the same, and can, has ended the rest. */
static void accepted_in_the_meantime(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(8);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    fake_os_fail(&net->os, FAKE_ACCEPT, 1, 1, EDDY_ENOBUFS);
    net_dial_raw(net, &address);
    stop_clock(net);
    net_until(net, &host.errors, 1);
    assert_true(host_accept(&server.stream));
    net_dial_raw(net, &address);
    net_until(net, &host.accepted, 2);
    let_it_rest(net);
    assert_int_equal(host.errors, 1);
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
    eddy_tcp *clients = host_prepare(4);
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

    net_listen(net, &server, host_on_connection);
    eddy_walk(&net->loop, count_handle, &handles);
    assert_int_equal(handles, 1);
    eddy_unref(&server.handle);
    assert_int_equal(eddy_run(&net->loop, EDDY_RUN_DEFAULT), 0);
    net_close(net);
}

static void its_rest_keeps_nobody_waiting(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(4);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, host_on_connection);
    address = net_address(&server);
    fake_os_fail(&net->os, FAKE_ACCEPT, 1, 1, EDDY_ENOBUFS);
    net_dial_raw(net, &address);
    stop_clock(net);
    net_until(net, &host.errors, 1);
    net_turns(net, 2);
    eddy_unref(&server.handle);
    assert_int_equal(eddy_run(&net->loop, EDDY_RUN_DEFAULT), 0);
    net_close(net);
    free(clients);
}

static int accept_by_script(void *context, int fd)
{
    (void) context;
    (void) fd;
    return host.refused == 0 ? EDDY_ENOBUFS : EDDY_ENOMEM;
}

/* The second failure is the rest's, too: one error is told, the first. */
static void fails_again_before_it_rests(void **state)
{
    struct net *net = *state;
    eddy_tcp *clients = host_prepare(4);
    struct sockaddr_in address;
    eddy_tcp server;

    net_listen(net, &server, accept_twice);
    address = net_address(&server);
    net_dial_raw(net, &address);
    stop_clock(net);
    net->os.base.accept = accept_by_script;
    net_until(net, &host.errors, 1);
    assert_int_equal(host.refused, 2);
    assert_int_equal(server.stream.delayed_error, EDDY_ENOBUFS);
    net_turns(net, 3);
    assert_int_equal(host.errors, 1);
    assert_int_equal(host.refused, 2);
    net_close(net);
    free(clients);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(failure_does_not_end_it),
        NET_TEST(without_descriptors_it_sheds_and_rests),
        NET_TEST(all_are_shed),
        NET_TEST(shedding_has_an_end),
        NET_TEST(without_a_reserve_it_rests_too),
        NET_TEST(the_reserve_is_had_after_the_rest),
        NET_TEST(each_shortage_is_told),
        NET_TEST(what_cannot_be_taken_in_is_told),
        NET_TEST(a_success_does_not_hide_the_error),
        NET_TEST(accepted_in_the_meantime),
        NET_TEST(fails_again_before_it_rests),
        NET_TEST(closed_while_it_rests),
        NET_TEST(only_the_listener_is_seen),
        NET_TEST(its_rest_keeps_nobody_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
