/* SPDX-License-Identifier: MIT */
/*
 * A counting allocator. Each block is preceded by a header with its size and a
 * mark, so that a wrong size or a second free is seen. Counters change by
 * atomic builtins, as a pool allocates on any thread.
 */
#include "support/counting_allocator.h"

#include "support/test.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_SIZE = 32 };

static const uint64_t live_mark = UINT64_C(0xa110ca7edb10c000);
static const uint64_t dead_mark = UINT64_C(0xdeaddeaddeaddead);

struct header {
    uint64_t mark;
    size_t size;
};

static struct header *header_of(void *block)
{
    return (struct header *) (void *) ((char *) block - HEADER_SIZE);
}

static size_t bump(size_t *counter, size_t by)
{
    return __atomic_add_fetch(counter, by, __ATOMIC_RELAXED);
}

static bool is_mistake(struct counting_allocator *counting, void *block,
                       size_t size)
{
    if (header_of(block)->mark == live_mark && header_of(block)->size == size)
        return false;
    bump(&counting->mistakes, 1);
    return true;
}

static void *allocate(struct counting_allocator *counting, size_t size)
{
    char *memory = malloc(HEADER_SIZE + size);

    if (memory == NULL)
        return NULL;
    *(struct header *) (void *) memory =
        (struct header){.mark = live_mark, .size = size};
    bump(&counting->live_bytes, size);
    bump(&counting->live_blocks, 1);
    test_poison(memory + HEADER_SIZE, size);
    return memory + HEADER_SIZE;
}

static void release(struct counting_allocator *counting, void *block)
{
    struct header *header = header_of(block);

    __atomic_sub_fetch(&counting->live_bytes, header->size, __ATOMIC_RELAXED);
    __atomic_sub_fetch(&counting->live_blocks, 1, __ATOMIC_RELAXED);
    header->mark = dead_mark;
    test_poison(block, header->size);
    free(header);
}

/* Growing always moves, so that a pointer kept to the old block shows. */
static void *resize(void *context, void *block, size_t old_size,
                    size_t new_size)
{
    struct counting_allocator *counting = context;
    void *bigger = NULL;

    if (block == NULL ? old_size != 0 : is_mistake(counting, block, old_size))
        return NULL;
    if (new_size > 0) {
        if (bump(&counting->allocations, 1) == counting->fail_at) {
            bump(&counting->failed, 1);
            return NULL;
        }
        bigger = allocate(counting, new_size);
        if (bigger == NULL)
            return NULL;
        if (block != NULL)
            memcpy(bigger, block, old_size < new_size ? old_size : new_size);
    }
    if (block != NULL)
        release(counting, block);
    return bigger;
}

void counting_allocator_init(struct counting_allocator *counting)
{
    *counting = (struct counting_allocator){
        .base = {.context = counting, .resize = resize}};
}

void counting_allocator_fail(struct counting_allocator *counting, size_t n)
{
    counting->fail_at = n == 0 ? 0 : counting->allocations + n;
}
