/* SPDX-License-Identifier: MIT */
/*
 * Put before a source of the core by the compiler's -include: every atomic
 * access waits a little first, a random while. What is fast enough to look
 * right by luck is not then.
 *
 * A macro's own name within it is not replaced again: it is the builtin.
 */
#ifndef TESTS_ATOMICS_DELAYS_H
#define TESTS_ATOMICS_DELAYS_H

/* Mostly nothing, sometimes a few turns of a loop, now and then the processor
 * for another thread, or a nap. */
void delays_wait(void);

#define __atomic_load_n(where, order)                                          \
    (delays_wait(), __atomic_load_n(where, order))
#define __atomic_store_n(where, value, order)                                  \
    (delays_wait(), __atomic_store_n(where, value, order))
#define __atomic_exchange_n(where, value, order)                               \
    (delays_wait(), __atomic_exchange_n(where, value, order))
#define __atomic_compare_exchange_n(where, expected, value, weak, order,       \
                                    failure)                                   \
    (delays_wait(), __atomic_compare_exchange_n(where, expected, value, weak,  \
                                                order, failure))
#define __atomic_fetch_or(where, value, order)                                 \
    (delays_wait(), __atomic_fetch_or(where, value, order))
#define __atomic_fetch_and(where, value, order)                                \
    (delays_wait(), __atomic_fetch_and(where, value, order))
#define __atomic_fetch_add(where, value, order)                                \
    (delays_wait(), __atomic_fetch_add(where, value, order))
#define __atomic_fetch_sub(where, value, order)                                \
    (delays_wait(), __atomic_fetch_sub(where, value, order))
#define __atomic_add_fetch(where, value, order)                                \
    (delays_wait(), __atomic_add_fetch(where, value, order))
#define __atomic_sub_fetch(where, value, order)                                \
    (delays_wait(), __atomic_sub_fetch(where, value, order))

#endif
