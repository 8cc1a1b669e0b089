/* SPDX-License-Identifier: MIT */
/*
 * The loop's side of a round. What is freed is painted, and the paint has to
 * be there in the end.
 */
#include "rounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAINT = 0xdb };

uint64_t round_draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

void round_fail(const char *failure)
{
    printf("stress: %s\n", failure);
    fflush(stdout);
    _Exit(1);
}

static bool is_painted(const void *where, size_t size)
{
    const unsigned char *byte = where;

    for (size_t i = 0; i < size; i++)
        if (byte[i] != PAINT)
            return false;
    return true;
}

/* A send that comes too late looks at the state, and at nothing else. */
static void on_closed(eddy_handle *handle)
{
    eddy_async *async = (eddy_async *) (void *) handle;

    memset(&async->handle, PAINT, sizeof(async->handle));
    memset(&async->message.next, PAINT, sizeof(async->message.next));
    memset(&async->cb, PAINT, sizeof(async->cb));
}

static void close_async(struct stress_async *async)
{
    if (async->closing)
        return;
    __atomic_store_n(&async->closing, 1, __ATOMIC_SEQ_CST);
    if (eddy_close(&async->async.handle, on_closed) != 1)
        round_fail("an async was not closed");
    __atomic_store_n(&async->closed, 1, __ATOMIC_RELEASE);
}

static void on_async(eddy_async *handle)
{
    struct stress_async *async = (struct stress_async *) (void *) handle;

    if (async->closing)
        round_fail("a closed async was called back");
    if (++async->callbacks > __atomic_load_n(&async->sends, __ATOMIC_RELAXED))
        round_fail("more callbacks than sends");
    for (int i = 0; i < SENDERS; i++) {
        int published = __atomic_load_n(&async->published[i], __ATOMIC_RELAXED);

        if (published < async->told[i])
            round_fail("a callback saw the past");
        __atomic_store_n(&async->told[i], published, __ATOMIC_RELEASE);
    }
    if (async->close_in > 0 && --async->close_in == 0)
        close_async(async);
}

void round_task_ran(eddy_task *posted, int status)
{
    struct stress_task *task = (struct stress_task *) (void *) posted;
    struct post_box *box = &task->round->boxes[task->sender];

    if (status != 0)
        round_fail("a task was cancelled");
    if (task->number != box->run)
        round_fail("a task came twice, or out of turn");
    task->number = -1;
    __atomic_store_n(&box->run, box->run + 1, __ATOMIC_RELEASE);
    if (task != &box->last)
        return;
    if (++task->round->ended < SENDERS)
        return;
    for (int i = 0; i < ASYNCS; i++)
        close_async(&task->round->asyncs[i]);
}

void round_begin(struct round *round, int budget, uint64_t seed)
{
    memset(round, 0, sizeof(*round));
    round->budget = budget;
    round->random = seed;
    if (eddy_loop_init(&round->loop, NULL) != 0)
        round_fail("no loop");
    for (int i = 0; i < ASYNCS; i++) {
        struct stress_async *async = &round->asyncs[i];
        uint64_t drawn = round_draw(&round->random);

        if (i > 0)
            async->close_in = (unsigned) (drawn % (uint64_t) (budget + 1));
        (void) eddy_async_init(&round->loop, &async->async, on_async);
    }
    for (int i = 0; i < SENDERS; i++)
        for (int k = 0; k <= RING; k++) {
            struct post_box *box = &round->boxes[i];
            struct stress_task *task = k < RING ? &box->ring[k] : &box->last;

            task->round = round;
            task->sender = i;
        }
}

/* Senders are still on their way out of their last post. */
void round_run(struct round *round)
{
    int rc;

    do
        rc = eddy_run(&round->loop, EDDY_RUN_DEFAULT);
    while (rc > 0);
    if (rc != 0 || round->ended < SENDERS)
        round_fail("the run failed");
    if (eddy_loop_close(&round->loop) != 0)
        round_fail("the loop cannot be closed");
    memset(&round->loop, PAINT, sizeof(round->loop));
}

void round_end(struct round *round)
{
    if (!is_painted(&round->loop, sizeof(round->loop)))
        round_fail("the loop was touched after its close");
    for (int i = 0; i < ASYNCS; i++) {
        const eddy_async *async = &round->asyncs[i].async;

        if (!is_painted(&async->handle, sizeof(async->handle)) ||
            !is_painted(&async->message.next, sizeof(async->message.next)) ||
            !is_painted(&async->cb, sizeof(async->cb)))
            round_fail("an async was touched after its close");
    }
    for (int i = 0; i < SENDERS; i++)
        if (round->boxes[i].run != round->boxes[i].posted)
            round_fail("a task was lost");
}
