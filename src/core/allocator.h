/* SPDX-License-Identifier: MIT */
/*
 * Memory through the caller's allocator, in the three shapes that code wants.
 */
#ifndef EDDY_CORE_ALLOCATOR_H
#define EDDY_CORE_ALLOCATOR_H

#include <eddy/allocator.h>

/* realloc and free. */
extern const eddy_allocator eddy__allocator_default;

static inline void *eddy__resize(const eddy_allocator *allocator, void *block,
                                 size_t old_size, size_t new_size)
{
    return allocator->resize(allocator->context, block, old_size, new_size);
}

static inline void *eddy__allocate(const eddy_allocator *allocator, size_t size)
{
    return allocator->resize(allocator->context, NULL, 0, size);
}

static inline void eddy__free(const eddy_allocator *allocator, void *block,
                              size_t size)
{
    if (block != NULL)
        allocator->resize(allocator->context, block, size, 0);
}

#endif
