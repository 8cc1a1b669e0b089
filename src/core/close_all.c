/* SPDX-License-Identifier: MIT */
/*
 * Closing a loop with all that is in it, within a time.
 */
#include "core/handle.h"
#include "core/loop.h"

#include <eddy/timer.h>

struct closer {
    eddy_timer timer;
    eddy_close_cb each;
    bool expired;
};

static void expire(eddy_timer *timer)
{
    struct closer *closer = EDDY__CONTAINER(timer, struct closer, timer);

    closer->expired = true;
}

static void close_one(eddy_handle *handle, void *arg)
{
    const struct closer *closer = arg;

    (void) eddy_close(handle, closer->each);
}

/* Callbacks may open new handles, which are closed in the next round. */
static int close_rounds(eddy_loop *loop, struct closer *closer)
{
    for (;;) {
        int err;

        eddy_walk(loop, close_one, closer);
        if (!eddy__handles_open(loop) && loop->requests == 0 &&
            loop->closing_handles == 0)
            return 0;
        if (closer->expired)
            return EDDY_ETIMEDOUT;
        err = eddy_run(loop, EDDY_RUN_ONCE);
        if (err < 0)
            return err;
    }
}

static int close_within(eddy_loop *loop, struct closer *closer,
                        uint64_t timeout_ns)
{
    int err = eddy_timer_init(loop, &closer->timer);

    if (err < 0)
        return err;
    eddy__handle_hide(&closer->timer.handle);
    err = eddy_timer_start(&closer->timer, expire, timeout_ns, 0);
    if (err == 0)
        err = close_rounds(loop, closer);
    (void) eddy_close(&closer->timer.handle, NULL);
    return err < 0 ? err : eddy_loop_close(loop);
}

/* The callbacks of tasks that the close hands back may open handles anew: then
 * they are closed, too, in the time that is left. */
int eddy_loop_close_all(eddy_loop *loop, uint64_t timeout_ns,
                        eddy_close_cb each)
{
    struct closer closer = {.each = each};
    uint64_t began;
    int err;

    if (loop == NULL || !(loop->state & EDDY__LOOP_OPEN))
        return EDDY_EINVAL;
    if (loop->state & EDDY__LOOP_RUNNING)
        return EDDY_EBUSY;
    began = loop->os->now(loop->os->context);
    err = close_within(loop, &closer, timeout_ns);
    while (err == EDDY_EBUSY && eddy__handles_open(loop)) {
        uint64_t spent = loop->os->now(loop->os->context) - began;

        if (spent >= timeout_ns)
            return EDDY_ETIMEDOUT;
        err = close_within(loop, &closer, timeout_ns - spent);
    }
    return err;
}
