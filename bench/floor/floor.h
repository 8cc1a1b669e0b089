/* SPDX-License-Identifier: MIT */
/*
 * The floor: the same work by hand, with raw system calls and the best known
 * structure for each. It is correct, and it is no library: each part can do
 * only what its workloads need, and checks nothing else.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "common/bench.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

extern const struct bench_workload async_workloads[];
extern const struct bench_workload timer_workloads[];
extern const struct bench_workload io_workloads[];
extern const struct bench_workload tcp_workloads[];
extern const struct bench_workload work_workloads[];

/* --- the loop ----------------------------------------------------------------
 */

/* A descriptor, and what is wanted of it: EPOLLIN, EPOLLOUT. */
struct watcher {
    void (*ready)(struct watcher *watcher, uint32_t events);
    int fd;
    uint32_t want;
    uint32_t known; /* to the kernel: what was wanted may linger */
    struct watcher *next_changed;
    bool changed;
};

/* What hangs on a loop's list when it is sent. */
struct message {
    void (*arrived)(struct message *message);
    struct message *next;
    atomic_int pending;
};

struct loop {
    int epoll;
    int wakeup; /* an eventfd, edge-triggered: never read */
    struct watcher *changed;
    bool stopped;
    char apart[64];
    _Atomic(struct message *) arrivals;
    atomic_int sleeping;
};

void loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* One turn: system call, then callbacks. */
void loop_turn(struct loop *loop, bool sleeps);
void loop_run(struct loop *loop); /* until stopped, by itself */

/* Any thread. Sends coalesce until the message is about to be delivered. */
void loop_wake(struct loop *loop);
static inline void message_send(struct loop *loop, struct message *message)
{
    struct message *first;

    if (atomic_exchange(&message->pending, 1) != 0)
        return;
    first = atomic_load_explicit(&loop->arrivals, memory_order_relaxed);
    do
        message->next = first;
    while (!atomic_compare_exchange_weak(&loop->arrivals, &first, message));
    if (atomic_load(&loop->sleeping) != 0)
        loop_wake(loop);
}

/* Told to the kernel in the next turn, if it has to know. */
static inline void watcher_want(struct loop *loop, struct watcher *watcher,
                                uint32_t want)
{
    watcher->want = want;
    if (watcher->changed)
        return;
    watcher->changed = true;
    watcher->next_changed = loop->changed;
    loop->changed = watcher;
}

/* --- timers ------------------------------------------------------------------
 */

/* A hierarchical wheel of milliseconds. */
struct node {
    struct node *next;
    struct node *prev;
};

struct timer {
    struct node node; /* next is NULL when it is not started */
    uint64_t due_ms;
    void (*fired)(struct timer *timer);
};

enum { WHEEL_BITS = 10, WHEEL_SLOTS = 1 << WHEEL_BITS, WHEEL_LEVELS = 3 };

struct wheel {
    uint64_t now_ms; /* all before, and this, have fired */
    struct node slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

void wheel_init(struct wheel *wheel, uint64_t now_ms);
void wheel_fire(struct wheel *wheel, uint64_t now_ms);

static inline void timer_stop(struct timer *timer)
{
    struct node *node = &timer->node;

    if (!node->next)
        return;
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = NULL;
}

/* A level's slots each span all of the level below. */
static inline struct node *wheel_slot(struct wheel *wheel, uint64_t due_ms)
{
    uint64_t ahead_ms = due_ms ^ wheel->now_ms;
    int level = ahead_ms >> WHEEL_BITS == 0         ? 0
                : ahead_ms >> (2 * WHEEL_BITS) == 0 ? 1
                                                    : 2;

    return &wheel->slots[level][(due_ms >> (level * WHEEL_BITS)) % WHEEL_SLOTS];
}

static inline void timer_start(struct wheel *wheel, struct timer *timer,
                               uint64_t due_ms)
{
    struct node *slot = wheel_slot(wheel, due_ms);

    timer_stop(timer);
    timer->due_ms = due_ms;
    timer->node.next = slot;
    timer->node.prev = slot->prev;
    slot->prev->next = &timer->node;
    slot->prev = &timer->node;
}

uint64_t now_in_ms(void);

#endif
