/* SPDX-License-Identifier: MIT */
/*
 * Threads on fixed processors: where the scheduler may move them, the figures
 * say more of it than of the libraries.
 */
#include "threads.h"

#include "bench.h"

#include <sched.h>
#include <stddef.h>

/* After so many looks the other thread is let run: it may have been put off,
 * or share this processor. */
enum { LOOKS = 20000 };

static bool same_processor;
static pthread_barrier_t meeting;

void bench_use_same_processor(bool same)
{
    same_processor = same;
}

/* Pins to the index-th of the processors that the program may use. */
static void pin(int index)
{
    static cpu_set_t allowed;
    static bool known;
    cpu_set_t one;

    if (!known && sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    known = true;
    index %= CPU_COUNT(&allowed);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed) || index-- > 0)
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one);
        return;
    }
}

void bench_pin_first(void)
{
    pin(0);
}

static void *run_peer(void *arg)
{
    struct bench_peer *peer = arg;

    pin(same_processor ? 0 : 1);
    peer->run(peer->arg);
    return NULL;
}

void bench_peer_start(struct bench_peer *peer, void (*run)(void *arg),
                      void *arg)
{
    *peer = (struct bench_peer){.run = run, .arg = arg};
    bench_check(pthread_barrier_init(&meeting, NULL, 2) == 0, "barrier");
    bench_check(pthread_create(&peer->thread, NULL, run_peer, peer) == 0,
                "pthread_create");
}

void bench_peer_join(struct bench_peer *peer)
{
    pthread_join(peer->thread, NULL);
    pthread_barrier_destroy(&meeting);
}

void bench_meet(void)
{
    pthread_barrier_wait(&meeting);
}

void bench_wait_for(const atomic_long *counter, long value)
{
    int looks = same_processor ? 1 : LOOKS;

    while (atomic_load_explicit(counter, memory_order_acquire) != value) {
        if (--looks > 0)
            continue;
        sched_yield();
        looks = same_processor ? 1 : LOOKS;
    }
}
