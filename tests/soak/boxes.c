/* SPDX-License-Identifier: MIT */
/*
 * Boxes, on the station's thread. Each async is accounted for: one in a box of
 * a single sender's is called exactly once for each send, and sees what was
 * written before it; of one that all send to, the last send is seen.
 *
 * Boxes are closed and made anew under the senders. What they were sent
 * meanwhile need not arrive then, and a send that was lost would hide in that.
 * So before a box is closed, the loop goes through all its messages once more:
 * what had been taken before that must have arrived.
 */
#include "soak/soak.h"

#include <stdlib.h>

enum { FENCE_ROUNDS = 2, SELDOM = 50 };

void box_drop(struct box *box)
{
    int left;

    pthread_mutex_lock(&box->lock);
    left = --box->shares;
    pthread_mutex_unlock(&box->lock);
    if (left > 0)
        return;
    pthread_cond_destroy(&box->changed);
    pthread_mutex_destroy(&box->lock);
    free(box);
}

static void box_tell(struct box *box, uint64_t seen, bool closed)
{
    pthread_mutex_lock(&box->lock);
    box->seen = seen;
    box->closed = closed;
    pthread_cond_broadcast(&box->changed);
    pthread_mutex_unlock(&box->lock);
}

static void on_box_closed(eddy_handle *handle)
{
    struct box *box = handle->data;
    struct station *station = box->station;

    REQUIRE(!box->closed);
    box_tell(box, box->seen, true);
    tally(&station->ledger, HANDLES_CLOSED);
    station->mailbox.unclosed--;
    box_drop(box);
}

static void on_box(eddy_async *async)
{
    struct box *box = async->data;
    struct station *station = box->station;
    uint64_t sent = __atomic_load_n(&box->sent, __ATOMIC_RELAXED);

    station_in_poll(station);
    REQUIRE(!eddy_is_closing(&async->handle));
    if (box->slot < OWN_BOXES) {
        REQUIRE(sent == box->seen + 1);
        REQUIRE(box->payload == ~box->complement);
    }
    tally(&station->ledger, ASYNCS_RUN);
    box_tell(box, sent, false);
    mailbox_turn(station);
}

void box_open(struct station *station, int slot)
{
    struct mailbox *mailbox = &station->mailbox;
    struct box *box = calloc(1, sizeof(*box));

    REQUIRE(box != NULL);
    box->station = station;
    box->slot = slot;
    box->shares = 1;
    box->complement = ~box->payload;
    pthread_mutex_init(&box->lock, NULL);
    pthread_cond_init(&box->changed, NULL);
    REQUIRE(eddy_async_init(&station->loop, &box->async, on_box) == 0);
    box->async.data = box;
    mailbox->unclosed++;
    mailbox->held[slot] = box;
    tally(&station->ledger, HANDLES_MADE);
    pthread_mutex_lock(&mailbox->lock);
    mailbox->boxes[slot] = box;
    pthread_mutex_unlock(&mailbox->lock);
}

/* Whoever holds a share goes on sending. */
void box_close(struct station *station, int slot)
{
    struct mailbox *mailbox = &station->mailbox;

    pthread_mutex_lock(&mailbox->lock);
    mailbox->boxes[slot] = NULL;
    pthread_mutex_unlock(&mailbox->lock);
    REQUIRE(eddy_close(&mailbox->held[slot]->async.handle, on_box_closed) == 1);
    mailbox->held[slot] = NULL;
}

/* --- closing and making anew --- */

static void on_fence(eddy_task *task, int status);

static void post_fence(struct station *station)
{
    struct mailbox *mailbox = &station->mailbox;

    mailbox->fence.data = station;
    REQUIRE(eddy_post(&station->loop, &mailbox->fence, on_fence) == 0);
    tally(&station->ledger, TASKS_POSTED);
}

/* The second round begins when all that came before the first has been run. */
static void on_fence(eddy_task *task, int status)
{
    struct station *station = task->data;
    struct mailbox *mailbox = &station->mailbox;
    int slot = mailbox->doomed;

    REQUIRE(status == (mailbox->handing_back ? EDDY_ECANCELED : 0));
    tally(&station->ledger, status == 0 ? TASKS_RUN : TASKS_CANCELED);
    mailbox->fence_rounds--;
    if (station->life != LIVING) {
        mailbox->fence_rounds = 0;
    } else if (mailbox->fence_rounds > 0) {
        post_fence(station);
    } else {
        REQUIRE(mailbox->held[slot]->seen >= mailbox->due);
        box_close(station, slot);
        box_open(station, slot);
    }
}

static void doom_one(struct station *station)
{
    struct mailbox *mailbox = &station->mailbox;
    int slot = (int) pick(&station->random, BOXES);

    mailbox->doomed = slot;
    mailbox->due =
        __atomic_load_n(&mailbox->held[slot]->taken, __ATOMIC_ACQUIRE);
    mailbox->fence_rounds = FENCE_ROUNDS;
    post_fence(station);
}

void mailbox_turn(struct station *station)
{
    if (station->life == LIVING && station->mailbox.fence_rounds == 0 &&
        pick(&station->random, SELDOM) == 0)
        doom_one(station);
    if (station->messages_left > 0 && --station->messages_left % 4096 == 0)
        REQUIRE(eddy_loop_check(&station->loop) == 0);
    if (station->kind == QUIET)
        station_progress(station);
}
