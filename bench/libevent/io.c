/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: handing bytes round a ring of them, changing what is watched,
 * and an empty turn of the loop.
 */
#include "event_bench.h"

#include "common/chain.h"

#include <sys/socket.h>

/* --- the ring ----------------------------------------------------------------
 */

static struct {
    struct event_base *base;
    struct bench_chain chain;
    struct event *ios;
    struct event *timers;
    const struct timeval *idle_time; /* a common time-out */
} ring;

static void on_byte(evutil_socket_t fd, short events, void *arg)
{
    (void) fd;
    (void) events;
    if (!bench_chain_step(&ring.chain, (struct event *) arg - ring.ios))
        event_base_loopbreak(ring.base);
}

static void on_idle_time(evutil_socket_t fd, short events, void *arg)
{
    (void) fd;
    (void) events;
    (void) arg;
}

static void on_byte_timer(evutil_socket_t fd, short events, void *arg)
{
    event_add(&ring.timers[(struct event *) arg - ring.ios], ring.idle_time);
    on_byte(fd, events, arg);
}

static void open_ring(const struct bench_args *args, bool eventfds,
                      event_callback_fn cb)
{
    bench_chain_make(&ring.chain, args->n, args->m, eventfds);
    ring.chain.left = args->k;
    ring.ios = bench_alloc(args->n, sizeof *ring.ios);
    ring.base = open_base();
    for (long i = 0; i < args->n; i++) {
        event_assign(&ring.ios[i], ring.base, ring.chain.links[i].in,
                     EV_READ | EV_PERSIST, cb, &ring.ios[i]);
        bench_check(event_add(&ring.ios[i], NULL) == 0, "event_add");
    }
}

static void run_ring(const struct bench_args *args)
{
    bench_begin();
    event_base_loop(ring.base, 0);
    bench_end(args->k);
    bench_check(ring.chain.left == 0, "handing on all bytes");
    event_base_free(ring.base);
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
    struct timeval half_a_minute = {.tv_sec = 30};

    open_ring(args, false, on_byte_timer);
    ring.idle_time = event_base_init_common_timeout(ring.base, &half_a_minute);
    ring.timers = bench_alloc(args->n, sizeof *ring.timers);
    for (long i = 0; i < args->n; i++) {
        evtimer_assign(&ring.timers[i], ring.base, on_idle_time, NULL);
        event_add(&ring.timers[i], ring.idle_time);
    }
    run_ring(args);
}

/* --- changes -----------------------------------------------------------------
 */

static struct {
    struct event_base *base;
    struct event idle; /* keeps the loop alive */
    struct event io;
    struct event writer;
    long calls;
} change;

static void on_nothing(evutil_socket_t fd, short events, void *arg)
{
    (void) fd;
    (void) events;
    (void) arg;
}

static void turn(void)
{
    event_base_loop(change.base, EVLOOP_NONBLOCK);
}

static void open_change(int fd)
{
    change.base = open_base();
    event_assign(&change.idle, change.base, bench_idle_fd(),
                 EV_READ | EV_PERSIST, on_nothing, NULL);
    event_assign(&change.io, change.base, fd, EV_READ | EV_PERSIST, on_nothing,
                 NULL);
    event_add(&change.idle, NULL);
    event_add(&change.io, NULL);
    turn();
}

static void io_churn(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i += 2) {
        event_del(&change.io);
        event_add(&change.io, NULL);
    }
    bench_end(args->n);
    event_base_free(change.base);
}

static void io_churn_poll(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i += 2) {
        event_del(&change.io);
        turn();
        event_add(&change.io, NULL);
        turn();
    }
    bench_end(args->n);
    event_base_free(change.base);
}

/* The queue is written out: only reading is of interest now. */
static void on_drained(evutil_socket_t fd, short events, void *arg)
{
    (void) fd;
    (void) events;
    (void) arg;
    change.calls++;
    event_del(&change.writer);
}

static void io_toggle(const struct bench_args *args)
{
    int fds[2];

    bench_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0,
                "socketpair");
    open_change(fds[0]);
    event_assign(&change.writer, change.base, fds[0], EV_WRITE | EV_PERSIST,
                 on_drained, NULL);
    bench_begin();
    for (long i = 0; i < args->n; i++) {
        event_add(&change.writer, NULL);
        turn();
        turn();
    }
    bench_end(args->n);
    bench_check(change.calls == args->n, "a callback each time");
    event_base_free(change.base);
}

static void loop_spin(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i++)
        turn();
    bench_end(args->n);
    event_base_free(change.base);
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
