/* SPDX-License-Identifier: MIT */
/*
 * Steady state: once a loop has done each thing, doing it again and again
 * allocates nothing, whatever it is: bytes that come and go, timers, asyncs,
 * tasks, work, watchers made and closed.
 */
#include "support/fds.h"
#include "support/net.h"

#include <stdlib.h>

enum { ROUNDS = 200, CHUNK = 10000, WARM_UP = 3 };

struct routine {
    struct peer a;
    struct peer b;
    struct writing writing;
    eddy_io io;
    eddy_timer timer;
    eddy_async async;
    eddy_task task;
    eddy_work work;
    int fds[2];
    int done; /* callbacks */
    size_t sent;
};

static void on_io(eddy_io *io, int status, unsigned events)
{
    struct routine *routine = io->data;

    assert_int_equal(status, 0);
    assert_int_equal(events, EDDY_READABLE);
    test_read_byte(routine->fds[0]);
    routine->done++;
}

static void on_timer(eddy_timer *timer)
{
    ((struct routine *) timer->data)->done++;
}

static void on_async(eddy_async *async)
{
    ((struct routine *) async->data)->done++;
}

static void on_task(eddy_task *task, int status)
{
    ((struct routine *) task->data)->done += status == 0;
}

static void toil(eddy_work *work)
{
    (void) work;
}

static void on_work(eddy_work *work, int status)
{
    ((struct routine *) work->data)->done += status == 0;
}

static void routine_open(struct net *net, struct routine *routine)
{
    routine->timer.data = routine;
    routine->task.data = routine;
    routine->work.data = routine;
    test_pipe(routine->fds);
    net_connect(net, &routine->a, &routine->b);
    peer_read(&routine->b);
    assert_int_equal(eddy_timer_init(&net->loop, &routine->timer), 0);
    assert_int_equal(eddy_async_init(&net->loop, &routine->async, on_async), 0);
    routine->async.data = routine;
}

static void exchange(struct net *net, struct routine *routine)
{
    int calls = routine->writing.calls;

    peer_write(&routine->a, &routine->writing, routine->sent, CHUNK);
    routine->sent += CHUNK;
    net_until(net, &routine->writing.calls, calls + 1);
    net_until_size(net, &routine->b.received, routine->sent);
}

static void round_of_all(struct net *net, struct routine *routine)
{
    eddy_loop *loop = &net->loop;
    int before = routine->done;

    assert_int_equal(eddy_io_init(loop, &routine->io, routine->fds[0]), 0);
    routine->io.data = routine;
    assert_int_equal(eddy_io_start(&routine->io, EDDY_READABLE, on_io), 0);
    test_write_byte(routine->fds[1]);
    assert_int_equal(
        eddy_timer_start(&routine->timer, on_timer, EDDY_US(50), 0), 0);
    assert_int_equal(eddy_async_send(&routine->async), 0);
    assert_int_equal(eddy_post(loop, &routine->task, on_task), 0);
    assert_int_equal(eddy_work_submit(loop, &routine->work, toil, on_work), 0);
    net_until(net, &routine->done, before + 5);
    exchange(net, routine);
    assert_int_equal(eddy_close(&routine->io.handle, NULL), 0);
}

static void all_that_is_repeated_allocates_nothing(void **state)
{
    struct net *net = *state;
    struct routine *routine = calloc(1, sizeof(*routine));
    size_t before = 0;

    assert_non_null(routine);
    routine_open(net, routine);
    for (int i = 0; i < WARM_UP + ROUNDS; i++) {
        if (i == WARM_UP)
            before = net->memory.allocations;
        round_of_all(net, routine);
    }
    assert_true(before > 0);
    assert_int_equal(net->memory.allocations, before);
    test_close_pair(routine->fds);
    net_close(net);
    free(routine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(all_that_is_repeated_allocates_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
