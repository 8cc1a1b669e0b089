/* SPDX-License-Identifier: MIT */
/*
 * The real clock: what eddy_now says of it, and that no timer is early by it.
 */
#include "support/loop.h"

enum { REAL = 100 };

struct real {
    eddy_timer timer;
    uint64_t due_ns;
    int *fired;
};

static void on_real(eddy_timer *timer)
{
    struct real *real = (struct real *) (void *) timer;

    assert_true(eddy_hrtime() >= real->due_ns);
    ++*real->fired;
}

static void none_is_early_by_the_real_clock(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct real timers[REAL];
    uint64_t seed = 17;
    int real_fired = 0;

    for (int i = 0; i < REAL; i++) {
        uint64_t timeout_ns = test_random(&seed) % EDDY_MS(20);

        timers[i].fired = &real_fired;
        timers[i].due_ns = eddy_hrtime() + timeout_ns;
        assert_int_equal(eddy_timer_init(loop, &timers[i].timer), 0);
        assert_int_equal(
            eddy_timer_start(&timers[i].timer, on_real, timeout_ns, 0), 0);
    }
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(real_fired, REAL);
    assert_int_equal(test_stats(loop).timers_fired, REAL);
    for (int i = 0; i < REAL; i++)
        assert_int_equal(eddy_close(&timers[i].timer.handle, NULL), 0);
    test_loop_close(loop);
}

static void now_is_the_monotonic_clock(void **state)
{
    eddy_loop *loop = test_loop(state);
    uint64_t before = eddy_hrtime();
    uint64_t now;

    eddy_update_time(loop);
    now = eddy_now(loop);
    assert_true(before > 0);
    assert_true(now >= before);
    assert_true(now <= eddy_hrtime());
    eddy_update_time(loop);
    assert_true(eddy_now(loop) >= now);
    test_loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(none_is_early_by_the_real_clock),
        LOOP_TEST(now_is_the_monotonic_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
