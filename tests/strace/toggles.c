/* SPDX-License-Identifier: MIT */
/*
 * 1,000 toggles of an interest between two polls, in all the ways that leave
 * it as it was: stopped and started, changed and changed back. The kernel is
 * not to hear of any.
 */
#include "mark.h"

enum { TOGGLES = 1000 };

static int wakes;

static void on_ready(eddy_io *io, int status, unsigned events)
{
    (void) io;
    must(status == 0 && events == EDDY_READABLE, "readable, and no more");
    wakes++;
}

static void toggle(eddy_io *io, int way)
{
    if (way == 0)
        must(eddy_io_stop(io) == 0, "eddy_io_stop");
    else if (way == 1)
        must(eddy_io_start(io, EDDY_WRITABLE, on_ready) == 0, "change");
    else
        must(eddy_io_start(io, EDDY_READABLE | EDDY_WRITABLE, on_ready) == 0,
             "add");
    must(eddy_io_start(io, EDDY_READABLE, on_ready) == 0, "eddy_io_start");
}

int main(void)
{
    eddy_loop loop;
    eddy_io io;
    int fds[2];

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "socketpair");
    must(eddy_loop_init(&loop, NULL) == 0, "eddy_loop_init");
    must(eddy_io_init(&loop, &io, fds[0]) == 0, "eddy_io_init");
    must(eddy_io_start(&io, EDDY_READABLE, on_ready) == 0, "eddy_io_start");
    must(eddy_run(&loop, EDDY_RUN_NOWAIT) > 0, "eddy_run");
    mark();
    for (int i = 0; i < TOGGLES; i++)
        toggle(&io, i % 3);
    must(eddy_run(&loop, EDDY_RUN_NOWAIT) > 0, "eddy_run");
    mark();
    /* Saved is what was not needed: the interest is in the kernel still. */
    must(write(fds[1], "x", 1) == 1, "write");
    must(eddy_run(&loop, EDDY_RUN_NOWAIT) > 0 && wakes == 1, "one wake");
    must(eddy_close(&io.handle, NULL) == 0, "eddy_close");
    must(eddy_loop_close(&loop) == 0, "eddy_loop_close");
    close(fds[0]);
    close(fds[1]);
    return 0;
}
