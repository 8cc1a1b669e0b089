/* SPDX-License-Identifier: MIT */
/*
 * The double of kqueue(2) against the facts about real kernels: what it says
 * of sockets (KQUEUE.md, section 5) and of pipes and devices (section 6).
 */
#include "kqueue-double/double.h"
#include "support/fds.h"
#include "support/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NOTHING = -1 };

static int kq;

static int setup(void **state)
{
    (void) state;
    double_reset();
    double_behave_as(DOUBLE_FREEBSD);
    kq = kqueue();
    assert_true(kq >= 0);
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    assert_int_equal(close(kq), 0);
    double_reset();
    return 0;
}

/* Adds the filter, looks, and removes it: the event's EV_EOF, or NOTHING. It
 * stores the whole event, or the error. */
static int look(int fd, int filter, struct kevent *event)
{
    const struct timespec none = {.tv_sec = 0, .tv_nsec = 0};
    struct kevent one = {.ident = (unsigned) fd, .filter = EVFILT_READ};
    int count;

    if (filter != 'r')
        one.filter = EVFILT_WRITE;
    one.flags = EV_ADD;
    count = kevent(kq, &one, 1, event, 1, &none);
    if (count == 1 && (event->flags & EV_ERROR))
        return -(int) event->data;
    one.flags = EV_DELETE;
    assert_int_equal(kevent(kq, &one, 1, NULL, 0, NULL), 0);
    return count == 0 ? NOTHING : (int) (event->flags & EV_EOF);
}

static int state_of(int fd, int filter)
{
    struct kevent event;

    return look(fd, filter, &event);
}

static int tcp_listen(struct sockaddr_in *address)
{
    socklen_t length = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *) address, length), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) address, &length), 0);
    return fd;
}

static int tcp_connect(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(
        connect(fd, (const struct sockaddr *) address, sizeof *address), 0);
    return fd;
}

static void tcp_pair(int fds[2])
{
    struct sockaddr_in address;
    int server = tcp_listen(&address);

    fds[0] = tcp_connect(&address);
    fds[1] = accept(server, NULL, NULL);
    assert_true(fds[1] >= 0);
    assert_int_equal(close(server), 0);
}

/* --- section 5 ----------------------------------------------------------- */

static void a_listener_counts_its_queue(void **state)
{
    struct sockaddr_in address;
    int server = tcp_listen(&address);
    struct kevent event;
    int clients[2];

    (void) state;
    assert_int_equal(state_of(server, 'r'), NOTHING);
    for (int i = 0; i < 2; i++) {
        clients[i] = tcp_connect(&address);
        assert_int_equal(look(server, 'r', &event), 0);
        assert_int_equal(event.data, i + 1);
    }
    assert_int_equal(state_of(server, 'w'), NOTHING);
    test_close_pair(clients);
    assert_int_equal(close(server), 0);
}

static void a_peers_fin_ends_reading_alone(void **state)
{
    struct kevent event;
    int fds[2];

    (void) state;
    tcp_pair(fds);
    assert_int_equal(send(fds[1], "abc", 3, 0), 3);
    assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
    assert_int_equal(look(fds[0], 'r', &event), EV_EOF);
    assert_int_equal(event.data, 3);
    assert_int_equal(event.fflags, 0);
    assert_int_equal(state_of(fds[0], 'w'), 0);
    test_close_pair(fds);
}

static void shutting_down_ends_writing(void **state)
{
    int fds[2];

    (void) state;
    tcp_pair(fds);
    assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
    assert_int_equal(state_of(fds[0], 'w'), EV_EOF);
    assert_int_equal(state_of(fds[0], 'r'), NOTHING);
    test_close_pair(fds);
    test_socketpair(fds);
    assert_int_equal(state_of(fds[0], 'w'), 0);
    assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
    assert_int_equal(state_of(fds[0], 'w'), EV_EOF);
    assert_int_equal(state_of(fds[0], 'r'), NOTHING);
    test_close_pair(fds);
}

static void a_unix_peers_end_ends_both(void **state)
{
    int fds[2];

    (void) state;
    test_socketpair(fds);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(state_of(fds[0], 'r'), EV_EOF);
    assert_int_equal(state_of(fds[0], 'w'), EV_EOF);
    assert_int_equal(close(fds[0]), 0);
}

static void a_reset_ends_both_with_an_error(void **state)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct kevent event;
    int fds[2];

    (void) state;
    tcp_pair(fds);
    assert_int_equal(
        setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(look(fds[0], 'r', &event), EV_EOF);
    assert_int_equal(event.fflags, ECONNRESET);
    assert_int_equal(look(fds[0], 'w', &event), EV_EOF);
    assert_int_equal(event.fflags, ECONNRESET);
    assert_int_equal(close(fds[0]), 0);
}

static void an_unconnected_socket_says_nothing(void **state)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void) state;
    assert_int_equal(state_of(fd, 'w'), NOTHING);
    assert_int_equal(state_of(fd, 'r'), NOTHING);
    assert_int_equal(close(fd), 0);
}

static void a_refused_connection_ends_both(void **state)
{
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    socklen_t length = sizeof(int);
    struct kevent event;
    int error = 0;

    (void) state;
    assert_int_equal(close(tcp_listen(&address)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof address),
                     -1);
    assert_int_equal(look(fd, 'w', &event), EV_EOF);
    assert_int_equal(event.fflags, ECONNREFUSED);
    assert_int_equal(look(fd, 'r', &event), EV_EOF);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
    assert_int_equal(error, ECONNREFUSED); /* still to be read */
    assert_int_equal(close(fd), 0);
}

#ifdef NOTE_OOB
static void urgent_data_has_a_filter(void **state)
{
    const struct timespec none = {.tv_sec = 0, .tv_nsec = 0};
    struct kevent event;
    int fds[2];

    (void) state;
    tcp_pair(fds);
    event = (struct kevent){.ident = (unsigned) fds[0],
                            .filter = EVFILT_EXCEPT,
                            .flags = EV_ADD,
                            .fflags = NOTE_OOB};
    assert_int_equal(send(fds[1], "a", 1, 0), 1);
    assert_int_equal(kevent(kq, &event, 1, &event, 1, &none), 0);
    assert_int_equal(send(fds[1], "b", 1, MSG_OOB), 1);
    assert_int_equal(kevent(kq, NULL, 0, &event, 1, NULL), 1);
    assert_true(event.fflags & NOTE_OOB);
    test_close_pair(fds);
}
#endif

/* --- section 6 ----------------------------------------------------------- */

static void a_writers_end_comes_with_its_data(void **state)
{
    struct kevent event;
    int fds[2];

    (void) state;
    test_pipe(fds);
    test_write_byte(fds[1]);
    assert_int_equal(look(fds[0], 'r', &event), 0);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(look(fds[0], 'r', &event), EV_EOF);
    assert_int_equal(event.data, 1);
    test_read_byte(fds[0]);
    assert_int_equal(look(fds[0], 'r', &event), EV_EOF);
    assert_int_equal(event.data, 0);
    assert_int_equal(close(fds[0]), 0);
}

static void a_pipe_without_reader_is_refused_or_not(void **state)
{
    int fds[2];

    (void) state;
    test_pipe(fds);
    assert_int_equal(state_of(fds[1], 'w'), 0);
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(state_of(fds[1], 'w'), -EPIPE);
    double_behave_as(DOUBLE_NETBSD);
    assert_int_equal(state_of(fds[1], 'w'), -EBADF);
    double_behave_as(DOUBLE_XNU);
    assert_int_equal(state_of(fds[1], 'w'), EV_EOF);
    assert_int_equal(close(fds[1]), 0);
}

static void the_wrong_end_tells_the_end_alone(void **state)
{
    int fds[2];

    (void) state;
    test_pipe(fds);
    test_write_byte(fds[1]);
    assert_int_equal(state_of(fds[1], 'r'), NOTHING);
    assert_int_equal(state_of(fds[0], 'w'), NOTHING);
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(state_of(fds[1], 'r'), EV_EOF);
    assert_int_equal(close(fds[1]), 0);
}

static void devices_are_refused_in_different_words(void **state)
{
    int fd = open("/dev/null", O_RDWR);

    (void) state;
    assert_int_equal(state_of(fd, 'r'), -ENODEV);
    double_behave_as(DOUBLE_NETBSD);
    assert_int_equal(state_of(fd, 'r'), -EOPNOTSUPP);
    double_behave_as(DOUBLE_XNU);
    assert_int_equal(state_of(fd, 'r'), -EINVAL);
    assert_int_equal(close(fd), 0);
}

#define FILE_TEST(function)                                                    \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(a_listener_counts_its_queue),
        FILE_TEST(a_peers_fin_ends_reading_alone),
        FILE_TEST(shutting_down_ends_writing),
        FILE_TEST(a_unix_peers_end_ends_both),
        FILE_TEST(a_reset_ends_both_with_an_error),
        FILE_TEST(an_unconnected_socket_says_nothing),
        FILE_TEST(a_refused_connection_ends_both),
#ifdef NOTE_OOB
        FILE_TEST(urgent_data_has_a_filter),
#endif
        FILE_TEST(a_writers_end_comes_with_its_data),
        FILE_TEST(a_pipe_without_reader_is_refused_or_not),
        FILE_TEST(the_wrong_end_tells_the_end_alone),
        FILE_TEST(devices_are_refused_in_different_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
