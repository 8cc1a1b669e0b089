/* SPDX-License-Identifier: MIT */
/*
 * The wheel. A timer's level is where its deadline first differs from now;
 * when now enters a slot of a higher level, that slot's timers move down.
 */
#include "floor.h"

#include <time.h>

uint64_t now_in_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

static void empty(struct node *slot)
{
    slot->next = slot->prev = slot;
}

void wheel_init(struct wheel *wheel, uint64_t now_ms)
{
    wheel->now_ms = now_ms;
    for (int level = 0; level < WHEEL_LEVELS; level++)
        for (int i = 0; i < WHEEL_SLOTS; i++)
            empty(&wheel->slots[level][i]);
}

/* Detaches a slot's list; the result ends with NULL. */
static struct node *take(struct node *slot)
{
    struct node *first = slot->next;

    if (first == slot)
        return NULL;
    slot->prev->next = NULL;
    empty(slot);
    return first;
}

static void fire_slot(struct node *slot)
{
    struct node *next;

    for (struct node *node = take(slot); node; node = next) {
        struct timer *timer = (struct timer *) node;

        next = node->next;
        if (next)
            __builtin_prefetch(next->next);
        node->next = NULL;
        timer->fired(timer);
    }
}

static void move_down(struct wheel *wheel, int level)
{
    uint64_t index = wheel->now_ms >> (level * WHEEL_BITS);
    struct node *next;

    for (struct node *node = take(&wheel->slots[level][index % WHEEL_SLOTS]);
         node; node = next) {
        struct timer *timer = (struct timer *) node;

        next = node->next;
        node->next = NULL;
        timer_start(wheel, timer, timer->due_ms);
    }
}

void wheel_fire(struct wheel *wheel, uint64_t now_ms)
{
    while (wheel->now_ms < now_ms) {
        wheel->now_ms++;
        for (int level = WHEEL_LEVELS - 1; level > 0; level--)
            if (wheel->now_ms % (1u << (level * WHEEL_BITS)) == 0)
                move_down(wheel, level);
        fire_slot(&wheel->slots[0][wheel->now_ms % WHEEL_SLOTS]);
    }
}
