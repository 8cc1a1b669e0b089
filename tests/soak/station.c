/* SPDX-License-Identifier: MIT */
/*
 * The life of a loop: made, filled, run for a while; then half of them are
 * drained, until all that was begun has ended in order, and the others are
 * closed in the midst of it. After each, no byte of its allocator's may be
 * left.
 */
#include "soak/soak.h"

#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 2, TICKS_LEAST = 100, TICKS_MORE = 600, MESSAGES = 20000 };

struct station stations[STATIONS];

static const struct part *const busy_parts[PARTS] = {
    &mailbox_part, &phases_part, &timers_part,   &traffic_part,
    &pipes_part,   &works_part,  &mayflies_part,
};
static const struct part *const quiet_parts[PARTS] = {&mailbox_part};

static const struct part *part(const struct station *station, int i)
{
    return station->kind == BUSY ? busy_parts[i] : quiet_parts[i];
}

/* --- memory --- */

static void *resize(void *context, void *block, size_t old_size,
                    size_t new_size)
{
    struct memory *memory = context;
    void *result = NULL;

    if (new_size == 0)
        free(block);
    else
        result = realloc(block, new_size);
    if (new_size == 0 || result != NULL)
        __atomic_store_n(&memory->bytes, memory->bytes + new_size - old_size,
                         __ATOMIC_RELAXED);
    return result;
}

void *memory_take(struct station *station, size_t size)
{
    void *block = resize(&station->memory, NULL, 0, size);

    REQUIRE(block != NULL);
    memset(block, 0, size);
    return block;
}

void memory_give(struct station *station, void *block, size_t size)
{
    test_poison(block, size);
    (void) resize(&station->memory, block, size, 0);
}

/* --- the order of an iteration --- */

void station_in_poll(const struct station *station)
{
    REQUIRE(!station->phases_watch || station->in_poll);
}

void station_off_poll(const struct station *station)
{
    REQUIRE(!station->phases_watch || !station->in_poll);
}

/* --- stages --- */

static bool all_drained(struct station *station)
{
    bool all = true;

    for (int i = 0; i < PARTS && part(station, i) != NULL; i++) {
        const struct part *it = part(station, i);

        if (!it->drained(station, station->state[i]))
            all = false;
    }
    return all;
}

static bool has_lived(const struct station *station)
{
    if (__atomic_load_n(&station->ending, __ATOMIC_RELAXED))
        return true;
    if (station->forever)
        return false;
    return station->kind == BUSY ? station->ticks_left <= 0
                                 : station->messages_left <= 0;
}

void station_progress(struct station *station)
{
    if (station->leave || station->life == CLOSING)
        return;
    station->leave =
        station->life == LIVING ? has_lived(station) : all_drained(station);
    if (station->leave)
        eddy_stop(&station->loop);
}

static void on_tick(eddy_timer *timer)
{
    struct station *station = timer->data;

    station_off_poll(station);
    if (--station->ticks_left % 64 == 0)
        REQUIRE(eddy_loop_check(&station->loop) == 0);
    for (int i = 0; i < PARTS; i++) {
        if (busy_parts[i]->tick != NULL)
            busy_parts[i]->tick(station, station->state[i]);
    }
    station_progress(station);
}

/* Others stop the loop, too, for no reason. */
static void run_stage(struct station *station, enum life life)
{
    station->life = life;
    station->leave = false;
    station_progress(station);
    while (!station->leave) {
        REQUIRE(eddy_run(&station->loop, EDDY_RUN_DEFAULT) > 0);
        station_progress(station);
    }
}

static bool all_closed(struct station *station)
{
    for (int i = 0; i < PARTS && part(station, i) != NULL; i++) {
        if (!part(station, i)->closed(station, station->state[i]))
            return false;
    }
    return true;
}

static void close_parts(struct station *station)
{
    int left = 1;

    station->life = CLOSING;
    station->phases_watch = false;
    for (int i = 0; i < PARTS && part(station, i) != NULL; i++)
        part(station, i)->close(station, station->state[i]);
    if (station->kind == BUSY) {
        REQUIRE(eddy_close(&station->tick.handle, NULL) == 0);
        tally(&station->ledger, HANDLES_CLOSED);
    }
    while (!all_closed(station)) {
        REQUIRE(left > 0);
        left = eddy_run(&station->loop, EDDY_RUN_ONCE);
        REQUIRE(left >= 0);
    }
}

/* --- a loop --- */

static void open_tick(struct station *station)
{
    const uint64_t period = EDDY_MS(TICK_MS);

    REQUIRE(eddy_timer_init(&station->loop, &station->tick) == 0);
    station->tick.data = station;
    REQUIRE(eddy_timer_start(&station->tick, on_tick, period, period) == 0);
    tally(&station->ledger, HANDLES_MADE);
}

static void open_loop(struct station *station)
{
    const eddy_loop_options options = {
        .backend = station->backend,
        .allocator = &station->memory.allocator,
        .spin_ns = pick(&station->random, 2) * 20000,
    };

    REQUIRE(eddy_loop_init(&station->loop, &options) == 0);
    tally(&station->ledger, LOOPS_MADE);
    station->life = LIVING;
    station->in_poll = false;
    station->ticks_left =
        TICKS_LEAST + (int) pick(&station->random, TICKS_MORE);
    station->messages_left = MESSAGES;
    if (station->kind == BUSY)
        open_tick(station);
    for (int i = 0; i < PARTS && part(station, i) != NULL; i++) {
        const struct part *it = part(station, i);

        if (it->size > 0)
            station->state[i] = memory_take(station, it->size);
        it->open(station, station->state[i]);
    }
}

static void close_loop(struct station *station)
{
    eddy_stats stats;

    REQUIRE(eddy_loop_check(&station->loop) == 0);
    eddy_loop_stats(&station->loop, &stats);
    REQUIRE(stats.handles == 0 && stats.active_handles == 0);
    tally_by(&station->ledger, ITERATIONS, stats.iterations);
    mailbox_close_loop(station);
    for (int i = 0; i < PARTS && part(station, i) != NULL; i++) {
        if (part(station, i)->size > 0)
            memory_give(station, station->state[i], part(station, i)->size);
    }
    REQUIRE(station->memory.bytes == 0);
    tally(&station->ledger, LOOPS_CLOSED);
}

void *station_main(void *arg)
{
    struct station *station = arg;

    station->memory.allocator = (eddy_allocator){
        .context = &station->memory,
        .resize = resize,
    };
    while (!__atomic_load_n(&station->ending, __ATOMIC_RELAXED)) {
        open_loop(station);
        run_stage(station, LIVING);
        if (pick(&station->random, 2) == 0)
            run_stage(station, DRAINING);
        close_parts(station);
        close_loop(station);
        station->forever = false;
    }
    __atomic_store_n(&station->done, 1, __ATOMIC_RELEASE);
    return NULL;
}
