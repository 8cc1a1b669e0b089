/* SPDX-License-Identifier: MIT */
/*
 * A program that uses a loop, a descriptor, a timer and an async, and nothing
 * else: what it pulls out of the static library is what these cost.
 */
#include <eddy.h>

static void on_ready(eddy_io *io, int status, unsigned events)
{
    (void) status;
    (void) events;
    eddy_io_stop(io);
    eddy_close(&io->handle, NULL);
}

static void on_wake(eddy_async *async)
{
    eddy_close(&async->handle, NULL);
}

static void on_timer(eddy_timer *timer)
{
    eddy_async_send(timer->data);
    eddy_timer_stop(timer);
    eddy_close(&timer->handle, NULL);
}

int main(void)
{
    static eddy_loop loop;
    static eddy_io io;
    static eddy_timer timer;
    static eddy_async async;

    if (eddy_loop_init(&loop, NULL) < 0)
        return 1;
    eddy_io_init(&loop, &io, 0);
    eddy_io_start(&io, EDDY_READABLE, on_ready);
    eddy_async_init(&loop, &async, on_wake);
    eddy_timer_init(&loop, &timer);
    timer.data = &async;
    eddy_timer_start(&timer, on_timer, EDDY_MS(1), 0);
    eddy_run(&loop, EDDY_RUN_DEFAULT);
    return eddy_loop_close(&loop) < 0;
}
