/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: handing bytes round a ring of them, changing what is watched,
 * and an empty turn of the loop.
 */
#include "uv_bench.h"

#include "common/chain.h"

#include <sys/socket.h>

/* --- the ring ----------------------------------------------------------------
 */

static struct {
    uv_loop_t loop;
    struct bench_chain chain;
    uv_poll_t *polls;
    uv_timer_t *timers;
} ring;

static void on_byte(uv_poll_t *poll, int status, int events)
{
    (void) status;
    (void) events;
    if (!bench_chain_step(&ring.chain, poll - ring.polls))
        uv_stop(&ring.loop);
}

static void on_idle_time(uv_timer_t *timer)
{
    (void) timer;
}

static void on_byte_timer(uv_poll_t *poll, int status, int events)
{
    uv_timer_start(&ring.timers[poll - ring.polls], on_idle_time, 30000, 0);
    on_byte(poll, status, events);
}

static void open_ring(const struct bench_args *args, bool eventfds,
                      uv_poll_cb cb)
{
    bench_chain_make(&ring.chain, args->n, args->m, eventfds);
    ring.chain.left = args->k;
    ring.polls = bench_alloc(args->n, sizeof *ring.polls);
    must(uv_loop_init(&ring.loop), "uv_loop_init");
    for (long i = 0; i < args->n; i++) {
        must(uv_poll_init(&ring.loop, &ring.polls[i], ring.chain.links[i].in),
             "poll_init");
        must(uv_poll_start(&ring.polls[i], UV_READABLE, cb), "poll_start");
    }
}

static void run_ring(const struct bench_args *args)
{
    bench_begin();
    uv_run(&ring.loop, UV_RUN_DEFAULT);
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
        must(uv_timer_init(&ring.loop, &ring.timers[i]), "timer_init");
        must(uv_timer_start(&ring.timers[i], on_idle_time, 30000, 0),
             "timer_start");
    }
    run_ring(args);
}

/* --- changes -----------------------------------------------------------------
 */

static struct {
    uv_loop_t loop;
    uv_poll_t idle; /* keeps the loop alive */
    uv_poll_t poll;
    long calls;
} change;

static void on_nothing(uv_poll_t *poll, int status, int events)
{
    (void) poll;
    (void) status;
    (void) events;
}

static void open_change(int fd)
{
    uv_loop_t *loop = &change.loop;

    must(uv_loop_init(loop), "uv_loop_init");
    must(uv_poll_init(loop, &change.idle, bench_idle_fd()), "poll_init");
    must(uv_poll_init(loop, &change.poll, fd), "poll_init");
    must(uv_poll_start(&change.idle, UV_READABLE, on_nothing), "poll_start");
    must(uv_poll_start(&change.poll, UV_READABLE, on_nothing), "poll_start");
    uv_run(loop, UV_RUN_NOWAIT);
}

static void io_churn(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i += 2) {
        uv_poll_stop(&change.poll);
        uv_poll_start(&change.poll, UV_READABLE, on_nothing);
    }
    bench_end(args->n);
    close_loop(&change.loop);
}

static void io_churn_poll(const struct bench_args *args)
{
    open_change(bench_idle_fd());
    bench_begin();
    for (long i = 0; i < args->n; i += 2) {
        uv_poll_stop(&change.poll);
        uv_run(&change.loop, UV_RUN_NOWAIT);
        uv_poll_start(&change.poll, UV_READABLE, on_nothing);
        uv_run(&change.loop, UV_RUN_NOWAIT);
    }
    bench_end(args->n);
    close_loop(&change.loop);
}

/* The queue is written out: only reading is of interest now. */
static void on_drained(uv_poll_t *poll, int status, int events)
{
    (void) status;
    if (events & UV_WRITABLE) {
        change.calls++;
        uv_poll_start(poll, UV_READABLE, on_drained);
    }
}

static void io_toggle(const struct bench_args *args)
{
    int fds[2];

    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
         "socketpair");
    open_change(fds[0]);
    bench_begin();
    for (long i = 0; i < args->n; i++) {
        uv_poll_start(&change.poll, UV_READABLE | UV_WRITABLE, on_drained);
        uv_run(&change.loop, UV_RUN_NOWAIT);
        uv_run(&change.loop, UV_RUN_NOWAIT);
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
        uv_run(&change.loop, UV_RUN_NOWAIT);
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
