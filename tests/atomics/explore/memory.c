/* SPDX-License-Identifier: MIT */
/*
 * Atomic objects: their stores, and the views of threads. Stores take their
 * place in an object's history in the order in which they are executed; the
 * memory itself holds the newest.
 */
#include "memory.h"

#include "races.h"
#include "rules.h"
#include "search.h"

#include <stdio.h>
#include <string.h>

enum { OBJECTS = 32, STORES = 400 };

struct view {
    unsigned short seen[OBJECTS]; /* the oldest store that may be seen */
    struct clock clock;           /* what plain accesses are ordered by */
};

struct store {
    uint64_t value;
    struct view view; /* what comes with it to who acquires */
};

struct object {
    const void *where;
    int count;
    int strongest; /* the last sequentially consistent store */
    struct store stores[STORES];
};

static struct object objects[OBJECTS];
static int object_count;
static struct view views[SEARCH_THREADS];
static struct {
    const struct object *object;
    int seen;
} last_load[SEARCH_THREADS];

void memory_reset(void)
{
    object_count = 0;
    memset(views, 0, sizeof(views));
    for (int i = 0; i < SEARCH_THREADS; i++)
        views[i].clock.at[i] = 1;
    races_reset();
}

static struct view *own_view(void)
{
    return &views[search_self()];
}

static void join(struct view *view, const struct view *other)
{
    for (int i = 0; i < object_count; i++)
        if (other->seen[i] > view->seen[i])
            view->seen[i] = other->seen[i];
    clock_join(&view->clock, &other->clock);
}

/* --- the bytes ---------------------------------------------------------------
 */

static uint64_t get(const void *where, size_t size)
{
    uint32_t word;
    uint64_t wide;

    if (size == sizeof(word)) {
        memcpy(&word, where, sizeof(word));
        return word;
    }
    memcpy(&wide, where, sizeof(wide));
    return wide;
}

static void put(void *where, size_t size, uint64_t value)
{
    uint32_t word = (uint32_t) value;

    if (size == sizeof(word))
        memcpy(where, &word, sizeof(word));
    else
        memcpy(where, &value, sizeof(value));
}

/* --- objects -----------------------------------------------------------------
 */

static struct object *object_at(const void *where, size_t size)
{
    struct object *object;

    for (object = objects; object < &objects[object_count]; object++)
        if (object->where == where)
            return object;
    if (object_count == OBJECTS || (size != 4 && size != 8))
        search_fail("an atomic object too many, or of no usual size");
    object_count++;
    object->where = where;
    object->count = 1;
    object->strongest = 0;
    memset(&object->stores[0], 0, sizeof(object->stores[0]));
    object->stores[0].value = get(where, size);
    return object;
}

/* Before the step, the thread waits for its turn. */
static struct object *step(const void *where, size_t size, bool writes)
{
    search_step(where, writes, NULL);
    races_access(&own_view()->clock, where, size, RACE_ATOMIC);
    return object_at(where, size);
}

static int newest(const struct object *object)
{
    return object->count - 1;
}

static int oldest(const struct object *object, int order)
{
    int seen = own_view()->seen[object - objects];

    if (order == __ATOMIC_SEQ_CST && object->strongest > seen)
        return object->strongest;
    return seen;
}

static bool acquires(int order)
{
    return order != __ATOMIC_RELAXED && order != __ATOMIC_RELEASE;
}

static bool releases(int order)
{
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL ||
           order == __ATOMIC_SEQ_CST;
}

static uint64_t see(struct object *object, int which, int order)
{
    struct view *view = own_view();

    view->seen[object - objects] = (unsigned short) which;
    if (acquires(order))
        join(view, &object->stores[which].view);
    last_load[search_self()].object = object;
    last_load[search_self()].seen = which;
    return object->stores[which].value;
}

/* `after`: the store that a read-modify-write saw, whose view it hands on. */
static void append(struct object *object, void *where, size_t size,
                   uint64_t value, int order, const struct store *after)
{
    struct view *view = own_view();
    struct store *store = &object->stores[object->count];

    if (object->count == STORES)
        search_fail("stores too many");
    view->seen[object - objects] = (unsigned short) object->count++;
    memset(store, 0, sizeof(*store));
    store->value = value;
    store->view.seen[object - objects] = view->seen[object - objects];
    if (after != NULL)
        join(&store->view, &after->view);
    if (releases(order))
        join(&store->view, view);
    if (order == __ATOMIC_SEQ_CST)
        object->strongest = newest(object);
    view->clock.at[search_self()]++;
    put(where, size, value);
}

/* --- accesses ----------------------------------------------------------------
 */

uint64_t memory_load(const void *where, size_t size, int order)
{
    struct object *object = step(where, size, false);
    int which;

    order = rules_order(where, RULE_LOAD, order);
    which = newest(object);
    which -= search_choose(which - oldest(object, order) + 1);
    see(object, which, order);
    search_note("load %s: %lld, %d behind", rules_name(where),
                (long long) object->stores[which].value,
                newest(object) - which);
    return object->stores[which].value;
}

void memory_store(void *where, size_t size, uint64_t value, int order)
{
    struct object *object = step(where, size, true);

    order = rules_order(where, RULE_STORE, order);
    append(object, where, size, value, order, NULL);
    search_note("store %s: %lld", rules_name(where), (long long) value);
}

static uint64_t changed(uint64_t old, enum memory_change change,
                        uint64_t operand)
{
    switch (change) {
    case SET:
        return operand;
    case ADD:
        return old + operand;
    case SUBTRACT:
        return old - operand;
    case AND:
        return old & operand;
    default:
        return old | operand;
    }
}

uint64_t memory_change(void *where, size_t size, enum memory_change change,
                       uint64_t operand, int order)
{
    struct object *object = step(where, size, true);
    int last = newest(object);
    uint64_t old;

    order = rules_order(where, RULE_CHANGE, order);
    if (order == RULE_EARLY) {
        int which = last - search_choose(last - oldest(object, 0) + 1);

        old = object->stores[which].value;
        search_note("early %s: %lld", rules_name(where), (long long) old);
        if ((old | operand) == old)
            return see(object, which, __ATOMIC_RELAXED);
        order = __ATOMIC_SEQ_CST;
    }
    old = see(object, last, order);
    append(object, where, size, changed(old, change, operand), order,
           &object->stores[last]);
    search_note("change %s: %lld to %lld", rules_name(where), (long long) old,
                (long long) object->stores[newest(object)].value);
    return old;
}

/* It fails by what any load may see, unless that is what was expected. */
bool memory_exchange_if(void *where, size_t size, uint64_t *expected,
                        uint64_t value, int order, int failure_order)
{
    struct object *object = step(where, size, true);
    int last = newest(object);
    int which = last - search_choose(last - oldest(object, failure_order) + 1);
    uint64_t old = object->stores[which].value;

    order = rules_order(where, RULE_CHANGE, order);
    if (old == *expected)
        which = last;
    old = object->stores[which].value;
    search_note("change %s: %lld to %lld, if %lld", rules_name(where),
                (long long) old, (long long) value, (long long) *expected);
    if (old != *expected) {
        *expected = see(object, which, failure_order);
        return false;
    }
    see(object, last, order);
    append(object, where, size, value, order, &object->stores[last]);
    return true;
}

void memory_plain(const void *where, size_t size, bool writes)
{
    races_access(&own_view()->clock, where, size,
                 writes ? RACE_WRITE : RACE_READ);
}

void memory_free(const void *where, size_t size)
{
    races_free(&own_view()->clock, where, size);
}

/* --- yielding ----------------------------------------------------------------
 */

/* Of the thread that is asked about, whose turn it is not: its number is in
 * the object's place, as each thread has its own. */
static bool has_newer(int self)
{
    return newest(last_load[self].object) > last_load[self].seen;
}

static bool newer_0(void)
{
    return has_newer(0);
}

/* Only the loop's own thread waits so. */
void memory_yield(void)
{
    struct object *object = (struct object *) last_load[0].object;

    if (search_self() != 0 || object == NULL)
        search_fail("a yield that nobody expected");
    search_step(object->where, false, newer_0);
    search_note("yield for %s", rules_name(object->where));
    see(object, last_load[0].seen + 1, __ATOMIC_RELAXED);
}
