/* SPDX-License-Identifier: MIT */
/*
 * The fd table and the watcher queue on the real kernel: what the kernel is
 * told and what it is spared, descriptors whose number is used again, and
 * registrations that outlive their descriptor.
 */
#include "support/ear.h"
#include "support/fds.h"
#include "support/loop.h"

#include <string.h>
#include <unistd.h>

static uint64_t changes(const eddy_loop *loop)
{
    return test_stats(loop).interest_changes;
}

static void toggles_between_polls_cost_nothing(void **state)
{
    eddy_loop *loop = test_loop(state);
    uint64_t before;
    uint64_t saved;
    struct ear ear;
    int fds[2];

    test_socketpair(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    test_turn(loop);
    before = changes(loop);
    saved = test_stats(loop).interest_saved;
    for (int i = 0; i < 500; i++) {
        ear_start(&ear, EDDY_READABLE | EDDY_WRITABLE);
        ear_stop(&ear);
        ear_start(&ear, EDDY_READABLE);
    }
    test_turn(loop);
    assert_int_equal(changes(loop), before);
    assert_true(test_stats(loop).interest_saved > saved);
    test_write_byte(fds[1]);
    test_run_until(loop, &ear.calls, 1);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void started_and_stopped_it_was_never_there(void **state)
{
    eddy_loop *loop = test_loop(state);
    uint64_t before;
    struct ear ear;
    int fds[2];

    test_turn(loop);
    before = changes(loop);
    test_pipe(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    ear_stop(&ear);
    test_turn(loop);
    ear_start(&ear, EDDY_READABLE);
    ear_close(&ear);
    test_turn(loop);
    assert_int_equal(changes(loop), before);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void second_watcher_of_the_same_costs_nothing(void **state)
{
    eddy_loop *loop = test_loop(state);
    uint64_t before;
    struct ear ears[2];
    int fds[2];

    test_pipe(fds);
    ear_open(loop, &ears[0], fds[0]);
    ear_open(loop, &ears[1], fds[0]);
    ear_start(&ears[0], EDDY_READABLE);
    test_turn(loop);
    before = changes(loop);
    ear_start(&ears[1], EDDY_READABLE);
    test_turn(loop);
    ear_close(&ears[0]);
    test_turn(loop);
    assert_int_equal(changes(loop), before);
    test_write_byte(fds[1]);
    test_run_until(loop, &ears[1].calls, 1);
    ear_close(&ears[1]);
    assert_true(changes(loop) > before);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void stopped_interest_lingers_until_an_event(void **state)
{
    eddy_loop *loop = test_loop(state);
    uint64_t before;
    struct ear ear;
    int fds[2];

    test_pipe(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    test_turn(loop);
    before = changes(loop);
    for (int i = 0; i < 10; i++) {
        ear_stop(&ear);
        test_turn(loop);
        ear_start(&ear, EDDY_READABLE);
        test_turn(loop);
    }
    assert_int_equal(changes(loop), before);
    ear_stop(&ear);
    test_write_byte(fds[1]);
    test_turns(loop, 4);
    assert_int_equal(ear.calls, 0);
    assert_true(changes(loop) <= before + 1);
    ear_start(&ear, EDDY_READABLE);
    test_run_until(loop, &ear.calls, 1);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void on_timer(eddy_timer *timer)
{
    *(int *) timer->data = 1;
}

/* Sleeps for a while beside a descriptor that has something to say which
 * nobody wants: the loop wakes for it once or twice, not all the time. */
static void assert_quiet(eddy_loop *loop)
{
    uint64_t before = test_stats(loop).polls;
    eddy_timer timer;
    int rang = 0;

    timer.data = &rang;
    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(30), 0), 0);
    test_run_until(loop, &rang, 1);
    assert_true(test_stats(loop).polls - before <= 8);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
}

static void hangup_that_nobody_wants_does_not_spin(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];

    test_socketpair(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    test_turn(loop);
    ear_stop(&ear);
    assert_int_equal(close(fds[1]), 0);
    assert_quiet(loop);
    assert_int_equal(ear.calls, 0);
    ear_start(&ear, EDDY_READABLE);
    test_run_until(loop, &ear.calls, 1);
    ear_close(&ear);
    assert_int_equal(close(fds[0]), 0);
    test_loop_close(loop);
}

/* Watched for writing only and never writable: but its hangup is an event. */
static void data_that_nobody_wants_does_not_spin(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear ear;
    int fds[2];

    test_socketpair(fds);
    test_fill(fds[0]);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE | EDDY_WRITABLE);
    test_turn(loop);
    assert_int_equal(eddy_io_start(&ear.io, EDDY_WRITABLE, ear_heard), 0);
    test_write_byte(fds[1]);
    assert_quiet(loop);
    assert_int_equal(ear.calls, 0);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void fds_are_counted_by_number(void **state)
{
    eddy_loop *loop = test_loop(state);
    uint64_t before = test_stats(loop).fds;
    struct ear ears[3];
    int fds[2];

    test_pipe(fds);
    ear_open(loop, &ears[0], fds[0]);
    ear_open(loop, &ears[1], fds[0]);
    ear_open(loop, &ears[2], fds[1]);
    assert_int_equal(test_stats(loop).fds, before + 2);
    ear_close(&ears[0]);
    assert_int_equal(test_stats(loop).fds, before + 2);
    ear_close(&ears[1]);
    ear_close(&ears[2]);
    assert_int_equal(test_stats(loop).fds, before);
    test_close_pair(fds);
    test_loop_close(loop);
}

/* Two pipes are readable; whoever is called first gives the other's number to
 * a pipe with nothing to read, and watches that. */
struct reuse {
    struct ear ears[2];
    struct ear fresh;
    int fds[2][2];
    int fresh_fds[2];
};

static void reuse_number(struct ear *ear)
{
    struct reuse *reuse = ear->arg;
    struct ear *other = ear->other;
    int fd = eddy_io_fd(&other->io);
    int from[2];

    ear->act = NULL;
    ear_close(other);
    assert_int_equal(close(fd), 0);
    test_pipe(from);
    if (from[0] != fd) {
        assert_int_equal(dup2(from[0], fd), fd);
        assert_int_equal(close(from[0]), 0);
    }
    reuse->fresh_fds[0] = fd;
    reuse->fresh_fds[1] = from[1];
    ear_open(ear->io.loop, &reuse->fresh, fd);
    ear_start(&reuse->fresh, EDDY_READABLE);
    test_read_byte(eddy_io_fd(&ear->io));
}

static void number_used_again_gets_no_old_event(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct reuse reuse;
    struct ear *caller;

    for (int i = 0; i < 2; i++) {
        test_pipe(reuse.fds[i]);
        test_write_byte(reuse.fds[i][1]);
        ear_open(loop, &reuse.ears[i], reuse.fds[i][0]);
        reuse.ears[i].act = reuse_number;
        reuse.ears[i].arg = &reuse;
        reuse.ears[i].other = &reuse.ears[1 - i];
        ear_start(&reuse.ears[i], EDDY_READABLE);
    }
    test_turns(loop, 4);
    assert_int_equal(reuse.ears[0].calls + reuse.ears[1].calls, 1);
    assert_int_equal(reuse.fresh.calls, 0);
    assert_int_equal(test_stats(loop).rebuilds, 0);
    test_write_byte(reuse.fresh_fds[1]);
    test_run_until(loop, &reuse.fresh.calls, 1);
    caller = &reuse.ears[reuse.ears[0].calls == 1 ? 0 : 1];
    assert_int_equal(close(eddy_io_fd(&caller->io)), 0);
    ear_close(caller);
    ear_close(&reuse.fresh);
    test_close_pair(reuse.fresh_fds);
    assert_int_equal(close(reuse.fds[0][1]), 0);
    assert_int_equal(close(reuse.fds[1][1]), 0);
    test_loop_close(loop);
}

static void number_used_again_is_registered_again(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear old;
    struct ear fresh;
    int fds[2];
    int again[2];

    test_pipe(fds);
    ear_open(loop, &old, fds[0]);
    ear_start(&old, EDDY_READABLE);
    test_turn(loop);
    ear_stop(&old);
    assert_int_equal(close(fds[0]), 0); /* too early, but it happens */
    ear_close(&old);
    test_pipe(again);
    if (again[0] != fds[0]) {
        assert_int_equal(dup2(again[0], fds[0]), fds[0]);
        assert_int_equal(close(again[0]), 0);
    }
    ear_open(loop, &fresh, fds[0]);
    ear_start(&fresh, EDDY_READABLE);
    test_turns(loop, 2);
    assert_int_equal(fresh.calls, 0);
    test_write_byte(again[1]);
    test_run_until(loop, &fresh.calls, 1);
    ear_close(&fresh);
    assert_int_equal(close(again[1]), 0);
    test_close_pair(fds);
    test_loop_close(loop);
}

/* The descriptor is closed under its watcher while a duplicate keeps the file
 * open: epoll then reports a registration that nobody can remove. */
static void duplicate_of_a_closed_one_is_shaken_off(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear stale;
    struct ear well;
    int fds[2];
    int good[2];
    int copy;

    test_pipe(fds);
    test_pipe(good);
    ear_open(loop, &stale, fds[0]);
    ear_open(loop, &well, good[0]);
    ear_start(&stale, EDDY_READABLE);
    ear_start(&well, EDDY_READABLE);
    test_turn(loop);
    copy = dup(fds[0]);
    assert_true(copy >= 0);
    assert_int_equal(close(fds[0]), 0);
    ear_close(&stale);
    test_write_byte(fds[1]);
    assert_quiet(loop);
    assert_int_equal(stale.calls, 0);
    if (strcmp(eddy_loop_backend(loop), "epoll") == 0)
        assert_int_equal(test_stats(loop).rebuilds, 1);
    test_write_byte(good[1]);
    test_run_until(loop, &well.calls, 1);
    assert_true(test_stats(loop).rebuilds <= 1);
    ear_close(&well);
    assert_int_equal(close(copy), 0);
    assert_int_equal(close(fds[1]), 0);
    test_close_pair(good);
    test_loop_close(loop);
}

/* The same, and the number has a new owner by then. */
static void stale_registration_leaves_the_new_owner_alone(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct ear stale;
    struct ear owner;
    int fds[2];
    int next[2];
    int copy;

    test_pipe(fds);
    test_pipe(next);
    ear_open(loop, &stale, fds[0]);
    ear_start(&stale, EDDY_READABLE);
    test_turn(loop);
    copy = dup(fds[0]);
    assert_true(copy >= 0);
    assert_int_equal(dup2(next[0], fds[0]), fds[0]);
    ear_close(&stale);
    ear_open(loop, &owner, fds[0]);
    ear_start(&owner, EDDY_READABLE);
    test_turn(loop);
    test_write_byte(fds[1]);
    assert_quiet(loop);
    assert_int_equal(stale.calls, 0);
    assert_int_equal(owner.calls, 0);
    test_write_byte(next[1]);
    test_run_until(loop, &owner.calls, 1);
    assert_true(test_stats(loop).rebuilds <= 1);
    ear_close(&owner);
    assert_int_equal(close(copy), 0);
    test_close_pair(fds);
    test_close_pair(next);
    test_loop_close(loop);
}

enum { MANY = 200 };

static void read_one(struct ear *ear)
{
    test_read_byte(eddy_io_fd(&ear->io));
    ++*(int *) ear->arg;
}

static void hundreds_ready_at_once_are_each_served(void **state)
{
    eddy_loop *loop = test_loop(state);
    static struct ear ears[MANY];
    static int fds[MANY][2];
    int served = 0;

    if (!test_allow_fds(2 * MANY + 100))
        skip();
    for (int i = 0; i < MANY; i++) {
        test_pipe(fds[i]);
        ear_open(loop, &ears[i], fds[i][0]);
        ears[i].act = read_one;
        ears[i].arg = &served;
        ear_start(&ears[i], EDDY_READABLE);
        test_write_byte(fds[i][1]);
    }
    test_run_until(loop, &served, MANY);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(ears[i].calls, 1);
    for (int i = MANY - 1; i >= 0; i -= 2)
        ear_close(&ears[i]);
    test_turn(loop);
    for (int i = 0; i < MANY; i += 2) {
        test_write_byte(fds[i][1]);
        ear_start(&ears[i], EDDY_READABLE);
    }
    test_run_until(loop, &served, MANY + MANY / 2);
    for (int i = 0; i < MANY; i += 2)
        ear_close(&ears[i]);
    for (int i = 0; i < MANY; i++)
        test_close_pair(fds[i]);
    test_loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(toggles_between_polls_cost_nothing),
        LOOP_TEST(started_and_stopped_it_was_never_there),
        LOOP_TEST(second_watcher_of_the_same_costs_nothing),
        LOOP_TEST(stopped_interest_lingers_until_an_event),
        LOOP_TEST(hangup_that_nobody_wants_does_not_spin),
        LOOP_TEST(data_that_nobody_wants_does_not_spin),
        LOOP_TEST(fds_are_counted_by_number),
        LOOP_TEST(number_used_again_gets_no_old_event),
        LOOP_TEST(number_used_again_is_registered_again),
        LOOP_TEST(duplicate_of_a_closed_one_is_shaken_off),
        LOOP_TEST(stale_registration_leaves_the_new_owner_alone),
        LOOP_TEST(hundreds_ready_at_once_are_each_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
