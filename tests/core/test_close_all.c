/* SPDX-License-Identifier: MIT */
/*
 * eddy_loop_close_all where something is in its way: tasks that open handles
 * when they are handed back, a wait that fails, no memory for its timer.
 */
#include "core/request.h"
#include "support/sim.h"

static int closed;

static void on_closed(eddy_handle *handle)
{
    (void) handle;
    closed++;
}

static void on_request(eddy_req *req)
{
    (void) req;
}

static const struct eddy__req_class request_class = {.done = on_request};

/* A task that opens a timer, and lets time pass, when it is handed back; and
 * one that begins a request, too. */
struct opener {
    eddy_task task;
    eddy_timer timer;
    eddy_req req;
    struct sim *sim;
    uint64_t takes_ns;
    int calls;
};

static void open_timer(eddy_task *task, int status)
{
    struct opener *opener = (struct opener *) (void *) task;

    opener->calls++;
    assert_int_equal(status, EDDY_ECANCELED);
    assert_int_equal(eddy_timer_init(&opener->sim->loop, &opener->timer), 0);
    opener->sim->os.now_ns += opener->takes_ns;
}

static void post_opener(struct opener *opener, struct sim *sim,
                        uint64_t takes_ns)
{
    *opener = (struct opener){.sim = sim, .takes_ns = takes_ns};
    assert_int_equal(eddy_post(&sim->loop, &opener->task, open_timer), 0);
}

static void assert_gone(struct sim *sim)
{
    assert_int_equal(eddy_loop_close(&sim->loop), EDDY_EINVAL);
    assert_int_equal(sim->memory.live_blocks, 0);
    assert_int_equal(sim->backend.creates, sim->backend.destroys);
    sim->closed = true;
}

static void closes_what_a_task_opened_at_the_end(void **state)
{
    struct sim *sim = *state;
    struct opener opener;

    closed = 0;
    post_opener(&opener, sim, EDDY_MS(4));
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed), 0);
    assert_int_equal(opener.calls, 1);
    assert_int_equal(closed, 1);
    assert_true(eddy_is_closing(&opener.timer.handle));
    assert_gone(sim);
}

/* The time is for all of it, not for each round. */
static void gives_up_when_a_task_took_the_time(void **state)
{
    struct sim *sim = *state;
    struct opener opener;

    closed = 0;
    post_opener(&opener, sim, EDDY_MS(5));
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed),
                     EDDY_ETIMEDOUT);
    assert_int_equal(eddy_loop_check(&sim->loop), 0);
    assert_int_equal(closed, 0);
    assert_false(eddy_is_closing(&opener.timer.handle));
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed), 0);
    assert_int_equal(closed, 1);
    assert_gone(sim);
}

static void begin_request(eddy_task *task, int status)
{
    struct opener *opener = (struct opener *) (void *) task;

    open_timer(task, status);
    eddy__req_begin(&opener->sim->loop, &opener->req, &request_class);
}

static void waits_no_longer_in_a_second_round(void **state)
{
    struct sim *sim = *state;
    struct opener opener = {.sim = sim, .takes_ns = EDDY_MS(4)};

    assert_int_equal(eddy_post(&sim->loop, &opener.task, begin_request), 0);
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed),
                     EDDY_ETIMEDOUT);
    assert_int_equal(sim->os.now_ns, SIM_START + EDDY_MS(5));
    eddy__req_end(&opener.req, 0);
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed), 0);
    assert_gone(sim);
}

static void error_of_the_wait_ends_it(void **state)
{
    struct sim *sim = *state;
    eddy_timer timer;

    closed = 0;
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    sim->backend.wait_error = EDDY_EIO;
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed),
                     EDDY_EIO);
    assert_int_equal(eddy_loop_check(&sim->loop), 0);
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed), 0);
    assert_int_equal(closed, 1);
    assert_gone(sim);
}

static void no_memory_changes_nothing(void **state)
{
    struct sim *sim = *state;
    eddy_idle idle;

    closed = 0;
    assert_int_equal(eddy_idle_init(&sim->loop, &idle), 0);
    counting_allocator_fail(&sim->memory, 1);
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed),
                     EDDY_ENOMEM);
    assert_int_equal(eddy_loop_check(&sim->loop), 0);
    assert_false(eddy_is_closing(&idle.handle));
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed), 0);
    assert_int_equal(closed, 1);
    assert_gone(sim);
}

static void closed_loop_is_refused(void **state)
{
    struct sim *sim = *state;

    sim_close(sim);
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed),
                     EDDY_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(closes_what_a_task_opened_at_the_end),
        SIM_TEST(gives_up_when_a_task_took_the_time),
        SIM_TEST(waits_no_longer_in_a_second_round),
        SIM_TEST(error_of_the_wait_ends_it),
        SIM_TEST(no_memory_changes_nothing),
        SIM_TEST(closed_loop_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
