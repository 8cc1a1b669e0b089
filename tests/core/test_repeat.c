/* SPDX-License-Identifier: MIT */
/*
 * Repeating timers, stopping and closing them from callbacks, and what timers
 * cost: clock readings and allocations.
 */
#include "support/sim.h"

#include <stdlib.h>

struct clock {
    eddy_timer timer;
    struct sim *sim;
    int fired;
    uint64_t at_ns;
    struct clock *other;
    void (*act)(struct clock *other);
};

static void on_clock(eddy_timer *timer)
{
    struct clock *clock = (struct clock *) (void *) timer;
    void (*act)(struct clock * other) = clock->act;

    clock->fired++;
    clock->at_ns = eddy_now(timer->loop) - SIM_START;
    clock->act = NULL;
    if (act != NULL)
        act(clock->other);
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

static void clock_stop(struct clock *clock)
{
    assert_int_equal(eddy_timer_stop(&clock->timer), 0);
}

static void repeat_does_not_drift(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    clock_init(&clock, sim);
    clock_start(&clock, EDDY_MS(3), EDDY_MS(10));
    sim->backend.late_ns = EDDY_US(700);
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
        assert_int_equal(clock.fired, i + 1);
        assert_int_equal(clock.at_ns,
                         EDDY_MS(3) + i * EDDY_MS(10) + EDDY_US(700));
        assert_true(eddy_is_active(&clock.timer.handle));
        assert_int_equal(eddy_timer_due_in(&clock.timer),
                         EDDY_MS(10) - EDDY_US(700));
    }
    clock_close(&clock);
    sim_close(sim);
}

static void missed_periods_are_made_up_by_one_call(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    clock_init(&clock, sim);
    clock_start(&clock, EDDY_MS(10), EDDY_MS(10));
    sim_run(sim, EDDY_RUN_NOWAIT);
    sim->os.now_ns = SIM_START + EDDY_MS(45);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(clock.fired, 1);
    assert_int_equal(eddy_timer_due_in(&clock.timer), EDDY_MS(5));
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(clock.fired, 1);
    sim_run(sim, EDDY_RUN_ONCE);
    assert_int_equal(clock.fired, 2);
    assert_int_equal(clock.at_ns, EDDY_MS(50));
    sim->os.now_ns = SIM_START + EDDY_SEC(1000000) + 1;
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(clock.fired, 3);
    assert_int_equal(eddy_timer_due_in(&clock.timer), EDDY_MS(10) - 1);
    clock_close(&clock);
    sim_close(sim);
}

/* Exactly on the grid: that point was this call's, the next is a period on. */
static void late_to_the_next_point_counts_it_as_missed(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    clock_init(&clock, sim);
    clock_start(&clock, EDDY_MS(10), EDDY_MS(10));
    sim_run(sim, EDDY_RUN_NOWAIT);
    sim->os.now_ns = SIM_START + EDDY_MS(20);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(clock.fired, 1);
    assert_int_equal(eddy_timer_due_in(&clock.timer), EDDY_MS(10));
    clock_close(&clock);
    sim_close(sim);
}

static void again_starts_with_the_repeat_or_stops(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    clock_init(&clock, sim);
    clock_start(&clock, EDDY_MS(50), EDDY_MS(20));
    sim_run(sim, EDDY_RUN_NOWAIT);
    sim->os.now_ns += EDDY_MS(10);
    assert_int_equal(eddy_timer_again(&clock.timer), 0);
    sim_run(sim, EDDY_RUN_ONCE);
    assert_int_equal(clock.at_ns, EDDY_MS(30));
    sim_run(sim, EDDY_RUN_ONCE);
    assert_int_equal(clock.at_ns, EDDY_MS(50));
    clock_stop(&clock);
    assert_int_equal(eddy_timer_again(&clock.timer), 0);
    assert_true(eddy_is_active(&clock.timer.handle));
    eddy_timer_set_repeat(&clock.timer, 0);
    assert_int_equal(eddy_timer_again(&clock.timer), 0);
    assert_false(eddy_is_active(&clock.timer.handle));
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(clock.fired, 2);
    clock_close(&clock);
    sim_close(sim);
}

static void new_repeat_counts_from_the_next_arming(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    clock_init(&clock, sim);
    clock_start(&clock, EDDY_MS(10), EDDY_MS(10));
    assert_int_equal(eddy_timer_get_repeat(&clock.timer), EDDY_MS(10));
    sim_run(sim, EDDY_RUN_NOWAIT);
    eddy_timer_set_repeat(&clock.timer, EDDY_MS(100));
    assert_int_equal(eddy_timer_get_repeat(&clock.timer), EDDY_MS(100));
    sim_run(sim, EDDY_RUN_ONCE);
    assert_int_equal(clock.at_ns, EDDY_MS(10));
    sim_run(sim, EDDY_RUN_ONCE);
    assert_int_equal(clock.at_ns, EDDY_MS(110));
    eddy_timer_set_repeat(&clock.timer, 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(clock.at_ns, EDDY_MS(210));
    assert_int_equal(clock.fired, 3);
    clock_close(&clock);
    sim_close(sim);
}

static void stop_itself(struct clock *self)
{
    clock_stop(self);
}

static void repeating_timer_may_stop_itself(void **state)
{
    struct sim *sim = *state;
    struct clock clock;

    clock_init(&clock, sim);
    clock.act = stop_itself;
    clock.other = &clock;
    clock_start(&clock, 5, 5);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(clock.fired, 1);
    clock_close(&clock);
    sim_close(sim);
}

static void restart_later(struct clock *other)
{
    clock_start(other, EDDY_MS(1), 0);
}

static void close_and_free(struct clock *other)
{
    clock_close(other);
    test_poison(other, sizeof(*other));
    free(other);
}

/* Three timers are due together; the first does something to the second. */
static void with_three_due(struct sim *sim, void (*act)(struct clock *other),
                           int second_fires)
{
    struct clock first;
    struct clock *second = malloc(sizeof(*second));
    struct clock third;

    assert_non_null(second);
    clock_init(&first, sim);
    clock_init(second, sim);
    clock_init(&third, sim);
    first.act = act;
    first.other = second;
    clock_start(&first, 10, 0);
    clock_start(second, 10, 10);
    clock_start(&third, 10, 0);
    sim_run(sim, EDDY_RUN_NOWAIT);
    sim->os.now_ns += 10;
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(first.fired, 1);
    assert_int_equal(third.fired, 1);
    if (act != close_and_free) {
        assert_int_equal(second->fired, 0);
        sim->os.now_ns += EDDY_MS(2);
        sim_run(sim, EDDY_RUN_NOWAIT);
        assert_int_equal(second->fired, second_fires);
        close_and_free(second);
    }
    clock_close(&first);
    clock_close(&third);
    sim_close(sim);
}

static void due_timer_may_be_stopped_by_another(void **state)
{
    with_three_due(*state, clock_stop, 0);
}

static void due_timer_may_be_restarted_by_another(void **state)
{
    with_three_due(*state, restart_later, 1);
}

static void due_timer_may_be_closed_and_freed_by_another(void **state)
{
    with_three_due(*state, close_and_free, 0);
}

static void timer_may_close_and_free_itself(void **state)
{
    struct sim *sim = *state;
    struct clock *clock = malloc(sizeof(*clock));

    assert_non_null(clock);
    clock_init(clock, sim);
    clock->act = close_and_free;
    clock->other = clock;
    clock_start(clock, 3, 3);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    sim_close(sim);
}

static void unreferenced_timer_fires_but_keeps_nothing_going(void **state)
{
    struct sim *sim = *state;
    struct clock quiet;
    struct clock loud;

    clock_init(&quiet, sim);
    clock_init(&loud, sim);
    eddy_unref(&quiet.timer.handle);
    clock_start(&quiet, 10, 10);
    assert_false(eddy_loop_alive(&sim->loop));
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(quiet.fired, 0);
    clock_start(&loud, 35, 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(loud.fired, 1);
    assert_true(quiet.fired >= 3);
    clock_close(&quiet);
    clock_close(&loud);
    sim_close(sim);
}

static void timeout_tells_the_next_deadline(void **state)
{
    struct sim *sim = *state;
    struct clock clocks[2];

    assert_int_equal(eddy_loop_timeout(&sim->loop), -1);
    clock_init(&clocks[0], sim);
    clock_init(&clocks[1], sim);
    assert_int_equal(eddy_loop_timeout(&sim->loop), -1);
    clock_start(&clocks[0], EDDY_SEC(8), 0);
    clock_start(&clocks[1], EDDY_MS(8), 0);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(eddy_loop_timeout(&sim->loop), EDDY_MS(8));
    clock_stop(&clocks[1]);
    assert_int_equal(eddy_loop_timeout(&sim->loop), EDDY_SEC(8));
    sim->os.now_ns += EDDY_SEC(9);
    eddy_update_time(&sim->loop);
    assert_int_equal(eddy_loop_timeout(&sim->loop), 0);
    clock_close(&clocks[0]);
    assert_int_equal(eddy_loop_timeout(&sim->loop), -1);
    clock_close(&clocks[1]);
    sim_close(sim);
}

static void on_idle(eddy_idle *idle)
{
    struct clock *clocks = idle->data;

    for (int i = 0; i < 1000; i++)
        clock_start(&clocks[i], EDDY_SEC(1) + (uint64_t) i, 0);
}

static void a_thousand_starts_cost_one_reading(void **state)
{
    struct sim *sim = *state;
    struct clock *clocks = calloc(1000, sizeof(*clocks));
    eddy_idle idle;
    unsigned few;
    unsigned before;

    assert_non_null(clocks);
    for (int i = 0; i < 1000; i++)
        clock_init(&clocks[i], sim);
    clock_start(&clocks[0], EDDY_SEC(9), 0);
    sim_run(sim, EDDY_RUN_NOWAIT);
    before = sim->os.calls[FAKE_NOW];
    sim_run(sim, EDDY_RUN_NOWAIT);
    few = sim->os.calls[FAKE_NOW] - before;
    idle.data = clocks;
    assert_int_equal(eddy_idle_init(&sim->loop, &idle), 0);
    assert_int_equal(eddy_idle_start(&idle, on_idle), 0);
    before = sim->os.calls[FAKE_NOW];
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_true(sim->os.calls[FAKE_NOW] - before <= few + 1);
    assert_int_equal(eddy_close(&idle.handle, NULL), 0);
    for (int i = 0; i < 1000; i++)
        clock_close(&clocks[i]);
    free(clocks);
    sim_close(sim);
}

static void starting_and_stopping_allocates_nothing(void **state)
{
    struct sim *sim = *state;
    struct clock *clocks = calloc(1000, sizeof(*clocks));
    uint64_t seed = 7;
    size_t before;

    assert_non_null(clocks);
    for (int i = 0; i < 1000; i++)
        clock_init(&clocks[i], sim);
    before = sim->memory.allocations;
    for (int round = 0; round < 20000; round++) {
        struct clock *clock = &clocks[test_random(&seed) % 1000];

        if (test_random(&seed) % 3 == 0)
            clock_stop(clock);
        else
            clock_start(clock, test_random(&seed) >> (round % 64), 0);
        if (round % 100 == 0)
            assert_true(eddy_run(&sim->loop, EDDY_RUN_NOWAIT) >= 0);
    }
    assert_int_equal(sim->memory.allocations, before);
    assert_int_equal(eddy_loop_check(&sim->loop), 0);
    for (int i = 0; i < 1000; i++)
        clock_close(&clocks[i]);
    free(clocks);
    sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(repeat_does_not_drift),
        SIM_TEST(missed_periods_are_made_up_by_one_call),
        SIM_TEST(late_to_the_next_point_counts_it_as_missed),
        SIM_TEST(again_starts_with_the_repeat_or_stops),
        SIM_TEST(new_repeat_counts_from_the_next_arming),
        SIM_TEST(repeating_timer_may_stop_itself),
        SIM_TEST(due_timer_may_be_stopped_by_another),
        SIM_TEST(due_timer_may_be_restarted_by_another),
        SIM_TEST(due_timer_may_be_closed_and_freed_by_another),
        SIM_TEST(timer_may_close_and_free_itself),
        SIM_TEST(unreferenced_timer_fires_but_keeps_nothing_going),
        SIM_TEST(timeout_tells_the_next_deadline),
        SIM_TEST(a_thousand_starts_cost_one_reading),
        SIM_TEST(starting_and_stopping_allocates_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
