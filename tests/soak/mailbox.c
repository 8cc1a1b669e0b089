/* SPDX-License-Identifier: MIT */
/*
 * The mailbox: its door, what senders do with it, and its part in the life of
 * a loop. When that drains, all that was sent has to arrive; when it closes in
 * the midst of it, all tasks have to come back.
 */
#include "soak/soak.h"

/* --- for senders -----------------------------------------------------------
 */

struct box *mailbox_take_box(struct station *station, int slot)
{
    struct mailbox *mailbox = &station->mailbox;
    struct box *box;

    pthread_mutex_lock(&mailbox->lock);
    box = mailbox->boxes[slot];
    if (box != NULL) {
        pthread_mutex_lock(&box->lock);
        box->shares++;
        pthread_mutex_unlock(&box->lock);
    }
    pthread_mutex_unlock(&mailbox->lock);
    return box;
}

/* The station may be waiting for this, and asleep. */
static void knock(struct mailbox *mailbox)
{
    if (!mailbox->open && mailbox->door_made)
        REQUIRE(eddy_async_send(&mailbox->door) == 0);
}

void mailbox_give_back(struct box *box)
{
    struct mailbox *mailbox = &box->station->mailbox;

    box_drop(box);
    pthread_mutex_lock(&mailbox->lock);
    knock(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
}

uint64_t mailbox_enter(struct station *station)
{
    struct mailbox *mailbox = &station->mailbox;
    uint64_t life;

    pthread_mutex_lock(&mailbox->lock);
    life = mailbox->open ? mailbox->life : 0;
    if (life != 0)
        mailbox->inside++;
    pthread_mutex_unlock(&mailbox->lock);
    return life;
}

void mailbox_leave(struct station *station)
{
    struct mailbox *mailbox = &station->mailbox;

    pthread_mutex_lock(&mailbox->lock);
    if (--mailbox->inside == 0)
        pthread_cond_signal(&mailbox->left);
    knock(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
}

void mailbox_on_task(struct station *station, int sender, uint64_t life,
                     uint64_t order, int status)
{
    struct mailbox *mailbox = &station->mailbox;

    REQUIRE(life == mailbox->life);
    REQUIRE(order == mailbox->expected[sender]);
    mailbox->expected[sender]++;
    if (mailbox->handing_back) {
        REQUIRE(status == EDDY_ECANCELED);
        tally(&station->ledger, TASKS_CANCELED);
        return;
    }
    REQUIRE(status == 0);
    station_in_poll(station);
    tally(&station->ledger, TASKS_RUN);
    mailbox_turn(station);
}

/* --- the part --------------------------------------------------------------
 */

static void on_door(eddy_async *async)
{
    station_progress(async->data);
}

static void on_door_closed(eddy_handle *handle)
{
    struct station *station = handle->data;

    station->mailbox.unclosed--;
    tally(&station->ledger, HANDLES_CLOSED);
}

static void open_mailbox(struct station *station, void *self)
{
    struct mailbox *mailbox = &station->mailbox;

    (void) self;
    REQUIRE(mailbox->fence_rounds == 0);
    mailbox->unclosed = 1;
    for (int i = 0; i < OWN_BOXES; i++)
        mailbox->expected[i] = 0;
    REQUIRE(eddy_async_init(&station->loop, &mailbox->door, on_door) == 0);
    mailbox->door.data = station;
    tally(&station->ledger, HANDLES_MADE);
    for (int slot = 0; slot < BOXES; slot++)
        box_open(station, slot);
    pthread_mutex_lock(&mailbox->lock);
    mailbox->life++;
    mailbox->open = true;
    mailbox->door_made = true;
    pthread_mutex_unlock(&mailbox->lock);
}

static bool take_back(struct mailbox *mailbox)
{
    bool empty;

    pthread_mutex_lock(&mailbox->lock);
    mailbox->open = false;
    for (int slot = 0; slot < BOXES; slot++)
        mailbox->boxes[slot] = NULL;
    empty = mailbox->inside == 0;
    pthread_mutex_unlock(&mailbox->lock);
    return empty;
}

/* Nobody else has it, and the last send has been seen. */
static bool is_quiet(struct box *box)
{
    bool quiet;

    pthread_mutex_lock(&box->lock);
    quiet = box->shares == 1 &&
            box->seen == __atomic_load_n(&box->sent, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&box->lock);
    return quiet;
}

static bool drained(struct station *station, void *self)
{
    struct mailbox *mailbox = &station->mailbox;

    (void) self;
    if (!take_back(mailbox))
        return false;
    for (int slot = 0; slot < BOXES; slot++) {
        if (!is_quiet(mailbox->held[slot]))
            return false;
    }
    return true;
}

static void close_mailbox(struct station *station, void *self)
{
    struct mailbox *mailbox = &station->mailbox;

    (void) self;
    (void) take_back(mailbox);
    for (int slot = 0; slot < BOXES; slot++)
        box_close(station, slot);
    pthread_mutex_lock(&mailbox->lock);
    mailbox->door_made = false;
    pthread_mutex_unlock(&mailbox->lock);
    REQUIRE(eddy_close(&mailbox->door.handle, on_door_closed) == 1);
}

static bool closed(struct station *station, void *self)
{
    (void) self;
    return station->mailbox.unclosed == 0;
}

const struct part mailbox_part = {
    .open = open_mailbox,
    .drained = drained,
    .close = close_mailbox,
    .closed = closed,
};
