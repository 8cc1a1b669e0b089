/* SPDX-License-Identifier: MIT */
/*
 * The contract of eddy/backend.h, for each backend: how long wait sleeps, how
 * much it reports, in which order, and that it does so for many descriptors
 * after many changes.
 */
#include "support/backend.h"
#include "support/fds.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static int wait_for(struct test_backend *tb, int64_t timeout_ns)
{
    eddy_ready ready[4];

    return tb->ops->wait(tb->backend, timeout_ns, ready, 4);
}

/* --- time-outs ----------------------------------------------------------- */

static void a_wait_is_never_short(void **state)
{
    struct test_backend *tb = *state;
    static const int64_t timeouts[] = {
        1, 999, 1000, 999999, 1000000, 1000001, 2500000, 10000001,
    };
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        uint64_t before = eddy_hrtime();

        assert_int_equal(wait_for(tb, timeouts[i]), 0);
        assert_true(eddy_hrtime() - before >= (uint64_t) timeouts[i]);
    }
    test_close_pair(fds);
}

/* It would hang if it slept. */
static void without_a_timeout_it_does_not_sleep(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    assert_int_equal(wait_for(tb, 0), 0);
    test_pipe(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(wait_for(tb, 0), 0);
    test_close_pair(fds);
}

/* Each of these would return 0 if it were cut short, or an error if it were
 * handed to the kernel as it is. */
static void a_wait_can_be_for_ever_or_nearly(void **state)
{
    struct test_backend *tb = *state;
    static const int64_t timeouts[] = {
        -1,
        INT64_MIN,
        INT64_MAX,
        INT64_MAX - 1,
        INT64_C(1) << 52,
        (int64_t) INT32_MAX * 1000000,
    };

    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        struct test_later later;
        int fds[2];

        test_pipe(fds);
        test_watch(tb, fds[0], EDDY_READABLE);
        test_write_later(&later, fds[1]);
        assert_int_equal(wait_for(tb, timeouts[i]), 1);
        test_join_later(&later);
        test_unwatch(tb, fds[0], EDDY_READABLE);
        test_close_pair(fds);
    }
}

static void what_is_ready_ends_any_wait(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[1], EDDY_WRITABLE);
    assert_int_equal(wait_for(tb, (int64_t) EDDY_SEC(3600)), 1);
    assert_int_equal(wait_for(tb, INT64_MAX), 1);
    test_close_pair(fds);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
    (void) number;
    alarms = alarms + 1;
}

/* The alarm comes again and again, so that none can be missed by coming
 * before the wait. SA_RESTART must make no difference. */
static void a_signal_ends_a_wait(void **state)
{
    struct test_backend *tb = *state;
    struct sigaction action = {.sa_handler = count_alarm,
                               .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 5000}, {0, 5000}};
    struct itimerval never = {{0, 0}, {0, 0}};
    struct sigaction old;

    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    assert_int_equal(wait_for(tb, -1), EDDY_EINTR);
    assert_int_equal(wait_for(tb, (int64_t) EDDY_SEC(3600)), EDDY_EINTR);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    assert_true(alarms >= 2);
}

/* --- capacity and order -------------------------------------------------- */

enum { PIPES = 50 };

struct pipes {
    int fds[PIPES][2];
    int reports[PIPES];
};

static void open_ready(struct test_backend *tb, struct pipes *pipes)
{
    memset(pipes->reports, 0, sizeof pipes->reports);
    for (int i = 0; i < PIPES; i++) {
        test_pipe(pipes->fds[i]);
        test_write_byte(pipes->fds[i][1]);
        test_watch(tb, pipes->fds[i][0], EDDY_READABLE);
    }
}

static void close_ready(struct pipes *pipes)
{
    for (int i = 0; i < PIPES; i++)
        test_close_pair(pipes->fds[i]);
}

static int number_of(const struct pipes *pipes, const eddy_ready *ready)
{
    for (int i = 0; i < PIPES; i++) {
        if (ready->token == test_token(pipes->fds[i][0]))
            return i;
    }
    fail_msg("a token that was never given");
    return -1;
}

/* One wait, whose reports are counted; what lies behind them is untouched. */
static int wait_counting(struct test_backend *tb, struct pipes *pipes,
                         int capacity)
{
    eddy_ready ready[PIPES + 1];
    int count;

    test_poison(ready, sizeof ready);
    count = test_poll(tb, ready, capacity);
    assert_in_range(count, 1, capacity);
    assert_true(test_poisoned(&ready[count],
                              (size_t) (PIPES + 1 - count) * sizeof *ready));
    for (int i = 0; i < count; i++) {
        assert_int_equal(ready[i].events, EDDY_READABLE);
        assert_int_equal(ready[i].error, 0);
        pipes->reports[number_of(pipes, &ready[i])]++;
    }
    return count;
}

static void assert_reported_each(const struct pipes *pipes, int times)
{
    for (int i = 0; i < PIPES; i++)
        assert_int_equal(pipes->reports[i], times);
}

static void room_for_one_serves_all(void **state)
{
    struct test_backend *tb = *state;
    struct pipes pipes;

    open_ready(tb, &pipes);
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < PIPES; i++)
            assert_int_equal(wait_counting(tb, &pipes, 1), 1);
        assert_reported_each(&pipes, round);
    }
    close_ready(&pipes);
}

static void room_for_some_serves_all(void **state)
{
    struct test_backend *tb = *state;
    struct pipes pipes;

    open_ready(tb, &pipes);
    for (int total = 0; total < PIPES;) {
        int room = PIPES - total < 7 ? PIPES - total : 7;

        total += wait_counting(tb, &pipes, room);
    }
    assert_reported_each(&pipes, 1);
    close_ready(&pipes);
}

static void room_to_spare_stays_untouched(void **state)
{
    struct test_backend *tb = *state;
    struct pipes pipes;
    int total = 0;

    open_ready(tb, &pipes);
    while (total < PIPES)
        total += wait_counting(tb, &pipes, PIPES);
    assert_int_equal(total, PIPES);
    assert_reported_each(&pipes, 1);
    close_ready(&pipes);
}

/* Each one reported is taken out and entered again, as a server does that
 * closes one connection and takes the next: the rest must not wait longer. */
static void changes_do_not_delay_the_rest(void **state)
{
    struct test_backend *tb = *state;
    struct pipes pipes;
    eddy_ready ready;

    open_ready(tb, &pipes);
    for (int i = 0; i < PIPES; i++) {
        int number;
        int fd;

        assert_int_equal(test_poll(tb, &ready, 1), 1);
        number = number_of(&pipes, &ready);
        fd = pipes.fds[number][0];
        pipes.reports[number]++;
        test_unwatch(tb, fd, EDDY_READABLE);
        if (i % 2 == 0)
            test_watch(tb, fd, EDDY_READABLE);
    }
    for (int i = 0; i < PIPES; i++)
        assert_int_equal(pipes.reports[i], 1);
    close_ready(&pipes);
}

/* Removing one that had its turn moves none that waits for its own. */
static void a_removal_passes_over_nobody(void **state)
{
    struct test_backend *tb = *state;
    struct pipes pipes;
    eddy_ready ready;

    open_ready(tb, &pipes);
    for (int i = 0; i < PIPES; i++) {
        int number;

        assert_int_equal(test_poll(tb, &ready, 1), 1);
        number = number_of(&pipes, &ready);
        pipes.reports[number]++;
        for (int k = 0; i % 3 == 2 && k < PIPES; k++) {
            if (pipes.reports[k] == 1 && k % 3 == 0) {
                test_unwatch(tb, pipes.fds[k][0], EDDY_READABLE);
                pipes.reports[k] = 2;
            }
        }
    }
    for (int i = 0; i < PIPES; i++)
        assert_in_range(pipes.reports[i], 1, 2);
    close_ready(&pipes);
}

/* The first of three is closed before its second turn: the others have theirs,
 * once each, whatever becomes of its place. */
static void a_closed_one_takes_nobodys_turn(void **state)
{
    struct test_backend *tb = *state;
    int turns[3] = {0, 0, 0};
    eddy_ready ready[4];
    int fds[3][2];

    for (int i = 0; i < 3; i++) {
        test_pipe(fds[i]);
        test_watch(tb, fds[i][1], EDDY_WRITABLE);
    }
    assert_int_equal(test_poll(tb, ready, 1), 1);
    assert_int_equal(test_poll(tb, ready, 1), 1);
    assert_int_equal(close(fds[0][1]), 0);
    while (turns[1] + turns[2] < 2) {
        int count = test_poll(tb, ready, 4);

        assert_in_range(count, 1, 3);
        for (int i = 0; i < count; i++) {
            for (int k = 0; k < 3; k++)
                turns[k] += ready[i].token == test_token(fds[k][1]);
        }
    }
    assert_int_equal(turns[1], 1);
    assert_int_equal(turns[2], 1);
    assert_in_range(turns[0], 0, 1);
    assert_int_equal(close(fds[0][0]), 0);
    test_close_pair(fds[1]);
    test_close_pair(fds[2]);
}

/* --- many ---------------------------------------------------------------- */

static void a_thousand_are_told_apart(void **state)
{
    struct test_backend *tb = *state;
    enum { MANY = 1100 };
    static int fds[MANY][2];
    static eddy_ready ready[MANY];

    if (!test_allow_fds(2 * MANY + 64))
        skip();
    for (int i = 0; i < MANY; i++) {
        test_pipe(fds[i]);
        test_watch(tb, fds[i][0], EDDY_READABLE);
        if (i % 2 == 0)
            test_write_byte(fds[i][1]);
    }
    assert_int_equal(test_collect(tb, ready, MANY), MANY / 2);
    for (int i = 0; i < MANY; i += 4)
        test_unwatch(tb, fds[i][0], EDDY_READABLE);
    assert_int_equal(test_collect(tb, ready, MANY), MANY / 4);
    for (int i = 0; i < MANY; i++)
        test_close_pair(fds[i]);
}

/* A change that cost more the more there are would not end here. */
static void a_hundred_thousand_changes_are_nothing(void **state)
{
    struct test_backend *tb = *state;
    enum { MANY = 256 };
    size_t changes = test_scale(100000);
    size_t allocations;
    eddy_ready ready[MANY];
    int fds[MANY][2];

    for (int i = 0; i < MANY; i++) {
        test_pipe(fds[i]);
        test_watch(tb, fds[i][1], EDDY_WRITABLE);
    }
    allocations = tb->memory.allocations;
    for (size_t i = 0; i < changes; i++) {
        test_unwatch(tb, fds[i % MANY][1], EDDY_WRITABLE);
        test_watch(tb, fds[i % MANY][1], EDDY_WRITABLE);
    }
    assert_int_equal(tb->memory.allocations, allocations);
    assert_int_equal(test_collect(tb, ready, MANY), MANY);
    for (int i = 0; i < MANY; i++)
        test_close_pair(fds[i]);
}

/* --- against a model ----------------------------------------------------- */

enum { SOCKETS = 24, NOTHING = 0 };

struct world {
    int fds[SOCKETS][2];
    unsigned known[SOCKETS]; /* registered for fds[i][0] */
    bool has_data[SOCKETS];
};

static unsigned expected(const struct world *world, int i)
{
    return world->known[i] &
           (EDDY_WRITABLE | (world->has_data[i] ? EDDY_READABLE : NOTHING));
}

static void change_something(struct test_backend *tb, struct world *world,
                             uint64_t *seed)
{
    int i = (int) (test_random(seed) % SOCKETS);
    unsigned want = (unsigned) (test_random(seed) % 4);

    if (test_random(seed) % 3 == 0) {
        if (world->has_data[i])
            test_drain(world->fds[i][0]);
        else
            test_write_byte(world->fds[i][1]);
        world->has_data[i] = !world->has_data[i];
    } else if (world->known[i] != 0 || want != 0) {
        test_rewatch(tb, world->fds[i][0], world->known[i], want);
        world->known[i] = want;
    }
}

static void assert_as_expected(struct test_backend *tb,
                               const struct world *world)
{
    unsigned found[SOCKETS] = {0};
    eddy_ready ready[SOCKETS];
    int count = test_collect(tb, ready, SOCKETS);

    for (int k = 0; k < count; k++) {
        for (int i = 0; i < SOCKETS; i++) {
            if (ready[k].token == test_token(world->fds[i][0]))
                found[i] = ready[k].events;
        }
    }
    for (int i = 0; i < SOCKETS; i++)
        assert_int_equal(found[i], expected(world, i));
}

static void random_changes_end_as_they_should(void **state)
{
    struct test_backend *tb = *state;
    struct world world = {.known = {0}};
    uint64_t seed = 42;

    for (int i = 0; i < SOCKETS; i++)
        test_socketpair(world.fds[i]);
    for (size_t round = test_scale(2000); round > 0; round--) {
        eddy_ready some[3];

        for (uint64_t n = test_random(&seed) % 8; n > 0; n--)
            change_something(tb, &world, &seed);
        assert_in_range(test_poll(tb, some, 3), 0, 3);
        assert_as_expected(tb, &world);
    }
    for (int i = 0; i < SOCKETS; i++)
        test_close_pair(world.fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BACKEND_TEST(a_wait_is_never_short),
        BACKEND_TEST(without_a_timeout_it_does_not_sleep),
        BACKEND_TEST(a_wait_can_be_for_ever_or_nearly),
        BACKEND_TEST(what_is_ready_ends_any_wait),
        BACKEND_TEST(a_signal_ends_a_wait),
        BACKEND_TEST(room_for_one_serves_all),
        BACKEND_TEST(room_for_some_serves_all),
        BACKEND_TEST(room_to_spare_stays_untouched),
        BACKEND_TEST(changes_do_not_delay_the_rest),
        BACKEND_TEST(a_removal_passes_over_nobody),
        BACKEND_TEST(a_closed_one_takes_nobodys_turn),
        BACKEND_TEST(a_thousand_are_told_apart),
        BACKEND_TEST(a_hundred_thousand_changes_are_nothing),
        BACKEND_TEST(random_changes_end_as_they_should),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
