/* SPDX-License-Identifier: MIT */
/*
 * The memory a loop and its backend use. One function does all three jobs, so
 * that there is one place to count, limit or fail.
 */
#ifndef EDDY_ALLOCATOR_H
#define EDDY_ALLOCATOR_H

#include <eddy/export.h>

EDDY_BEGIN_DECLS

/**
 * An allocator: given in eddy_loop_options, it must outlive the loop.
 *
 * resize() allocates with block NULL and old_size 0, frees with new_size 0
 * (the result is then ignored), and otherwise grows or shrinks, keeping the
 * contents. It returns memory aligned for any object, or NULL when there is
 * none: the old block is then untouched. It is called on the loop's thread
 * only; for a pool, by eddy_pool_init and eddy_pool_close.
 */
typedef struct eddy_allocator {
    void *context; /* the first argument of each call */
    void *(*resize)(void *context, void *block, size_t old_size,
                    size_t new_size);
    void *reserved[2];
} eddy_allocator;

EDDY_END_DECLS

#endif
