/* SPDX-License-Identifier: MIT */
/*
 * What the core makes of a backend's answers, on a fake one: which updates it
 * asks for, how it treats errors, stale tokens and hangups, and when it writes
 * the wakeup.
 */
#include "support/ear.h"
#include "support/sim.h"

/* A number for descriptors that nobody opens, low enough to be believed. */
enum { FD = 0 };

/* A loop that iterates although nothing is active. */
static struct sim *open(void **state)
{
    struct sim *sim = *state;

    eddy_loop_ref(&sim->loop);
    return sim;
}

static void finish(struct sim *sim)
{
    eddy_loop_unref(&sim->loop);
    sim_close(sim);
}

static void failed_create_is_returned(void **state)
{
    struct sim *sim = *state;
    eddy_loop_options options = sim_options(sim);
    eddy_loop loop;
    size_t live = sim->memory.live_blocks;

    sim->backend.create_error = EDDY_EMFILE;
    assert_int_equal(eddy_loop_init(&loop, &options), EDDY_EMFILE);
    assert_int_equal(sim->memory.live_blocks, live);
    sim_close(sim);
}

static void own_backend_is_named(void **state)
{
    struct sim *sim = open(state);

    assert_string_equal(eddy_loop_backend(&sim->loop), "fake");
    finish(sim);
}

static void changes_are_told_once_as_their_sum(void **state)
{
    struct sim *sim = open(state);
    struct ear ear;
    unsigned updates;

    ear_open(&sim->loop, &ear, FD);
    sim_run(sim, EDDY_RUN_NOWAIT);
    updates = sim->backend.updates;
    ear_start(&ear, EDDY_WRITABLE);
    ear_start(&ear, EDDY_READABLE | EDDY_WRITABLE);
    ear_start(&ear, EDDY_READABLE);
    assert_int_equal(sim->backend.updates, updates);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(sim->backend.updates, updates + 1);
    assert_int_equal(sim->backend.last_known, 0);
    assert_int_equal(sim->backend.last_want & EDDY_ANY_EVENT, EDDY_READABLE);
    ear_start(&ear, EDDY_READABLE | EDDY_WRITABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(sim->backend.updates, updates + 2);
    assert_int_equal(sim->backend.last_known & EDDY_ANY_EVENT, EDDY_READABLE);
    ear_close(&ear);
    assert_int_equal(sim->backend.updates, updates + 3);
    assert_int_equal(sim->backend.last_want, 0);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(sim->backend.updates, updates + 3);
    finish(sim);
}

static void watchers_share_one_registration(void **state)
{
    struct sim *sim = open(state);
    struct ear reader;
    struct ear writer;

    ear_open(&sim->loop, &reader, FD);
    ear_open(&sim->loop, &writer, FD);
    ear_start(&reader, EDDY_READABLE);
    ear_start(&writer, EDDY_WRITABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(sim->backend.table[FD].mask & EDDY_ANY_EVENT,
                     EDDY_READABLE | EDDY_WRITABLE);
    fake_backend_ready(&sim->backend, FD, EDDY_WRITABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(reader.calls, 0);
    assert_int_equal(writer.calls, 1);
    fake_backend_ready(&sim->backend, FD, EDDY_ANY_EVENT);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(reader.events, EDDY_READABLE);
    assert_int_equal(writer.events, EDDY_WRITABLE);
    ear_close(&reader);
    ear_close(&writer);
    finish(sim);
}

static void refused_update_reaches_the_watchers_once(void **state)
{
    struct sim *sim = open(state);
    struct ear ears[2];

    for (int i = 0; i < 2; i++) {
        ear_open(&sim->loop, &ears[i], FD);
        ear_start(&ears[i], EDDY_READABLE);
    }
    sim->backend.table[FD].update_error = EDDY_ENOSPC;
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ears[i].calls, 1);
        assert_int_equal(ears[i].status, EDDY_ENOSPC);
    }
    ear_start(&ears[0], EDDY_READABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(sim->backend.last_known, 0);
    fake_backend_ready(&sim->backend, FD, EDDY_READABLE);
    sim_run(sim, EDDY_RUN_ONCE);
    assert_int_equal(ears[0].calls, 2);
    assert_int_equal(ears[0].status, 0);
    assert_int_equal(ears[1].calls, 1);
    ear_close(&ears[0]);
    ear_close(&ears[1]);
    finish(sim);
}

/* As a backend that buffers changes tells of one that failed. */
static void error_in_the_array_reaches_the_watchers(void **state)
{
    struct sim *sim = open(state);
    struct ear ear;

    ear_open(&sim->loop, &ear, FD);
    ear_start(&ear, EDDY_READABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    sim->backend.table[FD].mask = 0;
    fake_backend_report(&sim->backend, sim->backend.table[FD].token, 0,
                        EDDY_ENOMEM);
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    assert_int_equal(ear.calls, 1);
    assert_int_equal(ear.status, EDDY_ENOMEM);
    ear_start(&ear, EDDY_READABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(sim->backend.table[FD].mask & EDDY_ANY_EVENT,
                     EDDY_READABLE);
    ear_close(&ear);
    finish(sim);
}

static void events_it_cannot_watch_are_refused(void **state)
{
    struct sim *sim = open(state);
    struct ear ear;

    sim->backend.ops.events = EDDY_READABLE | EDDY_WRITABLE;
    ear_open(&sim->loop, &ear, FD);
    ear_start(&ear, EDDY_READABLE);
    assert_int_equal(eddy_io_start(&ear.io, EDDY_PRIORITY, ear_heard),
                     EDDY_ENOTSUP);
    assert_int_equal(
        eddy_io_start(&ear.io, EDDY_READABLE | EDDY_DISCONNECT, ear_heard),
        EDDY_ENOTSUP);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(sim->backend.table[FD].mask, EDDY_READABLE);
    ear_close(&ear);
    finish(sim);
}

static void old_token_is_dropped(void **state)
{
    struct sim *sim = open(state);
    struct ear old;
    struct ear fresh;
    uint64_t token;

    ear_open(&sim->loop, &old, FD);
    ear_start(&old, EDDY_READABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    token = sim->backend.table[FD].token;
    ear_close(&old);
    ear_open(&sim->loop, &fresh, FD);
    ear_start(&fresh, EDDY_READABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_not_equal(sim->backend.table[FD].token, token);
    fake_backend_report(&sim->backend, token, EDDY_ANY_EVENT, 0);
    sim_run(sim, EDDY_RUN_NOWAIT);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(old.calls, 0);
    assert_int_equal(fresh.calls, 0);
    fake_backend_ready(&sim->backend, FD, EDDY_READABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(fresh.calls, 1);
    fake_backend_report(&sim->backend, token, 0, EDDY_EBADF);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(fresh.calls, 1);
    ear_close(&fresh);
    finish(sim);
}

/* The token of a slot that the table does not even have. */
static void wild_token_is_dropped(void **state)
{
    struct sim *sim = open(state);
    struct ear ear;

    ear_open(&sim->loop, &ear, FD);
    ear_start(&ear, EDDY_READABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    fake_backend_report(&sim->backend, UINT64_C(0x7fffffff7fffffff),
                        EDDY_READABLE, 0);
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    assert_int_equal(ear.calls, 0);
    ear_close(&ear);
    finish(sim);
}

/* The old registration cannot be removed: all is built anew, once. */
static void backend_is_rebuilt_to_shake_off_a_stale_one(void **state)
{
    struct sim *sim = open(state);
    struct ear stale;
    struct ear well;
    uint64_t token;
    eddy_stats stats;

    ear_open(&sim->loop, &stale, FD);
    ear_open(&sim->loop, &well, FD + 1);
    ear_start(&stale, EDDY_READABLE);
    ear_start(&well, EDDY_READABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    token = sim->backend.table[FD].token;
    ear_close(&stale);
    sim->backend.table[FD].update_error = EDDY_EBADF;
    fake_backend_report(&sim->backend, token, EDDY_READABLE, 0);
    sim_run(sim, EDDY_RUN_NOWAIT);
    sim_run(sim, EDDY_RUN_NOWAIT);
    eddy_loop_stats(&sim->loop, &stats);
    assert_int_equal(stats.rebuilds, 1);
    assert_int_equal(sim->backend.creates, 2);
    assert_int_equal(sim->backend.destroys, 1);
    assert_int_equal(sim->backend.inherited, 0);
    assert_int_equal(sim->backend.table[FD].mask, 0);
    fake_backend_ready(&sim->backend, FD + 1, EDDY_READABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(well.calls, 1);
    ear_close(&well);
    finish(sim);
}

static void hangup_without_interest_is_removed(void **state)
{
    struct sim *sim = open(state);
    struct ear ear;

    ear_open(&sim->loop, &ear, FD);
    ear_start(&ear, EDDY_READABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    ear_stop(&ear);
    fake_backend_ready(&sim->backend, FD, EDDY_ANY_EVENT);
    sim_run(sim, EDDY_RUN_NOWAIT);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(ear.calls, 0);
    assert_int_equal(sim->backend.table[FD].mask, 0);
    ear_start(&ear, EDDY_READABLE);
    sim_run(sim, EDDY_RUN_NOWAIT);
    assert_int_equal(sim->backend.table[FD].mask & EDDY_ANY_EVENT,
                     EDDY_READABLE);
    ear_close(&ear);
    finish(sim);
}

static void more_than_fits_is_served_in_turn(void **state)
{
    struct sim *sim = open(state);
    struct ear ears[FAKE_EVENTS];
    int total = 0;

    for (int i = 0; i < FAKE_EVENTS; i++) {
        ear_open(&sim->loop, &ears[i], i);
        ear_start(&ears[i], EDDY_READABLE);
    }
    sim_run(sim, EDDY_RUN_NOWAIT);
    for (int i = 0; i < FAKE_EVENTS; i++)
        fake_backend_ready(&sim->backend, i, EDDY_READABLE);
    while (sim->backend.event_count > 0)
        sim_run(sim, EDDY_RUN_NOWAIT);
    for (int i = 0; i < FAKE_EVENTS; i++) {
        total += ears[i].calls;
        ear_close(&ears[i]);
    }
    assert_int_equal(total, FAKE_EVENTS);
    finish(sim);
}

/* As a kernel does with a registration that cannot be removed. */
struct ghost {
    struct sim *sim;
    uint64_t token;
    int reports;
};

static void report_ghost(void *arg)
{
    struct ghost *ghost = arg;
    struct fake_backend *backend = &ghost->sim->backend;

    fake_backend_report(backend, ghost->token, EDDY_READABLE, 0);
    backend->asleep = report_ghost;
    if (++ghost->reports == 100)
        eddy_stop(&ghost->sim->loop);
}

static void never_called(eddy_io *io, int status, unsigned events)
{
    (void) io;
    fail_msg("called with %d, %u", status, events);
}

static void never_due(eddy_timer *timer)
{
    (void) timer;
    fail();
}

/* It would be busy for as long as there is no descriptor, and nobody know. */
static void failed_rebuild_is_told_and_not_insisted_upon(void **state)
{
    struct sim *sim = *state;
    struct ghost ghost = {.sim = sim};
    eddy_timer timer;
    eddy_io io;

    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, never_due, EDDY_SEC(99), 0), 0);
    assert_int_equal(eddy_io_init(&sim->loop, &io, 0), 0);
    assert_int_equal(eddy_io_start(&io, EDDY_READABLE, never_called), 0);
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    ghost.token = sim->backend.table[0].token + (UINT64_C(1) << 32);
    sim->backend.asleep = report_ghost;
    sim->backend.asleep_arg = &ghost;
    sim->backend.create_error = EDDY_EMFILE;
    for (int run = 1; run <= 3; run++) {
        ghost.reports = 0;
        assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), EDDY_EMFILE);
        assert_in_range(ghost.reports, 1, 3);
    }
    sim->backend.create_error = 0;
    sim->backend.asleep = NULL;
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    assert_int_equal(sim->backend.creates, 2);
    assert_int_equal(eddy_close(&io.handle, NULL), 0);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(failed_create_is_returned),
        SIM_TEST(own_backend_is_named),
        SIM_TEST(changes_are_told_once_as_their_sum),
        SIM_TEST(watchers_share_one_registration),
        SIM_TEST(refused_update_reaches_the_watchers_once),
        SIM_TEST(error_in_the_array_reaches_the_watchers),
        SIM_TEST(events_it_cannot_watch_are_refused),
        SIM_TEST(old_token_is_dropped),
        SIM_TEST(wild_token_is_dropped),
        SIM_TEST(backend_is_rebuilt_to_shake_off_a_stale_one),
        SIM_TEST(hangup_without_interest_is_removed),
        SIM_TEST(more_than_fits_is_served_in_turn),
        SIM_TEST(failed_rebuild_is_told_and_not_insisted_upon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
