/* SPDX-License-Identifier: MIT */
/*
 * An interest that is stopped and started again with a poll after each: as
 * nothing comes in between, it lingers in the kernel, and the kernel hears of
 * neither.
 */
#include "mark.h"

enum { RESTARTS = 1000 };

static int wakes;

static void on_ready(eddy_io *io, int status, unsigned events)
{
    (void) io;
    must(status == 0 && events == EDDY_READABLE, "readable, and no more");
    wakes++;
}

static void restart(eddy_loop *loop, eddy_io *io)
{
    must(eddy_io_stop(io) == 0, "eddy_io_stop");
    must(eddy_run(loop, EDDY_RUN_NOWAIT) >= 0, "eddy_run");
    must(eddy_io_start(io, EDDY_READABLE, on_ready) == 0, "eddy_io_start");
    must(eddy_run(loop, EDDY_RUN_NOWAIT) >= 0, "eddy_run");
}

int main(void)
{
    eddy_loop loop;
    eddy_io io;
    int fds[2];

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "socketpair");
    must(eddy_loop_init(&loop, NULL) == 0, "eddy_loop_init");
    eddy_loop_ref(&loop); /* So that a run polls with no active handle, too. */
    must(eddy_io_init(&loop, &io, fds[0]) == 0, "eddy_io_init");
    must(eddy_io_start(&io, EDDY_READABLE, on_ready) == 0, "eddy_io_start");
    must(eddy_run(&loop, EDDY_RUN_NOWAIT) > 0, "eddy_run");
    mark();
    for (int i = 0; i < RESTARTS; i++)
        restart(&loop, &io);
    mark();
    must(write(fds[1], "x", 1) == 1, "write");
    must(eddy_run(&loop, EDDY_RUN_NOWAIT) > 0 && wakes == 1, "one wake");
    eddy_loop_unref(&loop);
    must(eddy_close(&io.handle, NULL) == 0, "eddy_close");
    must(eddy_loop_close(&loop) == 0, "eddy_loop_close");
    close(fds[0]);
    close(fds[1]);
    return 0;
}
