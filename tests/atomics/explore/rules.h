/* SPDX-License-Identifier: MIT */
/*
 * The names of atomic objects, and the rule that weakens an access to one.
 */
#ifndef TESTS_ATOMICS_EXPLORE_RULES_H
#define TESTS_ATOMICS_EXPLORE_RULES_H

enum rule_access { RULE_LOAD, RULE_STORE, RULE_CHANGE };

/* An order that is none of the builtins'. */
enum { RULE_EARLY = 100 };

/* The order to be used, when `order` is what the code says. */
int rules_order(const void *where, enum rule_access access, int order);

const char *rules_name(const void *where);

#endif
