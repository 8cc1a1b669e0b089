/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: handing bytes round a ring of them, changing what is watched,
 * and an empty turn of the loop.
 */
#include "floor.h"

#include "common/chain.h"

#include <sys/epoll.h>
#include <sys/socket.h>

/* --- the ring ----------------------------------------------------------------
 */

static struct {
    struct loop loop;
    struct bench_chain chain;
    struct watcher *watchers;
    struct wheel wheel;
    struct timer *timers;
} ring;

static void on_byte(struct watcher *watcher, uint32_t events)
{
    (void) events;
    if (!bench_chain_step(&ring.chain, watcher - ring.watchers))
        ring.loop.stopped = true;
}

static void on_idle_time(struct timer *timer)
{
    (void) timer;
}

static void on_byte_timer(struct watcher *watcher, uint32_t events)
{
    timer_start(&ring.wheel, &ring.timers[watcher - ring.watchers],
                ring.wheel.now_ms + 30000);
    on_byte(watcher, events);
}

static void open_ring(const struct bench_args *args, bool eventfds,
                      void (*ready)(struct watcher *, uint32_t))
{
    bench_chain_make(&ring.chain, args->n, args->m, eventfds);
    ring.chain.left = args->k;
    ring.watchers = bench_alloc(args->n, sizeof *ring.watchers);
    loop_open(&ring.loop);
    for (long i = 0; i < args->n; i++) {
        ring.watchers[i].fd = ring.chain.links[i].in;
        ring.watchers[i].ready = ready;
        watcher_want(&ring.loop, &ring.watchers[i], EPOLLIN);
    }
}

static void run_ring(const struct bench_args *args)
{
    bench_begin();
    loop_run(&ring.loop);
    bench_end(args->k);
    bench_check(ring.chain.left == 0, "handing on all bytes");
    loop_close(&ring.loop);
}

static void fd_chain(const struct bench_args *args)
{
    open_ring(args, false, on_byte);
    run_ring(args);
}

static void fd_chain_event(const struct bench_args *args)
{
    open_ring(args, true, on_byte);
    run_ring(args);
}

static void fd_chain_timer(const struct bench_args *args)
{
    open_ring(args, false, on_byte_timer);
    wheel_init(&ring.wheel, now_in_ms());
    ring.timers = bench_alloc(args->n, sizeof *ring.timers);
    for (long i = 0; i < args->n; i++) {
        ring.timers[i].fired = on_idle_time;
        timer_start(&ring.wheel, &ring.timers[i], ring.wheel.now_ms + 30000);
    }
    bench_begin();
    ring.loop.stopped = false;
    while (!ring.loop.stopped) {
        loop_turn(&ring.loop, true);
        wheel_fire(&ring.wheel, now_in_ms());
    }
    bench_end(args->k);
    bench_check(ring.chain.left == 0, "handing on all bytes");
    loop_close(&ring.loop);
}

/* --- changes -----------------------------------------------------------------
 */

static struct {
    struct loop loop;
    struct watcher watcher;
    long calls;
} change;

static void on_nothing(struct watcher *watcher, uint32_t events)
{
    (void) watcher;
    (void) events;
}

static void open_change(int fd)
{
    loop_open(&change.loop);
    change.watcher.fd = fd;
    change.watcher.ready = on_nothing;
    watcher_want(&change.loop, &change.watcher, EPOLLIN);
    loop_turn(&change.loop, false);
}

/* Keeps the compiler from making one change of a million. */
static void forget(void)
{
    __asm__ volatile("" ::: "memory");
}

static void io_churn(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i += 2) {
        watcher_want(&change.loop, &change.watcher, 0);
        forget();
        watcher_want(&change.loop, &change.watcher, EPOLLIN);
        forget();
    }
    bench_end(args->n);
    loop_close(&change.loop);
}

static void io_churn_poll(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i += 2) {
        watcher_want(&change.loop, &change.watcher, 0);
        loop_turn(&change.loop, false);
        watcher_want(&change.loop, &change.watcher, EPOLLIN);
        loop_turn(&change.loop, false);
    }
    bench_end(args->n);
    loop_close(&change.loop);
}

/* The queue is written out: only reading is of interest now. */
static void on_drained(struct watcher *watcher, uint32_t events)
{
    (void) events;
    change.calls++;
    watcher_want(&change.loop, watcher, EPOLLIN);
}

static void io_toggle(const struct bench_args *args)
{
    int fds[2];

    bench_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0,
                "socketpair");
    open_change(fds[0]);
    change.watcher.ready = on_drained;
    bench_begin();
    for (long i = 0; i < args->n; i++) {
        watcher_want(&change.loop, &change.watcher, EPOLLIN | EPOLLOUT);
        loop_turn(&change.loop, false);
        loop_turn(&change.loop, false);
    }
    bench_end(args->n);
    bench_check(change.calls == args->n, "a callback each time");
    loop_close(&change.loop);
}

static void loop_spin(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i++)
        loop_turn(&change.loop, false);
    bench_end(args->n);
    loop_close(&change.loop);
}

const struct bench_workload io_workloads[] = {
    {"fd_chain", fd_chain},
    {"fd_chain_event", fd_chain_event},
    {"fd_chain_timer", fd_chain_timer},
    {"io_churn", io_churn},
    {"io_churn_poll", io_churn_poll},
    {"io_toggle", io_toggle},
    {"loop_spin", loop_spin},
    {0}};
