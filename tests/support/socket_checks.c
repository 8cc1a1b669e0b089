/* SPDX-License-Identifier: MIT */
/*
 * Whatever makes a descriptor makes it non-blocking and close-on-exec, leaks
 * none when it fails, and raises no SIGPIPE.
 */
#include "support/socket_checks.h"

#include "core/os.h"
#include "support/fds.h"
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

static void assert_prepared(int fd)
{
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static void sockets_are_prepared(void **state)
{
    int fd = eddy__os_socket(NULL, AF_INET, SOCK_STREAM, 0);

    (void) state;
    assert_prepared(fd);
    close(fd);
    fd = eddy__os_socket(NULL, AF_INET6, SOCK_DGRAM, 0);
    if (fd != EDDY_EAFNOSUPPORT) {
        assert_prepared(fd);
        close(fd);
    }
}

static void pairs_are_prepared(void **state)
{
    int fds[2];

    (void) state;
    assert_int_equal(eddy__os_socketpair(SOCK_STREAM, 0, fds), 0);
    assert_prepared(fds[0]);
    assert_prepared(fds[1]);
    test_close_pair(fds);
    assert_int_equal(eddy__os_pipe(fds), 0);
    assert_prepared(fds[0]);
    assert_prepared(fds[1]);
    test_close_pair(fds);
}

static void accepted_sockets_are_prepared(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    int fd;

    (void) state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(server, (struct sockaddr *) &address, length), 0);
    assert_int_equal(listen(server, 1), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *) &address, &length),
                     0);
    assert_int_equal(connect(client, (struct sockaddr *) &address, length), 0);
    fd = eddy__os_accept(NULL, server);
    assert_prepared(fd);
    close(fd);
    close(client);
    close(server);
}

static void errors_are_negative(void **state)
{
    int fds[2];

    (void) state; /* which error a wrong type is differs by system */
    assert_true(eddy__os_socket(NULL, AF_INET, 12345, 0) < 0);
    assert_int_equal(eddy__os_accept(NULL, -1), EDDY_EBADF);
    assert_true(eddy__os_socketpair(12345, 0, fds) < 0);
}

/* With room for one descriptor more, pairs fail halfway. */
static void failures_leave_nothing_open(void **state)
{
    struct rlimit before;
    struct rlimit tight;
    int spare = dup(0);
    int open_before = test_fds_open();
    int fds[2];

    (void) state;
    assert_true(spare >= 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t) spare + 2;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    assert_int_equal(eddy__os_pipe(fds), EDDY_EMFILE);
    if (!test_under_valgrind()) /* whose own limit a pair of sockets passes */
        assert_int_equal(eddy__os_socketpair(SOCK_STREAM, 0, fds), EDDY_EMFILE);
    tight.rlim_cur = (rlim_t) spare + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    assert_int_equal(eddy__os_socket(NULL, AF_INET, SOCK_STREAM, 0),
                     EDDY_EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(test_fds_open(), open_before);
    close(spare);
}

int socket_checks_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_are_prepared),
        cmocka_unit_test(pairs_are_prepared),
        cmocka_unit_test(accepted_sockets_are_prepared),
        cmocka_unit_test(errors_are_negative),
        cmocka_unit_test(failures_leave_nothing_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
