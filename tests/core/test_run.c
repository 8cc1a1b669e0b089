/* SPDX-License-Identifier: MIT */
/*
 * eddy_run: the order of an iteration, one test an edge, and what keeps it
 * going and what stops it.
 */
#include "core/request.h"
#include "support/ear.h"
#include "support/sim.h"

#include <string.h>

/* One of everything, each of which writes its letter when it is called. */
struct band {
    struct sim *sim;
    eddy_timer timer;
    eddy_req req;
    eddy_idle idle;
    eddy_prepare prepare;
    struct ear ear;
    eddy_task task;
    eddy_async async;
    eddy_check check;
    eddy_timer closing;
};

static char order[64];

static void note(char letter)
{
    size_t length = strlen(order);

    assert_true(length < sizeof(order) - 1);
    order[length] = letter;
    order[length + 1] = '\0';
}

static void on_timer(eddy_timer *timer)
{
    (void) timer;
    note('T');
}

static void on_request(eddy_req *req)
{
    (void) req;
    note('R');
}

static int cannot_cancel(eddy_req *req)
{
    (void) req;
    return EDDY_EBUSY;
}

static const struct eddy__req_class request_class = {.done = on_request,
                                                     .cancel = cannot_cancel};

static void on_idle(eddy_idle *idle)
{
    note('I');
    assert_int_equal(eddy_idle_stop(idle), 0);
}

static void on_prepare(eddy_prepare *prepare)
{
    note('P');
    assert_int_equal(eddy_prepare_stop(prepare), 0);
}

static void on_event(struct ear *ear)
{
    note('F');
    ear_stop(ear);
}

static void on_task(eddy_task *task, int status)
{
    (void) task;
    assert_int_equal(status, 0);
    note('Q');
}

static void on_async(eddy_async *async)
{
    (void) async;
    note('Q');
}

static void on_check(eddy_check *check)
{
    note('C');
    assert_int_equal(eddy_check_stop(check), 0);
}

static void on_closed(eddy_handle *handle)
{
    (void) handle;
    note('X');
}

/* The number need not be open: nobody asks the kernel. */
static void band_gather(struct band *band, struct sim *sim)
{
    eddy_loop *loop = &sim->loop;

    memset(band, 0, sizeof(*band));
    order[0] = '\0';
    band->sim = sim;
    assert_int_equal(eddy_timer_init(loop, &band->timer), 0);
    assert_int_equal(eddy_idle_init(loop, &band->idle), 0);
    assert_int_equal(eddy_prepare_init(loop, &band->prepare), 0);
    ear_open(loop, &band->ear, 0);
    band->ear.act = on_event;
    assert_int_equal(eddy_async_init(loop, &band->async, on_async), 0);
    assert_int_equal(eddy_check_init(loop, &band->check), 0);
    assert_int_equal(eddy_timer_init(loop, &band->closing), 0);
}

static void band_disperse(struct band *band)
{
    struct sim *sim = band->sim;

    assert_true(eddy_close(&band->timer.handle, NULL) >= 0);
    assert_true(eddy_close(&band->idle.handle, NULL) >= 0);
    assert_true(eddy_close(&band->prepare.handle, NULL) >= 0);
    ear_close(&band->ear);
    assert_true(eddy_close(&band->async.handle, NULL) >= 0);
    assert_true(eddy_close(&band->check.handle, NULL) >= 0);
    if (!eddy_is_closing(&band->closing.handle))
        assert_true(eddy_close(&band->closing.handle, NULL) >= 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    sim_close(sim);
}

/* All at once, set going against the order in which they must come. */
static void band_strike(struct band *band)
{
    assert_int_equal(eddy_close(&band->closing.handle, on_closed), 1);
    assert_int_equal(eddy_check_start(&band->check, on_check), 0);
    assert_int_equal(eddy_async_send(&band->async), 0);
    assert_int_equal(eddy_post(&band->sim->loop, &band->task, on_task), 0);
    ear_start(&band->ear, EDDY_READABLE);
    fake_backend_ready(&band->sim->backend, 0, EDDY_READABLE);
    assert_int_equal(eddy_prepare_start(&band->prepare, on_prepare), 0);
    assert_int_equal(eddy_idle_start(&band->idle, on_idle), 0);
    eddy__req_begin(&band->sim->loop, &band->req, &request_class);
    eddy__req_end(&band->req, 0);
    assert_int_equal(eddy_timer_start(&band->timer, on_timer, 0, 0), 0);
}

static void an_iteration_has_its_order(void **state)
{
    static const eddy_run_mode modes[] = {EDDY_RUN_NOWAIT, EDDY_RUN_ONCE};
    struct band band;

    band_gather(&band, *state);
    for (int i = 0; i < 2; i++) {
        order[0] = '\0';
        band_strike(&band);
        assert_true(sim_run(band.sim, modes[i]) > 0);
        assert_string_equal(order, "TRIPFQQCX");
        assert_int_equal(band.sim->backend.last_timeout_ns, 0);
        assert_int_equal(eddy_timer_init(&band.sim->loop, &band.closing), 0);
    }
    band_disperse(&band);
}

/* What became due during the poll: in ONCE after closing, in NOWAIT not. */
static void once_looks_at_timers_after_closing(void **state)
{
    struct band band;

    band_gather(&band, *state);
    band_strike(&band);
    assert_int_equal(eddy_timer_start(&band.timer, on_timer, EDDY_MS(1), 0), 0);
    band.sim->backend.elapse_ns = EDDY_MS(2);
    assert_true(sim_run(band.sim, EDDY_RUN_ONCE) > 0);
    assert_string_equal(order, "RIPFQQCXT");
    order[0] = '\0';
    assert_int_equal(eddy_timer_start(&band.timer, on_timer, EDDY_MS(1), 0), 0);
    band.sim->backend.elapse_ns = EDDY_MS(2);
    assert_true(sim_run(band.sim, EDDY_RUN_NOWAIT) > 0);
    assert_string_equal(order, "");
    assert_true(sim_run(band.sim, EDDY_RUN_NOWAIT) > 0);
    assert_string_equal(order, "T");
    band_disperse(&band);
}

static void bad_arguments_are_refused(void **state)
{
    struct sim *sim = *state;

    assert_int_equal(eddy_run(NULL, EDDY_RUN_DEFAULT), EDDY_EINVAL);
    assert_int_equal(eddy_run(&sim->loop, (eddy_run_mode) 3), EDDY_EINVAL);
    assert_int_equal(eddy_run(&sim->loop, (eddy_run_mode) -1), EDDY_EINVAL);
    sim_close(sim);
    assert_int_equal(eddy_run(&sim->loop, EDDY_RUN_DEFAULT), EDDY_EINVAL);
}

static void empty_loop_returns_at_once(void **state)
{
    struct sim *sim = *state;

    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_ONCE), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    assert_int_equal(sim->backend.sleeps, 0);
    sim_close(sim);
}

static void nowait_does_not_sleep(void **state)
{
    struct band band;

    band_gather(&band, *state);
    assert_int_equal(eddy_timer_start(&band.timer, on_timer, EDDY_MS(1), 0), 0);
    for (int i = 0; i < 5; i++) {
        assert_true(sim_run(band.sim, EDDY_RUN_NOWAIT) > 0);
        assert_int_equal(band.sim->backend.last_timeout_ns, 0);
    }
    assert_int_equal(band.sim->os.now_ns, SIM_START);
    assert_string_equal(order, "");
    band_disperse(&band);
}

static void once_sleeps_until_a_timer_and_fires_it(void **state)
{
    struct band band;

    band_gather(&band, *state);
    assert_int_equal(
        eddy_timer_start(&band.timer, on_timer, EDDY_MS(1), EDDY_MS(1)), 0);
    for (unsigned i = 1; i <= 3; i++) {
        assert_true(sim_run(band.sim, EDDY_RUN_ONCE) > 0);
        assert_int_equal(strlen(order), i);
        assert_int_equal(band.sim->os.now_ns, SIM_START + i * EDDY_MS(1));
    }
    band_disperse(&band);
}

static void unreferenced_timers_do_not_make_it_sleep(void **state)
{
    struct sim *sim = *state;
    eddy_timer timer;

    order[0] = '\0';
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    eddy_unref(&timer.handle);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(1), 0), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_ONCE), 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    assert_int_equal(sim->backend.sleeps, 0);
    assert_int_equal(sim->os.now_ns, SIM_START);
    assert_string_equal(order, "");
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    sim_close(sim);
}

/* An event that nobody wants any more, or of a registration that is gone. */
static void dropped_events_do_not_end_once(void **state)
{
    struct band band;
    uint64_t stale;

    band_gather(&band, *state);
    ear_start(&band.ear, EDDY_READABLE);
    assert_true(sim_run(band.sim, EDDY_RUN_NOWAIT) > 0);
    stale = band.sim->backend.table[0].token;
    ear_stop(&band.ear);
    fake_backend_ready(&band.sim->backend, 0, EDDY_READABLE);
    assert_int_equal(eddy_timer_start(&band.timer, on_timer, EDDY_MS(1), 0), 0);
    assert_true(sim_run(band.sim, EDDY_RUN_ONCE) > 0);
    assert_string_equal(order, "T");
    ear_close(&band.ear);
    ear_open(&band.sim->loop, &band.ear, 0);
    fake_backend_report(&band.sim->backend, stale, EDDY_READABLE, 0);
    assert_int_equal(eddy_timer_start(&band.timer, on_timer, EDDY_MS(1), 0), 0);
    assert_true(sim_run(band.sim, EDDY_RUN_ONCE) > 0);
    assert_string_equal(order, "TT");
    band_disperse(&band);
}

/* It has what it waits for: there is a callback, and nothing to sleep for. */
static void due_timer_ends_once(void **state)
{
    struct band band;

    band_gather(&band, *state);
    assert_int_equal(eddy_timer_start(&band.timer, on_timer, 0, 0), 0);
    assert_int_equal(eddy_timer_start(&band.closing, on_timer, EDDY_MS(9), 0),
                     0);
    assert_true(sim_run(band.sim, EDDY_RUN_ONCE) > 0);
    assert_string_equal(order, "T");
    assert_int_equal(band.sim->backend.sleeps, 0);
    band_disperse(&band);
}

static void start_timer_at_once(eddy_check *check)
{
    struct band *band = check->data;

    on_check(check);
    assert_int_equal(eddy_timer_start(&band->timer, on_timer, 0, 0), 0);
}

/* Although ONCE looks at timers once more after this. */
static void started_after_the_poll_it_waits(void **state)
{
    struct band band;

    band_gather(&band, *state);
    band.check.data = &band;
    assert_int_equal(eddy_check_start(&band.check, start_timer_at_once), 0);
    ear_start(&band.ear, EDDY_READABLE);
    fake_backend_ready(&band.sim->backend, 0, EDDY_READABLE);
    band.sim->backend.elapse_ns = EDDY_MS(2);
    assert_int_equal(eddy_timer_start(&band.closing, on_timer, EDDY_MS(9), 0),
                     0);
    assert_true(sim_run(band.sim, EDDY_RUN_ONCE) > 0);
    assert_string_equal(order, "FC");
    assert_true(sim_run(band.sim, EDDY_RUN_ONCE) > 0);
    assert_string_equal(order, "FCT");
    band_disperse(&band);
}

static void event_ends_once(void **state)
{
    struct band band;

    band_gather(&band, *state);
    ear_start(&band.ear, EDDY_READABLE);
    fake_backend_ready(&band.sim->backend, 0, EDDY_READABLE);
    assert_int_equal(eddy_timer_start(&band.timer, on_timer, EDDY_MS(1), 0), 0);
    assert_true(sim_run(band.sim, EDDY_RUN_ONCE) > 0);
    assert_string_equal(order, "F");
    assert_int_equal(band.sim->backend.sleeps, 0);
    band_disperse(&band);
}

static void set_up_anew(struct sim *sim, uint64_t spin_ns)
{
    eddy_loop_options options = sim_options(sim);

    assert_int_equal(eddy_loop_close(&sim->loop), 0);
    options.spin_ns = spin_ns;
    assert_int_equal(eddy_loop_init(&sim->loop, &options), 0);
}

/* Spinning uses up the time to sleep, it does not come on top. */
static void spinning_does_not_make_timers_late(void **state)
{
    static const uint64_t spins[] = {EDDY_MS(10), EDDY_MS(50), EDDY_MS(90)};
    struct sim *sim = *state;
    eddy_timer timer;

    for (size_t i = 0; i < sizeof(spins) / sizeof(spins[0]); i++) {
        uint64_t start;

        set_up_anew(sim, spins[i]);
        order[0] = '\0';
        sim->os.tick_ns = EDDY_US(10);
        assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
        assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(50), 0), 0);
        start = sim->os.now_ns;
        assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
        assert_string_equal(order, "T");
        assert_true(sim->os.now_ns - start >= EDDY_MS(50));
        assert_true(sim->os.now_ns - start < EDDY_MS(51));
        assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    }
    sim_close(sim);
}

static void start_timer_before_poll(eddy_prepare *prepare)
{
    struct band *band = prepare->data;

    on_prepare(prepare);
    assert_int_equal(eddy_timer_start(&band->timer, on_timer, 0, 0), 0);
}

static void pass_time_before_poll(eddy_prepare *prepare)
{
    struct band *band = prepare->data;

    on_prepare(prepare);
    band->sim->os.now_ns += EDDY_MS(2);
}

/* What is due when the loop comes to sleep is what ONCE waits for. */
static void due_before_the_poll_it_ends_once(void **state)
{
    struct band band;

    band_gather(&band, *state);
    band.prepare.data = &band;
    assert_int_equal(eddy_timer_start(&band.closing, on_timer, EDDY_MS(9), 0),
                     0);
    assert_int_equal(eddy_prepare_start(&band.prepare, start_timer_before_poll),
                     0);
    assert_true(sim_run(band.sim, EDDY_RUN_ONCE) > 0);
    assert_string_equal(order, "PT");
    assert_int_equal(eddy_timer_start(&band.timer, on_timer, EDDY_MS(1), 0), 0);
    assert_int_equal(eddy_prepare_start(&band.prepare, pass_time_before_poll),
                     0);
    assert_true(sim_run(band.sim, EDDY_RUN_ONCE) > 0);
    assert_string_equal(order, "PTPT");
    assert_int_equal(band.sim->backend.sleeps, 0);
    band_disperse(&band);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(an_iteration_has_its_order),
        SIM_TEST(once_looks_at_timers_after_closing),
        SIM_TEST(bad_arguments_are_refused),
        SIM_TEST(empty_loop_returns_at_once),
        SIM_TEST(nowait_does_not_sleep),
        SIM_TEST(once_sleeps_until_a_timer_and_fires_it),
        SIM_TEST(unreferenced_timers_do_not_make_it_sleep),
        SIM_TEST(dropped_events_do_not_end_once),
        SIM_TEST(event_ends_once),
        SIM_TEST(due_timer_ends_once),
        SIM_TEST(started_after_the_poll_it_waits),
        SIM_TEST(spinning_does_not_make_timers_late),
        SIM_TEST(due_before_the_poll_it_ends_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
