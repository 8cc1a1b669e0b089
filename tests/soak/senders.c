/* SPDX-License-Identifier: MIT */
/*
 * The senders: each sends asyncs and posts tasks to stations picked at random,
 * and waits for many of them to arrive, which is how a lost one shows: nothing
 * else wakes a quiet station for this sender.
 */
#include "soak/soak.h"
#include "support/threads.h"

#include <sched.h>
#include <time.h>

enum { LETTERS = 32, SPINS = 200 };

struct letter {
    eddy_task task;
    struct station *station;
    int sender;
    uint64_t life, order;
    int away; /* shared: 1 from the post to the callback */
};

struct sender {
    struct hand *hand;
    struct letter letters[LETTERS];
    uint64_t life[STATIONS];  /* the loop last posted to, */
    uint64_t order[STATIONS]; /* and the next task's number there */
};

/* --- waiting --- */

static void nap(void)
{
    const struct timespec moment = {.tv_nsec = 50000};

    (void) nanosleep(&moment, NULL);
}

static void await_box(struct hand *hand, struct box *box, uint64_t wanted)
{
    bool answered;

    pthread_mutex_lock(&box->lock);
    while (box->seen < wanted && !box->closed)
        pthread_cond_wait(&box->changed, &box->lock);
    answered = box->seen >= wanted;
    pthread_mutex_unlock(&box->lock);
    tally(&hand->ledger, AWAITED);
    tally(&hand->ledger, answered ? ANSWERED : UNDERCUT);
}

static void await_letter(const struct letter *letter)
{
    for (int i = 0; __atomic_load_n(&letter->away, __ATOMIC_ACQUIRE); i++) {
        if (i < SPINS)
            (void) sched_yield();
        else
            nap();
    }
}

/* --- sending --- */

/* The order-th, which grows, of whoever else sends, too. */
static bool send_to(struct hand *hand, struct box *box, uint64_t order)
{
    int err = eddy_async_send(&box->async);
    uint64_t taken = __atomic_load_n(&box->taken, __ATOMIC_RELAXED);

    REQUIRE(err == 0 || err == EDDY_EINVAL);
    tally(&hand->ledger, err == 0 ? SENDS : SENDS_REFUSED);
    while (err == 0 && taken < order) {
        if (__atomic_compare_exchange_n(&box->taken, &taken, order, true,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            break;
    }
    return err == 0;
}

/* In a box of its own, one send at a time. */
static void send_alone(struct hand *hand, struct station *station)
{
    struct box *box = mailbox_take_box(station, hand->number);
    int rounds = 1 + (int) pick(&hand->random, 32);

    hand->doing = "awaits an async of its own";
    while (box != NULL && rounds-- > 0) {
        box->payload = pick(&hand->random, 1U << 30);
        box->complement = ~box->payload;
        __atomic_store_n(&box->sent, box->sent + 1, __ATOMIC_RELAXED);
        if (!send_to(hand, box, box->sent))
            break;
        await_box(hand, box, box->sent);
        thread_dawdle(pick(&hand->random, 500));
    }
    if (box != NULL)
        mailbox_give_back(box);
}

/* In a box of all, as fast as it can; then it may wait for the last. */
static void send_among_others(struct hand *hand, struct station *station)
{
    int slot = OWN_BOXES + (int) pick(&hand->random, BOXES - OWN_BOXES);
    struct box *box = mailbox_take_box(station, slot);
    int rounds = 1 + (int) pick(&hand->random, 16);
    uint64_t last = 0;
    bool taken = true;

    if (box == NULL)
        return;
    while (taken && rounds-- > 0) {
        last = __atomic_add_fetch(&box->sent, 1, __ATOMIC_RELAXED);
        taken = send_to(hand, box, last);
    }
    hand->doing = "awaits an async of all";
    if (taken && pick(&hand->random, 4) == 0)
        await_box(hand, box, last);
    mailbox_give_back(box);
}

static void on_letter(eddy_task *task, int status)
{
    struct letter *letter = task->data;

    mailbox_on_task(letter->station, letter->sender, letter->life,
                    letter->order, status);
    __atomic_store_n(&letter->away, 0, __ATOMIC_RELEASE);
}

static void post_letter(struct sender *self, struct letter *letter,
                        struct station *station, uint64_t life)
{
    int to = station->number;

    if (self->life[to] != life) {
        self->life[to] = life;
        self->order[to] = 0;
    }
    letter->task.data = letter;
    letter->station = station;
    letter->sender = self->hand->number;
    letter->life = life;
    letter->order = self->order[to]++;
    __atomic_store_n(&letter->away, 1, __ATOMIC_RELAXED);
    REQUIRE(eddy_post(&station->loop, &letter->task, on_letter) == 0);
    tally(&self->hand->ledger, TASKS_POSTED);
}

static void post_some(struct sender *self, struct station *station)
{
    struct hand *hand = self->hand;
    uint64_t life = mailbox_enter(station);
    int first = (int) pick(&hand->random, LETTERS);
    int end =
        first + 1 + (int) (pick(&hand->random, 2) * pick(&hand->random, 8));
    int last = first;

    if (life == 0)
        return;
    for (int i = first; i < LETTERS && i < end; i++) {
        if (__atomic_load_n(&self->letters[i].away, __ATOMIC_ACQUIRE))
            break;
        post_letter(self, &self->letters[i], station, life);
        last = i;
    }
    mailbox_leave(station);
    hand->doing = "awaits a task";
    if (pick(&hand->random, 2) == 0)
        await_letter(&self->letters[last]);
}

static void stop_it(struct hand *hand, struct station *station)
{
    if (mailbox_enter(station) == 0)
        return;
    eddy_stop(&station->loop);
    tally(&hand->ledger, STOPS);
    mailbox_leave(station);
}

/* --- the thread --- */

/* Mostly a quiet one: there the round trips are. The lonely one, which is the
 * last, is half of what the first sender does. */
static struct station *whom(struct hand *hand)
{
    if (hand->number == 0 && pick(&hand->random, 2) == 0)
        return &stations[STATIONS - 1];
    for (;;) {
        struct station *station = &stations[pick(&hand->random, STATIONS - 1)];

        if (station->kind == QUIET || pick(&hand->random, 4) == 0)
            return station;
    }
}

static void act(struct sender *self)
{
    struct hand *hand = self->hand;
    struct station *station = whom(hand);
    unsigned what = pick(&hand->random, 100);

    if (what < 60)
        send_alone(hand, station);
    else if (what < 75)
        send_among_others(hand, station);
    else if (what < 96)
        post_some(self, station);
    else if (what < 97)
        stop_it(hand, station);
    else
        nap();
}

void *sender_main(void *arg)
{
    struct hand *hand = arg;
    struct sender self = {.hand = hand};

    while (!soak_ending()) {
        act(&self);
        __atomic_store_n(&hand->beats, hand->beats + 1, __ATOMIC_RELAXED);
    }
    hand->doing = "awaits its last tasks";
    for (int i = 0; i < LETTERS; i++)
        await_letter(&self.letters[i]);
    __atomic_store_n(&hand->done, 1, __ATOMIC_RELEASE);
    return NULL;
}
