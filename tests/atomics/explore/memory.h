/* SPDX-License-Identifier: MIT */
/*
 * Memory as C11 allows it to behave, for atomic objects: each keeps all that
 * was ever stored in it, and each thread has a view, the oldest store of each
 * object that it may still see. A load may see any store from there on; what
 * an acquiring load sees of a releasing store brings that thread's view along.
 * A sequentially consistent load sees nothing older than the last sequentially
 * consistent store. A read-modify-write sees the newest.
 *
 * So whatever a store buffer does is covered, and loads that come late, too.
 * Not covered: a store that takes its place before an older one, and a load
 * that sees a store which depends on it. Fences are not known.
 *
 * Plain accesses to memory that is watched must be ordered by these views: if
 * not, that is a data race and ends the search. Freeing is a plain write.
 */
#ifndef TESTS_ATOMICS_EXPLORE_MEMORY_H
#define TESTS_ATOMICS_EXPLORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Forgets everything: before an execution. */
void memory_reset(void);

/* Has plain accesses to these bytes checked, until the reset; `name` is for
 * notes and rules. */
void memory_watch(const void *where, size_t size, const char *name);

/* Names an atomic object; the name stays after a reset. */
void memory_name(const void *where, const char *name);

/* The caller's again: the running thread may reuse the bytes. */
void memory_free(const void *where, size_t size);

/* The accesses of the running thread; orders are those of the builtins. */
uint64_t memory_load(const void *where, size_t size, int order);
void memory_store(void *where, size_t size, uint64_t value, int order);

enum memory_change { SET, ADD, SUBTRACT, AND, OR };

/* Returns what was there. */
uint64_t memory_change(void *where, size_t size, enum memory_change change,
                       uint64_t operand, int order);

/* *expected is what was there. */
bool memory_exchange_if(void *where, size_t size, uint64_t *expected,
                        uint64_t value, int order, int failure_order);

void memory_plain(const void *where, size_t size, bool writes);

/* Waits until the object that the thread loaded last has a newer value, which
 * it then sees: what a loop that yields comes to. */
void memory_yield(void);

/* Weakens accesses: "NAME:OPERATION:WHO=ORDER", where the operation is load,
 * store or change, WHO is loop (thread 0), sender (any other) or any, and ORDER
 * relaxed, acquire, release, acq_rel, or early: an "or" that a relaxed load
 * finds done already is left out. False if it says something else. */
bool memory_weaken(const char *rule);
void memory_strengthen(void); /* as it was */

/* Whether the rule changed anything since it was made. */
bool memory_weakened(void);

#endif
