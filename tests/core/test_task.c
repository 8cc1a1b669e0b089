/* SPDX-License-Identifier: MIT */
/*
 * Tasks: each runs exactly once, in its sender's order, or comes back with
 * EDDY_ECANCELED when the loop closes.
 */
#include "support/loop.h"
#include "support/threads.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS = 1000 };

/* Notes the order and status in which its tasks come back. */
struct log {
    eddy_loop *loop;
    int count;
    int numbers[TASKS];
    int status;
};

struct item {
    eddy_task task; /* task.data is the log */
    int number;
    int again; /* how often it posts itself anew */
};

static void on_item(eddy_task *task, int status)
{
    struct item *item = (struct item *) (void *) task;
    struct log *log = task->data;

    assert_true(log->count < TASKS);
    log->numbers[log->count++] = item->number;
    log->status = status;
    if (item->again > 0) {
        item->again--;
        assert_int_equal(eddy_post(log->loop, task, on_item), 0);
        assert_int_equal(eddy_post(log->loop, task, on_item), EDDY_EBUSY);
    }
}

static void post(struct log *log, struct item *item, int number)
{
    item->task.data = log;
    item->number = number;
    assert_int_equal(eddy_post(log->loop, &item->task, on_item), 0);
}

static void assert_in_order(const struct log *log, int count)
{
    assert_int_equal(log->count, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(log->numbers[i], i);
}

static void bad_arguments_are_refused(void **state)
{
    eddy_loop *loop = test_loop(state);
    eddy_task task = {.data = NULL};

    assert_int_equal(eddy_post(NULL, &task, on_item), EDDY_EINVAL);
    assert_int_equal(eddy_post(loop, NULL, on_item), EDDY_EINVAL);
    assert_int_equal(eddy_post(loop, &task, NULL), EDDY_EINVAL);
    assert_false(eddy_loop_alive(loop));
    test_turn(loop);
    test_loop_close(loop);
}

static void posted_task_runs_once(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct log log = {.loop = loop, .status = -1};
    struct item item = {.number = 0};

    post(&log, &item, 0);
    test_check(loop);
    assert_true(eddy_loop_alive(loop));
    assert_int_equal(eddy_post(loop, &item.task, on_item), EDDY_EBUSY);
    assert_int_equal(log.count, 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_in_order(&log, 1);
    assert_int_equal(log.status, 0);
    assert_int_equal(test_stats(loop).tasks_run, 1);
    test_turns(loop, 2);
    assert_int_equal(log.count, 1);
    test_loop_close(loop);
}

static void tasks_run_in_order_of_posting(void **state)
{
    eddy_loop *loop = test_loop(state);
    static struct item items[TASKS];
    struct log log = {.loop = loop};

    memset(items, 0, sizeof(items));
    for (int i = 0; i < TASKS; i++)
        post(&log, &items[i], i);
    test_check(loop);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_in_order(&log, TASKS);
    assert_int_equal(test_stats(loop).tasks_run, TASKS);
    test_loop_close(loop);
}

static void task_may_be_posted_anew_in_its_callback(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct log log = {.loop = loop};
    struct item item = {.again = 50};

    post(&log, &item, 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(log.count, 51);
    test_loop_close(loop);
}

static void task_that_posts_itself_does_not_starve_the_rest(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct log log = {.loop = loop};
    struct item item = {.again = TASKS - 1};

    post(&log, &item, 0);
    test_turn(loop);
    assert_true(log.count >= 1 && log.count <= 16);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(log.count, TASKS);
    test_loop_close(loop);
}

static void free_item(eddy_task *task, int status)
{
    struct log *log = task->data;

    log->numbers[log->count++] = ((struct item *) (void *) task)->number;
    log->status = status;
    test_poison(task, sizeof(struct item));
    free(task);
}

static void post_heap_items(struct log *log, int count)
{
    for (int i = 0; i < count; i++) {
        struct item *item = calloc(1, sizeof(*item));

        assert_non_null(item);
        item->task.data = log;
        item->number = i;
        assert_int_equal(eddy_post(log->loop, &item->task, free_item), 0);
    }
}

static void task_may_be_freed_in_its_callback(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct log log = {.loop = loop, .status = -1};

    post_heap_items(&log, 20);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_in_order(&log, 20);
    assert_int_equal(log.status, 0);
    test_loop_close(loop);
}

static void queued_at_close_are_cancelled_in_order(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct log log = {.loop = loop, .status = 0};

    post_heap_items(&log, 20);
    assert_int_equal(log.count, 0);
    test_loop_close(loop);
    assert_in_order(&log, 20);
    assert_int_equal(log.status, EDDY_ECANCELED);
}

static int post_rc;

static void post_again(eddy_task *task, int status)
{
    struct log *log = task->data;

    assert_int_equal(status, EDDY_ECANCELED);
    log->count++;
    post_rc = eddy_post(log->loop, task, post_again);
}

static void post_while_the_loop_closes_is_refused(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct log log = {.loop = loop};
    struct item item = {.task = {.data = &log}};

    assert_int_equal(eddy_post(loop, &item.task, post_again), 0);
    test_loop_close(loop);
    assert_int_equal(log.count, 1);
    assert_int_equal(post_rc, EDDY_EINVAL);
}

/* The batch is being run when a task stops the loop, which is then closed. */
static void stop_in_a_task(eddy_task *task, int status)
{
    struct log *log = task->data;

    log->count++;
    if (status == 0)
        eddy_stop(log->loop);
}

static void none_is_lost_when_a_task_stops_the_loop(void **state)
{
    eddy_loop *loop = test_loop(state);
    static struct item items[TASKS];
    struct log log = {.loop = loop};

    memset(items, 0, sizeof(items));
    for (int i = 0; i < 40; i++) {
        items[i].task.data = &log;
        assert_int_equal(eddy_post(loop, &items[i].task, stop_in_a_task), 0);
    }
    assert_true(eddy_run(loop, EDDY_RUN_DEFAULT) >= 0);
    test_loop_close(loop);
    assert_int_equal(log.count, 40);
}

/* Four threads, each with tasks of its own that carry rising numbers. */
enum { SENDERS = 4, EACH = 10000 };

struct sender {
    eddy_loop *loop;
    struct numbered *items;
    int count;
    int next; /* number that the loop expects */
    int wrong;
    int *total;
};

struct numbered {
    eddy_task task;
    int number;
};

static void on_numbered(eddy_task *task, int status)
{
    struct sender *sender = task->data;

    sender->wrong += status != 0;
    sender->wrong +=
        ((struct numbered *) (void *) task)->number != sender->next++;
    ++*sender->total;
}

static void *send_all(void *arg)
{
    struct sender *sender = arg;

    for (int i = 0; i < sender->count; i++) {
        struct numbered *item = &sender->items[i];

        item->number = i;
        item->task.data = sender;
        eddy_post(sender->loop, &item->task, on_numbered);
    }
    return NULL;
}

static void threads_post_in_order_and_exactly_once(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    int count = (int) test_scale(EACH);
    int total = 0;

    eddy_loop_ref(loop);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){
            .loop = loop,
            .items = calloc((size_t) count, sizeof(struct numbered)),
            .count = count,
            .total = &total};
        assert_non_null(senders[i].items);
        threads[i] = thread_start(send_all, &senders[i]);
    }
    while (total < SENDERS * count)
        assert_true(eddy_run(loop, EDDY_RUN_ONCE) > 0);
    for (int i = 0; i < SENDERS; i++)
        thread_join(threads[i]);
    eddy_loop_unref(loop);
    test_turns(loop, 2);
    for (int i = 0; i < SENDERS; i++) {
        assert_int_equal(senders[i].wrong, 0);
        assert_int_equal(senders[i].next, count);
        free(senders[i].items);
    }
    assert_int_equal(test_stats(loop).tasks_run, SENDERS * count);
    test_loop_close(loop);
}

static struct log signal_log;
static struct item signal_items[3];

static void on_signal(int number)
{
    static int next;

    (void) number;
    errno = 4711;
    eddy_post(signal_log.loop, &signal_items[next].task, on_item);
    next++;
    if (errno != 4711)
        abort();
}

static void signal_handler_may_post(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct sigaction action = {.sa_handler = on_signal};

    signal_log.loop = loop;
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    for (int i = 0; i < 3; i++) {
        signal_items[i] =
            (struct item){.task = {.data = &signal_log}, .number = i};
        assert_int_equal(raise(SIGUSR1), 0);
    }
    signal(SIGUSR1, SIG_DFL);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_in_order(&signal_log, 3);
    test_loop_close(loop);
}

/* What a task's callback is answered while its loop closes. */
struct answers {
    eddy_loop *loop;
    eddy_timer timer;
    int calls;
    int closing;
    int closing_all;
    int running[3];
};

static void ask_for_nonsense(eddy_task *task, int status)
{
    struct answers *answers = task->data;

    answers->calls++;
    assert_int_equal(status, EDDY_ECANCELED);
    answers->closing = eddy_loop_close(answers->loop);
    answers->closing_all = eddy_loop_close_all(answers->loop, 0, NULL);
    for (int mode = 0; mode < 3; mode++)
        answers->running[mode] = eddy_run(answers->loop, (eddy_run_mode) mode);
}

static void cancelled_task_may_not_close_or_run_the_loop(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct answers answers = {.loop = loop};
    eddy_task tasks[2] = {{.data = &answers}, {.data = &answers}};

    for (int i = 0; i < 2; i++)
        assert_int_equal(eddy_post(loop, &tasks[i], ask_for_nonsense), 0);
    test_loop_close(loop);
    assert_int_equal(answers.calls, 2);
    assert_int_equal(answers.closing, EDDY_EBUSY);
    assert_int_equal(answers.closing_all, EDDY_EBUSY);
    for (int mode = 0; mode < 3; mode++)
        assert_int_equal(answers.running[mode], EDDY_EBUSY);
    assert_int_equal(eddy_post(loop, &tasks[0], ask_for_nonsense), EDDY_EINVAL);
}

static void on_timer(eddy_timer *timer)
{
    (void) timer;
}

static void make_a_handle(eddy_task *task, int status)
{
    struct answers *answers = task->data;
    eddy_timer *timer = &answers->timer;

    answers->calls++;
    if (status == 0)
        return;
    assert_int_equal(status, EDDY_ECANCELED);
    assert_int_equal(eddy_timer_init(answers->loop, timer), 0);
    assert_int_equal(eddy_timer_start(timer, on_timer, 0, 0), 0);
}

/* The loop then stays open, and works. */
static void cancelled_task_may_make_a_handle(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct answers answers = {.loop = loop};
    eddy_task task = {.data = &answers};

    assert_int_equal(eddy_post(loop, &task, make_a_handle), 0);
    assert_int_equal(eddy_loop_close(loop), EDDY_EBUSY);
    assert_int_equal(answers.calls, 1);
    test_check(loop);
    assert_int_equal(eddy_post(loop, &task, make_a_handle), 0);
    assert_int_equal(eddy_run(loop, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(answers.calls, 2);
    assert_int_equal(test_stats(loop).timers_fired, 1);
    assert_int_equal(eddy_close(&answers.timer.handle, NULL), 0);
    test_loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(bad_arguments_are_refused),
        LOOP_TEST(posted_task_runs_once),
        LOOP_TEST(tasks_run_in_order_of_posting),
        LOOP_TEST(task_may_be_posted_anew_in_its_callback),
        LOOP_TEST(task_that_posts_itself_does_not_starve_the_rest),
        LOOP_TEST(task_may_be_freed_in_its_callback),
        LOOP_TEST(queued_at_close_are_cancelled_in_order),
        LOOP_TEST(post_while_the_loop_closes_is_refused),
        LOOP_TEST(none_is_lost_when_a_task_stops_the_loop),
        LOOP_TEST(threads_post_in_order_and_exactly_once),
        LOOP_TEST(signal_handler_may_post),
        LOOP_TEST(cancelled_task_may_not_close_or_run_the_loop),
        LOOP_TEST(cancelled_task_may_make_a_handle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
