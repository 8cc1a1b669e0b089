/* SPDX-License-Identifier: MIT */
/*
 * Walking a loop's handles, while callbacks close and make them. Timers stand
 * on the heap and are freed where they are closed.
 */
#include "support/loop.h"
#include "support/sim.h"

#include <stdlib.h>

enum { TIMERS = 6 };

struct herd {
    eddy_loop *loop;
    eddy_timer *timers[TIMERS];
    int order[TIMERS * 2]; /* of the handles that the walk met */
    int met;
    int reach; /* which the callback closes, relative to the one it met */
};

static void herd_open(struct herd *herd, eddy_loop *loop)
{
    *herd = (struct herd){.loop = loop};
    for (int i = 0; i < TIMERS; i++) {
        herd->timers[i] = malloc(sizeof(eddy_timer));
        assert_non_null(herd->timers[i]);
        assert_int_equal(eddy_timer_init(loop, herd->timers[i]), 0);
    }
}

static void herd_drop(struct herd *herd, int i)
{
    if (i < 0 || i >= TIMERS || herd->timers[i] == NULL)
        return;
    assert_int_equal(eddy_close(&herd->timers[i]->handle, NULL), 0);
    test_poison(herd->timers[i], sizeof(eddy_timer));
    free(herd->timers[i]);
    herd->timers[i] = NULL;
}

static void herd_close(struct herd *herd)
{
    for (int i = 0; i < TIMERS; i++)
        herd_drop(herd, i);
    test_loop_close(herd->loop);
}

static int number_of(const struct herd *herd, const eddy_handle *handle)
{
    for (int i = 0; i < TIMERS; i++) {
        if (herd->timers[i] != NULL && &herd->timers[i]->handle == handle)
            return i;
    }
    return -1;
}

static void note(eddy_handle *handle, void *arg)
{
    struct herd *herd = arg;

    assert_true(herd->met < TIMERS * 2);
    herd->order[herd->met++] = number_of(herd, handle);
}

static void close_at_reach(eddy_handle *handle, void *arg)
{
    struct herd *herd = arg;
    int i = number_of(herd, handle);

    note(handle, arg);
    herd_drop(herd, i + herd->reach);
}

static void assert_order(const struct herd *herd, const int *order, int count)
{
    assert_int_equal(herd->met, count);
    assert_memory_equal(herd->order, order, (size_t) count * sizeof(int));
}

static void handles_come_in_order_of_making(void **state)
{
    struct herd herd;

    herd_open(&herd, test_loop(state));
    eddy_walk(herd.loop, note, &herd);
    assert_order(&herd, (const int[]){0, 1, 2, 3, 4, 5}, 6);
    herd_close(&herd);
}

static void closing_handles_are_left_out(void **state)
{
    struct herd herd;
    eddy_async closing;

    herd_open(&herd, test_loop(state));
    assert_int_equal(eddy_async_init(herd.loop, &closing, NULL), 0);
    assert_int_equal(eddy_close(&closing.handle, NULL), 1);
    herd_drop(&herd, 2);
    eddy_walk(herd.loop, note, &herd);
    assert_order(&herd, (const int[]){0, 1, 3, 4, 5}, 5);
    test_turn(herd.loop);
    herd_close(&herd);
}

static void callback_may_close_its_own_handle(void **state)
{
    struct herd herd;

    herd_open(&herd, test_loop(state));
    eddy_walk(herd.loop, close_at_reach, &herd);
    assert_order(&herd, (const int[]){0, 1, 2, 3, 4, 5}, 6);
    herd_close(&herd);
}

static void callback_may_close_the_next_handle(void **state)
{
    struct herd herd;

    herd_open(&herd, test_loop(state));
    herd.reach = 1;
    eddy_walk(herd.loop, close_at_reach, &herd);
    assert_order(&herd, (const int[]){0, 2, 4}, 3);
    herd_close(&herd);
}

static void callback_may_close_the_one_before(void **state)
{
    struct herd herd;

    herd_open(&herd, test_loop(state));
    herd.reach = -1;
    eddy_walk(herd.loop, close_at_reach, &herd);
    assert_order(&herd, (const int[]){0, 1, 2, 3, 4, 5}, 6);
    herd_close(&herd);
}

static void close_all_others(eddy_handle *handle, void *arg)
{
    struct herd *herd = arg;
    int self = number_of(herd, handle);

    note(handle, arg);
    for (int i = 0; i < TIMERS; i++) {
        if (i != self)
            herd_drop(herd, i);
    }
}

static void callback_may_close_all_others(void **state)
{
    struct herd herd;

    herd_open(&herd, test_loop(state));
    eddy_walk(herd.loop, close_all_others, &herd);
    assert_order(&herd, (const int[]){0}, 1);
    herd_close(&herd);
}

/* Whether the walk meets the new ones is open; that it ends is not. */
static void replace(eddy_handle *handle, void *arg)
{
    struct herd *herd = arg;
    int i = number_of(herd, handle);

    if (herd->met++ >= TIMERS || i < 0)
        return;
    herd_drop(herd, i);
    herd->timers[i] = malloc(sizeof(eddy_timer));
    assert_non_null(herd->timers[i]);
    assert_int_equal(eddy_timer_init(herd->loop, herd->timers[i]), 0);
}

static void callback_may_make_handles(void **state)
{
    struct herd herd;

    herd_open(&herd, test_loop(state));
    eddy_walk(herd.loop, replace, &herd);
    assert_true(herd.met >= TIMERS && herd.met <= TIMERS * 2);
    test_check(herd.loop);
    herd_close(&herd);
}

/* A walk within a walk, which closes what the outer one would meet next. */
static void walk_inside(eddy_handle *handle, void *arg)
{
    struct herd *herd = arg;
    struct herd inner = {.met = 0};

    note(handle, arg);
    if (herd->met > 1)
        return;
    eddy_walk(herd->loop, note, &inner);
    assert_int_equal(inner.met, TIMERS);
    herd_drop(herd, 1);
    herd_drop(herd, 2);
}

static void walks_nest(void **state)
{
    struct herd herd;

    herd_open(&herd, test_loop(state));
    eddy_walk(herd.loop, walk_inside, &herd);
    assert_order(&herd, (const int[]){0, 3, 4, 5}, 4);
    herd_close(&herd);
}

static void look_inside(eddy_handle *handle, void *arg)
{
    struct herd *herd = arg;
    eddy_stats stats = test_stats(herd->loop);

    note(handle, arg);
    assert_int_equal(eddy_loop_check(herd->loop), 0);
    assert_int_equal(stats.handles, TIMERS);
    assert_int_equal(stats.active_handles, 0);
}

/* What holds the walk's place is no handle of the loop's. */
static void callback_sees_the_loop_whole(void **state)
{
    struct herd herd;

    herd_open(&herd, test_loop(state));
    eddy_walk(herd.loop, look_inside, &herd);
    assert_int_equal(herd.met, TIMERS);
    herd_close(&herd);
}

static int closed_inside;

static void close_loop_inside(eddy_handle *handle, void *arg)
{
    closed_inside++;
    assert_int_equal(eddy_loop_close(arg), EDDY_EBUSY);
    assert_int_equal(eddy_close(handle, NULL), 0);
    assert_int_equal(eddy_loop_close(arg), EDDY_EBUSY);
}

static void close_all_inside(eddy_handle *handle, void *arg)
{
    (void) handle;
    closed_inside++;
    assert_int_equal(eddy_loop_close_all(arg, EDDY_SEC(5), NULL), EDDY_EBUSY);
}

/* The walk is still under way: the loop stays open, with nothing in it, and
 * nobody waits for the time to be up. */
static void callback_may_try_to_close_the_loop(void **state)
{
    struct sim *sim = *state;
    eddy_timer timers[2];

    for (int all = 0; all < 2; all++) {
        closed_inside = 0;
        for (int i = 0; i < 2; i++)
            assert_int_equal(eddy_timer_init(&sim->loop, &timers[i]), 0);
        eddy_walk(&sim->loop, all ? close_all_inside : close_loop_inside,
                  &sim->loop);
        assert_int_equal(closed_inside, all ? 1 : 2);
        assert_int_equal(sim->os.now_ns, SIM_START);
        assert_int_equal(eddy_loop_check(&sim->loop), 0);
        assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    }
    sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(handles_come_in_order_of_making),
        LOOP_TEST(closing_handles_are_left_out),
        LOOP_TEST(callback_may_close_its_own_handle),
        LOOP_TEST(callback_may_close_the_next_handle),
        LOOP_TEST(callback_may_close_the_one_before),
        LOOP_TEST(callback_may_close_all_others),
        LOOP_TEST(callback_may_make_handles),
        LOOP_TEST(walks_nest),
        LOOP_TEST(callback_sees_the_loop_whole),
        SIM_TEST(callback_may_try_to_close_the_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
