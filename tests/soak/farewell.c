/* SPDX-License-Identifier: MIT */
/*
 * The end of a loop, as senders see it: the door is shut, whoever is inside
 * leaves, and tasks that are still queued come back from eddy_loop_close.
 */
#include "soak/soak.h"

static void on_farewell(eddy_task *task, int status)
{
    struct station *station = task->data;

    REQUIRE(station->mailbox.handing_back);
    REQUIRE(status == EDDY_ECANCELED);
    tally(&station->ledger, TASKS_CANCELED);
}

static void post_farewells(struct station *station)
{
    struct mailbox *mailbox = &station->mailbox;

    for (int i = 0; i < FAREWELLS; i++) {
        mailbox->farewell[i] = (eddy_task){.data = station};
        REQUIRE(eddy_post(&station->loop, &mailbox->farewell[i], on_farewell) ==
                0);
        tally(&station->ledger, TASKS_POSTED);
    }
    REQUIRE(eddy_post(&station->loop, &mailbox->farewell[0], on_farewell) ==
            EDDY_EBUSY);
}

void mailbox_close_loop(struct station *station)
{
    struct mailbox *mailbox = &station->mailbox;

    pthread_mutex_lock(&mailbox->lock);
    while (mailbox->inside > 0)
        pthread_cond_wait(&mailbox->left, &mailbox->lock);
    pthread_mutex_unlock(&mailbox->lock);
    post_farewells(station);
    REQUIRE(eddy_loop_alive(&station->loop));
    mailbox->handing_back = true;
    REQUIRE(eddy_loop_close(&station->loop) == 0);
    mailbox->handing_back = false;
}

void mailbox_create(struct station *station)
{
    pthread_mutex_init(&station->mailbox.lock, NULL);
    pthread_cond_init(&station->mailbox.left, NULL);
}

void mailbox_destroy(struct station *station)
{
    pthread_cond_destroy(&station->mailbox.left);
    pthread_mutex_destroy(&station->mailbox.lock);
}
