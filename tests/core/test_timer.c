/* SPDX-License-Identifier: MIT */
/*
 * Timers in a simulated world, where the clock moves only as the test says:
 * deadlines to the nanosecond, order, repeating, and starting and stopping
 * from callbacks.
 */
#include "support/sim.h"

#include <stdlib.h>

/* A timer that notes when it fires, and then does as the test bids. */
struct clock {
    eddy_timer timer;
    struct sim *sim;
    int fired;
    int place;           /* when it last fired: the how-manieth of all */
    uint64_t at_ns;      /* and the time, since the beginning */
    uint64_t work_ns;    /* how long its callback works */
    uint64_t restart_ns; /* with restarts: starts itself with this */
    int restarts;
    struct clock *other; /* whom `act` acts upon */
    void (*act)(struct clock *other);
};

static int place;

static void on_clock(eddy_timer *timer)
{
    struct clock *clock = (struct clock *) (void *) timer;

    clock->fired++;
    clock->place = ++place;
    clock->at_ns = eddy_now(timer->loop) - SIM_START;
    clock->sim->os.now_ns += clock->work_ns;
    if (clock->act != NULL)
        clock->act(clock->other);
    if (clock->restarts > 0) {
        clock->restarts--;
        assert_int_equal(
            eddy_timer_start(timer, on_clock, clock->restart_ns, 0), 0);
    }
}

static void clock_init(struct clock *clock, struct sim *sim)
{
    *clock = (struct clock){.sim = sim};
    assert_int_equal(eddy_timer_init(&sim->loop, &clock->timer), 0);
}

static void clock_start(struct clock *clock, uint64_t timeout_ns,
                        uint64_t repeat_ns)
{
    assert_int_equal(
        eddy_timer_start(&clock->timer, on_clock, timeout_ns, repeat_ns), 0);
}

static void clock_close(struct clock *clock)
{
    assert_int_equal(eddy_close(&clock->timer.handle, NULL), 0);
}

static void bad_arguments_are_refused(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    assert_int_equal(eddy_timer_init(NULL, &clock.timer), EDDY_EINVAL);
    assert_int_equal(eddy_timer_init(&sim->loop, NULL), EDDY_EINVAL);
    clock_init(&clock, sim);
    assert_int_equal(eddy_timer_start(NULL, on_clock, 0, 0), EDDY_EINVAL);
    assert_int_equal(eddy_timer_start(&clock.timer, NULL, 0, 0), EDDY_EINVAL);
    assert_int_equal(eddy_timer_start_at(NULL, on_clock, 0, 0), EDDY_EINVAL);
    assert_int_equal(eddy_timer_start_at(&clock.timer, NULL, 0, 0),
                     EDDY_EINVAL);
    assert_int_equal(eddy_timer_stop(NULL), EDDY_EINVAL);
    assert_int_equal(eddy_timer_again(NULL), EDDY_EINVAL);
    assert_int_equal(eddy_timer_again(&clock.timer), EDDY_EINVAL);
    assert_int_equal(eddy_timer_stop(&clock.timer), 0);
    assert_false(eddy_is_active(&clock.timer.handle));
    assert_int_equal(eddy_timer_due_in(&clock.timer), 0);
    assert_int_equal(eddy_timer_get_repeat(&clock.timer), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    clock_close(&clock);
    sim_close(sim);
}

static void timer_fires_at_its_deadline_once(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    clock_init(&clock, sim);
    clock_start(&clock, EDDY_MS(5) + 7, 0);
    assert_true(eddy_is_active(&clock.timer.handle));
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(clock.fired, 1);
    assert_int_equal(clock.at_ns, EDDY_MS(5) + 7);
    assert_int_equal(sim->backend.sleeps, 1);
    assert_false(eddy_is_active(&clock.timer.handle));
    sim->os.now_ns += EDDY_SEC(100);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(clock.fired, 1);
    clock_close(&clock);
    sim_close(sim);
}

static void timer_is_not_early_by_a_nanosecond(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    clock_init(&clock, sim);
    clock_start(&clock, 1000, 0);
    sim_run(sim, EDDY_RUN_NOWAIT);
    sim->os.now_ns += 999;
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    assert_int_equal(clock.fired, 0);
    sim->os.now_ns += 1;
    assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    assert_int_equal(clock.fired, 1);
    clock_close(&clock);
    sim_close(sim);
}

static void order_is_deadline_then_start(void **state)
{
    struct sim *sim = *state;
    static const uint64_t due[] = {30, 10, 20, 10, 30, 10};
    static const int expected[] = {5, 1, 4, 2, 6, 3};
    struct clock clocks[6];

    place = 0;
    for (int i = 0; i < 6; i++) {
        clock_init(&clocks[i], sim);
        clock_start(&clocks[i], due[i], 0);
    }
    sim->backend.late_ns = 1000;
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(clocks[i].place, expected[i]);
        clock_close(&clocks[i]);
    }
    sim_close(sim);
}

/* Started again, a timer goes behind those of the same deadline; also when
 * it was moved far away and back in between. */
static void start_again_counts_as_a_new_start(void **state)
{
    struct sim *sim = *state;
    struct clock clocks[4];
    uint64_t due_ns = SIM_START + EDDY_MS(3);

    place = 0;
    for (int i = 0; i < 4; i++) {
        clock_init(&clocks[i], sim);
        assert_int_equal(
            eddy_timer_start_at(&clocks[i].timer, on_clock, due_ns, 0), 0);
    }
    sim_run(sim, EDDY_RUN_NOWAIT);
    clock_start(&clocks[0], EDDY_SEC(50), 0);
    sim_run(sim, EDDY_RUN_NOWAIT);
    for (int i = 1; i >= 0; i--)
        assert_int_equal(
            eddy_timer_start_at(&clocks[i].timer, on_clock, due_ns, 0), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(clocks[2].place, 1);
    assert_int_equal(clocks[3].place, 2);
    assert_int_equal(clocks[1].place, 3);
    assert_int_equal(clocks[0].place, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(clocks[i].at_ns, EDDY_MS(3));
        clock_close(&clocks[i]);
    }
    sim_close(sim);
}

static void start_again_moves_the_deadline_either_way(void **state)
{
    struct sim *sim = *state;
    struct clock later;
    struct clock sooner;

    clock_init(&later, sim);
    clock_init(&sooner, sim);
    clock_start(&later, EDDY_MS(5), 0);
    clock_start(&sooner, EDDY_SEC(5), 0);
    sim_run(sim, EDDY_RUN_NOWAIT);
    clock_start(&later, EDDY_SEC(7), 0);
    clock_start(&sooner, EDDY_MS(2), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(sooner.fired, 1);
    assert_int_equal(sooner.at_ns, EDDY_MS(2));
    assert_int_equal(later.fired, 1);
    assert_int_equal(later.at_ns, EDDY_SEC(7));
    clock_close(&later);
    clock_close(&sooner);
    sim_close(sim);
}

/* Every distance between two deadlines, at every offset: however timers are
 * kept by time, one that was moved away must not come before one that was not.
 */
static void moved_timer_does_not_overtake(void **state)
{
    struct sim *sim = *state;
    struct clock moved;
    struct clock stays;

    clock_init(&moved, sim);
    clock_init(&stays, sim);
    for (unsigned bits = 4; bits < 40; bits++) {
        uint64_t edge_ns = ((sim->os.now_ns >> bits) + 2) << bits;

        eddy_timer_start_at(&moved.timer, on_clock, edge_ns - 3, 0);
        eddy_timer_start_at(&stays.timer, on_clock, edge_ns + 2, 0);
        sim_run(sim, EDDY_RUN_NOWAIT);
        eddy_timer_start_at(&moved.timer, on_clock, edge_ns + 5, 0);
        sim->os.now_ns = edge_ns + 9;
        assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
        assert_true(stays.place < moved.place);
        assert_int_equal(stays.fired, bits - 3);
    }
    clock_close(&moved);
    clock_close(&stays);
    sim_close(sim);
}

static void zero_fires_in_the_next_iteration(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    clock_init(&clock, sim);
    clock_start(&clock, 0, 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    assert_int_equal(clock.fired, 1);
    clock_close(&clock);
    sim_close(sim);
}

/* In every mode: also in ONCE, which looks at timers twice. */
static void started_in_a_timer_it_waits_for_the_next_iteration(void **state)
{
    static const eddy_run_mode modes[] = {EDDY_RUN_NOWAIT, EDDY_RUN_ONCE};
    struct sim *sim = *state;
    struct clock clock;

    for (int i = 0; i < 2; i++) {
        clock_init(&clock, sim);
        clock.restarts = 3;
        clock_start(&clock, 0, 0);
        for (int turn = 1; turn <= 4; turn++) {
            int rc = sim_run(sim, modes[i]);

            assert_int_equal(clock.fired, turn);
            assert_true((rc > 0) == (turn < 4));
        }
        clock_close(&clock);
    }
    sim_close(sim);
}

static void start_with_past(struct clock *other)
{
    assert_int_equal(eddy_timer_start_at(&other->timer, on_clock, 1, 0), 0);
}

static void past_deadline_set_in_a_timer_waits_too(void **state)
{
    struct sim *sim = *state;
    struct clock setter;
    struct clock past;

    clock_init(&setter, sim);
    clock_init(&past, sim);
    setter.act = start_with_past;
    setter.other = &past;
    clock_start(&setter, 0, 0);
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    assert_int_equal(past.fired, 0);
    assert_int_equal(eddy_timer_due_in(&past.timer), 0);
    assert_int_equal(eddy_loop_timeout(&sim->loop), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    assert_int_equal(past.fired, 1);
    clock_close(&setter);
    clock_close(&past);
    sim_close(sim);
}

/* Started outside a run, a timer has all of its time before it, or for ever. */
static void due_in_before_the_run(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    clock_init(&clock, sim);
    clock_start(&clock, EDDY_MS(7), 0);
    sim->os.now_ns += EDDY_MS(1);
    assert_int_equal(eddy_timer_due_in(&clock.timer), EDDY_MS(7));
    clock_start(&clock, EDDY_NEVER, 0);
    assert_int_equal(eddy_timer_due_in(&clock.timer), EDDY_NEVER);
    assert_int_equal(eddy_timer_start_at(&clock.timer, on_clock, EDDY_NEVER, 0),
                     0);
    assert_int_equal(eddy_timer_due_in(&clock.timer), EDDY_NEVER);
    clock_close(&clock);
    sim_close(sim);
}

static void absolute_deadlines_are_kept(void **state)
{
    struct sim *sim = *state;
    struct clock future;
    struct clock past;

    clock_init(&future, sim);
    clock_init(&past, sim);
    assert_int_equal(eddy_timer_start_at(&future.timer, on_clock,
                                         SIM_START + EDDY_MS(9), EDDY_MS(10)),
                     0);
    assert_int_equal(eddy_timer_start_at(&past.timer, on_clock, 1, 0), 0);
    sim->os.now_ns += EDDY_MS(4);
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    assert_int_equal(past.fired, 1);
    assert_int_equal(future.fired, 0);
    assert_int_equal(eddy_timer_due_in(&future.timer), EDDY_MS(5));
    sim_run(sim, EDDY_RUN_ONCE);
    assert_int_equal(future.at_ns, EDDY_MS(9));
    sim_run(sim, EDDY_RUN_ONCE);
    assert_int_equal(future.at_ns, EDDY_MS(19));
    clock_close(&future);
    clock_close(&past);
    sim_close(sim);
}

static void deadline_beyond_the_clock_never_comes(void **state)
{
    struct sim *sim = *state;
    struct clock clocks[3];

    for (int i = 0; i < 3; i++)
        clock_init(&clocks[i], sim);
    clock_start(&clocks[0], UINT64_MAX, 0);
    clock_start(&clocks[1], UINT64_MAX - SIM_START / 2, UINT64_MAX);
    assert_int_equal(
        eddy_timer_start_at(&clocks[2].timer, on_clock, UINT64_MAX, 1), 0);
    assert_true(eddy_loop_alive(&sim->loop));
    for (int shift = 0; shift < 63; shift += 7) {
        sim->os.now_ns = SIM_START + (UINT64_C(1) << shift);
        assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(clocks[i].fired, 0);
        assert_true(eddy_is_active(&clocks[i].timer.handle));
        clock_close(&clocks[i]);
    }
    sim_close(sim);
}

/* Counts from the end of the phase: the callback worked 5 ms after the start,
 * so the deadline is that much later than the call's own time. */
static void on_prepare(eddy_prepare *prepare)
{
    struct clock *clock = prepare->data;

    clock_start(clock, EDDY_MS(10), 0);
    clock->sim->os.now_ns += EDDY_MS(5);
    assert_int_equal(eddy_prepare_stop(prepare), 0);
}

static void timeout_counts_from_the_end_of_the_phase(void **state)
{
    struct sim *sim = *state;
    eddy_prepare prepare;
    struct clock clock;

    clock_init(&clock, sim);
    prepare.data = &clock;
    assert_int_equal(eddy_prepare_init(&sim->loop, &prepare), 0);
    assert_int_equal(eddy_prepare_start(&prepare, on_prepare), 0);
    sim->backend.late_ns = 3;
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(clock.at_ns, EDDY_MS(15) + 3);
    assert_int_equal(sim->backend.sleeps, 1);
    assert_int_equal(eddy_close(&prepare.handle, NULL), 0);
    clock_close(&clock);
    sim_close(sim);
}

static void timeout_set_outside_counts_from_the_run(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    clock_init(&clock, sim);
    clock_start(&clock, EDDY_MS(10), 0);
    sim->os.now_ns += EDDY_MS(30);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(clock.at_ns, EDDY_MS(40));
    clock_close(&clock);
    sim_close(sim);
}

/* A timer's own work delays what it starts, and no deadline set before. */
static void work_in_a_timer_delays_only_what_it_starts(void **state)
{
    struct sim *sim = *state;
    struct clock worker;
    struct clock set_before;

    clock_init(&worker, sim);
    clock_init(&set_before, sim);
    worker.work_ns = EDDY_MS(4);
    worker.restarts = 1;
    worker.restart_ns = EDDY_MS(10);
    clock_start(&worker, EDDY_MS(1), 0);
    clock_start(&set_before, EDDY_MS(12), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(set_before.at_ns, EDDY_MS(12));
    assert_int_equal(worker.at_ns, EDDY_MS(15));
    clock_close(&worker);
    clock_close(&set_before);
    sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(bad_arguments_are_refused),
        SIM_TEST(timer_fires_at_its_deadline_once),
        SIM_TEST(timer_is_not_early_by_a_nanosecond),
        SIM_TEST(order_is_deadline_then_start),
        SIM_TEST(start_again_counts_as_a_new_start),
        SIM_TEST(start_again_moves_the_deadline_either_way),
        SIM_TEST(moved_timer_does_not_overtake),
        SIM_TEST(zero_fires_in_the_next_iteration),
        SIM_TEST(started_in_a_timer_it_waits_for_the_next_iteration),
        SIM_TEST(past_deadline_set_in_a_timer_waits_too),
        SIM_TEST(due_in_before_the_run),
        SIM_TEST(absolute_deadlines_are_kept),
        SIM_TEST(deadline_beyond_the_clock_never_comes),
        SIM_TEST(timeout_counts_from_the_end_of_the_phase),
        SIM_TEST(timeout_set_outside_counts_from_the_run),
        SIM_TEST(work_in_a_timer_delays_only_what_it_starts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
