/* SPDX-License-Identifier: MIT */
/*
 * Two threads with a loop each that wake each other in turn. A wakeup is one
 * write, and with an eventfd on epoll no read: it is watched edge-triggered,
 * and never drained.
 */
#include "mark.h"

#include <pthread.h>

enum { ROUNDTRIPS = 1000 };

struct side {
    eddy_loop loop;
    eddy_async async;
    struct side *peer;
    int left; /* sends still to be made */
};

static void on_wake(eddy_async *async)
{
    struct side *side = async->data;

    /* The peer's loop may end with its last wake, and is still open then. */
    if (side->left > 0)
        must(eddy_async_send(&side->peer->async) == 0, "eddy_async_send");
    if (--side->left <= 0)
        eddy_stop(&side->loop);
}

static void init(struct side *side, struct side *peer)
{
    must(eddy_loop_init(&side->loop, NULL) == 0, "eddy_loop_init");
    must(eddy_async_init(&side->loop, &side->async, on_wake) == 0, "init");
    side->async.data = side;
    side->peer = peer;
    side->left = ROUNDTRIPS;
}

static void *run(void *argument)
{
    struct side *side = argument;

    must(eddy_run(&side->loop, EDDY_RUN_DEFAULT) > 0, "eddy_run");
    return NULL;
}

int main(void)
{
    static struct side sides[2];
    pthread_t thread;

    init(&sides[0], &sides[1]);
    init(&sides[1], &sides[0]);
    must(pthread_create(&thread, NULL, run, &sides[1]) == 0, "pthread_create");
    mark();
    must(eddy_async_send(&sides[1].async) == 0, "eddy_async_send");
    run(&sides[0]);
    pthread_join(thread, NULL);
    mark();
    for (int i = 0; i < 2; i++)
        must(eddy_loop_close_all(&sides[i].loop, EDDY_SEC(5), NULL) == 0,
             "eddy_loop_close_all");
    return 0;
}
