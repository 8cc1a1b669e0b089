/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that the kernel refuses to watch: each watcher is told once, in
 * a poll phase that does not sleep, and the others are unharmed.
 */
#include "support/ear.h"
#include "support/fds.h"
#include "support/loop.h"
#include "support/sim.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* Runs a watcher of a descriptor that the kernel refuses, beside one that it
 * does not, and asserts the status. ONCE would hang if the refusal slept. */
static void assert_refused(eddy_loop *loop, int fd, int error)
{
    struct ear refused;
    struct ear same;
    struct ear fine;
    int fds[2];

    test_pipe(fds);
    ear_open(loop, &fine, fds[0]);
    ear_start(&fine, EDDY_READABLE);
    ear_open(loop, &refused, fd);
    ear_open(loop, &same, fd);
    ear_start(&refused, EDDY_READABLE);
    ear_start(&same, EDDY_READABLE | EDDY_WRITABLE);
    test_run_until(loop, &refused.calls, 1);
    test_run_until(loop, &same.calls, 1);
    assert_int_equal(refused.status, error);
    assert_int_equal(same.status, error);
    test_turns(loop, 3);
    assert_int_equal(refused.calls, 1);
    assert_int_equal(same.calls, 1);
    assert_int_equal(fine.calls, 0);
    test_write_byte(fds[1]);
    test_run_until(loop, &fine.calls, 1);
    assert_int_equal(fine.status, 0);
    ear_close(&refused);
    ear_close(&same);
    ear_close(&fine);
    test_close_pair(fds);
}

static void regular_file_is_refused(void **state)
{
    eddy_loop *loop = test_loop(state);
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_refused(loop, fileno(file), EDDY_EPERM);
    assert_int_equal(fclose(file), 0);
    test_loop_close(loop);
}

static void directory_is_refused(void **state)
{
    eddy_loop *loop = test_loop(state);
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_refused(loop, fd, EDDY_EPERM);
    assert_int_equal(close(fd), 0);
    test_loop_close(loop);
}

static void closed_descriptor_is_refused(void **state)
{
    eddy_loop *loop = test_loop(state);
    int fds[2];
    int fd;

    test_pipe(fds);
    fd = dup2(fds[0], 97);
    assert_int_equal(fd, 97);
    test_close_pair(fds);
    assert_int_equal(close(fd), 0);
    assert_refused(loop, fd, EDDY_EBADF);
    test_loop_close(loop);
}

static void start_once_more(struct ear *ear)
{
    if (ear->calls < 3)
        ear_start(ear, EDDY_READABLE);
    else
        ear_close(ear);
}

static void refused_watcher_may_start_again_and_close(void **state)
{
    eddy_loop *loop = test_loop(state);
    FILE *file = tmpfile();
    struct ear ear;

    assert_non_null(file);
    ear_open(loop, &ear, fileno(file));
    ear.act = start_once_more;
    ear_start(&ear, EDDY_READABLE);
    for (int i = 1; i <= 3; i++) {
        test_turn(loop);
        assert_int_equal(ear.calls, i);
        assert_int_equal(ear.status, EDDY_EPERM);
    }
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(ear.calls, 3);
    assert_int_equal(fclose(file), 0);
    test_loop_close(loop);
}

static void stopped_before_the_poll_it_is_never_told(void **state)
{
    eddy_loop *loop = test_loop(state);
    FILE *file = tmpfile();
    struct ear ear;

    assert_non_null(file);
    ear_open(loop, &ear, fileno(file));
    ear_start(&ear, EDDY_READABLE);
    ear_stop(&ear);
    test_turns(loop, 2);
    assert_int_equal(ear.calls, 0);
    ear_close(&ear);
    assert_int_equal(fclose(file), 0);
    test_loop_close(loop);
}

static void close_other(struct ear *ear)
{
    ear_close(ear->other);
}

/* Two that are refused together: one closes the other before it is told. */
static void refused_watcher_may_close_the_next(void **state)
{
    eddy_loop *loop = test_loop(state);
    FILE *file = tmpfile();
    struct ear ears[2];

    assert_non_null(file);
    for (int i = 0; i < 2; i++) {
        ear_open(loop, &ears[i], fileno(file));
        ears[i].act = close_other;
        ears[i].other = &ears[1 - i];
        ear_start(&ears[i], EDDY_READABLE);
    }
    test_turns(loop, 2);
    assert_int_equal(ears[0].calls + ears[1].calls, 1);
    ear_close(ears[0].calls == 1 ? &ears[0] : &ears[1]);
    assert_int_equal(fclose(file), 0);
    test_loop_close(loop);
}

static void check_the_loop(struct ear *ear)
{
    assert_int_equal(ear->status, EDDY_EBADF);
    assert_int_equal(eddy_loop_check(ear->arg), 0);
}

/* Found out by the wait: all is in order while the first is told and the
 * second still wants something. */
static void refused_by_the_wait_each_may_check_the_loop(void **state)
{
    struct sim *sim = *state;
    struct ear ears[2];

    for (int i = 0; i < 2; i++) {
        ear_open(&sim->loop, &ears[i], 0);
        ears[i].act = check_the_loop;
        ears[i].arg = &sim->loop;
        ear_start(&ears[i], EDDY_READABLE);
    }
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    fake_backend_report(&sim->backend, sim->backend.table[0].token, 0,
                        EDDY_EBADF);
    sim->backend.table[0].mask = 0; /* which it dropped with the error */
    assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ears[i].calls, 1);
        ear_close(&ears[i]);
    }
    sim_close(sim);
}

/* Of the fake backend alone, which has room for it: the wakeup is another. */
enum { UNUSED_FD = 200 };

/* The kernel forgot a descriptor that nobody wants any more: nobody is told,
 * and the next start begins anew. */
static void failed_removal_is_as_good_as_done(void **state)
{
    struct sim *sim = *state;
    struct ear ear;

    ear_open(&sim->loop, &ear, UNUSED_FD);
    ear_start(&ear, EDDY_READABLE);
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    ear_stop(&ear);
    fake_backend_ready(&sim->backend, UNUSED_FD, EDDY_READABLE);
    assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    sim->backend.table[UNUSED_FD].update_error = EDDY_EBADF;
    assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    assert_int_equal(sim->backend.last_want, 0);
    assert_int_equal(ear.calls, 0);
    ear_start(&ear, EDDY_READABLE);
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    assert_int_equal(sim->backend.last_known, 0);
    assert_int_equal(sim->backend.last_want, EDDY_READABLE);
    assert_int_equal(ear.calls, 0);
    ear_close(&ear);
    sim_close(sim);
}

static int is_open_always(void *context, int fd)
{
    (void) context;
    (void) fd;
    return 0;
}

static void number_beyond_any_table_is_refused(void **state)
{
    struct sim *sim = *state;
    size_t allocations = sim->memory.allocations;
    eddy_io io;

    sim->os.base.is_open = is_open_always;
    assert_int_equal(eddy_io_init(&sim->loop, &io, INT_MAX), EDDY_ENOMEM);
    assert_int_equal(sim->memory.allocations, allocations);
    sim_close(sim);
}

static int tasks;

static void on_task(eddy_task *task, int status)
{
    (void) task;
    tasks += status == 0;
}

static void post_while_asleep(void *arg)
{
    static eddy_task task;
    eddy_loop *loop = arg;

    assert_int_equal(eddy_post(loop, &task, on_task), 0);
}

/* A loop that cannot be woken says so, and tries again. */
static void refused_wakeup_ends_the_run(void **state)
{
    struct sim *sim = *state;
    int fd = sim->loop.wakeup.fd;

    tasks = 0;
    eddy_loop_ref(&sim->loop);
    fake_backend_report(&sim->backend, sim->backend.table[fd].token, 0,
                        EDDY_ENOMEM);
    sim->backend.table[fd].mask = 0; /* which it dropped with the error */
    assert_int_equal(sim_run(sim, EDDY_RUN_ONCE), EDDY_ENOMEM);
    sim->backend.asleep = post_while_asleep;
    sim->backend.asleep_arg = &sim->loop;
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    assert_int_equal(tasks, 1);
    eddy_loop_unref(&sim->loop);
    sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(regular_file_is_refused),
        LOOP_TEST(directory_is_refused),
        LOOP_TEST(closed_descriptor_is_refused),
        LOOP_TEST(refused_watcher_may_start_again_and_close),
        LOOP_TEST(stopped_before_the_poll_it_is_never_told),
        LOOP_TEST(refused_watcher_may_close_the_next),
        SIM_TEST(refused_by_the_wait_each_may_check_the_loop),
        SIM_TEST(failed_removal_is_as_good_as_done),
        SIM_TEST(number_beyond_any_table_is_refused),
        SIM_TEST(refused_wakeup_ends_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
