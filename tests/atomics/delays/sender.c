/* SPDX-License-Identifier: MIT */
/*
 * The senders' side of a round. After each burst a sender waits until the loop
 * has been told of all of it, however long that takes on a busy machine: only
 * a wakeup that was lost takes longer than PATIENCE.
 */
#include "rounds.h"

#include <sched.h>

enum { LONGEST_BURST = 48 };

#define PATIENCE EDDY_SEC(30)

static void send_one(struct round *round, int sender, uint64_t drawn)
{
    struct stress_async *async = &round->asyncs[drawn % ASYNCS];
    bool late = counted(&async->closed);
    int *published = &async->published[sender];
    int err;

    __atomic_fetch_add(&async->sends, 1, __ATOMIC_RELAXED);
    __atomic_store_n(published, *published + 1, __ATOMIC_RELAXED);
    err = eddy_async_send(&async->async);
    if (err != 0 && (err != EDDY_EINVAL || !counted(&async->closing)))
        round_fail("a send to an open async was refused");
    if (err == 0 && late)
        round_fail("a send after the close was taken");
}

static void post(struct round *round, struct post_box *box,
                 struct stress_task *task)
{
    task->number = box->posted++;
    if (eddy_post(&round->loop, &task->task, round_task_ran) != 0)
        round_fail("a post was refused");
}

static void post_one(struct round *round, struct post_box *box)
{
    if (box->posted - counted(&box->run) < RING)
        post(round, box, &box->ring[box->posted % RING]);
}

static bool is_told(struct round *round, int sender)
{
    const struct post_box *box = &round->boxes[sender];

    for (int i = 0; i < ASYNCS; i++) {
        const struct stress_async *async = &round->asyncs[i];

        if (counted(&async->told[sender]) != async->published[sender] &&
            !counted(&async->closing))
            return false;
    }
    return counted(&box->run) == box->posted;
}

static void wait_until_told(struct round *round, int sender)
{
    uint64_t begun = 0;

    for (unsigned looks = 1; !is_told(round, sender); looks++) {
        if (looks % 64 == 0)
            sched_yield();
        if (looks % 4096 != 0)
            continue;
        if (begun == 0)
            begun = eddy_hrtime();
        if (eddy_hrtime() - begun > PATIENCE)
            round_fail("a wakeup was lost");
    }
}

void round_send_all(struct round *round, int sender, uint64_t seed)
{
    struct post_box *box = &round->boxes[sender];
    int burst = 1;

    for (int i = 0; i < round->budget; i++) {
        uint64_t drawn = round_draw(&seed);

        if (drawn % 64 == 0)
            eddy_stop(&round->loop);
        else if (drawn % 64 < 24)
            post_one(round, box);
        else
            send_one(round, sender, drawn / 64);
        if (--burst > 0)
            continue;
        wait_until_told(round, sender);
        burst = 1 + (int) (drawn / 64 % LONGEST_BURST);
    }
    wait_until_told(round, sender);
    post(round, box, &box->last);
}
