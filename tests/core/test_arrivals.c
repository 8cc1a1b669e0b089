/* SPDX-License-Identifier: MIT */
/*
 * When the wakeup is written and when it is drained, on a fake backend and
 * system: only for a loop that sleeps, once a sleep, whatever fails.
 */
#include "support/sim.h"

static int rung;
static eddy_async async;
static eddy_task task;

static void on_async(eddy_async *handle)
{
    (void) handle;
    rung++;
}

static void on_task(eddy_task *posted, int status)
{
    (void) posted;
    assert_int_equal(status, 0);
    rung++;
}

static struct sim *open(void **state)
{
    struct sim *sim = *state;

    rung = 0;
    task = (eddy_task){.data = NULL};
    assert_int_equal(eddy_async_init(&sim->loop, &async, on_async), 0);
    return sim;
}

static void finish(struct sim *sim)
{
    assert_int_equal(eddy_close(&async.handle, NULL), 1);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    sim_close(sim);
}

static unsigned writes(const struct sim *sim)
{
    return sim->os.calls[FAKE_WAKEUP_WRITE];
}

static void awake_loop_is_not_written_to(void **state)
{
    struct sim *sim = open(state);
    eddy_stats stats;

    assert_int_equal(eddy_async_send(&async), 0);
    assert_int_equal(eddy_post(&sim->loop, &task, on_task), 0);
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    assert_int_equal(rung, 2);
    assert_int_equal(writes(sim), 0);
    assert_int_equal(sim->backend.last_timeout_ns, 0);
    eddy_loop_stats(&sim->loop, &stats);
    assert_int_equal(stats.wakeups_written, 0);
    assert_int_equal(stats.wakeups_saved, 2);
    assert_int_equal(stats.asyncs_run, 1);
    assert_int_equal(stats.tasks_run, 1);
    finish(sim);
}

static void send_thrice(void *arg)
{
    (void) arg;
    assert_int_equal(eddy_async_send(&async), 0);
    assert_int_equal(eddy_async_send(&async), 0);
    assert_int_equal(eddy_post(async.loop, &task, on_task), 0);
}

static void sleeping_loop_is_written_to_once(void **state)
{
    struct sim *sim = open(state);
    eddy_stats stats;

    sim->backend.asleep = send_thrice;
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    assert_int_equal(rung, 2);
    assert_int_equal(writes(sim), 1);
    assert_int_equal(sim->os.wakeup_pending, 0);
    eddy_loop_stats(&sim->loop, &stats);
    assert_int_equal(stats.wakeups_written, 1);
    finish(sim);
}

static void polling_loop_is_not_written_to(void **state)
{
    struct sim *sim = open(state);

    sim->backend.asleep = send_thrice;
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    assert_int_equal(writes(sim), 0);
    assert_int_equal(rung, 2);
    finish(sim);
}

static void each_sleep_may_be_ended(void **state)
{
    struct sim *sim = open(state);

    for (unsigned i = 1; i <= 5; i++) {
        sim->backend.asleep = send_thrice;
        assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
        assert_int_equal(rung, 2 * i);
        assert_int_equal(writes(sim), i);
    }
    finish(sim);
}

static void interrupted_write_is_repeated(void **state)
{
    struct sim *sim = open(state);

    fake_os_fail(&sim->os, FAKE_WAKEUP_WRITE, 1, 2, EDDY_EINTR);
    sim->backend.asleep = send_thrice;
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    assert_int_equal(rung, 2);
    assert_int_equal(writes(sim), 3);
    finish(sim);
}

/* The write failed for good: what was sent is not lost, only late. */
static void failed_write_loses_nothing(void **state)
{
    struct sim *sim = open(state);

    fake_os_fail(&sim->os, FAKE_WAKEUP_WRITE, 1, 1000, EDDY_EIO);
    assert_int_equal(eddy_async_send(&async), 0);
    assert_int_equal(eddy_post(&sim->loop, &task, on_task), 0);
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    assert_int_equal(rung, 2);
    finish(sim);
}

static void interrupted_drain_is_made_up_for(void **state)
{
    struct sim *sim = open(state);

    fake_os_fail(&sim->os, FAKE_WAKEUP_DRAIN, 1, 2, EDDY_EINTR);
    sim->backend.asleep = send_thrice;
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    assert_int_equal(sim->os.wakeup_pending, 0);
    finish(sim);
}

/* The kernel had no room for it once; the loop must not stay deaf for that. An
 * error from the run is in order, as long as a later one hears. */
static void refused_wakeup_is_not_forgotten(void **state)
{
    struct sim *sim = open(state);
    int rc;

    sim->backend.table[sim->loop.wakeup.fd].update_error = EDDY_ENOMEM;
    rc = sim_run(sim, EDDY_RUN_NOWAIT);
    assert_true(rc > 0 || rc == EDDY_ENOMEM);
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    sim->backend.asleep = send_thrice;
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    assert_int_equal(rung, 2);
    finish(sim);
}

static bool timer_fired;

static void on_timer(eddy_timer *timer)
{
    (void) timer;
    timer_fired = true;
}

static void send_mute(void *arg)
{
    assert_int_equal(eddy_async_send(arg), 0);
}

/* With no callback a send only ends the sleep. */
static void async_without_callback_ends_the_sleep(void **state)
{
    struct sim *sim = open(state);
    eddy_async mute;
    eddy_timer timer;

    timer_fired = false;
    assert_int_equal(eddy_async_init(&sim->loop, &mute, NULL), 0);
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_SEC(9), 0), 0);
    sim->backend.asleep = send_mute;
    sim->backend.asleep_arg = &mute;
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    assert_false(timer_fired);
    assert_int_equal(eddy_close(&mute.handle, NULL), 1);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    finish(sim);
}

/* What is on the list is sent: it is the loop that is told, once. */
static void failed_write_is_the_loops_error(void **state)
{
    struct sim *sim = open(state);
    eddy_timer timer;

    timer_fired = false;
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    for (unsigned fails = 1; fails <= 2; fails++) {
        rung = 0;
        assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_SEC(9), 0), 0);
        fake_os_fail(&sim->os, FAKE_WAKEUP_WRITE, 1, fails, EDDY_EIO);
        sim->backend.asleep = send_thrice; /* which writes twice */
        assert_int_equal(sim_run(sim, EDDY_RUN_ONCE), EDDY_EIO);
        assert_int_equal(rung, 2);
        assert_int_equal(eddy_timer_stop(&timer), 0);
        assert_true(sim_run(sim, EDDY_RUN_NOWAIT) >= 0);
        assert_int_equal(rung, 2);
    }
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(awake_loop_is_not_written_to),
        SIM_TEST(sleeping_loop_is_written_to_once),
        SIM_TEST(polling_loop_is_not_written_to),
        SIM_TEST(each_sleep_may_be_ended),
        SIM_TEST(interrupted_write_is_repeated),
        SIM_TEST(failed_write_loses_nothing),
        SIM_TEST(interrupted_drain_is_made_up_for),
        SIM_TEST(refused_wakeup_is_not_forgotten),
        SIM_TEST(async_without_callback_ends_the_sleep),
        SIM_TEST(failed_write_is_the_loops_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
