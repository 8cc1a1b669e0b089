/* SPDX-License-Identifier: MIT */
/*
 * An allocator that counts, that can fail at the n-th allocation, and that
 * checks what it is told: a block freed twice, or with a size that is not its
 * own, fails the test. Freed memory is poisoned. Any thread.
 */
#ifndef TESTS_SUPPORT_COUNTING_ALLOCATOR_H
#define TESTS_SUPPORT_COUNTING_ALLOCATOR_H

#include <eddy/allocator.h>

struct counting_allocator {
    eddy_allocator base; /* give this to the loop */
    size_t live_bytes;
    size_t live_blocks;
    size_t allocations; /* and growths: calls that could have failed */
    size_t fail_at;     /* the allocation, from 1 on, that fails; 0 is none */
    size_t failed;
    size_t mistakes; /* blocks given back wrongly */
};

void counting_allocator_init(struct counting_allocator *counting);

/* The n-th allocation from now on fails, and only that one; 0: none does. */
void counting_allocator_fail(struct counting_allocator *counting, size_t n);

#endif
