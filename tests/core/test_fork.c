/* SPDX-License-Identifier: MIT */
/*
 * Forked children: refused until eddy_loop_fork, then independent, and never
 * a trouble to the parent. A child asserts by its exit code, as cmocka's own
 * assertions would go on with the parent's tests.
 */
#include "support/ear.h"
#include "support/fds.h"
#include "support/loop.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void require(bool holds, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: does not hold in the child\n", __FILE__, line);
    _exit(1);
}

#define REQUIRE(holds) require(holds, __LINE__)

/* What a child inherits: a watched pipe, a timer, an async, a queued task. */
struct estate {
    eddy_loop *loop;
    struct ear ear;
    eddy_timer timer;
    eddy_async async;
    eddy_task task;
    int fds[2];
    int rang, rung, run;
};

static void on_timer(eddy_timer *timer)
{
    ((struct estate *) timer->data)->rang++;
}

static void on_async(eddy_async *async)
{
    ((struct estate *) async->data)->rung++;
}

static void on_task(eddy_task *task, int status)
{
    ((struct estate *) task->data)->run += status == 0;
}

static void estate_open(struct estate *estate, eddy_loop *loop)
{
    *estate = (struct estate){.loop = loop};
    test_pipe(estate->fds);
    ear_open(loop, &estate->ear, estate->fds[0]);
    ear_start(&estate->ear, EDDY_READABLE);
    assert_int_equal(eddy_timer_init(loop, &estate->timer), 0);
    assert_int_equal(eddy_async_init(loop, &estate->async, on_async), 0);
    estate->timer.data = estate;
    estate->async.data = estate;
    estate->task.data = estate;
    test_turn(loop);
}

static bool estate_close(struct estate *estate)
{
    return eddy_close(&estate->ear.io.handle, NULL) == 0 &&
           eddy_close(&estate->timer.handle, NULL) == 0 &&
           eddy_close(&estate->async.handle, NULL) == 1;
}

/* Data, a send and a timer each reach their callback. */
static bool works(struct estate *estate)
{
    eddy_loop *loop = estate->loop;
    struct estate before = *estate;
    char byte;

    if (write(estate->fds[1], "x", 1) != 1 ||
        eddy_async_send(&estate->async) != 0 ||
        eddy_timer_start(&estate->timer, on_timer, EDDY_MS(1), 0) != 0)
        return false;
    while (estate->ear.calls == before.ear.calls ||
           estate->rang == before.rang || estate->rung == before.rung) {
        if (eddy_run(loop, EDDY_RUN_ONCE) <= 0 || eddy_loop_check(loop) != 0)
            return false;
    }
    return read(estate->fds[0], &byte, 1) == 1;
}

static void in_child(struct estate *estate, void (*act)(struct estate *estate))
{
    int status = -1;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        act(estate);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* The parent's own: works as if nothing had been. */
static void finish(struct estate *estate)
{
    assert_true(works(estate));
    assert_true(estate_close(estate));
    test_turn(estate->loop);
    test_close_pair(estate->fds);
    test_loop_close(estate->loop);
}

static void run_unprepared(struct estate *estate)
{
    REQUIRE(eddy_run(estate->loop, EDDY_RUN_NOWAIT) == EDDY_EPERM);
    REQUIRE(eddy_run(estate->loop, EDDY_RUN_DEFAULT) == EDDY_EPERM);
    REQUIRE(eddy_loop_fd(estate->loop) == EDDY_EPERM);
    REQUIRE(eddy_loop_check(estate->loop) == 0);
}

static void child_may_not_run_the_loop(void **state)
{
    struct estate estate;

    estate_open(&estate, test_loop(state));
    in_child(&estate, run_unprepared);
    finish(&estate);
}

/* An epoll set is shared with the parent: a DEL here would be felt there. */
static void close_unprepared(struct estate *estate)
{
    ear_stop(&estate->ear);
    REQUIRE(eddy_close(&estate->ear.io.handle, NULL) == 0);
    REQUIRE(eddy_close(&estate->timer.handle, NULL) == 0);
    REQUIRE(eddy_loop_check(estate->loop) == 0);
}

static void closing_in_the_child_is_not_felt_in_the_parent(void **state)
{
    struct estate estate;

    estate_open(&estate, test_loop(state));
    in_child(&estate, close_unprepared);
    finish(&estate);
}

static void close_everything(struct estate *estate)
{
    eddy_loop *loop = estate->loop;

    REQUIRE(eddy_close(&estate->ear.io.handle, NULL) == 0);
    REQUIRE(eddy_close(&estate->timer.handle, NULL) == 0);
    REQUIRE(eddy_close(&estate->async.handle, NULL) == 1);
    REQUIRE(eddy_loop_fork(loop) == 0);
    REQUIRE(eddy_run(loop, EDDY_RUN_DEFAULT) == 0);
    REQUIRE(eddy_loop_close(loop) == 0);
}

static void closing_the_loop_in_the_child_is_not_felt_either(void **state)
{
    struct estate estate;

    estate_open(&estate, test_loop(state));
    in_child(&estate, close_everything);
    finish(&estate);
}

static void work_prepared(struct estate *estate)
{
    REQUIRE(eddy_loop_fork(estate->loop) == 0);
    REQUIRE(eddy_loop_check(estate->loop) == 0);
    REQUIRE(works(estate));
    REQUIRE(works(estate));
    REQUIRE(estate_close(estate));
    REQUIRE(eddy_run(estate->loop, EDDY_RUN_DEFAULT) == 0);
    REQUIRE(eddy_loop_close(estate->loop) == 0);
}

static void child_works_after_loop_fork(void **state)
{
    struct estate estate;

    estate_open(&estate, test_loop(state));
    in_child(&estate, work_prepared);
    finish(&estate);
}

static bool end_without_async(struct estate *estate)
{
    return eddy_run(estate->loop, EDDY_RUN_NOWAIT) > 0 && estate->rung == 0 &&
           eddy_close(&estate->ear.io.handle, NULL) == 0 &&
           eddy_close(&estate->timer.handle, NULL) == 0 &&
           eddy_run(estate->loop, EDDY_RUN_DEFAULT) == 0;
}

static void end_what_was_closing(struct estate *estate)
{
    REQUIRE(eddy_loop_fork(estate->loop) == 0);
    REQUIRE(eddy_loop_check(estate->loop) == 0);
    REQUIRE(end_without_async(estate));
    REQUIRE(eddy_loop_close(estate->loop) == 0);
}

/* An async that was sent to, and closed before that was taken: its message is
 * dropped with the parent's senders, and nothing waits for it any more. */
static void closing_before_the_fork_it_ends_in_both(void **state)
{
    struct estate estate;

    estate_open(&estate, test_loop(state));
    assert_int_equal(eddy_async_send(&estate.async), 0);
    assert_int_equal(eddy_close(&estate.async.handle, NULL), 1);
    in_child(&estate, end_what_was_closing);
    assert_true(end_without_async(&estate));
    test_close_pair(estate.fds);
    test_loop_close(estate.loop);
}

static void run_what_was_queued(struct estate *estate)
{
    REQUIRE(eddy_loop_fork(estate->loop) == 0);
    REQUIRE(eddy_run(estate->loop, EDDY_RUN_NOWAIT) > 0);
    REQUIRE(estate->run == 1);
    REQUIRE(estate->rung == 1);
    while (estate->rang == 0)
        REQUIRE(eddy_run(estate->loop, EDDY_RUN_ONCE) > 0);
    REQUIRE(estate->rang == 1);
}

static void queued_before_the_fork_it_runs_in_both(void **state)
{
    struct estate estate;

    estate_open(&estate, test_loop(state));
    assert_int_equal(eddy_post(estate.loop, &estate.task, on_task), 0);
    assert_int_equal(eddy_async_send(&estate.async), 0);
    assert_int_equal(eddy_timer_start(&estate.timer, on_timer, EDDY_MS(2), 0),
                     0);
    in_child(&estate, run_what_was_queued);
    test_run_until(estate.loop, &estate.rang, 1);
    assert_int_equal(estate.run, 1);
    assert_int_equal(estate.rung, 1);
    finish(&estate);
}

/* With room for k more descriptors until it succeeds. */
static void prepare_without_descriptors(struct estate *estate)
{
    struct rlimit before;
    int open = dup(0);
    int rc = EDDY_EMFILE;
    int refused = 0;

    REQUIRE(open >= 0 && close(open) == 0);
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    for (int room = 0; rc != 0 && room < 20; room++) {
        struct rlimit tight = before;

        tight.rlim_cur = (rlim_t) (open + room);
        REQUIRE(setrlimit(RLIMIT_NOFILE, &tight) == 0);
        rc = eddy_loop_fork(estate->loop);
        REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
        REQUIRE(rc == 0 || rc == EDDY_EMFILE);
        REQUIRE(eddy_loop_check(estate->loop) == 0);
        refused += rc != 0;
        if (rc != 0)
            REQUIRE(eddy_run(estate->loop, EDDY_RUN_NOWAIT) == EDDY_EPERM);
    }
    REQUIRE(rc == 0 && refused >= 1);
    REQUIRE(works(estate));
}

static void failed_loop_fork_may_be_repeated(void **state)
{
    struct estate estate;

    estate_open(&estate, test_loop(state));
    in_child(&estate, prepare_without_descriptors);
    finish(&estate);
}

static void fork_again(struct estate *estate)
{
    REQUIRE(eddy_loop_fork(estate->loop) == 0);
    REQUIRE(works(estate));
    in_child(estate, work_prepared);
    REQUIRE(works(estate));
}

static void grandchildren_work_too(void **state)
{
    struct estate estate;

    estate_open(&estate, test_loop(state));
    in_child(&estate, fork_again);
    finish(&estate);
}

static void bad_arguments_are_refused(void **state)
{
    eddy_loop *loop = test_loop(state);

    assert_int_equal(eddy_loop_fork(NULL), EDDY_EINVAL);
    test_loop_close(loop);
    assert_int_equal(eddy_loop_fork(loop), EDDY_EINVAL);
}

/* Where a callback forks: the child comes out of the parent's eddy_run. */
struct stage {
    struct estate estate;
    eddy_prepare prepare;
    eddy_check check;
    eddy_io io; /* that only the child watches */
    int fds[2];
    bool in_child;
};

static struct stage stage;

static void never_ready(eddy_io *io, int status, unsigned events)
{
    (void) io;
    (void) status;
    (void) events;
}

/* The child goes back into the parent's iteration, with something to tell the
 * kernel; the parent waits until it is gone. */
static void fork_here(void)
{
    eddy_loop *loop = stage.estate.loop;
    int status = -1;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        stage.in_child = true;
        alarm(60); /* it must not sleep on the parent's loop */
        REQUIRE(eddy_io_init(loop, &stage.io, stage.fds[0]) == 0);
        REQUIRE(eddy_io_start(&stage.io, EDDY_READABLE, never_ready) == 0);
        return;
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void fork_in_timer(eddy_timer *timer)
{
    (void) timer;
    fork_here();
}

static void fork_in_prepare(eddy_prepare *prepare)
{
    (void) eddy_prepare_stop(prepare);
    fork_here();
}

static void fork_in_check(eddy_check *check)
{
    (void) eddy_check_stop(check);
    fork_here();
}

static void fork_in_watcher(struct ear *ear)
{
    ear->act = NULL;
    fork_here();
}

static void fork_in_task(eddy_task *task, int status)
{
    (void) task;
    (void) status;
    fork_here();
}

static void set_the_stage(int scene)
{
    struct estate *estate = &stage.estate;
    eddy_loop *loop = estate->loop;

    if (scene == 0)
        assert_int_equal(eddy_timer_start(&estate->timer, fork_in_timer, 0, 0),
                         0);
    if (scene == 1)
        assert_int_equal(eddy_prepare_start(&stage.prepare, fork_in_prepare),
                         0);
    if (scene == 2)
        assert_int_equal(eddy_check_start(&stage.check, fork_in_check), 0);
    if (scene == 3) {
        estate->ear.act = fork_in_watcher;
        test_write_byte(estate->fds[1]);
    }
    if (scene == 4)
        assert_int_equal(eddy_post(loop, &estate->task, fork_in_task), 0);
}

static void clear_the_stage(void)
{
    assert_int_equal(eddy_close(&stage.prepare.handle, NULL), 0);
    assert_int_equal(eddy_close(&stage.check.handle, NULL), 0);
    test_close_pair(stage.fds);
    finish(&stage.estate);
}

static void child_of_a_callback_may_not_go_on_either(void **state)
{
    eddy_loop *loop = test_loop(state);
    uint64_t events;

    stage = (struct stage){.in_child = false};
    estate_open(&stage.estate, loop);
    test_pipe(stage.fds);
    assert_int_equal(eddy_prepare_init(loop, &stage.prepare), 0);
    assert_int_equal(eddy_check_init(loop, &stage.check), 0);
    for (int scene = 0; scene < 5; scene++) {
        int rc;

        set_the_stage(scene);
        rc = eddy_run(loop, EDDY_RUN_NOWAIT);
        if (stage.in_child) {
            REQUIRE(rc == EDDY_EPERM);
            REQUIRE(eddy_loop_check(loop) == 0);
            _exit(0);
        }
        assert_true(rc > 0);
        if (scene == 3)
            test_read_byte(stage.estate.fds[0]);
    }
    test_turns(loop, 2);
    events = test_stats(loop).events;
    test_write_byte(stage.fds[1]); /* which nobody watches here */
    test_turns(loop, 2);
    assert_int_equal(test_stats(loop).events, events);
    clear_the_stage();
}

static void close_while_sent_to(struct estate *estate)
{
    alarm(60); /* it must not wait for the parent's threads */
    REQUIRE(eddy_loop_close(estate->loop) == 0);
}

/* As if another thread had been inside eddy_post at the fork. */
static void child_closes_without_the_parents_senders(void **state)
{
    struct estate estate = {.loop = test_loop(state)};

    estate.loop->senders++;
    in_child(&estate, close_while_sent_to);
    estate.loop->senders--;
    test_loop_close(estate.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(child_may_not_run_the_loop),
        LOOP_TEST(closing_in_the_child_is_not_felt_in_the_parent),
        LOOP_TEST(closing_the_loop_in_the_child_is_not_felt_either),
        LOOP_TEST(child_works_after_loop_fork),
        LOOP_TEST(queued_before_the_fork_it_runs_in_both),
        LOOP_TEST(closing_before_the_fork_it_ends_in_both),
        LOOP_TEST(failed_loop_fork_may_be_repeated),
        LOOP_TEST(grandchildren_work_too),
        LOOP_TEST(bad_arguments_are_refused),
        LOOP_TEST(child_of_a_callback_may_not_go_on_either),
        LOOP_TEST(child_closes_without_the_parents_senders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
