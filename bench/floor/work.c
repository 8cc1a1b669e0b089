/* SPDX-License-Identifier: MIT */
/*
 * A thread pool: one lock, a thread woken only when one sleeps, and the ends
 * brought back by the loop's own list.
 */
#include "floor.h"

#include <pthread.h>

enum { THREADS = 4 };

struct item {
    struct message message; /* first: the item is found by it */
    struct item *next;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct item *first;
    struct item **last;
    int sleepers;
    bool ended;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .more = PTHREAD_COND_INITIALIZER,
          .last = &pool.first};

static struct loop loop;
static long left;

static void do_nothing(struct item *item)
{
    __asm__ volatile("" ::"r"(item) : "memory");
}

static struct item *next_item(void)
{
    struct item *item;

    pthread_mutex_lock(&pool.lock);
    while (!pool.first && !pool.ended) {
        pool.sleepers++;
        pthread_cond_wait(&pool.more, &pool.lock);
        pool.sleepers--;
    }
    item = pool.first;
    if (item) {
        pool.first = item->next;
        if (!pool.first)
            pool.last = &pool.first;
    }
    pthread_mutex_unlock(&pool.lock);
    return item;
}

static void *work(void *arg)
{
    struct item *item;

    while ((item = next_item()) != NULL) {
        do_nothing(item);
        message_send(&loop, &item->message);
    }
    return arg;
}

static void submit(struct item *item)
{
    bool wakes;

    item->next = NULL;
    pthread_mutex_lock(&pool.lock);
    *pool.last = item;
    pool.last = &item->next;
    wakes = pool.sleepers > 0;
    pthread_mutex_unlock(&pool.lock);
    if (wakes)
        pthread_cond_signal(&pool.more);
}

static void on_done(struct message *message)
{
    (void) message;
    loop.stopped = --left == 0;
}

static void on_done_next(struct message *message)
{
    if (--left > 0)
        submit((struct item *) message);
    else
        loop.stopped = true;
}

/* Submits the items, and runs until nothing is left. */
static void run(const struct bench_args *args, struct item *items, long count)
{
    pthread_t threads[THREADS];

    loop_open(&loop);
    left = args->n;
    for (int i = 0; i < THREADS; i++)
        bench_check(pthread_create(&threads[i], NULL, work, NULL) == 0,
                    "pthread_create");
    bench_begin();
    for (long i = 0; i < count; i++)
        submit(&items[i]);
    loop_run(&loop);
    bench_end(args->n);
    bench_check(left == 0, "all work");
    pthread_mutex_lock(&pool.lock);
    pool.ended = true;
    pthread_cond_broadcast(&pool.more);
    pthread_mutex_unlock(&pool.lock);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    loop_close(&loop);
}

static void work_queue(const struct bench_args *args)
{
    struct item *items = bench_alloc(args->n, sizeof *items);

    for (long i = 0; i < args->n; i++)
        items[i].message.arrived = on_done;
    run(args, items, args->n);
}

static void work_rtt(const struct bench_args *args)
{
    struct item item = {.message.arrived = on_done_next};

    run(args, &item, 1);
}

const struct bench_workload work_workloads[] = {
    {"work_queue", work_queue}, {"work_rtt", work_rtt}, {0}};
