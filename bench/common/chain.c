/* SPDX-License-Identifier: MIT */
/*
 * Makes the rings. Descriptors stay open until the program ends.
 */
#include "chain.h"

#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>

enum { OTHERS = 100 }; /* descriptors that are no part of the ring */

/* Both ends as one descriptor: half as many are needed. */
static void merge(int ends[2])
{
    char path[64];
    int both;

    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    both = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    bench_check(both >= 0, "opening both ends of a pipe");
    close(ends[0]);
    close(ends[1]);
    ends[0] = ends[1] = both;
}

static void make_pipe(struct bench_chain *chain, long i)
{
    int ends[2];

    bench_check(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0, "pipe2");
    if (2 * chain->count + OTHERS > bench_descriptor_limit())
        merge(ends);
    chain->links[i].in = ends[0];
    chain->links[(i + chain->count - 1) % chain->count].out = ends[1];
}

static void make_eventfd(struct bench_chain *chain, long i)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    bench_check(fd >= 0, "eventfd");
    chain->links[i].in = fd;
    chain->links[(i + chain->count - 1) % chain->count].out = fd;
}

void bench_chain_make(struct bench_chain *chain, long count, long active,
                      bool eventfds)
{
    uint64_t one = 1;

    *chain =
        (struct bench_chain){.links = bench_alloc(count, sizeof *chain->links),
                             .count = count,
                             .width = eventfds ? 8 : 1};
    bench_check(active <= count, "no more active than there are");
    for (long i = 0; i < count; i++)
        (eventfds ? make_eventfd : make_pipe)(chain, i);
    for (long i = 0; i < active; i++) {
        long at = i * count / active;

        bench_check(write(chain->links[at].out, &one, chain->width) > 0,
                    "write");
    }
}

int bench_idle_fd(void)
{
    int ends[2];

    bench_check(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0, "pipe2");
    return ends[0];
}
