/* SPDX-License-Identifier: MIT */
/*
 * The default allocator: the C library's.
 */
#include "core/allocator.h"

#include <stdlib.h>

static void *resize(void *context, void *block, size_t old_size,
                    size_t new_size)
{
    (void) context;
    (void) old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, new_size);
}

const eddy_allocator eddy__allocator_default = {.resize = resize};
