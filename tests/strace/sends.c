/* SPDX-License-Identifier: MIT */
/*
 * 100,000 sends from the loop's own thread: some before the run, then one in
 * each callback, and between these a burst on a second handle. A loop that is
 * awake needs no wakeup; run.sh allows 10 writes in all.
 */
#include "mark.h"

enum { BEFORE = 10000, BURST = 9, TOTAL = 100000 };

static eddy_async chain;
static eddy_async other;
static int sent;
static int called;

static void send_to(eddy_async *async)
{
    must(eddy_async_send(async) == 0, "eddy_async_send");
    sent++;
}

static void on_other(eddy_async *async)
{
    (void) async;
}

static void on_chain(eddy_async *async)
{
    called++;
    if (sent >= TOTAL) {
        eddy_stop(async->loop);
        return;
    }
    for (int i = 0; i < BURST; i++)
        send_to(&other);
    send_to(&chain);
}

int main(void)
{
    eddy_loop loop;

    must(eddy_loop_init(&loop, NULL) == 0, "eddy_loop_init");
    must(eddy_async_init(&loop, &chain, on_chain) == 0, "eddy_async_init");
    must(eddy_async_init(&loop, &other, on_other) == 0, "eddy_async_init");
    mark();
    for (int i = 0; i < BEFORE; i++)
        send_to(&chain);
    must(eddy_run(&loop, EDDY_RUN_DEFAULT) > 0, "eddy_run");
    mark();
    must(sent == TOTAL, "all were sent");
    /* Those before the run coalesced to one call; each call made ten more. */
    must(called == 1 + (TOTAL - BEFORE) / (BURST + 1), "each was delivered");
    must(eddy_loop_close_all(&loop, EDDY_SEC(5), NULL) == 0, "close_all");
    return 0;
}
