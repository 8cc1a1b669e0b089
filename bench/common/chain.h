/* SPDX-License-Identifier: MIT */
/*
 * A ring of descriptors through which bytes are handed on: whoever finds one
 * readable reads it and writes to the next. The ring is made of pipes or of
 * eventfds; the two system calls an event are the same in all programs.
 */
#ifndef BENCH_CHAIN_H
#define BENCH_CHAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

struct bench_link {
    int in;  /* to be watched */
    int out; /* the next one's other end */
};

struct bench_chain {
    struct bench_link *links;
    long count;
    long left;      /* events until the end of the measurement */
    unsigned width; /* bytes handed on: 1, and 8 for eventfds */
};

/* Makes a ring of `count`, of which `active` are readable, evenly spread. */
void bench_chain_make(struct bench_chain *chain, long count, long active,
                      bool eventfds);

/* A descriptor that is never readable. */
int bench_idle_fd(void);

/* One event; returns false with the last, and with those that come in the
 * same turn of the loop, and does nothing then. */
static inline bool bench_chain_step(struct bench_chain *chain, long index)
{
    const struct bench_link *link = &chain->links[index];
    uint64_t byte;

    if (chain->left <= 0)
        return false;
    if (read(link->in, &byte, chain->width) <= 0 ||
        write(link->out, &byte, chain->width) <= 0)
        return true;
    return --chain->left > 0;
}

#endif
