/* SPDX-License-Identifier: MIT */
/*
 * The wakeup between threads: when it is written, and the races of sending
 * against closing a handle and closing the loop. A loop's memory that came
 * back is poisoned at once, and must still be as it was when the sender is
 * through; the sender takes its time between writing and leaving.
 */
#include "support/loop.h"
#include "support/threads.h"

#include <signal.h>
#include <stdlib.h>

enum { SENDERS = 4, ROUNDS = 3000 };

/* Senders of one async, each with a counter of its own. */
struct sender {
    eddy_async *async;
    int sent; /* written before each send */
    int seen; /* by the callback */
    int count;
};

static struct sender senders[SENDERS];
static int callbacks;

static void on_any(eddy_async *async)
{
    (void) async;
    callbacks++;
    for (int i = 0; i < SENDERS; i++)
        senders[i].seen = __atomic_load_n(&senders[i].sent, __ATOMIC_RELAXED);
}

static void *send_many(void *arg)
{
    struct sender *sender = arg;

    for (int i = 1; i <= sender->count; i++) {
        __atomic_store_n(&sender->sent, i, __ATOMIC_RELAXED);
        eddy_async_send(sender->async);
    }
    return NULL;
}

static bool all_seen(void)
{
    for (int i = 0; i < SENDERS; i++) {
        if (senders[i].seen != senders[i].count)
            return false;
    }
    return true;
}

/* However the sends coalesce, the last of each is seen. */
static void last_send_of_each_thread_is_seen(void **state)
{
    eddy_loop *loop = test_loop(state);
    pthread_t threads[SENDERS];
    eddy_async async;

    callbacks = 0;
    assert_int_equal(eddy_async_init(loop, &async, on_any), 0);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] =
            (struct sender){.async = &async, .count = (int) test_scale(50000)};
        threads[i] = thread_start(send_many, &senders[i]);
    }
    while (!all_seen())
        assert_true(eddy_run(loop, EDDY_RUN_ONCE) > 0);
    for (int i = 0; i < SENDERS; i++)
        thread_join(threads[i]);
    assert_true(callbacks <= SENDERS * senders[0].count);
    assert_int_equal(eddy_close(&async.handle, NULL), 1);
    test_turn(loop);
    test_loop_close(loop);
}

/* Two loops on two threads that wake each other in turn. */
struct player {
    eddy_loop loop;
    eddy_async async;
    eddy_async *opponent;
    int rounds;
};

static void on_ball(eddy_async *async)
{
    struct player *player = async->data;

    if (--player->rounds > 0)
        eddy_async_send(player->opponent);
    if (player->rounds <= 0)
        eddy_stop(&player->loop);
}

static void player_init(struct player *player, eddy_async *opponent)
{
    assert_int_equal(eddy_loop_init(&player->loop, NULL), 0);
    assert_int_equal(eddy_async_init(&player->loop, &player->async, on_ball),
                     0);
    player->async.data = player;
    player->opponent = opponent;
    player->rounds = (int) test_scale(5000);
}

static void *play(void *arg)
{
    struct player *player = arg;

    eddy_run(&player->loop, EDDY_RUN_DEFAULT);
    return NULL;
}

static void two_loops_wake_each_other(void **state)
{
    struct player players[2];
    pthread_t thread;

    (void) state;
    player_init(&players[0], &players[1].async);
    player_init(&players[1], &players[0].async);
    players[1].rounds++; /* who has the last word does not wait for more */
    thread = thread_start(play, &players[1]);
    assert_int_equal(eddy_async_send(&players[1].async), 0);
    play(&players[0]);
    assert_int_equal(eddy_async_send(&players[1].async), 0);
    thread_join(thread);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(players[i].rounds, 0);
        assert_int_equal(eddy_close(&players[i].async.handle, NULL), 1);
        assert_int_equal(eddy_run(&players[i].loop, EDDY_RUN_DEFAULT), 0);
        assert_int_equal(eddy_loop_close(&players[i].loop), 0);
    }
}

/* A round of a race between this thread and another, each with its memory. */
struct race {
    struct meeting meeting;
    eddy_loop *loop;
    eddy_async *async;
    eddy_task *task;
    int rounds;
    int came_back;
};

static int write_slowly(void *context, int fd)
{
    int rc = eddy_os_default()->wakeup_write(context, fd);

    thread_dawdle(20000);
    return rc;
}

static void race_open(struct race *race, eddy_async_cb cb)
{
    static eddy_os slow;
    eddy_loop_options options = {.os = &slow};

    slow = *eddy_os_default();
    slow.wakeup_write = write_slowly;
    race->loop = malloc(sizeof(eddy_loop));
    race->async = malloc(sizeof(eddy_async));
    race->task = calloc(1, sizeof(eddy_task));
    assert_non_null(race->loop);
    assert_non_null(race->async);
    assert_non_null(race->task);
    assert_int_equal(eddy_loop_init(race->loop, &options), 0);
    assert_int_equal(eddy_async_init(race->loop, race->async, cb), 0);
}

static void race_close_loop(struct race *race)
{
    assert_int_equal(eddy_loop_close(race->loop), 0);
    test_poison(race->loop, sizeof(*race->loop));
}

/* The sender is through. */
static void race_free(struct race *race)
{
    assert_true(test_poisoned(race->loop, sizeof(*race->loop)));
    free(race->loop);
    test_poison(race->async, sizeof(*race->async));
    free(race->async);
    free(race->task);
}

/* Sends until it is told that the handle is closed; that may well be after
 * the loop is gone. */
static void *send_until_closed(void *arg)
{
    struct race *race = arg;

    for (int i = 0; i < race->rounds; i++) {
        meeting_arrive(&race->meeting);
        while (eddy_async_send(race->async) == 0)
            continue;
        meeting_arrive(&race->meeting);
    }
    return NULL;
}

static void send_races_close_and_loop_close(void **state)
{
    struct race race = {.meeting = {.parties = 2},
                        .rounds = (int) test_scale(ROUNDS)};
    pthread_t thread = thread_start(send_until_closed, &race);
    uint64_t seed = 1;

    (void) state;
    for (int i = 0; i < race.rounds; i++) {
        race_open(&race, NULL);
        meeting_arrive(&race.meeting);
        thread_dawdle((unsigned) test_random(&seed) % 300);
        if (i % 3 == 0)
            assert_true(eddy_run(race.loop, EDDY_RUN_NOWAIT) >= 0);
        assert_int_equal(eddy_close(&race.async->handle, NULL), 1);
        assert_int_equal(eddy_run(race.loop, EDDY_RUN_DEFAULT), 0);
        race_close_loop(&race);
        meeting_arrive(&race.meeting);
        race_free(&race);
    }
    thread_join(thread);
}

static void *send_once(void *arg)
{
    struct race *race = arg;

    for (int i = 0; i < race->rounds; i++) {
        meeting_arrive(&race->meeting);
        eddy_async_send(race->async);
        meeting_arrive(&race->meeting);
    }
    return NULL;
}

static void on_last_word(eddy_async *async)
{
    assert_int_equal(eddy_close(&async->handle, NULL), 1);
}

/* The one send wakes the loop, whose callback closes all, so that the loop is
 * gone while the sender is still on its way out. */
static void loop_closes_under_the_sender_that_woke_it(void **state)
{
    struct race race = {.meeting = {.parties = 2},
                        .rounds = (int) test_scale(ROUNDS)};
    pthread_t thread = thread_start(send_once, &race);

    (void) state;
    for (int i = 0; i < race.rounds; i++) {
        race_open(&race, on_last_word);
        meeting_arrive(&race.meeting);
        assert_int_equal(eddy_run(race.loop, EDDY_RUN_DEFAULT), 0);
        race_close_loop(&race);
        meeting_arrive(&race.meeting);
        race_free(&race);
    }
    thread_join(thread);
}

static void on_back(eddy_task *task, int status)
{
    struct race *race = task->data;

    assert_true(status == 0 || status == EDDY_ECANCELED);
    race->came_back++;
    test_poison(task, sizeof(*task));
}

static void *post_once(void *arg)
{
    struct race *race = arg;

    for (int i = 0; i < race->rounds; i++) {
        meeting_arrive(&race->meeting);
        race->task->data = race;
        eddy_post(race->loop, race->task, on_back);
        meeting_arrive(&race->meeting);
    }
    return NULL;
}

/* The task runs, and with it the loop ends, while eddy_post is on its way out
 * of the loop's memory. */
static void loop_closes_under_the_post_that_woke_it(void **state)
{
    struct race race = {.meeting = {.parties = 2},
                        .rounds = (int) test_scale(ROUNDS)};
    pthread_t thread = thread_start(post_once, &race);

    (void) state;
    for (int i = 0; i < race.rounds; i++) {
        race_open(&race, NULL);
        eddy_unref(&race.async->handle);
        eddy_loop_ref(race.loop);
        meeting_arrive(&race.meeting);
        while (race.came_back == i)
            assert_true(eddy_run(race.loop, EDDY_RUN_ONCE) >= 0);
        eddy_loop_unref(race.loop);
        assert_int_equal(eddy_close(&race.async->handle, NULL), 1);
        assert_true(eddy_run(race.loop, EDDY_RUN_NOWAIT) >= 0);
        race_close_loop(&race);
        meeting_arrive(&race.meeting);
        race_free(&race);
    }
    thread_join(thread);
    assert_int_equal(race.came_back, race.rounds);
}

static void *stop_loop(void *arg)
{
    thread_dawdle(100000);
    eddy_stop(arg);
    return NULL;
}

static void stop_from_a_thread_ends_the_sleep(void **state)
{
    eddy_loop *loop = test_loop(state);

    eddy_loop_ref(loop);
    for (int i = 0; i < 20; i++) {
        pthread_t thread = thread_start(stop_loop, loop);

        assert_true(eddy_run(loop, EDDY_RUN_DEFAULT) > 0);
        thread_join(thread);
    }
    eddy_loop_unref(loop);
    test_loop_close(loop);
}

static eddy_loop *signalled;

static void on_signal(int number)
{
    int saved = errno;

    (void) number;
    errno = 4711;
    eddy_stop(signalled);
    if (errno != 4711)
        abort();
    errno = saved;
}

static pthread_t main_thread;

static void *signal_main(void *arg)
{
    (void) arg;
    thread_dawdle(100000);
    pthread_kill(main_thread, SIGUSR1);
    return NULL;
}

static void stop_from_a_signal_handler_ends_the_sleep(void **state)
{
    struct sigaction action = {.sa_handler = on_signal};
    eddy_loop *loop = test_loop(state);

    signalled = loop;
    main_thread = pthread_self();
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    eddy_loop_ref(loop);
    for (int i = 0; i < 20; i++) {
        pthread_t thread = thread_start(signal_main, NULL);

        assert_true(eddy_run(loop, EDDY_RUN_DEFAULT) > 0);
        thread_join(thread);
    }
    signal(SIGUSR1, SIG_DFL);
    eddy_loop_unref(loop);
    test_loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(last_send_of_each_thread_is_seen),
        cmocka_unit_test(two_loops_wake_each_other),
        cmocka_unit_test(send_races_close_and_loop_close),
        cmocka_unit_test(loop_closes_under_the_sender_that_woke_it),
        cmocka_unit_test(loop_closes_under_the_post_that_woke_it),
        LOOP_TEST(stop_from_a_thread_ends_the_sleep),
        LOOP_TEST(stop_from_a_signal_handler_ends_the_sleep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
