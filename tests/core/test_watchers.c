/* SPDX-License-Identifier: MIT */
/*
 * Several watchers, of one descriptor and of many, that start, stop, close and
 * free each other while a batch is handed out.
 */
#include "support/fds.h"
#include "support/loop.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPES = 8 };

/* Watchers on the heap, so that one may be freed while another is called. */
struct crowd;

struct ear {
    eddy_io io;
    struct crowd *crowd;
    int number;
};

struct crowd {
    eddy_loop *loop;
    struct ear *ears[PIPES];
    int fds[PIPES][2];
    int calls;
    int called[PIPES];
    void (*act)(struct crowd *crowd, int number);
};

static void on_ready(eddy_io *io, int status, unsigned events)
{
    struct ear *ear = (struct ear *) (void *) io;
    struct crowd *crowd = ear->crowd;
    int number = ear->number;

    assert_int_equal(status, 0);
    assert_int_equal(events, EDDY_READABLE);
    crowd->calls++;
    crowd->called[number]++;
    if (crowd->act != NULL)
        crowd->act(crowd, number);
}

static void add(struct crowd *crowd, int number, int fd)
{
    struct ear *ear = malloc(sizeof(*ear));

    assert_non_null(ear);
    ear->crowd = crowd;
    ear->number = number;
    crowd->ears[number] = ear;
    assert_int_equal(eddy_io_init(crowd->loop, &ear->io, fd), 0);
}

static void start(struct crowd *crowd, int number)
{
    assert_int_equal(
        eddy_io_start(&crowd->ears[number]->io, EDDY_READABLE, on_ready), 0);
}

static void drop(struct crowd *crowd, int number)
{
    struct ear *ear = crowd->ears[number];

    if (ear == NULL)
        return;
    assert_int_equal(eddy_close(&ear->io.handle, NULL), 0);
    test_poison(ear, sizeof(*ear));
    free(ear);
    crowd->ears[number] = NULL;
}

/* A watcher for each of eight pipes, all readable. */
static void gather_on_many(struct crowd *crowd, eddy_loop *loop)
{
    *crowd = (struct crowd){.loop = loop};
    for (int i = 0; i < PIPES; i++) {
        test_pipe(crowd->fds[i]);
        test_write_byte(crowd->fds[i][1]);
        add(crowd, i, crowd->fds[i][0]);
        start(crowd, i);
    }
}

/* Eight watchers of one pipe, which is readable. */
static void gather_on_one(struct crowd *crowd, eddy_loop *loop)
{
    *crowd = (struct crowd){.loop = loop};
    test_pipe(crowd->fds[0]);
    test_write_byte(crowd->fds[0][1]);
    for (int i = 0; i < PIPES; i++)
        add(crowd, i, crowd->fds[0][0]);
}

static void disperse(struct crowd *crowd)
{
    for (int i = 0; i < PIPES; i++) {
        drop(crowd, i);
        if (crowd->fds[i][1] > 0)
            test_close_pair(crowd->fds[i]);
    }
    test_loop_close(crowd->loop);
}

static void all_watchers_of_one_are_called(void **state)
{
    struct crowd crowd;

    gather_on_one(&crowd, test_loop(state));
    for (int i = 0; i < PIPES; i++)
        start(&crowd, i);
    test_run_until(crowd.loop, &crowd.calls, PIPES);
    assert_int_equal(crowd.calls, PIPES);
    for (int i = 0; i < PIPES; i++)
        assert_int_equal(crowd.called[i], 1);
    disperse(&crowd);
}

static void each_watcher_gets_what_it_wants(void **state)
{
    eddy_loop *loop = test_loop(state);
    struct crowd crowd = {.loop = loop};
    int fds[2];
    int rc;

    test_socketpair(fds);
    add(&crowd, 0, fds[0]);
    add(&crowd, 1, fds[0]);
    start(&crowd, 0);
    rc = eddy_io_start(&crowd.ears[1]->io, EDDY_READABLE | EDDY_PRIORITY,
                       on_ready);
    if (rc == EDDY_ENOTSUP) /* not every system has that */
        rc = eddy_io_start(&crowd.ears[1]->io, EDDY_READABLE, on_ready);
    assert_int_equal(rc, 0);
    test_turns(loop, 2);
    assert_int_equal(crowd.calls, 0);
    test_write_byte(fds[1]);
    test_run_until(loop, &crowd.calls, 2);
    assert_int_equal(crowd.called[0], 1);
    assert_int_equal(crowd.called[1], 1);
    drop(&crowd, 0);
    crowd.calls = 0;
    test_run_until(loop, &crowd.calls, 1);
    assert_int_equal(crowd.called[1], 2);
    drop(&crowd, 1);
    test_close_pair(fds);
    test_loop_close(loop);
}

static void stop_neighbours(struct crowd *crowd, int number)
{
    for (int i = 0; i < PIPES; i++) {
        if (i != number)
            assert_int_equal(eddy_io_stop(&crowd->ears[i]->io), 0);
    }
}

static void stopped_neighbours_are_not_called(void **state)
{
    struct crowd crowd;

    gather_on_many(&crowd, test_loop(state));
    crowd.act = stop_neighbours;
    test_turns(crowd.loop, 3);
    assert_true(crowd.calls >= 1);
    for (int i = 0; i < PIPES; i++)
        assert_true(crowd.called[i] == 0 || crowd.called[i] == crowd.calls);
    disperse(&crowd);
}

static void drop_all_others(struct crowd *crowd, int number)
{
    for (int i = 0; i < PIPES; i++) {
        if (i != number)
            drop(crowd, i);
    }
    test_check(crowd->loop);
}

static void one_may_close_all_others_of_the_batch(void **state)
{
    struct crowd crowd;
    int first = 0;

    gather_on_many(&crowd, test_loop(state));
    crowd.act = drop_all_others;
    test_turns(crowd.loop, 3);
    while (first < PIPES - 1 && crowd.called[first] == 0)
        first++;
    assert_true(crowd.calls >= 1);
    assert_int_equal(crowd.calls, crowd.called[first]);
    assert_int_equal(test_stats(crowd.loop).rebuilds, 0);
    disperse(&crowd);
}

static void one_may_close_all_others_of_its_descriptor(void **state)
{
    struct crowd crowd;

    gather_on_one(&crowd, test_loop(state));
    for (int i = 0; i < PIPES; i++)
        start(&crowd, i);
    crowd.act = drop_all_others;
    test_turn(crowd.loop);
    assert_int_equal(crowd.calls, 1);
    disperse(&crowd);
}

/* Of each pair, whoever comes first closes the other. */
static void drop_partner(struct crowd *crowd, int number)
{
    drop(crowd, number ^ 1);
    test_check(crowd->loop);
}

static void every_second_may_be_closed(void **state)
{
    struct crowd crowd;

    gather_on_one(&crowd, test_loop(state));
    for (int i = 0; i < PIPES; i++)
        start(&crowd, i);
    crowd.act = drop_partner;
    test_turn(crowd.loop);
    assert_int_equal(crowd.calls, PIPES / 2);
    disperse(&crowd);
}

static void drop_itself(struct crowd *crowd, int number)
{
    drop(crowd, number);
    test_check(crowd->loop);
}

static void each_may_close_and_free_itself(void **state)
{
    struct crowd crowd;

    gather_on_many(&crowd, test_loop(state));
    crowd.act = drop_itself;
    while (crowd.calls < PIPES)
        test_turn(crowd.loop);
    test_turns(crowd.loop, 2);
    assert_int_equal(crowd.calls, PIPES);
    disperse(&crowd);
}

static void drop_everyone(struct crowd *crowd, int number)
{
    (void) number;
    for (int i = 0; i < PIPES; i++)
        drop(crowd, i);
    test_check(crowd->loop);
}

static void one_may_close_all_and_itself(void **state)
{
    struct crowd crowd;

    gather_on_one(&crowd, test_loop(state));
    for (int i = 0; i < PIPES; i++)
        start(&crowd, i);
    crowd.act = drop_everyone;
    test_turn(crowd.loop);
    assert_int_equal(crowd.calls, 1);
    assert_false(eddy_loop_alive(crowd.loop));
    disperse(&crowd);
}

/* The first starts all that are not started: these wait for the next turn. */
static void start_others(struct crowd *crowd, int number)
{
    crowd->act = NULL;
    for (int i = 0; i < PIPES; i++) {
        if (i != number)
            start(crowd, i);
    }
}

static void started_in_a_callback_waits_for_the_next_turn(void **state)
{
    struct crowd crowd;

    gather_on_one(&crowd, test_loop(state));
    start(&crowd, 3);
    crowd.act = start_others;
    test_turn(crowd.loop);
    assert_int_equal(crowd.calls, 1);
    assert_int_equal(crowd.called[3], 1);
    test_turn(crowd.loop);
    assert_int_equal(crowd.calls, 1 + PIPES);
    disperse(&crowd);
}

static void restart_others(struct crowd *crowd, int number)
{
    crowd->act = NULL;
    for (int i = 0; i < PIPES; i++) {
        if (i == number)
            continue;
        assert_int_equal(eddy_io_stop(&crowd->ears[i]->io), 0);
        start(crowd, i);
    }
}

static void restarted_in_a_callback_waits_for_the_next_turn(void **state)
{
    struct crowd crowd;

    gather_on_one(&crowd, test_loop(state));
    for (int i = 0; i < PIPES; i++)
        start(&crowd, i);
    crowd.act = restart_others;
    test_turn(crowd.loop);
    assert_int_equal(crowd.calls, 1);
    test_turn(crowd.loop);
    assert_int_equal(crowd.calls, 1 + PIPES);
    disperse(&crowd);
}

/* Replaces each other watcher by a new one in the very same memory. */
static void replace_others(struct crowd *crowd, int number)
{
    crowd->act = NULL;
    for (int i = 0; i < PIPES; i++) {
        struct ear *ear = crowd->ears[i];

        if (i == number)
            continue;
        assert_int_equal(eddy_close(&ear->io.handle, NULL), 0);
        assert_int_equal(eddy_io_init(crowd->loop, &ear->io, crowd->fds[0][0]),
                         0);
        start(crowd, i);
    }
    test_check(crowd->loop);
}

static void replaced_in_a_callback_waits_for_the_next_turn(void **state)
{
    struct crowd crowd;

    gather_on_one(&crowd, test_loop(state));
    for (int i = 0; i < PIPES; i++)
        start(&crowd, i);
    crowd.act = replace_others;
    test_turn(crowd.loop);
    assert_int_equal(crowd.calls, 1);
    test_turn(crowd.loop);
    assert_int_equal(crowd.calls, 1 + PIPES);
    disperse(&crowd);
}

/* Whatever the size of a batch, none of the ready waits for ever. */
static void many_ready_are_all_served(void **state)
{
    struct crowd crowd;

    gather_on_many(&crowd, test_loop(state));
    for (int turns = 0; turns < PIPES; turns++)
        test_turn(crowd.loop);
    for (int i = 0; i < PIPES; i++)
        assert_true(crowd.called[i] >= 1);
    disperse(&crowd);
}

/* In a batch, the first one forks: what is left of it is the parent's. The
 * child asserts by its exit code. */
static void fork_first(struct crowd *crowd, int number)
{
    int status = -1;
    pid_t child;

    (void) number;
    if (crowd->calls > 1)
        return;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60); /* it must not sleep */
        return;
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void child_of_a_callback_is_told_nothing_more(void **state)
{
    pid_t parent = getpid();
    struct crowd crowd;
    int rc;

    gather_on_many(&crowd, test_loop(state));
    crowd.act = fork_first;
    rc = eddy_run(crowd.loop, EDDY_RUN_NOWAIT);
    if (getpid() != parent)
        _exit(rc == EDDY_EPERM && crowd.calls == 1 ? 0 : 1);
    assert_true(rc > 0);
    test_turns(crowd.loop, PIPES);
    assert_true(crowd.calls >= PIPES);
    disperse(&crowd);
}

static void on_any(eddy_io *io, int status, unsigned events)
{
    assert_int_equal(status, 0);
    *(unsigned *) io->data |= events;
}

/* An interest that was dropped costs one event at the most. */
static void what_nobody_wants_ceases(void **state)
{
    eddy_loop *loop = test_loop(state);
    unsigned told = 0;
    uint64_t events;
    eddy_io io;
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(eddy_io_init(loop, &io, fds[0]), 0);
    io.data = &told;
    assert_int_equal(eddy_io_start(&io, EDDY_READABLE | EDDY_WRITABLE, on_any),
                     0);
    test_turn(loop);
    assert_int_equal(told, EDDY_WRITABLE);
    assert_int_equal(eddy_io_start(&io, EDDY_READABLE, on_any), 0);
    test_turns(loop, 2);
    events = test_stats(loop).events;
    test_turns(loop, 5);
    assert_int_equal(test_stats(loop).events, events);
    assert_int_equal(eddy_close(&io.handle, NULL), 0);
    test_close_pair(fds);
    test_loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(all_watchers_of_one_are_called),
        LOOP_TEST(each_watcher_gets_what_it_wants),
        LOOP_TEST(stopped_neighbours_are_not_called),
        LOOP_TEST(one_may_close_all_others_of_the_batch),
        LOOP_TEST(one_may_close_all_others_of_its_descriptor),
        LOOP_TEST(every_second_may_be_closed),
        LOOP_TEST(each_may_close_and_free_itself),
        LOOP_TEST(one_may_close_all_and_itself),
        LOOP_TEST(started_in_a_callback_waits_for_the_next_turn),
        LOOP_TEST(restarted_in_a_callback_waits_for_the_next_turn),
        LOOP_TEST(replaced_in_a_callback_waits_for_the_next_turn),
        LOOP_TEST(many_ready_are_all_served),
        LOOP_TEST(child_of_a_callback_is_told_nothing_more),
        LOOP_TEST(what_nobody_wants_ceases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
