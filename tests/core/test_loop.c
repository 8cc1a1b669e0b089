/* SPDX-License-Identifier: MIT */
/*
 * Making and ending loops: options, the environment, the default loop, closing
 * with and without things open.
 */
#include "core/request.h"
#include "support/ear.h"
#include "support/fds.h"
#include "support/loop.h"
#include "support/sim.h"
#include "support/threads.h"

#include <stdlib.h>
#include <string.h>

static void bad_arguments_are_refused(void **state)
{
    eddy_loop loop;
    eddy_loop_options options = {.backend = "no such backend"};
    int fds = test_fds_open();

    (void) state;
    assert_int_equal(eddy_loop_init(NULL, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_loop_init(&loop, &options), EDDY_EINVAL);
    options.backend = "";
    assert_int_equal(eddy_loop_init(&loop, &options), EDDY_EINVAL);
    assert_int_equal(eddy_loop_close(NULL), EDDY_EINVAL);
    assert_int_equal(test_fds_open(), fds);
}

static void each_backend_compiled_in_can_be_named(void **state)
{
    const char *const *names;
    size_t count = eddy_backends(&names);

    (void) state;
    assert_true(count > 0);
    assert_int_equal(eddy_backends(NULL), count);
    assert_null(names[count]);
    for (size_t i = 0; i < count; i++) {
        eddy_loop_options options = {.backend = names[i]};
        eddy_loop loop;

        assert_int_equal(eddy_loop_init(&loop, &options), 0);
        assert_string_equal(eddy_loop_backend(&loop), names[i]);
        assert_int_equal(eddy_loop_check(&loop), 0);
        assert_int_equal(eddy_loop_close(&loop), 0);
    }
}

static void environment_names_the_backend(void **state)
{
    const char *given = getenv("EDDY_BACKEND");
    char *kept = given != NULL ? strdup(given) : NULL;
    eddy_loop_options options = {.backend = NULL};
    const char *const *names;
    eddy_loop loop;

    (void) state;
    eddy_backends(&names);
    assert_int_equal(setenv("EDDY_BACKEND", "no such backend", 1), 0);
    assert_int_equal(eddy_loop_init(&loop, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_loop_init(&loop, &options), EDDY_EINVAL);
    options.backend = names[0];
    assert_int_equal(eddy_loop_init(&loop, &options), 0);
    assert_int_equal(eddy_loop_close(&loop), 0);
    assert_int_equal(unsetenv("EDDY_BACKEND"), 0);
    assert_int_equal(eddy_loop_init(&loop, NULL), 0);
    assert_string_equal(eddy_loop_backend(&loop), names[0]);
    assert_int_equal(eddy_loop_close(&loop), 0);
    if (kept != NULL) {
        assert_int_equal(setenv("EDDY_BACKEND", kept, 1), 0);
        assert_int_equal(eddy_loop_init(&loop, NULL), 0);
        assert_string_equal(eddy_loop_backend(&loop), kept);
        assert_int_equal(eddy_loop_close(&loop), 0);
    }
    free(kept);
}

static void own_backend_beats_a_name(void **state)
{
    struct sim *sim = *state;
    eddy_loop_options options = sim_options(sim);
    eddy_loop loop;

    assert_int_equal(eddy_loop_close(&sim->loop), 0);
    options.backend = "no such backend";
    assert_int_equal(eddy_loop_init(&loop, &options), 0);
    assert_string_equal(eddy_loop_backend(&loop), "fake");
    assert_int_equal(eddy_loop_close(&loop), 0);
    assert_int_equal(sim->memory.live_blocks, 0);
    sim->closed = true;
}

static void loop_is_made_of_any_memory(void **state)
{
    eddy_loop loop;

    (void) state;
    test_poison(&loop, sizeof(loop));
    assert_int_equal(eddy_loop_init(&loop, NULL), 0);
    assert_int_equal(eddy_loop_check(&loop), 0);
    assert_false(eddy_loop_alive(&loop));
    assert_int_equal(eddy_run(&loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(eddy_loop_close(&loop), 0);
    assert_int_equal(eddy_loop_close(&loop), EDDY_EINVAL);
}

static void default_loop_is_one_until_closed(void **state)
{
    eddy_loop *loop = eddy_loop_default();

    (void) state;
    assert_non_null(loop);
    assert_ptr_equal(eddy_loop_default(), loop);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(eddy_loop_close(loop), 0);
    loop = eddy_loop_default();
    assert_non_null(loop);
    assert_int_equal(eddy_run(loop, EDDY_RUN_NOWAIT), 0);
    assert_int_equal(eddy_loop_close(loop), 0);
}

static void open_handles_are_in_the_way(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_timer timer;

    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    eddy_unref(&timer.handle);
    assert_int_equal(eddy_loop_close(loop), EDDY_EBUSY);
    test_check(loop);
    assert_int_equal(eddy_run(loop, EDDY_RUN_NOWAIT), 0);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    test_loop_close(loop);
}

static int closed;

static void on_closed(eddy_handle *handle)
{
    (void) handle;
    closed++;
}

static void on_timer(eddy_timer *timer)
{
    (void) timer;
}

static void close_all_closes_what_there_is(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_timer timer;
    eddy_async async;
    eddy_async closing;
    struct ear ear;
    int fds[2];

    closed = 0;
    test_pipe(fds);
    ear_open(loop, &ear, fds[0]);
    ear_start(&ear, EDDY_READABLE);
    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_SEC(99), 0), 0);
    assert_int_equal(eddy_async_init(loop, &async, NULL), 0);
    assert_int_equal(eddy_async_init(loop, &closing, NULL), 0);
    assert_int_equal(eddy_async_send(&async), 0);
    assert_int_equal(eddy_close(&closing.handle, NULL), 1);
    assert_int_equal(eddy_loop_close_all(loop, EDDY_SEC(30), on_closed), 0);
    assert_int_equal(closed, 3);
    assert_int_equal(eddy_loop_close(loop), EDDY_EINVAL);
    test_close_pair(fds);
    assert_int_equal(eddy_loop_init(loop, NULL), 0);
    test_loop_close(loop);
}

static void close_all_needs_no_callback_and_no_handles(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_timer timer;

    assert_int_equal(eddy_loop_close_all(loop, 0, NULL), 0);
    assert_int_equal(eddy_loop_init(loop, NULL), 0);
    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    eddy_stop(loop);
    assert_int_equal(eddy_loop_close_all(loop, EDDY_SEC(30), NULL), 0);
    assert_int_equal(eddy_loop_close_all(NULL, 0, NULL), EDDY_EINVAL);
    assert_int_equal(eddy_loop_init(loop, NULL), 0);
    test_loop_close(loop);
}

static void on_request(eddy_req *req)
{
    (void) req;
}

static const struct eddy__req_class request_class = {.done = on_request};

/* A request that does not end holds it up: it may be called again. */
static void close_all_gives_up_when_time_is_up(void **state)
{
    struct sim *sim = *state;
    eddy_req req = {.data = NULL};
    eddy_timer timer;

    closed = 0;
    assert_int_equal(eddy_timer_init(&sim->loop, &timer), 0);
    eddy__req_begin(&sim->loop, &req, &request_class);
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed),
                     EDDY_ETIMEDOUT);
    assert_int_equal(eddy_loop_check(&sim->loop), 0);
    assert_int_equal(closed, 1);
    assert_true(sim->os.now_ns >= SIM_START + EDDY_MS(5));
    assert_int_equal(eddy_loop_close_all(&sim->loop, 0, on_closed),
                     EDDY_ETIMEDOUT);
    eddy__req_end(&req, 0);
    assert_int_equal(eddy_loop_close_all(&sim->loop, EDDY_MS(5), on_closed), 0);
    assert_int_equal(closed, 1);
    assert_int_equal(sim->memory.live_blocks, 0);
    assert_int_equal(sim->backend.creates, sim->backend.destroys);
    sim->closed = true;
}

static void spinning_loop_hears_too(void **state)
{
    eddy_loop_options options = {.spin_ns = EDDY_US(50)};
    eddy_loop loop;
    eddy_timer timer;

    (void) state;
    assert_int_equal(eddy_loop_init(&loop, &options), 0);
    assert_int_equal(eddy_timer_init(&loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, EDDY_MS(1), 0), 0);
    assert_int_equal(eddy_run(&loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    assert_int_equal(eddy_loop_close(&loop), 0);
}

/* What is ready already need not wait for the spinning, which reads the clock.
 */
static void spinning_begins_when_nothing_is_ready(void **state)
{
    struct sim *sim = *state;
    unsigned read;
    struct ear ear;

    sim->loop.spin_ns = EDDY_US(50);
    ear_open(&sim->loop, &ear, 0);
    ear_start(&ear, EDDY_READABLE);
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    read = sim->os.calls[FAKE_NOW];
    fake_backend_ready(&sim->backend, 0, EDDY_READABLE);
    assert_true(sim_run(sim, EDDY_RUN_ONCE) > 0);
    assert_int_equal(ear.calls, 1);
    assert_int_equal(sim->os.calls[FAKE_NOW], read);
    ear_close(&ear);
    sim_close(sim);
}

enum { POSTS = 200 };

static int posts_run;
static int posts_wrong; /* read when the thread is joined */

static void on_post(eddy_task *task, int status)
{
    (void) task;
    posts_run += status == 0;
}

static void *post_to_default(void *arg)
{
    eddy_task *tasks = arg;

    for (int i = 0; i < POSTS; i++)
        posts_wrong += eddy_post(eddy_loop_default(), &tasks[i], on_post) != 0;
    return NULL;
}

/* From another thread, while it runs: ThreadSanitizer is to find no race. */
static void default_loop_may_be_asked_for_anywhere(void **state)
{
    static eddy_task tasks[POSTS];
    eddy_loop *loop = eddy_loop_default();
    eddy_timer timer; /* for which the loop reads the clock, and runs on */
    pthread_t thread;

    (void) state;
    posts_run = 0;
    posts_wrong = 0;
    assert_non_null(loop);
    assert_int_equal(eddy_timer_init(loop, &timer), 0);
    assert_int_equal(eddy_timer_start(&timer, on_timer, 0, EDDY_US(20)), 0);
    thread = thread_start(post_to_default, tasks);
    test_run_until(loop, &posts_run, POSTS);
    thread_join(thread);
    assert_int_equal(posts_wrong, 0);
    assert_int_equal(eddy_close(&timer.handle, NULL), 0);
    assert_int_equal(eddy_loop_close(loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(each_backend_compiled_in_can_be_named),
        cmocka_unit_test(environment_names_the_backend),
        SIM_TEST(own_backend_beats_a_name),
        cmocka_unit_test(loop_is_made_of_any_memory),
        cmocka_unit_test(default_loop_is_one_until_closed),
        LOOP_TEST(open_handles_are_in_the_way),
        LOOP_TEST(close_all_closes_what_there_is),
        LOOP_TEST(close_all_needs_no_callback_and_no_handles),
        SIM_TEST(close_all_gives_up_when_time_is_up),
        cmocka_unit_test(spinning_loop_hears_too),
        SIM_TEST(spinning_begins_when_nothing_is_ready),
        cmocka_unit_test(default_loop_may_be_asked_for_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
