/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: handing bytes round a ring of them, changing what is watched,
 * and an empty turn of the loop.
 */
#include "eddy_bench.h"

#include "common/chain.h"

/* --- the ring ----------------------------------------------------------------
 */

static struct {
    eddy_loop loop;
    struct bench_chain chain;
    eddy_io *ios;
    eddy_timer *timers;
} ring;

static void on_byte(eddy_io *io, int status, unsigned events)
{
    (void) status;
    (void) events;
    if (!bench_chain_step(&ring.chain, io - ring.ios))
        eddy_stop(&ring.loop);
}

static void on_idle_time(eddy_timer *timer)
{
    (void) timer;
}

static void on_byte_timer(eddy_io *io, int status, unsigned events)
{
    eddy_timer_start(&ring.timers[io - ring.ios], on_idle_time, EDDY_SEC(30),
                     0);
    on_byte(io, status, events);
}

static void open_ring(const struct bench_args *args, bool eventfds,
                      eddy_io_cb cb)
{
    bench_chain_make(&ring.chain, args->n, args->m, eventfds);
    ring.chain.left = args->k;
    ring.ios = bench_alloc(args->n, sizeof *ring.ios);
    open_loop(&ring.loop);
    for (long i = 0; i < args->n; i++) {
        must(eddy_io_init(&ring.loop, &ring.ios[i], ring.chain.links[i].in),
             "io_init");
        must(eddy_io_start(&ring.ios[i], EDDY_READABLE, cb), "io_start");
    }
}

static void run_ring(const struct bench_args *args)
{
    bench_begin();
    eddy_run(&ring.loop, EDDY_RUN_DEFAULT);
    bench_end(args->k);
    bench_check(ring.chain.left == 0, "handing on all bytes");
    close_loop(&ring.loop);
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
        must(eddy_timer_init(&ring.loop, &ring.timers[i]), "timer_init");
        must(eddy_timer_start(&ring.timers[i], on_idle_time, EDDY_SEC(30), 0),
             "timer_start");
    }
    run_ring(args);
}

/* --- changes -----------------------------------------------------------------
 */

static struct {
    eddy_loop loop;
    eddy_io idle; /* keeps the loop alive */
    eddy_io io;
    long calls;
} change;

static void on_nothing(eddy_io *io, int status, unsigned events)
{
    (void) io;
    (void) status;
    (void) events;
}

static void open_change(int fd)
{
    eddy_loop *loop = &change.loop;

    open_loop(loop);
    must(eddy_io_init(loop, &change.idle, bench_idle_fd()), "io_init");
    must(eddy_io_init(loop, &change.io, fd), "io_init");
    must(eddy_io_start(&change.idle, EDDY_READABLE, on_nothing), "io_start");
    must(eddy_io_start(&change.io, EDDY_READABLE, on_nothing), "io_start");
    eddy_run(loop, EDDY_RUN_NOWAIT);
}

static void io_churn(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i += 2) {
        eddy_io_stop(&change.io);
        eddy_io_start(&change.io, EDDY_READABLE, on_nothing);
    }
    bench_end(args->n);
    close_loop(&change.loop);
}

static void io_churn_poll(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i += 2) {
        eddy_io_stop(&change.io);
        eddy_run(&change.loop, EDDY_RUN_NOWAIT);
        eddy_io_start(&change.io, EDDY_READABLE, on_nothing);
        eddy_run(&change.loop, EDDY_RUN_NOWAIT);
    }
    bench_end(args->n);
    close_loop(&change.loop);
}

/* The queue is written out: only reading is of interest now. */
static void on_drained(eddy_io *io, int status, unsigned events)
{
    (void) status;
    if (events & EDDY_WRITABLE) {
        change.calls++;
        eddy_io_start(io, EDDY_READABLE, on_drained);
    }
}

static void io_toggle(const struct bench_args *args)
{
    int fds[2];

    must(eddy_socketpair(SOCK_STREAM, 0, fds), "socketpair");
    open_change(fds[0]);
    bench_begin();
    for (long i = 0; i < args->n; i++) {
        eddy_io_start(&change.io, EDDY_READABLE | EDDY_WRITABLE, on_drained);
        eddy_run(&change.loop, EDDY_RUN_NOWAIT);
        eddy_run(&change.loop, EDDY_RUN_NOWAIT);
    }
    bench_end(args->n);
    bench_check(change.calls == args->n, "a callback each time");
    close_loop(&change.loop);
}

static void loop_spin(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i++)
        eddy_run(&change.loop, EDDY_RUN_NOWAIT);
    bench_end(args->n);
    close_loop(&change.loop);
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
