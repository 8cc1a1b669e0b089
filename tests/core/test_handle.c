/* SPDX-License-Identifier: MIT */
/*
 * What all handles have in common: the reference mark, activity, closing and
 * when memory comes back, walking. Handles whose memory must not be touched
 * any more are poisoned, and freed for the address sanitizer to watch.
 */
#include "support/fds.h"
#include "support/loop.h"

#include <stdlib.h>

/* One of each kind, on a pipe, none started. */
struct zoo {
    eddy_io io;
    eddy_timer timer;
    eddy_idle idle;
    eddy_prepare prepare;
    eddy_check check;
    eddy_async async;
    int fds[2];
    eddy_handle *all[6];
};

enum { ANIMALS = 6, ASYNC = 5 };

static int closed;

static void on_io(eddy_io *io, int status, unsigned events)
{
    (void) io;
    (void) status;
    (void) events;
}

static void on_timer(eddy_timer *timer)
{
    (void) timer;
}

static void on_idle(eddy_idle *idle)
{
    (void) idle;
}

static void on_prepare(eddy_prepare *prepare)
{
    (void) prepare;
}

static void on_check(eddy_check *check)
{
    (void) check;
}

static void on_closed(eddy_handle *handle)
{
    assert_true(eddy_is_closing(handle));
    closed++;
}

static void zoo_open(struct zoo *zoo, eddy_loop *loop)
{
    closed = 0;
    test_pipe(zoo->fds);
    assert_int_equal(eddy_io_init(loop, &zoo->io, zoo->fds[0]), 0);
    assert_int_equal(eddy_timer_init(loop, &zoo->timer), 0);
    assert_int_equal(eddy_idle_init(loop, &zoo->idle), 0);
    assert_int_equal(eddy_prepare_init(loop, &zoo->prepare), 0);
    assert_int_equal(eddy_check_init(loop, &zoo->check), 0);
    assert_int_equal(eddy_async_init(loop, &zoo->async, NULL), 0);
    zoo->all[0] = &zoo->io.handle;
    zoo->all[1] = &zoo->timer.handle;
    zoo->all[2] = &zoo->idle.handle;
    zoo->all[3] = &zoo->prepare.handle;
    zoo->all[4] = &zoo->check.handle;
    zoo->all[5] = &zoo->async.handle;
}

/* Asyncs are active from the beginning. */
static void zoo_start(struct zoo *zoo)
{
    assert_int_equal(eddy_io_start(&zoo->io, EDDY_READABLE, on_io), 0);
    assert_int_equal(eddy_timer_start(&zoo->timer, on_timer, EDDY_SEC(99), 0),
                     0);
    assert_int_equal(eddy_idle_start(&zoo->idle, on_idle), 0);
    assert_int_equal(eddy_prepare_start(&zoo->prepare, on_prepare), 0);
    assert_int_equal(eddy_check_start(&zoo->check, on_check), 0);
}

static void zoo_stop(struct zoo *zoo)
{
    assert_int_equal(eddy_io_stop(&zoo->io), 0);
    assert_int_equal(eddy_timer_stop(&zoo->timer), 0);
    assert_int_equal(eddy_idle_stop(&zoo->idle), 0);
    assert_int_equal(eddy_prepare_stop(&zoo->prepare), 0);
    assert_int_equal(eddy_check_stop(&zoo->check), 0);
}

static void zoo_close(struct zoo *zoo, eddy_loop *loop)
{
    for (int i = 0; i < ANIMALS; i++)
        assert_true(eddy_close(zoo->all[i], NULL) >= 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    test_close_pair(zoo->fds);
}

static void kinds_have_names_and_sizes(void **state)
{
    (void) state;
    assert_string_equal(eddy_handle_type_name(EDDY_HANDLE_IO), "io");
    assert_string_equal(eddy_handle_type_name(EDDY_HANDLE_ASYNC), "async");
    assert_string_equal(eddy_handle_type_name(EDDY_HANDLE_TIMER), "timer");
    assert_string_equal(eddy_handle_type_name(EDDY_HANDLE_IDLE), "idle");
    assert_string_equal(eddy_handle_type_name(EDDY_HANDLE_PREPARE), "prepare");
    assert_string_equal(eddy_handle_type_name(EDDY_HANDLE_CHECK), "check");
    assert_string_equal(eddy_handle_type_name(EDDY_HANDLE_TCP), "tcp");
    assert_string_equal(eddy_handle_type_name(EDDY_HANDLE_UNKNOWN), "unknown");
    assert_string_equal(eddy_handle_type_name(EDDY_HANDLE_TYPES), "unknown");
    assert_string_equal(eddy_handle_type_name((eddy_handle_type) 9999),
                        "unknown");
    assert_int_equal(eddy_handle_size(EDDY_HANDLE_IO), sizeof(eddy_io));
    assert_int_equal(eddy_handle_size(EDDY_HANDLE_ASYNC), sizeof(eddy_async));
    assert_int_equal(eddy_handle_size(EDDY_HANDLE_TIMER), sizeof(eddy_timer));
    assert_int_equal(eddy_handle_size(EDDY_HANDLE_IDLE), sizeof(eddy_idle));
    assert_int_equal(eddy_handle_size(EDDY_HANDLE_PREPARE),
                     sizeof(eddy_prepare));
    assert_int_equal(eddy_handle_size(EDDY_HANDLE_CHECK), sizeof(eddy_check));
    assert_int_equal(eddy_handle_size(EDDY_HANDLE_UNKNOWN), 0);
    assert_int_equal(eddy_handle_size(EDDY_HANDLE_TYPES), 0);
    assert_int_equal(eddy_handle_size((eddy_handle_type) 9999), 0);
}

static void init_fills_what_is_read_and_leaves_data(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct zoo zoo;

    test_poison(&zoo, sizeof(zoo));
    zoo.timer.data = &zoo;
    zoo_open(&zoo, loop);
    assert_ptr_equal(zoo.timer.data, &zoo);
    assert_ptr_equal(zoo.timer.handle.data, &zoo);
    assert_ptr_equal(zoo.timer.loop, loop);
    assert_int_equal(zoo.timer.type, EDDY_HANDLE_TIMER);
    assert_int_equal(zoo.io.type, EDDY_HANDLE_IO);
    assert_int_equal(zoo.async.type, EDDY_HANDLE_ASYNC);
    assert_int_equal(zoo.idle.type, EDDY_HANDLE_IDLE);
    assert_int_equal(zoo.prepare.type, EDDY_HANDLE_PREPARE);
    assert_int_equal(zoo.check.type, EDDY_HANDLE_CHECK);
    for (int i = 0; i < ANIMALS; i++) {
        assert_true(eddy_has_ref(zoo.all[i]));
        assert_false(eddy_is_closing(zoo.all[i]));
        assert_true(eddy_is_active(zoo.all[i]) == (i == ASYNC));
    }
    zoo_close(&zoo, loop);
    assert_ptr_equal(zoo.timer.data, &zoo);
    test_loop_close(loop);
}

static void start_and_stop_make_active_and_not(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct zoo zoo;

    zoo_open(&zoo, loop);
    zoo_start(&zoo);
    test_check(loop);
    for (int i = 0; i < ANIMALS; i++)
        assert_true(eddy_is_active(zoo.all[i]));
    zoo_stop(&zoo);
    test_check(loop);
    for (int i = 0; i < ANIMALS; i++)
        assert_true(eddy_is_active(zoo.all[i]) == (i == ASYNC));
    zoo_close(&zoo, loop);
    test_loop_close(loop);
}

static void reference_is_a_mark_and_no_count(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct zoo zoo;

    zoo_open(&zoo, loop);
    zoo_start(&zoo);
    for (int i = 0; i < ANIMALS; i++) {
        assert_true(eddy_loop_alive(loop));
        eddy_unref(zoo.all[i]);
        eddy_unref(zoo.all[i]);
        assert_false(eddy_has_ref(zoo.all[i]));
        assert_true(eddy_is_active(zoo.all[i]));
        test_check(loop);
    }
    assert_false(eddy_loop_alive(loop));
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    for (int i = 0; i < ANIMALS; i++) {
        eddy_ref(zoo.all[i]);
        eddy_ref(zoo.all[i]);
        assert_true(eddy_loop_alive(loop));
        eddy_unref(zoo.all[i]);
        assert_false(eddy_loop_alive(loop));
        test_check(loop);
    }
    zoo_close(&zoo, loop);
    test_loop_close(loop);
}

static void marks_made_while_stopped_count_when_started(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_timer timer;

    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    eddy_unref(&timer.handle);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_SEC(99), 0), 0);
    assert_false(eddy_loop_alive(loop));
    assert_int_equal(eddy_timer_stop(&timer), 0);
    eddy_ref(&timer.handle);
    assert_false(eddy_loop_alive(loop));
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_SEC(99), 0), 0);
    assert_true(eddy_loop_alive(loop));
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    assert_false(eddy_loop_alive(loop));
    test_loop_close(loop);
}

/* Started and closed with no callback, all but the async are the caller's at
 * once: what the loop then still reads of them is poison. */
static void memory_comes_back_at_once_without_callback(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct zoo *zoo = malloc(sizeof(*zoo));
    eddy_async *async;
    int fds[2];

    assert_non_null(zoo);
    zoo_open(zoo, loop);
    zoo_start(zoo);
    test_turn(loop);
    for (int i = 0; i < ASYNC; i++) {
        assert_int_equal(eddy_close(zoo->all[i], NULL), 0);
        test_check(loop);
    }
    fds[0] = zoo->fds[0];
    fds[1] = zoo->fds[1];
    async = &zoo->async;
    test_poison(zoo, offsetof(struct zoo, async));
    test_turn(loop);
    assert_int_equal(eddy_close(&async->handle, NULL), 1);
    assert_true(eddy_loop_alive(loop));
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_true(test_poisoned(zoo, offsetof(struct zoo, async)));
    free(zoo);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void close_callback_comes_once_in_a_run(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct zoo zoo;

    zoo_open(&zoo, loop);
    zoo_start(&zoo);
    for (int i = 0; i < ANIMALS; i++) {
        eddy_unref(zoo.all[i]);
        assert_int_equal(eddy_close(zoo.all[i], on_closed), 1);
        assert_true(eddy_is_closing(zoo.all[i]));
        assert_false(eddy_is_active(zoo.all[i]));
        assert_int_equal(closed, 0);
        test_check(loop);
    }
    assert_true(eddy_loop_alive(loop));
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(closed, ANIMALS);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(closed, ANIMALS);
    test_close_pair(zoo.fds);
    test_loop_close(loop);
}

static void closing_twice_is_refused(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct zoo zoo;
    eddy_timer at_once;

    assert_int_equal(eddy_close(NULL, NULL), EDDY_EINVAL);
    zoo_open(&zoo, loop);
    for (int i = 0; i < ANIMALS; i++) {
        assert_int_equal(eddy_close(zoo.all[i], on_closed), 1);
        assert_int_equal(eddy_close(zoo.all[i], on_closed), EDDY_EINVAL);
        assert_int_equal(eddy_close(zoo.all[i], NULL), EDDY_EINVAL);
    }
    test_turn(loop);
    assert_int_equal(closed, ANIMALS);
    for (int i = 0; i < ANIMALS; i++)
        assert_int_equal(eddy_close(zoo.all[i], on_closed), EDDY_EINVAL);
    assert_int_equal(eddy_timer_init(loop, &at_once), 0);
    assert_int_equal(eddy_close(&at_once.handle, NULL), 0);
    assert_int_equal(eddy_close(&at_once.handle, NULL), EDDY_EINVAL);
    test_close_pair(zoo.fds);
    test_loop_close(loop);
}

static void operations_on_a_closing_handle_are_refused(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct zoo zoo;

    zoo_open(&zoo, loop);
    zoo_start(&zoo);
    for (int i = 0; i < ANIMALS; i++)
        assert_int_equal(eddy_close(zoo.all[i], on_closed), 1);
    assert_int_equal(eddy_io_start(&zoo.io, EDDY_READABLE, on_io), EDDY_EINVAL);
    assert_int_equal(eddy_io_stop(&zoo.io), EDDY_EINVAL);
    assert_int_equal(eddy_timer_start(&zoo.timer, on_timer, 0, 0), EDDY_EINVAL);
    assert_int_equal(eddy_timer_start_at(&zoo.timer, on_timer, 0, 0),
                     EDDY_EINVAL);
    assert_int_equal(eddy_timer_stop(&zoo.timer), EDDY_EINVAL);
    assert_int_equal(eddy_timer_again(&zoo.timer), EDDY_EINVAL);
    assert_int_equal(eddy_idle_start(&zoo.idle, on_idle), EDDY_EINVAL);
    assert_int_equal(eddy_idle_stop(&zoo.idle), EDDY_EINVAL);
    assert_int_equal(eddy_prepare_start(&zoo.prepare, on_prepare), EDDY_EINVAL);
    assert_int_equal(eddy_prepare_stop(&zoo.prepare), EDDY_EINVAL);
    assert_int_equal(eddy_check_start(&zoo.check, on_check), EDDY_EINVAL);
    assert_int_equal(eddy_check_stop(&zoo.check), EDDY_EINVAL);
    assert_int_equal(eddy_async_send(&zoo.async), EDDY_EINVAL);
    eddy_ref(zoo.all[0]);
    eddy_unref(zoo.all[1]);
    test_check(loop);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(closed, ANIMALS);
    test_close_pair(zoo.fds);
    test_loop_close(loop);
}

static void free_timer(eddy_handle *handle)
{
    closed++;
    test_poison(handle, sizeof(eddy_timer));
    free(handle);
}

static void close_next_and_free(eddy_handle *handle)
{
    eddy_handle *next = handle->data;

    if (next != NULL)
        assert_int_equal(eddy_close(next, close_next_and_free), 1);
    free_timer(handle);
}

static void close_callback_may_free_and_close_others(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_timer *timers[5];

    closed = 0;
    for (int i = 0; i < 5; i++) {
        timers[i] = malloc(sizeof(eddy_timer));
        assert_non_null(timers[i]);
        assert_int_equal(eddy_timer_init(loop, timers[i]), 0);
        timers[i]->data = i > 0 ? &timers[i - 1]->handle : NULL;
    }
    assert_int_equal(eddy_close(&timers[4]->handle, close_next_and_free), 1);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(closed, 5);
    test_loop_close(loop);
}

static void init_again(eddy_handle *handle)
{
    closed++;
    assert_int_equal(
        eddy_timer_init(handle->loop, (eddy_timer *) (void *) handle), 0);
}

static void close_callback_may_use_the_memory_anew(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_timer timer;

    closed = 0;
    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    assert_int_equal(eddy_close(&timer.handle, init_again), 1);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(closed, 1);
    assert_false(eddy_is_closing(&timer.handle));
    assert_int_equal(eddy_timer_start(&timer, on_timer, 0, 0), 0);
    assert_true(eddy_is_active(&timer.handle));
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    test_loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_have_names_and_sizes),
        LOOP_TEST(init_fills_what_is_read_and_leaves_data),
        LOOP_TEST(start_and_stop_make_active_and_not),
        LOOP_TEST(reference_is_a_mark_and_no_count),
        LOOP_TEST(marks_made_while_stopped_count_when_started),
        LOOP_TEST(memory_comes_back_at_once_without_callback),
        LOOP_TEST(close_callback_comes_once_in_a_run),
        LOOP_TEST(closing_twice_is_refused),
        LOOP_TEST(operations_on_a_closing_handle_are_refused),
        LOOP_TEST(close_callback_may_free_and_close_others),
        LOOP_TEST(close_callback_may_use_the_memory_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
