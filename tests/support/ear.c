/* SPDX-License-Identifier: MIT */
/*
 * A watcher that notes what it is told. What holds for each callback of a
 * watcher is asserted here, for all tests.
 */
#include "support/ear.h"

void ear_heard(eddy_io *io, int status, unsigned events)
{
    struct ear *ear = (struct ear *) (void *) io;

    ear->calls++;
    ear->status = status;
    ear->events = events;
    assert_true(status <= 0);
    assert_true((status == 0) == (events != 0));
    assert_true(eddy_is_active(&io->handle) == (status == 0));
    if (ear->act != NULL)
        ear->act(ear);
}

void ear_open(eddy_loop *loop, struct ear *ear, int fd)
{
    *ear = (struct ear){.calls = 0};
    assert_int_equal(eddy_io_init(loop, &ear->io, fd), 0);
}

void ear_start(struct ear *ear, unsigned events)
{
    assert_int_equal(eddy_io_start(&ear->io, events, ear_heard), 0);
}

void ear_stop(struct ear *ear)
{
    assert_int_equal(eddy_io_stop(&ear->io), 0);
}

void ear_close(struct ear *ear)
{
    assert_int_equal(eddy_close(&ear->io.handle, NULL), 0);
}
