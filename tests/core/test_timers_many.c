/* SPDX-License-Identifier: MIT */
/*
 * A million timers. Nothing here says how fast, only that none is early, none
 * is lost and the order holds.
 */
#include "support/sim.h"

#include <stdlib.h>

enum { MILLION = 1000000 };

struct counted {
    eddy_timer timer;
    uint64_t due_ns;
    uint64_t number;
};

static uint64_t last_due_ns;
static uint64_t last_number;
static size_t fired;
static size_t wrong;

/* No assertion here: a million of them would be most of the test. */
static void on_counted(eddy_timer *timer)
{
    struct counted *counted = (struct counted *) (void *) timer;

    wrong += counted->due_ns > eddy_now(timer->loop);
    wrong += counted->due_ns < last_due_ns;
    wrong += counted->due_ns == last_due_ns && counted->number < last_number;
    last_due_ns = counted->due_ns;
    last_number = counted->number;
    fired++;
}

static void start_all(struct sim *sim, struct counted *timers, size_t count,
                      uint64_t *seed)
{
    last_due_ns = 0;
    fired = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t timeout_ns = EDDY_MS(test_random(seed) % 1000);

        timers[i].due_ns = sim->os.now_ns + timeout_ns;
        timers[i].number = i;
        assert_int_equal(
            eddy_timer_start(&timers[i].timer, on_counted, timeout_ns, 0), 0);
    }
}

/* Twice: slept for one by one, and all late at once. */
static void a_million_fire_in_order(void **state)
{
    struct sim *sim = *state;
    size_t count = test_scale(MILLION);
    struct counted *timers = calloc(count, sizeof(*timers));
    uint64_t seed = 11;
    size_t allocations;

    assert_non_null(timers);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(eddy_timer_init(&sim->loop, &timers[i].timer), 0);
    allocations = sim->memory.allocations;
    start_all(sim, timers, count, &seed);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(fired, count);
    start_all(sim, timers, count, &seed);
    sim_run(sim, EDDY_RUN_NOWAIT);
    sim->os.now_ns += EDDY_SEC(5);
    assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    assert_int_equal(fired, count);
    assert_int_equal(wrong, 0);
    assert_int_equal(sim->memory.allocations, allocations);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(eddy_close(&timers[i].timer.handle, NULL), 0);
    free(timers);
    sim_close(sim);
}

/* Started, restarted and stopped at random before the rest fires. */
static void many_restarts_leave_the_rest_in_order(void **state)
{
    struct sim *sim = *state;
    size_t count = test_scale(MILLION / 10);
    struct counted *timers = calloc(count, sizeof(*timers));
    uint64_t seed = 13;
    size_t active = 0;

    assert_non_null(timers);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(eddy_timer_init(&sim->loop, &timers[i].timer), 0);
    start_all(sim, timers, count, &seed);
    sim_run(sim, EDDY_RUN_NOWAIT);
    fired = 0;
    last_due_ns = 0;
    for (size_t i = 0; i < 2 * count; i++) {
        struct counted *timer = &timers[test_random(&seed) % count];
        uint64_t timeout_ns = EDDY_MS(1 + test_random(&seed) % 100000);

        timer->due_ns = sim->os.now_ns + timeout_ns;
        timer->number = count + i;
        if (i % 4 == 0)
            eddy_timer_stop(&timer->timer);
        else
            eddy_timer_start(&timer->timer, on_counted, timeout_ns, 0);
    }
    for (size_t i = 0; i < count; i++)
        active += eddy_is_active(&timers[i].timer.handle);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(fired, active);
    assert_int_equal(wrong, 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(eddy_close(&timers[i].timer.handle, NULL), 0);
    free(timers);
    sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(a_million_fire_in_order),
        SIM_TEST(many_restarts_leave_the_rest_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
