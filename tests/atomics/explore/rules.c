/* SPDX-License-Identifier: MIT */
/*
 * The rule in force, if any. Objects of one name are alike.
 */
#include "rules.h"

#include "memory.h"
#include "search.h"

#include <stdio.h>
#include <string.h>

enum { NAMES = 60, LENGTH = 20 };

static struct {
    const void *where;
    const char *name;
} names[NAMES];

static int name_count;

static struct {
    char name[LENGTH + 1], access[LENGTH + 1], who[LENGTH + 1];
    int order;
    bool in_force, used;
} rule;

void memory_name(const void *where, const char *name)
{
    for (int i = 0; i < name_count; i++)
        if (names[i].where == where) {
            names[i].name = name;
            return;
        }
    if (name_count == NAMES)
        return;
    names[name_count].where = where;
    names[name_count++].name = name;
}

const char *rules_name(const void *where)
{
    for (int i = 0; i < name_count; i++)
        if (names[i].where == where)
            return names[i].name;
    return "something";
}

static int order_of(const char *text)
{
    static const struct {
        const char *name;
        int order;
    } orders[] = {
        {"relaxed", __ATOMIC_RELAXED}, {"acquire", __ATOMIC_ACQUIRE},
        {"release", __ATOMIC_RELEASE}, {"acq_rel", __ATOMIC_ACQ_REL},
        {"early", RULE_EARLY},
    };

    for (unsigned i = 0; i < sizeof(orders) / sizeof(*orders); i++)
        if (strcmp(orders[i].name, text) == 0)
            return orders[i].order;
    return -1;
}

bool memory_weaken(const char *text)
{
    char order[LENGTH + 1];

    memset(&rule, 0, sizeof(rule));
    if (sscanf(text, "%20[^:]:%20[^:]:%20[^=]=%20s", rule.name, rule.access,
               rule.who, order) != 4)
        return false;
    rule.order = order_of(order);
    rule.in_force = rule.order >= 0;
    return rule.in_force;
}

void memory_strengthen(void)
{
    rule.in_force = false;
}

bool memory_weakened(void)
{
    return rule.used;
}

int rules_order(const void *where, enum rule_access access, int order)
{
    static const char *const accesses[] = {"load", "store", "change"};

    if (!rule.in_force || strcmp(rule.access, accesses[access]) != 0 ||
        strcmp(rule.name, rules_name(where)) != 0)
        return order;
    if (strcmp(rule.who, "any") != 0 &&
        strcmp(rule.who, search_self() == 0 ? "loop" : "sender") != 0)
        return order;
    rule.used = true;
    return rule.order;
}
