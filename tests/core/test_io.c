/* SPDX-License-Identifier: MIT */
/*
 * Watching a descriptor of the real kernel: what is delivered, and when.
 */
#include "support/ear.h"
#include "support/fds.h"
#include "support/loop.h"
#include "support/sim.h"

#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void bad_arguments_are_refused(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_io io;

    assert_int_equal(eddy_io_init(NULL, &io, 0), EDDY_EINVAL);
    assert_int_equal(eddy_io_init(loop, NULL, 0), EDDY_EINVAL);
    assert_int_equal(eddy_io_init(loop, &io, -1), EDDY_EINVAL);
    assert_int_equal(eddy_io_init(loop, &io, INT_MIN), EDDY_EINVAL);
    assert_int_equal(eddy_io_init(loop, &io, INT_MAX), EDDY_EBADF);
    assert_int_equal(eddy_io_init(loop, &io, 1 << 29), EDDY_EBADF);
    test_check(loop);
    assert_int_equal(eddy_io_init(loop, &io, 0), 0);
    assert_int_equal(eddy_io_fd(&io), 0);
    assert_int_equal(eddy_io_fd(NULL), EDDY_EINVAL);
    assert_int_equal(eddy_io_start(NULL, EDDY_READABLE, ear_heard),
                     EDDY_EINVAL);
    assert_int_equal(eddy_io_start(&io, EDDY_READABLE, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_io_start(&io, 0, ear_heard), EDDY_EINVAL);
    assert_int_equal(eddy_io_start(&io, 1U << 10, ear_heard), EDDY_EINVAL);
    assert_int_equal(eddy_io_start(&io, EDDY_READABLE | 1U << 31, ear_heard),
                     EDDY_EINVAL);
    assert_int_equal(eddy_io_stop(NULL), EDDY_EINVAL);
    assert_int_equal(eddy_io_stop(&io), 0);
    assert_false(eddy_is_active(&io.handle));
    assert_int_equal(eddy_close(&io.handle, NULL), 0);
    test_loop_close(loop);
}

/* As of every call of the system table, eddy/os.h says so. */
static void an_interrupted_look_is_repeated(void **state)
{
    struct sim *sim = *state;
    eddy_io io;

    fake_os_fail(&sim->os, FAKE_IS_OPEN, 1, 2, EDDY_EINTR);
    assert_int_equal(eddy_io_init(&sim->loop, &io, INT_MAX), EDDY_EBADF);
    assert_int_equal(sim->os.calls[FAKE_IS_OPEN], 3);
    sim_close(sim);
}

static void readable_comes_while_there_is_data(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];

    test_pipe(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    test_turns(loop, 3);
    assert_int_equal(ear.calls, 0);
    test_write_byte(fds[1]);
    for (int i = 1; i <= 3; i++) {
        test_run_until(loop, &ear.calls, i);
        assert_int_equal(ear.status, 0);
        assert_int_equal(ear.events, EDDY_READABLE);
    }
    test_read_byte(fds[0]);
    test_turns(loop, 3);
    assert_int_equal(ear.calls, 3);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void writable_comes_until_it_is_full(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];

    test_pipe(fds);
    ear_open(loop, &ear, fds[1]);
    ear_start(&ear, EDDY_WRITABLE);
    test_run_until(loop, &ear.calls, 2);
    assert_int_equal(ear.events, EDDY_WRITABLE);
    test_fill(fds[1]);
    ear.calls = 0;
    test_turns(loop, 3);
    assert_int_equal(ear.calls, 0);
    test_drain(fds[0]);
    test_run_until(loop, &ear.calls, 1);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void both_directions_come_in_one_callback(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];

    test_socketpair(fds);
    test_write_byte(fds[1]);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE | EDDY_WRITABLE);
    test_run_until(loop, &ear.calls, 1);
    assert_int_equal(ear.events, EDDY_READABLE | EDDY_WRITABLE);
    assert_int_equal(ear.calls, 1);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static int replaced_calls;

static void on_replaced(eddy_io *io, int status, unsigned events)
{
    (void) io;
    assert_int_equal(status, 0);
    assert_int_equal(events, EDDY_WRITABLE);
    replaced_calls++;
}

static void start_again_changes_events_and_callback(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];

    replaced_calls = 0;
    test_socketpair(fds);
    test_write_byte(fds[1]);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    test_run_until(loop, &ear.calls, 1);
    assert_int_equal(eddy_io_start(&ear.io, EDDY_WRITABLE, on_replaced), 0);
    test_run_until(loop, &replaced_calls, 2);
    assert_int_equal(ear.calls, 1);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void refused_start_changes_nothing(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];

    test_pipe(fds);
    test_write_byte(fds[1]);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    assert_int_equal(eddy_io_start(&ear.io, 0, on_replaced), EDDY_EINVAL);
    assert_int_equal(eddy_io_start(&ear.io, EDDY_WRITABLE, NULL), EDDY_EINVAL);
    test_run_until(loop, &ear.calls, 1);
    assert_int_equal(ear.events, EDDY_READABLE);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void stop_also_holds_back_what_is_ready(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];

    test_pipe(fds);
    test_write_byte(fds[1]);
    ear_open(loop, &ear, fds[0]);
    ear.act = ear_stop;
    ear_start(&ear, EDDY_READABLE);
    test_run_until(loop, &ear.calls, 1);
    test_turns(loop, 5);
    assert_int_equal(ear.calls, 1);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    ear_start(&ear, EDDY_READABLE);
    test_run_until(loop, &ear.calls, 2);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void end_of_file_is_readable(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];

    test_pipe(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    assert_int_equal(close(fds[1]), 0);
    test_run_until(loop, &ear.calls, 1);
    assert_int_equal(ear.status, 0);
    assert_int_equal(ear.events, EDDY_READABLE);
    ear_close(&ear);
    assert_int_equal(close(fds[0]), 0);
    test_loop_close(loop);
}

static void lost_reader_is_writable(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];

    test_pipe(fds);
    test_fill(fds[1]);
    ear_open(loop, &ear, fds[1]);
    ear_start(&ear, EDDY_WRITABLE);
    test_turns(loop, 2);
    assert_int_equal(ear.calls, 0);
    assert_int_equal(close(fds[0]), 0);
    test_run_until(loop, &ear.calls, 1);
    assert_int_equal(ear.status, 0);
    assert_int_equal(ear.events, EDDY_WRITABLE);
    ear_close(&ear);
    assert_int_equal(close(fds[1]), 0);
    test_loop_close(loop);
}

static void hangup_is_all_that_is_wanted(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];

    test_socketpair(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE | EDDY_WRITABLE);
    assert_int_equal(close(fds[1]), 0);
    test_run_until(loop, &ear.calls, 1);
    assert_int_equal(ear.status, 0);
    assert_int_equal(ear.events, EDDY_READABLE | EDDY_WRITABLE);
    ear_close(&ear);
    assert_int_equal(close(fds[0]), 0);
    test_loop_close(loop);
}

static void half_close_is_a_disconnect(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];
    int rc;

    test_socketpair(fds);
    ear_open(loop, &ear, fds[0]);
    rc = eddy_io_start(&ear.io, EDDY_DISCONNECT, ear_heard);
    if (rc != EDDY_ENOTSUP) {
        assert_int_equal(rc, 0);
        test_write_byte(fds[1]);
        test_turns(loop, 3);
        assert_int_equal(ear.calls, 0);
        assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
        test_run_until(loop, &ear.calls, 1);
        assert_int_equal(ear.events, EDDY_DISCONNECT);
    }
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

/* Two connected TCP sockets: what out-of-band data takes. */
static void connect_tcp(int fds[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *) &address, length), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(
        getsockname(listener, (struct sockaddr *) &address, &length), 0);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fds[0], (struct sockaddr *) &address, length), 0);
    fds[1] = accept(listener, NULL, NULL);
    assert_true(fds[1] >= 0);
    assert_int_equal(close(listener), 0);
}

static void urgent_data_is_priority(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];
    int rc;

    connect_tcp(fds);
    ear_open(loop, &ear, fds[0]);
    rc = eddy_io_start(&ear.io, EDDY_PRIORITY, ear_heard);
    if (rc != EDDY_ENOTSUP) {
        assert_int_equal(rc, 0);
        test_write_byte(fds[1]);
        test_turns(loop, 3);
        assert_int_equal(ear.calls, 0);
        assert_int_equal(send(fds[1], "!", 1, MSG_OOB), 1);
        test_run_until(loop, &ear.calls, 1);
        assert_int_equal(ear.events, EDDY_PRIORITY);
    }
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

/* Has its neighbour want more, or less, in each callback. */
static void change_other(struct ear *ear)
{
    ear_start(ear->other, ear->calls % 2 != 0 ? EDDY_READABLE | EDDY_WRITABLE
                                              : EDDY_READABLE);
}

/* What both wishes have in common is told, whoever is called first. */
static void neighbour_that_changes_it_does_not_starve_it(void **state)
{
    struct sim *sim = *state;
    struct ear ears[2];

    for (int i = 0; i < 2; i++) {
        ear_open(&sim->loop, &ears[i], 0);
        ears[i].act = change_other;
        ears[i].other = &ears[1 - i];
        ear_start(&ears[i], EDDY_READABLE);
    }
    for (int turn = 1; turn <= 10; turn++) {
        fake_backend_ready(&sim->backend, 0, EDDY_READABLE);
        assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(ears[i].calls, turn);
            assert_int_equal(ears[i].events, EDDY_READABLE);
        }
    }
    ear_close(&ears[0]);
    ear_close(&ears[1]);
    sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(bad_arguments_are_refused),
        SIM_TEST(an_interrupted_look_is_repeated),
        LOOP_TEST(readable_comes_while_there_is_data),
        LOOP_TEST(writable_comes_until_it_is_full),
        LOOP_TEST(both_directions_come_in_one_callback),
        LOOP_TEST(start_again_changes_events_and_callback),
        LOOP_TEST(refused_start_changes_nothing),
        LOOP_TEST(stop_also_holds_back_what_is_ready),
        LOOP_TEST(end_of_file_is_readable),
        LOOP_TEST(lost_reader_is_writable),
        LOOP_TEST(hangup_is_all_that_is_wanted),
        LOOP_TEST(half_close_is_a_disconnect),
        LOOP_TEST(urgent_data_is_priority),
        SIM_TEST(neighbour_that_changes_it_does_not_starve_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
