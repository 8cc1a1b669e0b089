/* SPDX-License-Identifier: MIT */
/*
 * Connecting: whatever the system says of the attempt, the callback tells it,
 * once and later.
 */
#include "support/net.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

struct attempt {
    eddy_connect_req req;
    int calls;
    int status;
    void (*act)(struct attempt *attempt);
};

static void on_connect(eddy_connect_req *req, int status)
{
    struct attempt *attempt = req->data;

    attempt->calls++;
    attempt->status = status;
    if (attempt->act != NULL)
        attempt->act(attempt);
}

static int dial(struct attempt *attempt, struct peer *peer,
                const struct sockaddr_in *address)
{
    int calls = attempt->calls;
    int err;

    attempt->req.data = attempt;
    err = eddy_tcp_connect(&attempt->req, &peer->tcp,
                           (const struct sockaddr *) address, on_connect);
    assert_int_equal(attempt->calls, calls);
    return err;
}

/* An address where nobody listens, and nobody else can. */
static struct sockaddr_in closed_port(struct net *net)
{
    struct sockaddr_in address = net_any();
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *) &address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &length), 0);
    net->raw[net->raw_count++] = fd;
    return address;
}

static void connects_and_reads(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    struct peer peer;
    int server = net_listen_raw(net, &address);
    int fd;

    net_peer(net, &peer);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    assert_true(eddy_is_active(&peer.tcp.handle));
    assert_ptr_equal(attempt.req.stream, &peer.tcp.stream);
    net_until(net, &attempt.calls, 1);
    assert_int_equal(attempt.status, 0);
    assert_false(eddy_is_active(&peer.tcp.handle));
    fd = accept(server, NULL, NULL);
    net->raw[net->raw_count++] = fd;
    peer_read(&peer);
    net_send_raw(fd, 0, 100);
    net_until_size(net, &peer.received, 100);
    net_close(net);
}

static void refusal_comes_by_callback(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address = closed_port(net);
    struct attempt attempt = {.calls = 0};
    struct peer peer;

    net_peer(net, &peer);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    net_until(net, &attempt.calls, 1);
    assert_int_equal(attempt.status, EDDY_ECONNREFUSED);
    assert_false(eddy_is_active(&peer.tcp.handle));
    net_turns(net, 2);
    assert_int_equal(attempt.calls, 1);
    net_close(net);
}

/* Every error of connect() itself, known at once. */
static void immediate_errors_come_by_callback(void **state)
{
    static const int errors[] = {EDDY_ECONNREFUSED, EDDY_ENETUNREACH,
                                 EDDY_EADDRNOTAVAIL, EDDY_EACCES};
    struct net *net = *state;
    struct sockaddr_in address = closed_port(net);

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        struct attempt attempt = {.calls = 0};
        struct writing writing = {.calls = 0};
        eddy_shutdown_req ending = {.cb = NULL};
        struct peer peer;

        net_peer(net, &peer);
        fake_os_fail(&net->os, FAKE_CONNECT, 1, 1, errors[i]);
        assert_int_equal(dial(&attempt, &peer, &address), 0);
        if (i > 0)
            peer_write(&peer, &writing, 0, 10);
        assert_int_equal(eddy_shutdown(&ending, &peer.tcp.stream, NULL), 0);
        net_until(net, i > 0 ? &writing.calls : &attempt.calls, 1);
        assert_int_equal(attempt.status, errors[i]);
        assert_int_equal(writing.status, i > 0 ? EDDY_ECANCELED : 0);
        assert_int_equal(net->os.calls[FAKE_SENDMSG], 0);
        assert_int_equal(net->os.calls[FAKE_SHUTDOWN], 0);
        peer_close(&peer);
        net_until(net, &peer.closes, 1);
    }
    net_close(net);
}

static void outcome_that_cannot_be_learnt_is_a_failure(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    struct peer peer;

    net_listen_raw(net, &address);
    net_peer(net, &peer);
    fake_os_fail(&net->os, FAKE_GETSOCKOPT, 1, 1, EDDY_ENOBUFS);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    net_until(net, &attempt.calls, 1);
    assert_int_equal(attempt.status, EDDY_ENOBUFS);
    net_close(net);
}

/* The table may interrupt before or after the attempt has begun. */
static void interruptions_are_not_told(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    struct peer peer;

    net_listen_raw(net, &address);
    net_peer(net, &peer);
    fake_os_fail(&net->os, FAKE_SOCKET, 1, 2, EDDY_EINTR);
    fake_os_fail(&net->os, FAKE_CONNECT, 1, 2, EDDY_EINTR);
    fake_os_fail(&net->os, FAKE_GETSOCKOPT, 1, 2, EDDY_EINTR);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    net_until(net, &attempt.calls, 1);
    assert_int_equal(attempt.status, 0);
    net_close(net);
}

static void failed_the_handle_is_as_new(void **state)
{
    struct net *net = *state;
    struct sockaddr_in nobody = closed_port(net);
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    struct writing writing = {.calls = 0};
    eddy_write_req refused = {.nwritten = 0};
    eddy_buf buf = net_pattern(0, 10);
    int nodelay = 0;
    socklen_t length = sizeof(nodelay);
    struct peer peer;

    net_peer(net, &peer);
    assert_int_equal(eddy_tcp_nodelay(&peer.tcp, true), 0);
    assert_int_equal(dial(&attempt, &peer, &nobody), 0);
    net_until(net, &attempt.calls, 1);
    assert_int_equal(eddy_write(&refused, &peer.tcp.stream, &buf, 1, NULL),
                     EDDY_EBADF);
    net_listen_raw(net, &address);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    net_until(net, &attempt.calls, 2);
    assert_int_equal(attempt.status, 0);
    assert_int_equal(getsockopt(peer.tcp.stream.watcher.fd, IPPROTO_TCP,
                                TCP_NODELAY, &nodelay, &length),
                     0);
    assert_true(nodelay);
    peer_write(&peer, &writing, 0, 10);
    net_until(net, &writing.calls, 1);
    assert_int_equal(writing.status, 0);
    net_close(net);
}

/* --- requests behind it */

static void queued_writes_go_out_after_it(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    struct writing w[2] = {{.calls = 0}};
    eddy_shutdown_req ending = {.cb = NULL};
    struct peer peer;
    int server = net_listen_raw(net, &address);
    eddy_buf buf = net_pattern(0, 1);
    int fd;

    net_peer(net, &peer);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    peer_write(&peer, &w[0], 0, 1000);
    peer_write(&peer, &w[1], 1000, 1000);
    assert_int_equal(eddy_stream_queued(&peer.tcp.stream), 2000);
    assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1), EDDY_EAGAIN);
    assert_int_equal(eddy_shutdown(&ending, &peer.tcp.stream, NULL), 0);
    assert_int_equal(eddy_try_write(&peer.tcp.stream, &buf, 1), EDDY_EPIPE);
    net_until(net, &w[1].calls, 1);
    assert_int_equal(attempt.calls, 1);
    assert_int_equal(w[0].number, 1);
    assert_int_equal(w[0].status, 0);
    fd = accept(server, NULL, NULL);
    net->raw[net->raw_count++] = fd;
    assert_int_equal(net_drain_raw(fd, 0), 2000); /* blocks until the end */
    net_close(net);
}

static void queued_requests_fail_with_it(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address = closed_port(net);
    struct attempt attempt = {.calls = 0};
    struct writing w[2] = {{.calls = 0}};
    eddy_shutdown_req ending = {.cb = NULL};
    struct peer peer;

    net_peer(net, &peer);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    peer_write(&peer, &w[0], 0, 1000);
    peer_write(&peer, &w[1], 1000, 1000);
    assert_int_equal(eddy_shutdown(&ending, &peer.tcp.stream, NULL), 0);
    net_until(net, &w[1].calls, 1);
    assert_int_equal(attempt.calls, 1);
    assert_int_equal(attempt.status, EDDY_ECONNREFUSED);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(w[i].number, i + 1);
        assert_int_equal(w[i].status, EDDY_ECANCELED);
        assert_int_equal(w[i].nwritten, 0);
    }
    assert_int_equal(eddy_stream_queued(&peer.tcp.stream), 0);
    net_close(net);
}

static void write_in_callback(struct attempt *attempt)
{
    static struct writing writing;
    struct peer *peer = attempt->req.stream->data;

    if (attempt->status == 0)
        peer_write(peer, &writing, 100, 100);
}

static void written_in_the_callback_comes_last(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct attempt attempt = {.act = write_in_callback};
    struct writing writing = {.calls = 0};
    struct peer peer;
    int server = net_listen_raw(net, &address);
    int fd;

    net_peer(net, &peer);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    peer_write(&peer, &writing, 0, 100);
    net_until(net, &writing.calls, 1);
    fd = accept(server, NULL, NULL);
    net->raw[net->raw_count++] = fd;
    peer_close(&peer);
    net_until(net, &peer.closes, 1);
    assert_int_equal(net_drain_raw(fd, 0), 200);
    net_close(net);
}

/* --- giving up */

static void cancelled(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    struct writing writing = {.calls = 0};
    struct peer peer;

    net_listen_raw(net, &address);
    net_peer(net, &peer);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    peer_write(&peer, &writing, 0, 10);
    assert_int_equal(eddy_cancel(&attempt.req.req), 0);
    assert_int_equal(attempt.calls, 0);
    assert_int_equal(eddy_cancel(&attempt.req.req), EDDY_EBUSY);
    assert_int_equal(dial(&attempt, &peer, &address), EDDY_EBUSY);
    net_until(net, &writing.calls, 1);
    assert_int_equal(attempt.status, EDDY_ECANCELED);
    assert_int_equal(writing.status, EDDY_ECANCELED);
    assert_int_equal(eddy_cancel(&attempt.req.req), EDDY_EINVAL);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    net_until(net, &attempt.calls, 2);
    assert_int_equal(attempt.status, 0);
    net_close(net);
}

static void closing_cancels_it(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    struct writing writing = {.calls = 0};
    struct peer peer;

    net_listen_raw(net, &address);
    net_peer(net, &peer);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    peer_write(&peer, &writing, 0, 10);
    peer_close(&peer);
    net_until(net, &peer.closes, 1);
    assert_int_equal(attempt.calls, 1);
    assert_int_equal(attempt.status, EDDY_ECANCELED);
    assert_int_equal(writing.status, EDDY_ECANCELED);
    net_close(net);
}

/* The answer is there, its callback is not yet. */
static void closed_between_answer_and_callback(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address = closed_port(net);
    struct attempt attempt = {.calls = 0};
    struct writing writing = {.calls = 0};
    struct peer peer;

    net_peer(net, &peer);
    fake_os_fail(&net->os, FAKE_CONNECT, 1, 1, EDDY_ENETUNREACH);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    peer_write(&peer, &writing, 0, 10);
    peer_close(&peer);
    net_until(net, &peer.closes, 1);
    assert_int_equal(attempt.calls, 1);
    assert_int_equal(attempt.status, EDDY_ENETUNREACH);
    assert_int_equal(writing.status, EDDY_ECANCELED);
    net_close(net);
}

/* A success is none any more when the handle is on its way. */
static void closed_between_success_and_callback(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    struct peer peer;

    net_listen_raw(net, &address);
    net_peer(net, &peer);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    while (peer.tcp.stream.writes != NULL)
        net_turns(net, 1);
    assert_int_equal(attempt.calls, 0);
    peer_close(&peer);
    net_until(net, &peer.closes, 1);
    assert_int_equal(attempt.status, EDDY_ECANCELED);
    assert_int_equal(attempt.calls, 1);
    net_close(net);
}

static void close_itself(struct attempt *attempt)
{
    peer_close(attempt->req.stream->data);
}

static void closed_in_its_callback(void **state)
{
    struct net *net = *state;
    struct sockaddr_in nobody = closed_port(net);
    struct sockaddr_in address;
    struct attempt attempts[2] = {{.act = close_itself}, {.act = close_itself}};
    struct writing w[2] = {{.calls = 0}};
    struct peer peers[2];

    net_listen_raw(net, &address);
    for (int i = 0; i < 2; i++) {
        net_peer(net, &peers[i]);
        assert_int_equal(
            dial(&attempts[i], &peers[i], i == 0 ? &nobody : &address), 0);
        peer_write(&peers[i], &w[i], 0, 10);
    }
    net_until(net, &peers[0].closes, 1);
    net_until(net, &peers[1].closes, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(attempts[i].calls, 1);
        assert_int_equal(w[i].calls, 1);
    }
    net_close(net);
}

static void bad_arguments(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct sockaddr *any = (struct sockaddr *) &address;
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct attempt attempt = {.calls = 0};
    struct attempt second = {.calls = 0};
    struct peer peer;

    net_listen_raw(net, &address);
    net_peer(net, &peer);
    assert_int_equal(eddy_tcp_connect(NULL, &peer.tcp, any, on_connect),
                     EDDY_EINVAL);
    assert_int_equal(eddy_tcp_connect(&attempt.req, NULL, any, on_connect),
                     EDDY_EINVAL);
    assert_int_equal(
        eddy_tcp_connect(&attempt.req, &peer.tcp, NULL, on_connect),
        EDDY_EINVAL);
    assert_int_equal(
        eddy_tcp_connect(&attempt.req, &peer.tcp, &other, on_connect),
        EDDY_EINVAL);
    assert_int_equal(eddy_tcp_connect(&attempt.req, &peer.tcp, any, NULL),
                     EDDY_EINVAL);
    assert_int_equal(net->os.calls[FAKE_SOCKET], 0);
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    assert_int_equal(dial(&second, &peer, &address), EDDY_EALREADY);
    assert_int_equal(eddy_read_start(&peer.tcp.stream, NULL, peer_on_read),
                     EDDY_ENOTCONN);
    net_until(net, &attempt.calls, 1);
    assert_int_equal(dial(&second, &peer, &address), EDDY_EISCONN);
    peer_close(&peer);
    assert_int_equal(dial(&second, &peer, &address), EDDY_EINVAL);
    net_close(net);
}

static void without_a_socket_nothing_changes(void **state)
{
    struct net *net = *state;
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    struct peer peer;

    net_listen_raw(net, &address);
    net_peer(net, &peer);
    fake_os_fail(&net->os, FAKE_SOCKET, 1, 1, EDDY_EMFILE);
    assert_int_equal(dial(&attempt, &peer, &address), EDDY_EMFILE);
    assert_false(eddy_is_active(&peer.tcp.handle));
    assert_int_equal(dial(&attempt, &peer, &address), 0);
    net_until(net, &attempt.calls, 1);
    assert_int_equal(attempt.status, 0);
    net_close(net);
}

/* The poll phase only learns the outcome: ONCE goes on until it is told. */
static void once_runs_until_the_callback(void **state)
{
    struct net *net = *state;
    struct sockaddr_in addresses[2];
    struct peer peers[2];

    net_listen_raw(net, &addresses[0]);
    addresses[1] = closed_port(net);
    for (int i = 0; i < 2; i++) {
        struct attempt attempt = {.calls = 0};

        net_peer(net, &peers[i]);
        assert_int_equal(dial(&attempt, &peers[i], &addresses[i]), 0);
        assert_true(eddy_run(&net->loop, EDDY_RUN_ONCE) >= 0);
        assert_int_equal(attempt.calls, 1);
    }
    net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(connects_and_reads),
        NET_TEST(refusal_comes_by_callback),
        NET_TEST(immediate_errors_come_by_callback),
        NET_TEST(outcome_that_cannot_be_learnt_is_a_failure),
        NET_TEST(interruptions_are_not_told),
        NET_TEST(failed_the_handle_is_as_new),
        NET_TEST(queued_writes_go_out_after_it),
        NET_TEST(queued_requests_fail_with_it),
        NET_TEST(written_in_the_callback_comes_last),
        NET_TEST(cancelled),
        NET_TEST(closing_cancels_it),
        NET_TEST(closed_between_answer_and_callback),
        NET_TEST(closed_between_success_and_callback),
        NET_TEST(closed_in_its_callback),
        NET_TEST(bad_arguments),
        NET_TEST(without_a_socket_nothing_changes),
        NET_TEST(once_runs_until_the_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
