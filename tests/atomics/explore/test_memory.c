/* SPDX-License-Identifier: MIT */
/*
 * Whether the explorer explores: for small programs of which it is known what
 * weak memory lets them do, that it finds each outcome that there can be, and
 * no other; and that it counts as different only what is.
 */
#include "memory.h"
#include "search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { NONE = -1, RESULTS = 4 };

static int x, y, plain;
static int stored, loaded; /* the orders of the program under test */
static int results[RESULTS];
static unsigned outcomes; /* those that came, as bits */

static void set_up(void)
{
    x = 0;
    y = 0;
    plain = 0;
    for (int i = 0; i < RESULTS; i++)
        results[i] = NONE;
    memory_reset();
    memory_watch(&plain, sizeof(plain), "plain");
}

/* The last to come says which of the outcomes it was. */
static void done(int which, uint64_t value, int expected)
{
    unsigned outcome = 0;

    results[which] = (int) value;
    for (int i = 0; i < expected; i++) {
        if (results[i] == NONE)
            return;
        outcome |= (unsigned) results[i] << i;
    }
    outcomes |= 1u << outcome;
}

static struct search_result explore(void (*first)(int), void (*second)(int),
                                    void (*third)(int), void (*fourth)(int))
{
    const struct search_program program = {set_up,
                                           {first, second, third, fourth}};

    outcomes = 0;
    return search(&program, 0);
}

static uint64_t load(int *where)
{
    return memory_load(where, sizeof(*where), loaded);
}

static void store(int *where, uint64_t value)
{
    memory_store(where, sizeof(*where), value, stored);
}

/* --- two threads each store, then look at the other's place ------------------
 */

static void store_x_load_y(int self)
{
    (void) self;
    store(&x, 1);
    done(0, load(&y), 2);
}

static void store_y_load_x(int self)
{
    (void) self;
    store(&y, 1);
    done(1, load(&x), 2);
}

static unsigned store_buffering(int store_order, int load_order)
{
    stored = store_order;
    loaded = load_order;
    assert_true(explore(store_x_load_y, store_y_load_x, NULL, NULL).complete);
    return outcomes;
}

static void only_consistent_stores_are_seen_at_once(void **state)
{
    (void) state;
    assert_int_equal(store_buffering(__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST), 14);
    assert_int_equal(store_buffering(__ATOMIC_RELEASE, __ATOMIC_SEQ_CST), 15);
    assert_int_equal(store_buffering(__ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE), 15);
    assert_int_equal(store_buffering(__ATOMIC_RELEASE, __ATOMIC_ACQUIRE), 15);
}

/* --- one thread writes a message and says so ---------------------------------
 */

static void write_message(int self)
{
    (void) self;
    memory_store(&x, sizeof(x), 1, __ATOMIC_RELAXED);
    store(&y, 1);
}

static void read_message(int self)
{
    uint64_t told = load(&y);

    (void) self;
    done(0, told, 2);
    done(1, memory_load(&x, sizeof(x), __ATOMIC_RELAXED), 2);
}

static unsigned message_passing(int store_order, int load_order)
{
    stored = store_order;
    loaded = load_order;
    assert_true(explore(write_message, read_message, NULL, NULL).complete);
    return outcomes;
}

/* Outcome 1: told, and nothing there. */
static void a_message_needs_release_and_acquire(void **state)
{
    (void) state;
    assert_int_equal(message_passing(__ATOMIC_RELEASE, __ATOMIC_ACQUIRE), 13);
    assert_int_equal(message_passing(__ATOMIC_RELAXED, __ATOMIC_ACQUIRE), 15);
    assert_int_equal(message_passing(__ATOMIC_RELEASE, __ATOMIC_RELAXED), 15);
}

static void write_plain_message(int self)
{
    (void) self;
    memory_plain(&plain, sizeof(plain), true);
    store(&y, 1);
}

static void read_plain_message(int self)
{
    (void) self;
    if (load(&y) == 1)
        memory_plain(&plain, sizeof(plain), false);
}

static bool races(int store_order, int load_order)
{
    stored = store_order;
    loaded = load_order;
    return explore(write_plain_message, read_plain_message, NULL, NULL)
               .failure != NULL;
}

static void plain_accesses_without_order_are_found(void **state)
{
    (void) state;
    assert_false(races(__ATOMIC_RELEASE, __ATOMIC_ACQUIRE));
    assert_true(races(__ATOMIC_RELAXED, __ATOMIC_ACQUIRE));
    assert_true(races(__ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

/* A relaxed change in between hands the release on. */
static void add_to_y(int self)
{
    (void) self;
    (void) memory_change(&y, sizeof(y), ADD, 1, __ATOMIC_RELAXED);
}

static void read_after_both(int self)
{
    (void) self;
    if (load(&y) == 2)
        memory_plain(&plain, sizeof(plain), false);
}

static void a_change_hands_the_release_on(void **state)
{
    (void) state;
    stored = __ATOMIC_RELEASE;
    loaded = __ATOMIC_ACQUIRE;
    assert_null(
        explore(write_plain_message, add_to_y, read_after_both, NULL).failure);
}

static void free_plain(int self)
{
    (void) self;
    if (load(&y) == 1)
        memory_free(&plain, sizeof(plain));
}

static void freed_memory_is_watched(void **state)
{
    (void) state;
    stored = __ATOMIC_RELEASE;
    loaded = __ATOMIC_ACQUIRE;
    assert_null(explore(write_plain_message, free_plain, NULL, NULL).failure);
    loaded = __ATOMIC_RELAXED;
    assert_non_null(
        explore(write_plain_message, free_plain, NULL, NULL).failure);
}

/* --- changes -----------------------------------------------------------------
 */

static void add_twice(int self)
{
    for (int i = 0; i < 2; i++) {
        uint64_t old = load(&x);

        while (!memory_exchange_if(&x, sizeof(x), &old, old + 1,
                                   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            continue;
    }
    results[self] = 1;
    if (results[0] + results[1] == 2 && x != 4)
        search_fail("a change was lost");
}

static void changes_are_atomic(void **state)
{
    struct search_result result;

    (void) state;
    loaded = __ATOMIC_RELAXED;
    result = explore(add_twice, add_twice, NULL, NULL);
    assert_null(result.failure);
    assert_true(result.complete);
}

static void load_x_twice(int self)
{
    uint64_t first = load(&x);

    (void) self;
    if (load(&x) < first)
        search_fail("a newer value, then an older one");
}

static void a_place_has_one_history(void **state)
{
    (void) state;
    stored = __ATOMIC_RELAXED;
    loaded = __ATOMIC_RELAXED;
    assert_null(
        explore(load_x_twice, store_x_load_y, load_x_twice, NULL).failure);
}

/* --- the search --------------------------------------------------------------
 */

static void add_to_x(int self)
{
    (void) self;
    (void) memory_change(&x, sizeof(x), ADD, 1, __ATOMIC_SEQ_CST);
}

static void only_what_differs_is_executed(void **state)
{
    struct search_result result = explore(add_to_x, add_to_y, NULL, NULL);

    (void) state;
    assert_int_equal(result.executions, 1);
    result = explore(add_to_x, add_to_x, NULL, NULL);
    assert_int_equal(result.executions, 2);
    result = explore(add_to_x, add_to_x, add_to_x, NULL);
    assert_int_equal(result.executions, 6);
    result = explore(add_to_x, add_to_x, add_to_x, add_to_x);
    assert_int_equal(result.executions, 24);
    result = explore(add_to_x, add_to_x, add_to_y, add_to_y);
    assert_int_equal(result.executions, 4);
}

static bool never(void)
{
    return false;
}

static void wait_for_ever(int self)
{
    (void) self;
    search_step(&y, false, never);
}

static void a_thread_that_cannot_go_on_is_found(void **state)
{
    (void) state;
    assert_non_null(explore(add_to_x, wait_for_ever, NULL, NULL).failure);
}

static void yield_until_told(int self)
{
    (void) self;
    while (load(&y) != 2)
        memory_yield();
}

static void a_yield_sees_what_is_new(void **state)
{
    struct search_result result;

    (void) state;
    loaded = __ATOMIC_RELAXED;
    result = explore(yield_until_told, add_to_y, add_to_y, NULL);
    assert_null(result.failure);
    assert_true(result.complete);
    assert_non_null(explore(yield_until_told, add_to_y, NULL, NULL).failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_consistent_stores_are_seen_at_once),
        cmocka_unit_test(a_message_needs_release_and_acquire),
        cmocka_unit_test(plain_accesses_without_order_are_found),
        cmocka_unit_test(a_change_hands_the_release_on),
        cmocka_unit_test(freed_memory_is_watched),
        cmocka_unit_test(changes_are_atomic),
        cmocka_unit_test(a_place_has_one_history),
        cmocka_unit_test(only_what_differs_is_executed),
        cmocka_unit_test(a_thread_that_cannot_go_on_is_found),
        cmocka_unit_test(a_yield_sees_what_is_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
