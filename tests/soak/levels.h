/* SPDX-License-Identifier: MIT */
/*
 * What must stay level: resident memory, the bytes that loops and parts have
 * allocated, open descriptors. A sample a second; the mean of the last eighth
 * is compared with that of the second, as the first is warming up.
 */
#ifndef TESTS_SOAK_LEVELS_H
#define TESTS_SOAK_LEVELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum level { RESIDENT, ALLOCATED, DESCRIPTORS, LEVELS };

struct levels {
    uint64_t (*samples)[LEVELS];
    size_t count;
    size_t room;
};

void levels_create(struct levels *levels, size_t room);
void levels_destroy(struct levels *levels);
void levels_sample(struct levels *levels);

/* Prints the levels, and which of them rose; true if none did. Too short a
 * soak cannot tell. */
bool levels_are_flat(const struct levels *levels);

#endif
