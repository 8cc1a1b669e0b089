/* SPDX-License-Identifier: MIT */
/*
 * What the compiler calls in code that it instruments for the thread sanitizer:
 * each access to memory, with its memory order where it has one. Instead of
 * the sanitizer's own functions these hand the access to the search; outside a
 * search they just do it.
 *
 * The names and arguments are those of the sanitizer's interface, which gcc
 * and clang share.
 */
#include "memory.h"
#include "search.h"

#include <string.h>

/* --- plain accesses ----------------------------------------------------------
 */

static void plain(const void *where, size_t size, bool writes)
{
    if (search_running())
        memory_plain(where, size, writes);
}

#define PLAIN(bytes)                                                           \
    void __tsan_read##bytes(void *where);                                      \
    void __tsan_write##bytes(void *where);                                     \
    void __tsan_unaligned_read##bytes(void *where);                            \
    void __tsan_unaligned_write##bytes(void *where);                           \
    void __tsan_read##bytes(void *where)                                       \
    {                                                                          \
        plain(where, bytes, false);                                            \
    }                                                                          \
    void __tsan_write##bytes(void *where)                                      \
    {                                                                          \
        plain(where, bytes, true);                                             \
    }                                                                          \
    void __tsan_unaligned_read##bytes(void *where)                             \
    {                                                                          \
        plain(where, bytes, false);                                            \
    }                                                                          \
    void __tsan_unaligned_write##bytes(void *where)                            \
    {                                                                          \
        plain(where, bytes, true);                                             \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *where, size_t size);
void __tsan_write_range(void *where, size_t size);
void *__tsan_memset(void *where, int byte, size_t size);
void *__tsan_memcpy(void *where, const void *from, size_t size);
void *__tsan_memmove(void *where, const void *from, size_t size);
void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);

void __tsan_read_range(void *where, size_t size)
{
    plain(where, size, false);
}

void __tsan_write_range(void *where, size_t size)
{
    plain(where, size, true);
}

void *__tsan_memset(void *where, int byte, size_t size)
{
    plain(where, size, true);
    return memset(where, byte, size);
}

void *__tsan_memcpy(void *where, const void *from, size_t size)
{
    plain(from, size, false);
    plain(where, size, true);
    return memcpy(where, from, size);
}

void *__tsan_memmove(void *where, const void *from, size_t size)
{
    plain(from, size, false);
    plain(where, size, true);
    return memmove(where, from, size);
}

void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller)
{
    (void) caller;
}

void __tsan_func_exit(void)
{
}

/* --- atomic accesses ---------------------------------------------------------
 */

#define CHANGE(bits, name, change, native)                                     \
    uint##bits##_t __tsan_atomic##bits##_##name(                               \
        volatile void *where, uint##bits##_t operand, int order);              \
    uint##bits##_t __tsan_atomic##bits##_##name(                               \
        volatile void *where, uint##bits##_t operand, int order)               \
    {                                                                          \
        if (search_running())                                                  \
            return (uint##bits##_t) memory_change((void *) where, bits / 8,    \
                                                  change, operand, order);     \
        return native((volatile uint##bits##_t *) where, operand,              \
                      __ATOMIC_SEQ_CST);                                       \
    }

/* gcc asks whether it was exchanged, clang what was there. */
#define EXCHANGE_IF(bits)                                                      \
    static bool exchange_if_##bits(                                            \
        volatile void *where, uint##bits##_t *expected, uint##bits##_t value,  \
        int order, int failure_order)                                          \
    {                                                                          \
        uint64_t seen = *expected;                                             \
        bool done;                                                             \
                                                                               \
        if (!search_running())                                                 \
            return __atomic_compare_exchange_n(                                \
                (volatile uint##bits##_t *) where, expected, value, false,     \
                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                           \
        done = memory_exchange_if((void *) where, bits / 8, &seen, value,      \
                                  order, failure_order);                       \
        *expected = (uint##bits##_t) seen;                                     \
        return done;                                                           \
    }                                                                          \
                                                                               \
    uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(                 \
        volatile void *where, uint##bits##_t expected, uint##bits##_t value,   \
        int order, int failure_order);                                         \
    uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(                 \
        volatile void *where, uint##bits##_t expected, uint##bits##_t value,   \
        int order, int failure_order)                                          \
    {                                                                          \
        (void) exchange_if_##bits(where, &expected, value, order,              \
                                  failure_order);                              \
        return expected;                                                       \
    }

#define EXCHANGE_IF_NAMED(bits, name)                                          \
    int __tsan_atomic##bits##_compare_exchange_##name(                         \
        volatile void *where, void *expected, uint##bits##_t value, int order, \
        int failure_order);                                                    \
    int __tsan_atomic##bits##_compare_exchange_##name(                         \
        volatile void *where, void *expected, uint##bits##_t value, int order, \
        int failure_order)                                                     \
    {                                                                          \
        return exchange_if_##bits(where, expected, value, order,               \
                                  failure_order);                              \
    }

#define ATOMIC(bits)                                                           \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile void *where,      \
                                              int order);                      \
    void __tsan_atomic##bits##_store(volatile void *where,                     \
                                     uint##bits##_t value, int order);         \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile void *where,      \
                                              int order)                       \
    {                                                                          \
        if (search_running())                                                  \
            return (uint##bits##_t) memory_load((const void *) where,          \
                                                bits / 8, order);              \
        return __atomic_load_n((const volatile uint##bits##_t *) where,        \
                               __ATOMIC_SEQ_CST);                              \
    }                                                                          \
    void __tsan_atomic##bits##_store(volatile void *where,                     \
                                     uint##bits##_t value, int order)          \
    {                                                                          \
        if (search_running())                                                  \
            memory_store((void *) where, bits / 8, value, order);              \
        else                                                                   \
            __atomic_store_n((volatile uint##bits##_t *) where, value,         \
                             __ATOMIC_SEQ_CST);                                \
    }                                                                          \
    CHANGE(bits, exchange, SET, __atomic_exchange_n)                           \
    CHANGE(bits, fetch_add, ADD, __atomic_fetch_add)                           \
    CHANGE(bits, fetch_sub, SUBTRACT, __atomic_fetch_sub)                      \
    CHANGE(bits, fetch_and, AND, __atomic_fetch_and)                           \
    CHANGE(bits, fetch_or, OR, __atomic_fetch_or)                              \
    EXCHANGE_IF(bits)                                                          \
    EXCHANGE_IF_NAMED(bits, strong)                                            \
    EXCHANGE_IF_NAMED(bits, weak)

ATOMIC(8)
ATOMIC(32)
ATOMIC(64)
