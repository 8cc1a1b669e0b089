/* SPDX-License-Identifier: MIT */
/*
 * How large a test may be, repeatable random numbers, and poison. Slowness is
 * found out from the compiler (sanitizers) or from what valgrind preloads.
 */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

enum { SLOW_PERCENT = 10, POISON = 0xdd };

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

bool test_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return true;
#else
    return false;
#endif
}

bool test_under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return preload != NULL && (strstr(preload, "vgpreload") != NULL ||
                               strstr(preload, "/valgrind/") != NULL);
}

static unsigned long percent(void)
{
    const char *scale = getenv("EDDY_TEST_SCALE");

    if (scale != NULL && scale[0] != '\0')
        return strtoul(scale, NULL, 10);
    return test_sanitized() || test_under_valgrind() ? SLOW_PERCENT : 100;
}

size_t test_scale(size_t count)
{
    size_t scaled = count / 100 * percent() + count % 100 * percent() / 100;

    return scaled > 0 ? scaled : 1;
}

/* Marsaglia's xorshift64*: good enough, and the same everywhere. */
uint64_t test_random(uint64_t *state)
{
    uint64_t x = *state != 0 ? *state : 1;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(2685821657736338717);
}

void test_poison(void *memory, size_t size)
{
    memset(memory, POISON, size);
}

bool test_poisoned(const void *memory, size_t size)
{
    const unsigned char *bytes = memory;

    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != POISON)
            return false;
    }
    return true;
}
