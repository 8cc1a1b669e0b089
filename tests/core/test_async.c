/* SPDX-License-Identifier: MIT */
/*
 * Asyncs: what coalesces and what does not, closing, and sending from other
 * threads and from signal handlers. The races are in test_wakeup.c.
 */
#include "support/loop.h"
#include "support/threads.h"

#include <signal.h>
#include <stdlib.h>

/* An async that counts its callbacks, and sends again while told to. */
struct bell {
    eddy_async async;
    int rung;
    int again;
    struct bell *closes; /* the callback closes and frees this one */
};

static void bell_gone(eddy_handle *handle)
{
    test_poison(handle, sizeof(struct bell));
    free(handle);
}

static void on_bell(eddy_async *async)
{
    struct bell *bell = (struct bell *) (void *) async;
    struct bell *closes = bell->closes;

    bell->rung++;
    if (bell->again > 0) {
        bell->again--;
        assert_int_equal(eddy_async_send(async), 0);
    }
    bell->closes = NULL;
    if (closes != NULL)
        assert_int_equal(eddy_close(&closes->async.handle, bell_gone), 1);
}

static void bell_hang(struct bell *bell, eddy_loop *loop)
{
    *bell = (struct bell){.rung = 0};
    assert_int_equal(eddy_async_init(loop, &bell->async, on_bell), 0);
}

static void bell_take(struct bell *bell)
{
    eddy_loop *loop = bell->async.loop;

    assert_int_equal(eddy_close(&bell->async.handle, NULL), 1);
    test_turn(loop);
}

static void bad_arguments_are_refused(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_async async;

    assert_int_equal(eddy_async_init(NULL, &async, on_bell), EDDY_EINVAL);
    assert_int_equal(eddy_async_init(loop, NULL, on_bell), EDDY_EINVAL);
    assert_int_equal(eddy_async_send(NULL), EDDY_EINVAL);
    test_loop_close(loop);
}

static void sends_before_the_callback_are_one(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell bell;

    bell_hang(&bell, loop);
    test_turns(loop, 2);
    assert_int_equal(bell.rung, 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(eddy_async_send(&bell.async), 0);
        test_check(loop);
    }
    test_run_until(loop, &bell.rung, 1);
    test_turns(loop, 3);
    assert_int_equal(bell.rung, 1);
    assert_int_equal(test_stats(loop).asyncs_run, 1);
    bell_take(&bell);
    test_loop_close(loop);
}

static void send_in_the_callback_gives_another(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell bell;

    bell_hang(&bell, loop);
    bell.again = 40;
    assert_int_equal(eddy_async_send(&bell.async), 0);
    test_run_until(loop, &bell.rung, 41);
    test_turns(loop, 3);
    assert_int_equal(bell.rung, 41);
    bell_take(&bell);
    test_loop_close(loop);
}

/* One that sends to itself for ever cannot keep an iteration from ending. */
static void sender_to_itself_does_not_starve_the_rest(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell bell;

    bell_hang(&bell, loop);
    bell.again = 1000000;
    assert_int_equal(eddy_async_send(&bell.async), 0);
    test_turn(loop);
    assert_true(bell.rung >= 1 && bell.rung <= 16);
    test_turn(loop);
    assert_true(bell.rung >= 2 && bell.rung <= 32);
    bell_take(&bell);
    test_loop_close(loop);
}

static void each_async_sent_is_called(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell bells[10];
    int total = 0;

    for (int i = 0; i < 10; i++)
        bell_hang(&bells[i], loop);
    for (int i = 0; i < 10; i += 3)
        assert_int_equal(eddy_async_send(&bells[i].async), 0);
    test_turns(loop, 3);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(bells[i].rung, i % 3 == 0);
        total += bells[i].rung;
    }
    assert_int_equal(total, 4);
    for (int i = 0; i < 10; i++)
        bell_take(&bells[i]);
    test_loop_close(loop);
}

static void pending_when_closed_is_not_called(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell bell;

    bell_hang(&bell, loop);
    assert_int_equal(eddy_async_send(&bell.async), 0);
    assert_int_equal(eddy_close(&bell.async.handle, NULL), 1);
    assert_int_equal(eddy_async_send(&bell.async), EDDY_EINVAL);
    test_check(loop);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(bell.rung, 0);
    assert_int_equal(eddy_async_send(&bell.async), EDDY_EINVAL);
    test_loop_close(loop);
}

static struct bell *survivor;

static void on_rival(eddy_async *async)
{
    struct bell *bell = (struct bell *) (void *) async;

    assert_null(survivor);
    survivor = bell;
    assert_int_equal(eddy_close(&bell->closes->async.handle, bell_gone), 1);
}

/* Both are pending; whoever is called first closes the other, whose memory is
 * freed in its close callback while it may still hang on the batch. */
static void callback_may_close_its_pending_neighbour(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell *bells[2];

    survivor = NULL;
    for (int i = 0; i < 2; i++) {
        bells[i] = malloc(sizeof(struct bell));
        assert_non_null(bells[i]);
        assert_int_equal(eddy_async_init(loop, &bells[i]->async, on_rival), 0);
    }
    for (int i = 0; i < 2; i++) {
        bells[i]->closes = bells[1 - i];
        assert_int_equal(eddy_async_send(&bells[i]->async), 0);
    }
    test_turns(loop, 2);
    assert_non_null(survivor);
    assert_int_equal(eddy_close(&survivor->async.handle, bell_gone), 1);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    test_loop_close(loop);
}

static void send_and_close(eddy_check *check)
{
    struct bell *bell = check->data;

    assert_int_equal(eddy_check_stop(check), 0);
    assert_int_equal(eddy_async_send(&bell->async), 0);
    assert_int_equal(eddy_close(&bell->async.handle, bell_gone), 1);
}

/* After the poll, so that what was sent still hangs on the loop's list in this
 * iteration's closing phase: the memory must not come back before it is off. */
static void closed_while_pending_it_is_not_yet_free(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell *bell = malloc(sizeof(*bell));
    eddy_check check;

    assert_non_null(bell);
    bell_hang(bell, loop);
    check.data = bell;
    assert_int_equal(eddy_check_init(loop, &check), 0);
    assert_int_equal(eddy_check_start(&check, send_and_close), 0);
    test_turns(loop, 3);
    assert_false(eddy_loop_alive(loop));
    assert_int_equal(test_stats(loop).asyncs_run, 0);
    assert_int_equal(eddy_close(&check.handle, NULL), 0);
    test_loop_close(loop);
}

static void callback_may_close_and_free_itself(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell *bell = malloc(sizeof(*bell));

    assert_non_null(bell);
    bell_hang(bell, loop);
    bell->closes = bell;
    bell->again = 1;
    assert_int_equal(eddy_async_send(&bell->async), 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    test_loop_close(loop);
}

static void open_async_keeps_the_loop_alive(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell bell;

    assert_false(eddy_loop_alive(loop));
    bell_hang(&bell, loop);
    assert_true(eddy_is_active(&bell.async.handle));
    assert_true(eddy_loop_alive(loop));
    eddy_unref(&bell.async.handle);
    assert_false(eddy_loop_alive(loop));
    eddy_ref(&bell.async.handle);
    bell_take(&bell);
    assert_false(eddy_loop_alive(loop));
    test_loop_close(loop);
}

static void *send_after_a_while(void *arg)
{
    thread_dawdle(200000);
    eddy_async_send(arg);
    return NULL;
}

static void send_from_a_thread_ends_the_sleep(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell bell;

    bell_hang(&bell, loop);
    for (int i = 1; i <= 20; i++) {
        pthread_t thread = thread_start(send_after_a_while, &bell.async);

        test_run_until(loop, &bell.rung, i);
        thread_join(thread);
        assert_int_equal(bell.rung, i);
    }
    bell_take(&bell);
    test_loop_close(loop);
}

static eddy_async *signalled;

static void on_signal(int number)
{
    int saved = errno;

    (void) number;
    errno = 4711;
    eddy_async_send(signalled);
    if (errno != 4711)
        abort();
    errno = saved;
}

static void catch_signal(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
}

static void send_from_a_signal_handler_keeps_errno(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell bell;

    bell_hang(&bell, loop);
    signalled = &bell.async;
    catch_signal(on_signal);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(raise(SIGUSR1), 0);
        test_run_until(loop, &bell.rung, i);
    }
    catch_signal(SIG_DFL);
    bell_take(&bell);
    test_loop_close(loop);
}

static pthread_t main_thread;
static int signals_wanted;

static void *signal_main(void *arg)
{
    struct bell *bell = arg;

    for (int i = 0; i < signals_wanted; i++) {
        pthread_kill(main_thread, SIGUSR1);
        while (shared_get(&bell->rung) <= i)
            thread_dawdle(100);
    }
    return NULL;
}

static void on_shared_bell(eddy_async *async)
{
    shared_add(&((struct bell *) (void *) async)->rung, 1);
}

/* The handler runs on the loop's own thread, wherever that is: asleep, about
 * to sleep, or in the middle of taking the list. Each of its sends counts. */
static void signals_while_the_loop_runs_lose_nothing(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct bell bell = {.rung = 0};
    pthread_t thread;

    assert_int_equal(eddy_async_init(loop, &bell.async, on_shared_bell), 0);
    signals_wanted = (int) test_scale(2000);
    main_thread = pthread_self();
    signalled = &bell.async;
    catch_signal(on_signal);
    thread = thread_start(signal_main, &bell);
    test_run_until(loop, &bell.rung, signals_wanted);
    thread_join(thread);
    catch_signal(SIG_DFL);
    assert_int_equal(bell.rung, signals_wanted);
    bell_take(&bell);
    test_loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(bad_arguments_are_refused),
        LOOP_TEST(sends_before_the_callback_are_one),
        LOOP_TEST(send_in_the_callback_gives_another),
        LOOP_TEST(sender_to_itself_does_not_starve_the_rest),
        LOOP_TEST(each_async_sent_is_called),
        LOOP_TEST(pending_when_closed_is_not_called),
        LOOP_TEST(callback_may_close_its_pending_neighbour),
        LOOP_TEST(closed_while_pending_it_is_not_yet_free),
        LOOP_TEST(callback_may_close_and_free_itself),
        LOOP_TEST(open_async_keeps_the_loop_alive),
        LOOP_TEST(send_from_a_thread_ends_the_sleep),
        LOOP_TEST(send_from_a_signal_handler_keeps_errno),
        LOOP_TEST(signals_while_the_loop_runs_lose_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
