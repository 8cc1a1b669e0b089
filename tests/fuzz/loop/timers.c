/* SPDX-License-Identifier: MIT */
/*
 * Timers: never early, in order of deadline and then of starting, on the grid,
 * and each that is due when a phase begins called before it ends. The model
 * looks through all of them each time.
 */
#include "fuzz/loop/world.h"

#include <stdlib.h>

static eddy_timer *timer_of(const struct item *item)
{
    return (eddy_timer *) (void *) item->handle;
}

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* For all of one kind: how the files of this folder go through the items. */
static struct item *next_timer(struct item *item)
{
    item = item == NULL ? world.items : item + 1;
    while (item < world.items + ITEMS && item->kind != KIND_TIMER)
        item++;
    return item < world.items + ITEMS ? item : NULL;
}

void timers_settle(void)
{
    for (struct item *item = next_timer(NULL); item; item = next_timer(item)) {
        if (!item->active || !item->fresh)
            continue;
        item->due_ns = add(world.clock_ns, item->due_ns);
        item->fresh = false;
    }
}

static bool is_due(const struct item *item)
{
    return item->active && !item->fresh && item->due_ns != EDDY_NEVER &&
           item->due_ns <= world.phase_ns && item->due_ns >= world.from_ns &&
           item->order <= world.last_order;
}

static bool is_before(const struct item *a, const struct item *b)
{
    if (a->due_ns != b->due_ns)
        return a->due_ns < b->due_ns;
    return a->order < b->order;
}

/* The next to be called in this phase. */
struct item *timers_next(void)
{
    struct item *first = NULL;

    for (struct item *item = next_timer(NULL); item; item = next_timer(item))
        if (is_due(item) && (first == NULL || is_before(item, first)))
            first = item;
    return first;
}

bool timers_active(void)
{
    for (struct item *item = next_timer(NULL); item; item = next_timer(item))
        if (item->active)
            return true;
    return false;
}

/* The nearest deadline of those that have one yet. */
uint64_t timers_nearest(void)
{
    uint64_t nearest = EDDY_NEVER;

    for (struct item *item = next_timer(NULL); item; item = next_timer(item))
        if (item->active && !item->fresh && item->due_ns < nearest)
            nearest = item->due_ns;
    return nearest;
}

/* How long it is till then, if a run began now. */
uint64_t timers_timeout(void)
{
    uint64_t nearest = timers_nearest();
    uint64_t now = world.clock_ns;

    if (nearest != EDDY_NEVER)
        nearest = nearest > now ? nearest - now : 0;
    for (struct item *item = next_timer(NULL); item; item = next_timer(item))
        if (item->active && item->fresh && item->due_ns < nearest)
            nearest = item->due_ns;
    return nearest;
}

static void rearm(struct item *item)
{
    uint64_t late = world.now_ns - item->due_ns;

    item->due_ns = add(item->due_ns + late / item->repeat_ns * item->repeat_ns,
                       item->repeat_ns);
    item->order = ++world.order;
}

static void on_timer(eddy_timer *timer)
{
    struct item *item = handle_of(&timer->handle);

    fuzz_trace("timer %td fires", item - world.items);
    phase_reach_timers();
    HOLDS(item->life == OPEN && item->active);
    HOLDS(item->due_ns <= world.clock_ns);
    HOLDS(item == timers_next());
    if (world.phase == TIMERS)
        world.due++;
    world.called++;
    world.fired++;
    if (item->repeat_ns > 0)
        rearm(item);
    else
        item->active = false;
    program_callback();
}

int timer_init(struct item *item)
{
    eddy_timer *timer = malloc(sizeof(*timer));

    HOLDS(timer != NULL);
    item->handle = &timer->handle;
    return eddy_timer_init(&world.loop, timer);
}

static void note_start(struct item *item, uint64_t due_ns, uint64_t repeat_ns,
                       bool fresh)
{
    item->active = true;
    item->known = true;
    item->fresh = fresh;
    item->due_ns = due_ns;
    item->repeat_ns = repeat_ns;
    item->order = ++world.order;
}

static uint64_t some_repeat(void)
{
    return fuzz_take() % 3 == 0 ? world_span() : 0;
}

static void start(struct item *item)
{
    uint64_t timeout_ns = world_span();
    uint64_t repeat_ns = some_repeat();

    HOLDS(eddy_timer_start(timer_of(item), on_timer, timeout_ns, repeat_ns) ==
          0);
    note_start(item, timeout_ns, repeat_ns, true);
    fuzz_trace("timer %td: start %ju repeat %ju", item - world.items,
               (uintmax_t) timeout_ns, (uintmax_t) repeat_ns);
}

/* On either side of now. */
static void start_at(struct item *item)
{
    uint64_t span = world_span();
    uint64_t repeat_ns = some_repeat();
    uint64_t due_ns = add(world.clock_ns, span);

    if (fuzz_take() % 4 == 0)
        due_ns = span < world.clock_ns ? world.clock_ns - span : 0;
    HOLDS(eddy_timer_start_at(timer_of(item), on_timer, due_ns, repeat_ns) ==
          0);
    note_start(item, due_ns, repeat_ns, false);
    fuzz_trace("timer %td: start at %ju repeat %ju", item - world.items,
               (uintmax_t) due_ns, (uintmax_t) repeat_ns);
}

static void again(struct item *item)
{
    int wanted = item->known ? 0 : EDDY_EINVAL;

    HOLDS(eddy_timer_again(timer_of(item)) == wanted);
    if (item->known && item->repeat_ns > 0)
        note_start(item, item->repeat_ns, item->repeat_ns, true);
    else if (item->known)
        item->active = false;
}

static void ask(const struct item *item)
{
    uint64_t wanted = 0;
    uint64_t due_in = eddy_timer_due_in(timer_of(item));

    if (item->active && (item->fresh || item->due_ns == EDDY_NEVER))
        wanted = item->due_ns;
    else if (item->active && item->due_ns > world.now_ns)
        wanted = item->due_ns - world.now_ns;
    HOLDS(due_in == wanted);
    HOLDS(eddy_timer_get_repeat(timer_of(item)) == item->repeat_ns);
}

static void set_repeat(struct item *item)
{
    item->repeat_ns = some_repeat();
    eddy_timer_set_repeat(timer_of(item), item->repeat_ns);
}

void timer_touch(struct item *item, unsigned action)
{
    if (item->life == CLOSING) {
        HOLDS(eddy_timer_start(timer_of(item), on_timer, 0, 0) == EDDY_EINVAL);
        HOLDS(eddy_timer_stop(timer_of(item)) == EDDY_EINVAL);
        return;
    }
    switch (action % 8) {
    case 0:
    case 1:
    case 2:
        start(item);
        break;
    case 3:
    case 4:
        start_at(item);
        break;
    case 5:
        HOLDS(eddy_timer_stop(timer_of(item)) == 0);
        item->active = false;
        break;
    case 6:
        again(item);
        break;
    default:
        ask(item);
        set_repeat(item);
        break;
    }
}
