/* SPDX-License-Identifier: MIT */
/*
 * Data races: plain accesses to watched memory have to be ordered by clocks,
 * as have accesses to memory that was freed.
 */
#ifndef TESTS_ATOMICS_EXPLORE_RACES_H
#define TESTS_ATOMICS_EXPLORE_RACES_H

#include "search.h"

#include <stddef.h>

/* How far each thread had come in what one thread knows of. */
struct clock {
    unsigned at[SEARCH_THREADS];
};

enum race_access { RACE_READ, RACE_WRITE, RACE_ATOMIC, RACE_ACCESSES };

void clock_join(struct clock *clock, const struct clock *other);

void races_reset(void);
void races_access(const struct clock *clock, const void *where, size_t size,
                  enum race_access access);
void races_free(const struct clock *clock, const void *where, size_t size);

#endif
