/* SPDX-License-Identifier: MIT */
/*
 * Idle, prepare and check handles: their order, and starting, stopping and
 * closing them from each other's callbacks.
 */
#include "support/sim.h"

#include <stdlib.h>
#include <string.h>

enum { HANDLES = 4 };

/* The three kinds differ in names only: they are tested through one table. */
struct kind {
    int (*init)(eddy_loop *loop, void *handle);
    int (*start)(void *handle);
    int (*start_with_null)(void *handle);
    int (*stop)(void *handle);
};

union any {
    eddy_handle handle;
    eddy_idle idle;
    eddy_prepare prepare;
    eddy_check check;
};

struct player {
    union any any; /* first: callbacks find the player by it */
    char letter;
};

static char order[256];
static void (*act)(char letter);
static const struct kind *kind;
static struct player *players[HANDLES];

static void note(const void *handle)
{
    const struct player *player = handle;
    char letter = player->letter;
    size_t length = strlen(order);

    assert_true(length < sizeof(order) - 1);
    order[length] = letter;
    if (act != NULL)
        act(letter);
}

static void on_idle(eddy_idle *idle)
{
    note(idle);
}

static void on_prepare(eddy_prepare *prepare)
{
    note(prepare);
}

static void on_check(eddy_check *check)
{
    note(check);
}

static int idle_init(eddy_loop *loop, void *handle)
{
    return eddy_idle_init(loop, handle);
}

static int idle_start(void *handle)
{
    return eddy_idle_start(handle, on_idle);
}

static int idle_start_with_null(void *handle)
{
    return eddy_idle_start(handle, NULL);
}

static int idle_stop(void *handle)
{
    return eddy_idle_stop(handle);
}

static int prepare_init(eddy_loop *loop, void *handle)
{
    return eddy_prepare_init(loop, handle);
}

static int prepare_start(void *handle)
{
    return eddy_prepare_start(handle, on_prepare);
}

static int prepare_start_with_null(void *handle)
{
    return eddy_prepare_start(handle, NULL);
}

static int prepare_stop(void *handle)
{
    return eddy_prepare_stop(handle);
}

static int check_init(eddy_loop *loop, void *handle)
{
    return eddy_check_init(loop, handle);
}

static int check_start(void *handle)
{
    return eddy_check_start(handle, on_check);
}

static int check_start_with_null(void *handle)
{
    return eddy_check_start(handle, NULL);
}

static int check_stop(void *handle)
{
    return eddy_check_stop(handle);
}

static const struct kind kinds[] = {
    {idle_init, idle_start, idle_start_with_null, idle_stop},
    {prepare_init, prepare_start, prepare_start_with_null, prepare_stop},
    {check_init, check_start, check_start_with_null, check_stop},
};

static void start(char letter)
{
    assert_int_equal(kind->start(players[letter - 'a']), 0);
}

static void stop(char letter)
{
    assert_int_equal(kind->stop(players[letter - 'a']), 0);
}

static void drop(char letter)
{
    struct player **player = &players[letter - 'a'];

    if (*player == NULL)
        return;
    assert_int_equal(eddy_close(&(*player)->any.handle, NULL), 0);
    test_poison(*player, sizeof(**player));
    free(*player);
    *player = NULL;
}

static void run(struct sim *sim, const char *expected)
{
    memset(order, 0, sizeof(order));
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) >= 0);
    assert_string_equal(order, expected);
}

/* Runs a test for each kind, with a, b, c and d made, and started if told. */
static void with_each(struct sim *sim, bool started,
                      void (*test)(struct sim *sim))
{
    for (int k = 0; k < 3; k++) {
        kind = &kinds[k];
        act = NULL;
        for (char letter = 'a'; letter < 'a' + HANDLES; letter++) {
            struct player *player = malloc(sizeof(*player));

            assert_non_null(player);
            player->letter = letter;
            players[letter - 'a'] = player;
            assert_int_equal(kind->init(&sim->loop, player), 0);
            if (started)
                start(letter);
        }
        test(sim);
        for (char letter = 'a'; letter < 'a' + HANDLES; letter++)
            drop(letter);
    }
    sim_close(sim);
}

static void refuse(struct sim *sim)
{
    assert_int_equal(kind->init(NULL, players[0]), EDDY_EINVAL);
    assert_int_equal(kind->init(&sim->loop, NULL), EDDY_EINVAL);
    assert_int_equal(kind->start(NULL), EDDY_EINVAL);
    assert_int_equal(kind->start_with_null(players[0]), EDDY_EINVAL);
    assert_int_equal(kind->stop(NULL), EDDY_EINVAL);
    assert_int_equal(kind->stop(players[0]), 0);
    run(sim, "");
}

static void bad_arguments_are_refused(void **state)
{
    with_each(*state, false, refuse);
}

static void start_in_some_order(struct sim *sim)
{
    start('c');
    start('a');
    start('d');
    run(sim, "cad");
    run(sim, "cad");
    start('c'); /* started already: keeps its place */
    run(sim, "cad");
    stop('c');
    start('c');
    start('b');
    run(sim, "adcb");
}

static void order_is_that_of_starting(void **state)
{
    with_each(*state, false, start_in_some_order);
}

static void a_starts_b(char letter)
{
    if (letter == 'a')
        start('b');
}

static void start_inside(struct sim *sim)
{
    start('a');
    act = a_starts_b;
    run(sim, "a");
    run(sim, "ab");
}

static void started_in_its_phase_it_waits(void **state)
{
    with_each(*state, false, start_inside);
}

static void b_stops_a_and_c(char letter)
{
    if (letter == 'b') {
        stop('a');
        stop('c');
    }
}

static void stop_inside(struct sim *sim)
{
    act = b_stops_a_and_c;
    run(sim, "abd");
    run(sim, "bd");
}

static void neighbours_may_be_stopped(void **state)
{
    with_each(*state, true, stop_inside);
}

static void each_stops_itself(char letter)
{
    stop(letter);
}

static void stop_selves(struct sim *sim)
{
    act = each_stops_itself;
    run(sim, "abcd");
    run(sim, "");
    assert_int_equal(sim_run(sim, EDDY_RUN_ONCE), 0);
}

static void each_may_stop_itself(void **state)
{
    with_each(*state, true, stop_selves);
}

static void each_restarts_itself(char letter)
{
    stop(letter);
    start(letter);
}

static void restart_selves(struct sim *sim)
{
    act = each_restarts_itself;
    run(sim, "abcd");
    run(sim, "abcd");
}

static void restarted_in_its_phase_it_waits(void **state)
{
    with_each(*state, true, restart_selves);
}

static void b_drops_a_and_c(char letter)
{
    if (letter == 'b') {
        drop('a');
        drop('c');
    }
}

static void drop_neighbours(struct sim *sim)
{
    act = b_drops_a_and_c;
    run(sim, "abd");
    run(sim, "bd");
}

static void neighbours_may_be_closed_and_freed(void **state)
{
    with_each(*state, true, drop_neighbours);
}

static void a_drops_all(char letter)
{
    assert_int_equal(letter, 'a');
    for (char other = 'a'; other < 'a' + HANDLES; other++)
        drop(other);
}

static void drop_all(struct sim *sim)
{
    act = a_drops_all;
    run(sim, "a");
    run(sim, "");
}

static void one_may_close_all_and_itself(void **state)
{
    with_each(*state, true, drop_all);
}

static void a_restarts_b_and_d(char letter)
{
    if (letter == 'a') {
        stop('b');
        start('b');
        stop('d');
        start('d');
        act = NULL;
    }
}

static void restart_neighbours(struct sim *sim)
{
    act = a_restarts_b_and_d;
    run(sim, "ac");
    run(sim, "acbd");
}

static void restarted_by_a_neighbour_it_waits(void **state)
{
    with_each(*state, true, restart_neighbours);
}

static void on_timer(eddy_timer *timer)
{
    (void) timer;
}

/* How long the poll slept beside a handle of this kind, with 5 ms to go. */
static void sleep_beside(struct sim *sim, int64_t expected_ns)
{
    eddy_timer timer;

    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(5), 0), 0);
    start('a');
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    assert_int_equal(sim->backend.last_timeout_ns, expected_ns);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
}

static void sleep_as_that_kind(struct sim *sim)
{
    sleep_beside(sim, kind == &kinds[0] ? 0 : (int64_t) EDDY_MS(5));
}

static void only_idle_keeps_the_loop_awake(void **state)
{
    with_each(*state, false, sleep_as_that_kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(bad_arguments_are_refused),
        SIM_TEST(order_is_that_of_starting),
        SIM_TEST(started_in_its_phase_it_waits),
        SIM_TEST(neighbours_may_be_stopped),
        SIM_TEST(each_may_stop_itself),
        SIM_TEST(restarted_in_its_phase_it_waits),
        SIM_TEST(neighbours_may_be_closed_and_freed),
        SIM_TEST(one_may_close_all_and_itself),
        SIM_TEST(restarted_by_a_neighbour_it_waits),
        SIM_TEST(only_idle_keeps_the_loop_awake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
