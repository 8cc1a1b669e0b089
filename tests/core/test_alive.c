/* SPDX-License-Identifier: MIT */
/*
 * What keeps eddy_run going, kind by kind, and what ends it: eddy_stop, errors
 * of the wait; and running a loop inside itself.
 */
#include "core/request.h"
#include "support/ear.h"
#include "support/sim.h"

static int calls;

static void on_timer(eddy_timer *timer)
{
    (void) timer;
    calls++;
}

static void on_task(eddy_task *task, int status)
{
    (void) task;
    (void) status;
    calls++;
}

static void on_idle(eddy_idle *idle)
{
    (void) idle;
    calls++;
}

static void on_request(eddy_req *req)
{
    (void) req;
    calls++;
}

static const struct eddy__req_class request_class = {.done = on_request};

static void assert_alive(struct sim *sim, bool alive)
{
    assert_true(eddy_loop_alive(&sim->loop) == alive);
    assert_int_equal(eddy_loop_check(&sim->loop), 0);
}

static void active_handles_keep_it_alive(void **state)
{
    struct sim *sim = *state;
    eddy_idle idle;
    struct ear ear;

    assert_int_equal(eddy_idle_init(&sim->loop, &idle), 0);
    ear_open(&sim->loop, &ear, 0);
    assert_alive(sim, false);
    assert_int_equal(eddy_idle_start(&idle, on_idle), 0);
    assert_alive(sim, true);
    assert_int_equal(eddy_idle_stop(&idle), 0);
    assert_alive(sim, false);
    ear_start(&ear, EDDY_READABLE);
    assert_alive(sim, true);
    ear_stop(&ear);
    assert_alive(sim, false);
    ear_start(&ear, EDDY_READABLE);
    ear_close(&ear);
    assert_alive(sim, false);
    assert_int_equal(eddy_close(&idle.handle, NULL), 0);
    sim_close(sim);
}

static void requests_keep_it_alive_until_called_back(void **state)
{
    struct sim *sim = *state;
    eddy_req req = {.data = NULL};

    calls = 0;
    eddy__req_begin(&sim->loop, &req, &request_class);
    assert_alive(sim, true);
    assert_int_equal(eddy_loop_close(&sim->loop), EDDY_EBUSY);
    eddy__req_end(&req, 0);
    assert_alive(sim, true);
    assert_int_equal(eddy_loop_timeout(&sim->loop), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(calls, 1);
    assert_alive(sim, false);
    eddy__req_begin(&sim->loop, &req, &request_class);
    eddy__req_abandon(&req);
    assert_alive(sim, false);
    sim_close(sim);
}

static void on_closed(eddy_handle *handle)
{
    (void) handle;
    calls++;
}

static void closing_handles_keep_it_alive(void **state)
{
    struct sim *sim = *state;
    eddy_timer timer;

    calls = 0;
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    eddy_unref(&timer.handle);
    assert_int_equal(eddy_close(&timer.handle, on_closed), 1);
    assert_alive(sim, true);
    assert_int_equal(eddy_loop_timeout(&sim->loop), 0);
    assert_int_equal(eddy_loop_close(&sim->loop), EDDY_EBUSY);
    assert_int_equal(sim_run(sim, EDDY_RUN_ONCE), 0);
    assert_int_equal(calls, 1);
    sim_close(sim);
}

static void queued_tasks_keep_it_alive(void **state)
{
    struct sim *sim = *state;
    eddy_task task = {.data = NULL};

    calls = 0;
    assert_int_equal(eddy_post(&sim->loop, &task, on_task), 0);
    assert_alive(sim, true);
    assert_int_equal(eddy_loop_timeout(&sim->loop), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(calls, 1);
    assert_alive(sim, false);
    sim_close(sim);
}

/* Those started outside a run count from when it is asked: the nearest of them
 * and of those that are queued. */
static void timeout_is_the_nearest_deadline(void **state)
{
    struct sim *sim = *state;
    eddy_timer timers[3];

    assert_int_equal(eddy_loop_timeout(&sim->loop), -1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(eddy_timer_init(&sim->loop, &timers[i]), 0);
    assert_int_equal(eddy_timer_start_at(&timers[0], on_timer, EDDY_NEVER, 0),
                     0);
    assert_int_equal(eddy_loop_timeout(&sim->loop), -1);
    assert_int_equal(eddy_timer_start(&timers[1], on_timer, EDDY_MS(9), 0), 0);
    assert_int_equal(eddy_loop_timeout(&sim->loop), EDDY_MS(9));
    assert_int_equal(eddy_timer_start(&timers[2], on_timer, EDDY_MS(5), 0), 0);
    assert_int_equal(eddy_loop_timeout(&sim->loop), EDDY_MS(5));
    assert_int_equal(
        eddy_timer_start_at(&timers[0], on_timer, SIM_START + EDDY_MS(3), 0),
        0);
    assert_int_equal(eddy_loop_timeout(&sim->loop), EDDY_MS(3));
    sim->os.now_ns += EDDY_MS(4);
    assert_int_equal(eddy_loop_timeout(&sim->loop), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(eddy_close(&timers[i].handle, NULL), 0);
    sim_close(sim);
}

static void drop_reference(eddy_timer *timer)
{
    calls++;
    eddy_loop_unref(timer->loop);
}

static void references_keep_it_alive_and_count(void **state)
{
    struct sim *sim = *state;
    eddy_timer timer;

    calls = 0;
    eddy_loop_ref(&sim->loop);
    eddy_loop_ref(&sim->loop);
    assert_alive(sim, true);
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    eddy_unref(&timer.handle);
    assert_int_equal(eddy_timer_start(&timer, drop_reference, 10, 10), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(calls, 2);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    sim_close(sim);
}

static void stop_before_a_run_is_kept_for_it(void **state)
{
    struct sim *sim = *state;
    eddy_timer timer;

    calls = 0;
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(1), 0), 0);
    eddy_stop(&sim->loop);
    eddy_stop(&sim->loop);
    assert_true(sim_run(sim, EDDY_RUN_DEFAULT) > 0);
    assert_int_equal(sim->backend.sleeps, 0);
    assert_int_equal(calls, 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(calls, 1);
    eddy_stop(NULL);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    sim_close(sim);
}

static void stop_itself(eddy_timer *timer)
{
    calls++;
    eddy_stop(timer->loop);
}

/* The iteration goes on to its end, without sleeping. */
static void stop_in_a_callback_ends_the_iteration(void **state)
{
    struct sim *sim = *state;
    eddy_timer timer;
    eddy_timer closing;
    eddy_task task = {.data = NULL};

    calls = 0;
    eddy_loop_ref(&sim->loop);
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    assert_int_equal(eddy_timer_init(&sim->loop, &closing), 0);
    assert_int_equal(eddy_timer_start(&timer, stop_itself, 0, 0), 0);
    assert_int_equal(eddy_close(&closing.handle, on_closed), 1);
    assert_int_equal(eddy_post(&sim->loop, &task, on_task), 0);
    assert_true(sim_run(sim, EDDY_RUN_DEFAULT) > 0);
    assert_int_equal(calls, 3);
    assert_int_equal(sim->backend.sleeps, 0);
    eddy_loop_unref(&sim->loop);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    sim_close(sim);
}

static void stop_while_asleep(void *loop)
{
    eddy_stop(loop);
}

static void stop_during_the_sleep_ends_it(void **state)
{
    struct sim *sim = *state;

    eddy_loop_ref(&sim->loop);
    sim->backend.asleep = stop_while_asleep;
    sim->backend.asleep_arg = &sim->loop;
    assert_true(sim_run(sim, EDDY_RUN_DEFAULT) > 0);
    eddy_loop_unref(&sim->loop);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    sim_close(sim);
}

static void references_do_not_go_below_none(void **state)
{
    struct sim *sim = *state;

    eddy_loop_unref(&sim->loop);
    assert_alive(sim, false);
    eddy_loop_ref(&sim->loop);
    assert_alive(sim, true);
    eddy_loop_unref(&sim->loop);
    assert_alive(sim, false);
    sim_close(sim);
}

static eddy_loop *other;
static int nested_rc[4];

static void run_inside(eddy_timer *timer)
{
    calls++;
    nested_rc[0] = eddy_run(timer->loop, EDDY_RUN_NOWAIT);
    nested_rc[1] = eddy_loop_close(timer->loop);
    nested_rc[2] = eddy_loop_fork(timer->loop);
    nested_rc[3] = eddy_run(other, EDDY_RUN_NOWAIT);
}

static void run_inside_itself_is_refused(void **state)
{
    struct sim *sim = *state;
    eddy_timer timer;
    eddy_loop second;

    calls = 0;
    assert_int_equal(eddy_loop_init(&second, NULL), 0);
    other = &second;
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, run_inside, 0, 0), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(nested_rc[0], EDDY_EBUSY);
    assert_int_equal(nested_rc[1], EDDY_EBUSY);
    assert_int_equal(nested_rc[2], EDDY_EBUSY);
    assert_int_equal(nested_rc[3], 0);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    assert_int_equal(eddy_loop_close(&second), 0);
    sim_close(sim);
}

static void error_of_the_wait_is_returned(void **state)
{
    struct sim *sim = *state;
    eddy_timer timer;

    calls = 0;
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(1), 0), 0);
    sim->backend.wait_error = EDDY_EIO;
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), EDDY_EIO);
    assert_int_equal(calls, 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    sim_close(sim);
}

/* Interrupted after 4 of 10 ms, it sleeps for the rest, and no longer. */
static void interrupted_wait_goes_on(void **state)
{
    struct sim *sim = *state;
    eddy_timer timer;

    calls = 0;
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(10), 0), 0);
    sim->backend.wait_error = EDDY_EINTR;
    sim->backend.elapse_ns = EDDY_MS(4);
    assert_int_equal(sim_run(sim, EDDY_RUN_ONCE), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(sim->backend.last_timeout_ns, EDDY_MS(6));
    assert_int_equal(sim->os.now_ns, SIM_START + EDDY_MS(10));
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(active_handles_keep_it_alive),
        SIM_TEST(requests_keep_it_alive_until_called_back),
        SIM_TEST(closing_handles_keep_it_alive),
        SIM_TEST(queued_tasks_keep_it_alive),
        SIM_TEST(references_keep_it_alive_and_count),
        SIM_TEST(timeout_is_the_nearest_deadline),
        SIM_TEST(stop_before_a_run_is_kept_for_it),
        SIM_TEST(stop_in_a_callback_ends_the_iteration),
        SIM_TEST(stop_during_the_sleep_ends_it),
        SIM_TEST(references_do_not_go_below_none),
        SIM_TEST(run_inside_itself_is_refused),
        SIM_TEST(error_of_the_wait_is_returned),
        SIM_TEST(interrupted_wait_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
