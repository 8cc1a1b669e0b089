/* SPDX-License-Identifier: MIT */
/*
 * The timing wheel against a naive model: random starts, restarts, stops and
 * closes, in callbacks and out of them, on a clock that steps by anything from
 * a nanosecond to centuries. What fires in each iteration, and in which order,
 * must be what a look through all timers says.
 */
#include "support/sim.h"

#include <stdlib.h>

enum { TIMERS = 48, ROUNDS = 4000, HORIZONS = 8 };

/* What the model knows of a timer. */
struct known {
    bool started; /* ever: `again` is in order */
    bool active;
    bool fresh;   /* due_ns is still a time-out */
    bool rearmed; /* by its repeat: its place among equals is open */
    uint64_t due_ns;
    uint64_t repeat_ns;
    uint64_t order;
    bool expected; /* to fire in this iteration */
};

struct model {
    struct sim *sim;
    eddy_timer timers[TIMERS];
    struct known known[TIMERS];
    uint64_t seed;
    uint64_t order;
    unsigned horizon; /* bits of the longest time-out */
    int fired;
    struct known last; /* that fired in this iteration */
    bool has_last;
};

static struct model *model;

static void on_timer(eddy_timer *timer);

static uint64_t add(uint64_t a, uint64_t b)
{
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

static uint64_t below(uint64_t bound)
{
    return test_random(&model->seed) % bound;
}

/* Any magnitude up to the horizon is as likely as any other. */
static uint64_t random_ns(void)
{
    uint64_t bits = below(model->horizon + 1);

    return bits == 0 ? 0 : test_random(&model->seed) >> (64 - bits);
}

static void note_start(struct known *known, uint64_t due_ns, uint64_t repeat_ns,
                       bool fresh)
{
    known->started = true;
    known->active = true;
    known->fresh = fresh;
    known->rearmed = false;
    known->expected = false;
    known->due_ns = due_ns;
    known->repeat_ns = repeat_ns;
    known->order = ++model->order;
}

static void note_stop(struct known *known)
{
    known->active = false;
    known->fresh = false;
    known->expected = false;
}

static void start(int i)
{
    uint64_t timeout_ns = random_ns();
    uint64_t repeat_ns = below(3) == 0 ? random_ns() : 0;

    note_start(&model->known[i], timeout_ns, repeat_ns, true);
    assert_int_equal(
        eddy_timer_start(&model->timers[i], on_timer, timeout_ns, repeat_ns),
        0);
}

/* Before now as well as after it. */
static void start_at(int i)
{
    uint64_t now_ns = model->sim->os.now_ns;
    uint64_t distance_ns = random_ns();
    uint64_t due_ns = below(4) == 0 && distance_ns < now_ns
                          ? now_ns - distance_ns
                          : add(now_ns, distance_ns);

    note_start(&model->known[i], due_ns, 0, false);
    assert_int_equal(
        eddy_timer_start_at(&model->timers[i], on_timer, due_ns, 0), 0);
}

static void stop(int i)
{
    note_stop(&model->known[i]);
    assert_int_equal(eddy_timer_stop(&model->timers[i]), 0);
}

static void again(int i)
{
    struct known *known = &model->known[i];
    int rc = eddy_timer_again(&model->timers[i]);

    assert_int_equal(rc, known->started ? 0 : EDDY_EINVAL);
    if (!known->started)
        return;
    if (known->repeat_ns > 0)
        note_start(known, known->repeat_ns, known->repeat_ns, true);
    else
        note_stop(known);
}

static void make_anew(int i)
{
    model->known[i] = (struct known){.active = false};
    assert_int_equal(eddy_close(&model->timers[i].handle, NULL), 0);
    test_poison(&model->timers[i], sizeof(model->timers[i]));
    assert_int_equal(eddy_timer_init(&model->sim->loop, &model->timers[i]), 0);
}

static void do_something(void)
{
    int i = (int) below(TIMERS);

    switch (below(8)) {
    case 0:
    case 1:
    case 2:
        start(i);
        break;
    case 3:
        start_at(i);
        break;
    case 4:
        stop(i);
        break;
    case 5:
        again(i);
        break;
    case 6:
        if (below(4) == 0)
            make_anew(i);
        break;
    default:
        break;
    }
}

static void assert_after(const struct known *a, const struct known *b)
{
    assert_true(a->due_ns <= b->due_ns);
    if (a->due_ns == b->due_ns && !a->rearmed && !b->rearmed)
        assert_true(a->order < b->order);
}

/* The first point of the grid after now. */
static void note_repeat(struct known *known)
{
    uint64_t late_ns = model->sim->os.now_ns - known->due_ns;
    uint64_t periods = late_ns / known->repeat_ns + 1;
    uint64_t most = (UINT64_MAX - known->due_ns) / known->repeat_ns;

    known->rearmed = true;
    known->due_ns = periods > most ? UINT64_MAX
                                   : known->due_ns + periods * known->repeat_ns;
}

static void on_timer(eddy_timer *timer)
{
    struct known *known = &model->known[timer - model->timers];

    assert_true(known->active);
    assert_true(known->expected);
    assert_true(known->due_ns <= model->sim->os.now_ns);
    if (model->has_last)
        assert_after(&model->last, known);
    model->last = *known;
    model->has_last = true;
    model->fired++;
    known->expected = false;
    if (known->repeat_ns == 0)
        known->active = false;
    else
        note_repeat(known);
    assert_true(eddy_is_active(&timer->handle) == known->active);
    for (uint64_t n = below(3); n > 0; n--)
        do_something();
}

/* What was started since gets its deadline from this reading. */
static void settle(void)
{
    for (int i = 0; i < TIMERS; i++) {
        struct known *known = &model->known[i];

        if (known->active && known->fresh)
            known->due_ns = add(model->sim->os.now_ns, known->due_ns);
        known->fresh = false;
    }
}

static void expect(void)
{
    for (int i = 0; i < TIMERS; i++) {
        struct known *known = &model->known[i];

        known->expected = known->active &&
                          known->due_ns <= model->sim->os.now_ns &&
                          known->due_ns != UINT64_MAX;
    }
    model->has_last = false;
}

static void assert_same(void)
{
    for (int i = 0; i < TIMERS; i++) {
        const struct known *known = &model->known[i];
        const eddy_timer *timer = &model->timers[i];
        uint64_t now_ns = model->sim->os.now_ns;
        uint64_t due_in_ns = known->active && known->due_ns > now_ns
                                 ? known->due_ns - now_ns
                                 : 0;

        assert_false(known->expected);
        assert_true(eddy_is_active(&timer->handle) == known->active);
        if (known->due_ns != UINT64_MAX)
            assert_int_equal(eddy_timer_due_in(timer), due_in_ns);
    }
}

/* The nearest deadline is also where the loop says that it is. */
static void assert_timeout(void)
{
    uint64_t nearest = UINT64_MAX;
    uint64_t now_ns = model->sim->os.now_ns;
    int64_t timeout_ns = eddy_loop_timeout(&model->sim->loop);

    for (int i = 0; i < TIMERS; i++) {
        if (model->known[i].active && model->known[i].due_ns < nearest)
            nearest = model->known[i].due_ns;
    }
    if (nearest == UINT64_MAX)
        return;
    if (nearest <= now_ns)
        assert_int_equal(timeout_ns, 0);
    else if (nearest - now_ns <= INT64_MAX)
        assert_int_equal(timeout_ns, nearest - now_ns);
}

static void iterate(void)
{
    settle();
    expect();
    assert_true(sim_run(model->sim, EDDY_RUN_NOWAIT) >= 0);
    settle();
    assert_same();
    assert_timeout();
}

static void step_clock(void)
{
    uint64_t step_ns = random_ns() >> below(8);
    uint64_t now_ns = model->sim->os.now_ns;

    model->sim->os.now_ns = add(now_ns, step_ns) > (UINT64_C(1) << 63)
                                ? now_ns + 1
                                : now_ns + step_ns;
}

static void play(struct sim *sim, unsigned horizon, uint64_t seed)
{
    size_t rounds = test_scale(ROUNDS);

    model->sim = sim;
    model->seed = seed;
    model->horizon = horizon;
    for (int i = 0; i < TIMERS; i++) {
        model->known[i] = (struct known){.active = false};
        assert_int_equal(eddy_timer_init(&sim->loop, &model->timers[i]), 0);
    }
    for (size_t round = 0; round < rounds; round++) {
        for (uint64_t n = below(6); n > 0; n--)
            do_something();
        step_clock();
        iterate();
    }
    for (int i = 0; i < TIMERS; i++)
        assert_int_equal(eddy_close(&model->timers[i].handle, NULL), 0);
}

static void fires_what_a_naive_model_says(void **state)
{
    static const unsigned horizons[HORIZONS] = {2, 6, 13, 20, 27, 36, 50, 63};
    struct sim *sim = *state;

    model = calloc(1, sizeof(*model));
    assert_non_null(model);
    for (unsigned i = 0; i < HORIZONS; i++) {
        model->fired = 0;
        play(sim, horizons[i], 1000 + i);
        assert_true(model->fired > 20);
    }
    free(model);
    sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(fires_what_a_naive_model_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
