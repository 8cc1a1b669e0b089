/* SPDX-License-Identifier: MIT */
/*
 * The glance before a sleep: it finds what came, is taken only after messages,
 * and ever more seldom where it was in vain. (Spinning: test_run.c.)
 */
#include "core/lookout.h"
#include "support/sim.h"

enum { MOST_SKIPPED = 255 };

static eddy_async async;
static int rung;

static void on_async(eddy_async *handle)
{
    (void) handle;
    rung++;
}

/* Sleeps after messages that pass before the next glance. */
static unsigned sleeps_without(eddy_loop *loop)
{
    unsigned count = 0;

    for (;;) {
        eddy__lookout_expect(loop);
        assert_int_equal(eddy_async_send(&async), 0);
        if (eddy__lookout_glance(loop))
            break; /* it looked, and saw what was sent */
        count++;
        assert_true(count <= MOST_SKIPPED);
    }
    assert_true(eddy_run(loop, EDDY_RUN_NOWAIT) > 0);
    return count;
}

static void glance_in_vain(eddy_loop *loop, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        eddy__lookout_expect(loop);
        assert_false(eddy__lookout_glance(loop));
    }
}

static eddy_loop *open(void **state)
{
    struct sim *sim = *state;

    rung = 0;
    assert_int_equal(eddy_async_init(&sim->loop, &async, on_async), 0);
    return &sim->loop;
}

static void finish(void **state)
{
    struct sim *sim = *state;

    assert_int_equal(eddy_close(&async.handle, NULL), 1);
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    sim_close(sim);
}

static void looks_only_where_messages_came(void **state)
{
    eddy_loop *loop = open(state);

    assert_int_equal(eddy_async_send(&async), 0);
    assert_false(eddy__lookout_glance(loop));
    eddy__lookout_expect(loop);
    assert_true(eddy__lookout_glance(loop));
    assert_false(eddy__lookout_glance(loop));
    finish(state);
}

static void a_run_that_was_sent_to_expects_more(void **state)
{
    eddy_loop *loop = open(state);

    assert_int_equal(eddy_async_send(&async), 0);
    assert_true(eddy_run(loop, EDDY_RUN_NOWAIT) > 0);
    assert_int_equal(rung, 1);
    assert_int_equal(eddy_async_send(&async), 0);
    assert_true(eddy__lookout_glance(loop));
    finish(state);
}

static void a_stop_is_seen(void **state)
{
    eddy_loop *loop = open(state);

    eddy__lookout_expect(loop);
    eddy_stop(loop);
    assert_true(eddy__lookout_glance(loop));
    assert_true(eddy_run(loop, EDDY_RUN_DEFAULT) > 0);
    finish(state);
}

static void in_vain_is_more_seldom(void **state)
{
    eddy_loop *loop = open(state);

    glance_in_vain(loop, 1);
    assert_int_equal(sleeps_without(loop), 1);
    assert_int_equal(sleeps_without(loop), 0); /* it paid */
    glance_in_vain(loop, 1 + 2);
    assert_int_equal(sleeps_without(loop), 3);
    glance_in_vain(loop, 100000);
    assert_true(sleeps_without(loop) <= MOST_SKIPPED);
    assert_int_equal(sleeps_without(loop), 0);
    finish(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(looks_only_where_messages_came),
        SIM_TEST(a_run_that_was_sent_to_expects_more),
        SIM_TEST(a_stop_is_seen),
        SIM_TEST(in_vain_is_more_seldom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
