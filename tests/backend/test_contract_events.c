/* SPDX-License-Identifier: MIT */
/*
 * The contract of eddy/backend.h, for each backend: which events come for
 * pipes and sockets, in which state of theirs.
 */
#include "support/backend.h"
#include "support/fds.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BOTH_WAYS = EDDY_READABLE | EDDY_WRITABLE };

/* --- pipes and socket pairs ---------------------------------------------- */

static void a_pipe_is_readable_once_written(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_write_byte(fds[1]);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_close_pair(fds);
}

static void readiness_is_told_until_it_ends(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    test_write_byte(fds[1]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_read_byte(fds[0]);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_close_pair(fds);
}

static void a_full_pipe_is_not_writable(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[1], EDDY_WRITABLE);
    assert_int_equal(test_events_now(tb, fds[1]), EDDY_WRITABLE);
    test_fill(fds[1]);
    assert_int_equal(test_events_now(tb, fds[1]), 0);
    test_drain(fds[0]);
    assert_int_equal(test_events_now(tb, fds[1]), EDDY_WRITABLE);
    test_close_pair(fds);
}

/* Both directions of a socket come in one entry, and only what is wanted. */
static void a_socket_has_two_directions(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], BOTH_WAYS);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_WRITABLE);
    test_write_byte(fds[1]);
    assert_int_equal(test_events_now(tb, fds[0]), BOTH_WAYS);
    test_fill(fds[0]);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_rewatch(tb, fds[0], BOTH_WAYS, EDDY_WRITABLE);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_drain(fds[1]);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_WRITABLE);
    test_close_pair(fds);
}

static void the_last_writers_end_is_every_event(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_ANY_EVENT);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_ANY_EVENT);
    assert_int_equal(close(fds[0]), 0);
}

static void the_last_readers_end_is_every_event(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_pipe(fds);
    test_fill(fds[1]);
    test_watch(tb, fds[1], EDDY_WRITABLE);
    assert_int_equal(test_events_now(tb, fds[1]), 0);
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(test_events_now(tb, fds[1]), EDDY_ANY_EVENT);
    assert_int_equal(close(fds[1]), 0);
}

static void a_closed_peer_is_every_event(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_ANY_EVENT);
    assert_int_equal(close(fds[0]), 0);
}

static void a_half_closed_peer_is_readable(void **state)
{
    struct test_backend *tb = *state;
    unsigned want = EDDY_READABLE | (EDDY_DISCONNECT & tb->ops->events);
    int fds[2];

    test_socketpair(fds);
    test_watch(tb, fds[0], want);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
    assert_int_equal(test_events_now(tb, fds[0]), want);
    test_rewatch(tb, fds[0], want, EDDY_READABLE);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_close_pair(fds);
}

static void a_disconnect_can_be_wanted_alone(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    if (!(tb->ops->events & EDDY_DISCONNECT))
        skip();
    test_socketpair(fds);
    test_watch(tb, fds[0], EDDY_DISCONNECT);
    test_write_byte(fds[1]);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
    assert_true(test_events_now(tb, fds[0]) & EDDY_DISCONNECT);
    test_close_pair(fds);
}

/* --- TCP ----------------------------------------------------------------- */

static int tcp_listen(struct sockaddr_in *address)
{
    socklen_t length = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *) address, length), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) address, &length), 0);
    return fd;
}

static void tcp_pair(int fds[2])
{
    struct sockaddr_in address;
    int server = tcp_listen(&address);

    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fds[0] >= 0);
    assert_int_equal(
        connect(fds[0], (struct sockaddr *) &address, sizeof address), 0);
    fds[1] = accept(server, NULL, NULL);
    assert_true(fds[1] >= 0);
    assert_int_equal(close(server), 0);
}

static void a_listener_is_readable_when_called(void **state)
{
    struct test_backend *tb = *state;
    struct sockaddr_in address;
    int server = tcp_listen(&address);
    int client = socket(AF_INET, SOCK_STREAM, 0);

    test_watch(tb, server, EDDY_READABLE);
    assert_int_equal(test_events_now(tb, server), 0);
    assert_int_equal(
        connect(client, (struct sockaddr *) &address, sizeof address), 0);
    assert_int_equal(test_events_soon(tb, server), EDDY_READABLE);
    assert_int_equal(close(client), 0);
    assert_int_equal(close(server), 0);
}

static void tcp_has_two_directions(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    tcp_pair(fds);
    test_watch(tb, fds[0], BOTH_WAYS);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_WRITABLE);
    test_rewatch(tb, fds[0], BOTH_WAYS, EDDY_READABLE);
    test_write_byte(fds[1]);
    assert_int_equal(test_events_soon(tb, fds[0]), EDDY_READABLE);
    test_rewatch(tb, fds[0], EDDY_READABLE, BOTH_WAYS);
    assert_int_equal(test_events_now(tb, fds[0]), BOTH_WAYS);
    test_close_pair(fds);
}

static void a_tcp_half_close_leaves_the_other_half(void **state)
{
    struct test_backend *tb = *state;
    unsigned want = EDDY_READABLE | (EDDY_DISCONNECT & tb->ops->events);
    int fds[2];

    tcp_pair(fds);
    assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
    test_watch(tb, fds[0], want);
    assert_int_equal(test_events_soon(tb, fds[0]), want);
    test_rewatch(tb, fds[0], want, EDDY_WRITABLE);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_WRITABLE);
    test_close_pair(fds);
}

static void a_reset_is_every_event(void **state)
{
    struct test_backend *tb = *state;
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int fds[2];

    tcp_pair(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(
        setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(test_events_soon(tb, fds[0]), EDDY_ANY_EVENT);
    assert_int_equal(close(fds[0]), 0);
}

/* Nobody listens on a port that was just given back. */
static void a_refused_connection_is_every_event(void **state)
{
    struct test_backend *tb = *state;
    struct sockaddr_in address;
    int client = socket(AF_INET, SOCK_STREAM, 0);
    int result;

    assert_int_equal(close(tcp_listen(&address)), 0);
    assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
    result = connect(client, (struct sockaddr *) &address, sizeof address);
    assert_int_equal(result, -1);
    test_watch(tb, client, EDDY_WRITABLE);
    assert_int_equal(test_events_soon(tb, client), EDDY_ANY_EVENT);
    assert_int_equal(close(client), 0);
}

static void urgent_data_has_priority(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    if (!(tb->ops->events & EDDY_PRIORITY))
        skip();
    tcp_pair(fds);
    test_watch(tb, fds[0], EDDY_PRIORITY);
    assert_int_equal(send(fds[1], "a", 1, 0), 1);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(send(fds[1], "b", 1, MSG_OOB), 1);
    assert_int_equal(test_events_soon(tb, fds[0]), EDDY_PRIORITY);
    test_close_pair(fds);
}

/* --- edge-triggered ------------------------------------------------------ */

/* What cannot report an edge takes the wish for a permission. */
static void an_edge_is_reported_once(void **state)
{
    struct test_backend *tb = *state;
    unsigned edge = tb->ops->events & EDDY_EDGE;
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[0], EDDY_READABLE | EDDY_EDGE);
    for (int i = 0; i < 3; i++) {
        test_write_byte(fds[1]);
        assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE | edge);
        assert_int_equal(test_events_now(tb, fds[0]),
                         edge != 0 ? 0 : EDDY_READABLE);
    }
    test_rewatch(tb, fds[0], EDDY_READABLE | EDDY_EDGE, EDDY_READABLE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_close_pair(fds);
}

/* The same mask again: who left something behind is told of it. */
static void a_new_look_reports_an_edge_again(void **state)
{
    const unsigned want = EDDY_READABLE | EDDY_EDGE;
    struct test_backend *tb = *state;
    unsigned edge = tb->ops->events & EDDY_EDGE;
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[0], want);
    test_rewatch(tb, fds[0], want, want);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_write_byte(fds[1]);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE | edge);
        test_rewatch(tb, fds[0], want, want);
    }
    test_read_byte(fds[0]);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_close_pair(fds);
}

static void an_edge_and_a_level_do_not_mix(void **state)
{
    struct test_backend *tb = *state;
    unsigned edge = tb->ops->events & EDDY_EDGE;
    eddy_ready ready[4];
    int fds[2];

    test_pipe(fds);
    test_write_byte(fds[1]);
    test_watch(tb, fds[0], EDDY_READABLE | EDDY_EDGE);
    test_watch(tb, fds[1], EDDY_WRITABLE);
    assert_int_equal(test_collect(tb, ready, 4), 2);
    for (int i = 0; i < 2; i++) {
        bool is_edge = ready[i].token == test_token(fds[0]);

        assert_int_equal(ready[i].events,
                         is_edge ? EDDY_READABLE | edge : EDDY_WRITABLE);
    }
    test_close_pair(fds);
}

static void an_edge_keeps_its_mark_on_hangup(void **state)
{
    struct test_backend *tb = *state;
    unsigned edge = tb->ops->events & EDDY_EDGE;
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[0], EDDY_READABLE | EDDY_EDGE);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_ANY_EVENT | edge);
    assert_int_equal(close(fds[0]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BACKEND_TEST(a_pipe_is_readable_once_written),
        BACKEND_TEST(readiness_is_told_until_it_ends),
        BACKEND_TEST(a_full_pipe_is_not_writable),
        BACKEND_TEST(a_socket_has_two_directions),
        BACKEND_TEST(the_last_writers_end_is_every_event),
        BACKEND_TEST(the_last_readers_end_is_every_event),
        BACKEND_TEST(a_closed_peer_is_every_event),
        BACKEND_TEST(a_half_closed_peer_is_readable),
        BACKEND_TEST(a_disconnect_can_be_wanted_alone),
        BACKEND_TEST(a_listener_is_readable_when_called),
        BACKEND_TEST(tcp_has_two_directions),
        BACKEND_TEST(a_tcp_half_close_leaves_the_other_half),
        BACKEND_TEST(a_reset_is_every_event),
        BACKEND_TEST(a_refused_connection_is_every_event),
        BACKEND_TEST(urgent_data_has_priority),
        BACKEND_TEST(an_edge_is_reported_once),
        BACKEND_TEST(a_new_look_reports_an_edge_again),
        BACKEND_TEST(an_edge_and_a_level_do_not_mix),
        BACKEND_TEST(an_edge_keeps_its_mark_on_hangup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
