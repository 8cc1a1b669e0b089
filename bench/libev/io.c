/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: handing bytes round a ring of them, changing what is watched,
 * and an empty turn of the loop.
 */
#include "ev_bench.h"

#include "common/chain.h"

#include <sys/socket.h>

/* --- the ring ----------------------------------------------------------------
 */

static struct {
    struct ev_loop *loop;
    struct bench_chain chain;
    ev_io *ios;
    ev_timer *timers;
} ring;

static void on_byte(struct ev_loop *loop, ev_io *io, int events)
{
    (void) events;
    if (!bench_chain_step(&ring.chain, io - ring.ios))
        ev_break(loop, EVBREAK_ONE);
}

static void on_idle_time(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void) loop;
    (void) timer;
    (void) events;
}

static void on_byte_timer(struct ev_loop *loop, ev_io *io, int events)
{
    ev_timer_again(loop, &ring.timers[io - ring.ios]);
    on_byte(loop, io, events);
}

typedef void (*io_cb)(struct ev_loop *loop, ev_io *io, int events);

static void open_ring(const struct bench_args *args, bool eventfds, io_cb cb)
{
    bench_chain_make(&ring.chain, args->n, args->m, eventfds);
    ring.chain.left = args->k;
    ring.ios = bench_alloc(args->n, sizeof *ring.ios);
    ring.loop = open_loop();
    for (long i = 0; i < args->n; i++) {
        ev_io_init(&ring.ios[i], cb, ring.chain.links[i].in, EV_READ);
        ev_io_start(ring.loop, &ring.ios[i]);
    }
}

static void run_ring(const struct bench_args *args)
{
    bench_begin();
    ev_run(ring.loop, 0);
    bench_end(args->k);
    bench_check(ring.chain.left == 0, "handing on all bytes");
    ev_loop_destroy(ring.loop);
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
    ring.timers = bench_alloc(args->n, sizeof *ring.timers);
    for (long i = 0; i < args->n; i++) {
        ev_timer_init(&ring.timers[i], on_idle_time, 0., 30.);
        ev_timer_again(ring.loop, &ring.timers[i]);
    }
    run_ring(args);
}

/* --- changes -----------------------------------------------------------------
 */

static struct {
    struct ev_loop *loop;
    ev_io idle; /* as in the other programs */
    ev_io io;
    ev_io writer;
    long calls;
} change;

static void on_nothing(struct ev_loop *loop, ev_io *io, int events)
{
    (void) loop;
    (void) io;
    (void) events;
}

static void open_change(int fd)
{
    change.loop = open_loop();
    ev_io_init(&change.idle, on_nothing, bench_idle_fd(), EV_READ);
    ev_io_init(&change.io, on_nothing, fd, EV_READ);
    ev_io_start(change.loop, &change.idle);
    ev_io_start(change.loop, &change.io);
    ev_run(change.loop, EVRUN_NOWAIT);
}

static void io_churn(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i += 2) {
        ev_io_stop(change.loop, &change.io);
        ev_io_start(change.loop, &change.io);
    }
    bench_end(args->n);
    ev_loop_destroy(change.loop);
}

static void io_churn_poll(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i += 2) {
        ev_io_stop(change.loop, &change.io);
        ev_run(change.loop, EVRUN_NOWAIT);
        ev_io_start(change.loop, &change.io);
        ev_run(change.loop, EVRUN_NOWAIT);
    }
    bench_end(args->n);
    ev_loop_destroy(change.loop);
}

/* The queue is written out: only reading is of interest now. */
static void on_drained(struct ev_loop *loop, ev_io *io, int events)
{
    (void) events;
    change.calls++;
    ev_io_stop(loop, io);
}

static void io_toggle(const struct bench_args *args)
{
    int fds[2];

    bench_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0,
                "socketpair");
    open_change(fds[0]);
    ev_io_init(&change.writer, on_drained, fds[0], EV_WRITE);
    bench_begin();
    for (long i = 0; i < args->n; i++) {
        ev_io_start(change.loop, &change.writer);
        ev_run(change.loop, EVRUN_NOWAIT);
        ev_run(change.loop, EVRUN_NOWAIT);
    }
    bench_end(args->n);
    bench_check(change.calls == args->n, "a callback each time");
    ev_loop_destroy(change.loop);
}

static void loop_spin(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i++)
        ev_run(change.loop, EVRUN_NOWAIT);
    bench_end(args->n);
    ev_loop_destroy(change.loop);
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
