/* SPDX-License-Identifier: MIT */
/*
 * What the counters say, and what they prove: that delivering one async looks
 * at no other, that sends from the loop's own thread write nothing, and that
 * toggling an interest is not told to the kernel.
 */
#include "support/ear.h"
#include "support/fds.h"
#include "support/loop.h"
#include "support/sim.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { ASYNCS = 100000, TOGGLES = 1000 };

static int rung;

static void on_async(eddy_async *async)
{
    (void) async;
    rung++;
}

static void close_all(eddy_loop *loop, eddy_async *asyncs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(eddy_close(&asyncs[i].handle, NULL), 1);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
}

/* All others stand in memory that must not be touched meanwhile: delivery
 * that looked through the handles would not survive it. */
static void delivering_one_async_looks_at_no_other(void **state)
{
    eddy_loop *loop = test_loop(state);
    size_t count = test_scale(ASYNCS);
    size_t size = count * sizeof(eddy_async);
    eddy_async *asyncs =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    eddy_async one;

    rung = 0;
    assert_true(asyncs != MAP_FAILED);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(eddy_async_init(loop, &asyncs[i], on_async), 0);
    assert_int_equal(eddy_async_init(loop, &one, on_async), 0);
    test_turn(loop);
    assert_int_equal(mprotect(asyncs, size, PROT_NONE), 0);
    for (int i = 1; i <= 100; i++) {
        assert_int_equal(eddy_async_send(&one), 0);
        assert_true(eddy_run(loop, EDDY_RUN_ONCE) > 0);
        assert_int_equal(rung, i);
    }
    assert_int_equal(mprotect(asyncs, size, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(test_stats(loop).asyncs_run, 100);
    assert_int_equal(eddy_close(&one.handle, NULL), 1);
    close_all(loop, asyncs, count);
    assert_int_equal(munmap(asyncs, size), 0);
    test_loop_close(loop);
}

static void sends_from_its_own_thread_write_nothing(void **state)
{
    eddy_loop *loop = test_loop(state);
    size_t count = test_scale(ASYNCS);
    eddy_async *asyncs = calloc(count, sizeof(*asyncs));

    rung = 0;
    assert_non_null(asyncs);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(eddy_async_init(loop, &asyncs[i], on_async), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(eddy_async_send(&asyncs[i]), 0);
    assert_true(eddy_run(loop, EDDY_RUN_ONCE) > 0);
    assert_int_equal(rung, count);
    assert_true(test_stats(loop).wakeups_written <= 10);
    assert_true(test_stats(loop).wakeups_saved >= count - 10);
    close_all(loop, asyncs, count);
    free(asyncs);
    test_loop_close(loop);
}

static int sends_left;

static void on_self(eddy_async *async)
{
    if (--sends_left > 0)
        assert_int_equal(eddy_async_send(async), 0);
}

static void sends_from_its_own_callback_write_nothing(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_async async;

    sends_left = (int) test_scale(ASYNCS);
    assert_int_equal(eddy_async_init(loop, &async, on_self), 0);
    assert_int_equal(eddy_async_send(&async), 0);
    while (sends_left > 0)
        assert_true(eddy_run(loop, EDDY_RUN_ONCE) > 0);
    assert_true(test_stats(loop).wakeups_written <= 10);
    close_all(loop, &async, 1);
    test_loop_close(loop);
}

static void toggles_between_polls_change_nothing(void **state)
{
    eddy_loop *loop = test_loop(state);
    uint64_t changes;
    uint64_t saved;
    struct ear ear;
    int fds[2];

    test_socketpair(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    test_turn(loop);
    changes = test_stats(loop).interest_changes;
    saved = test_stats(loop).interest_saved;
    for (int i = 0; i < TOGGLES; i++)
        ear_start(&ear,
                  i % 2 == 0 ? EDDY_READABLE | EDDY_WRITABLE : EDDY_READABLE);
    test_turn(loop);
    assert_int_equal(test_stats(loop).interest_changes, changes);
    assert_int_equal(test_stats(loop).interest_saved, saved + TOGGLES);
    ear_close(&ear);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void on_timer(eddy_timer *timer)
{
    (void) timer;
}

static void handles_are_counted(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_timer timers[3];

    assert_int_equal(test_stats(loop).handles, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(eddy_timer_init(loop, &timers[i]), 0);
    assert_int_equal(test_stats(loop).handles, 3);
    assert_int_equal(test_stats(loop).active_handles, 0);
    assert_int_equal(eddy_timer_start(&timers[0], on_timer, 0, 0), 0);
    assert_int_equal(eddy_timer_start(&timers[1], on_timer, 0, 0), 0);
    assert_int_equal(test_stats(loop).active_handles, 2);
    assert_int_equal(eddy_timer_stop(&timers[0]), 0);
    assert_int_equal(test_stats(loop).active_handles, 1);
    test_turn(loop);
    assert_int_equal(test_stats(loop).active_handles, 0);
    assert_int_equal(test_stats(loop).timers_fired, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(eddy_close(&timers[i].handle, NULL), 0);
    assert_int_equal(test_stats(loop).handles, 0);
    test_loop_close(loop);
}

static void iterations_polls_and_sleep_are_counted(void **state)
{
    struct sim *sim = *state;
    eddy_timer timer;
    eddy_stats stats;

    eddy_loop_ref(&sim->loop);
    for (int i = 0; i < 10; i++)
        assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    eddy_loop_stats(&sim->loop, &stats);
    assert_int_equal(stats.iterations, 10);
    assert_int_equal(stats.polls, 10);
    assert_int_equal(stats.polls, sim->backend.waits);
    assert_int_equal(stats.asleep_ns, 0);
    assert_int_equal(sim->os.calls[FAKE_NOW], 0);
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(5), 0), 0);
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    eddy_loop_stats(&sim->loop, &stats);
    assert_int_equal(stats.asleep_ns, EDDY_MS(5));
    assert_int_equal(stats.timers_fired, 1);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    eddy_loop_unref(&sim->loop);
    sim_close(sim);
}

static void events_are_counted_by_descriptor(void **state)
{
    struct sim *sim = *state;
    unsigned updates = sim->backend.updates;
    struct ear ears[2];
    eddy_stats before;
    eddy_stats stats;

    eddy_loop_stats(&sim->loop, &before);
    for (int i = 0; i < 2; i++) {
        ear_open(&sim->loop, &ears[i], i);
        ear_start(&ears[i], EDDY_READABLE | EDDY_WRITABLE);
    }
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    for (int i = 0; i < 2; i++)
        fake_backend_ready(&sim->backend, i, EDDY_ANY_EVENT);
    while (sim->backend.event_count > 0)
        assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    eddy_loop_stats(&sim->loop, &stats);
    assert_int_equal(stats.events, 2);
    assert_int_equal(stats.interest_changes - before.interest_changes,
                     sim->backend.updates - updates);
    ear_close(&ears[0]);
    ear_close(&ears[1]);
    sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(delivering_one_async_looks_at_no_other),
        LOOP_TEST(sends_from_its_own_thread_write_nothing),
        LOOP_TEST(sends_from_its_own_callback_write_nothing),
        LOOP_TEST(toggles_between_polls_change_nothing),
        LOOP_TEST(handles_are_counted),
        SIM_TEST(iterations_polls_and_sleep_are_counted),
        SIM_TEST(events_are_counted_by_descriptor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
