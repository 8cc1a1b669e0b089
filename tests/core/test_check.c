/* SPDX-License-Identifier: MIT */
/*
 * eddy_loop_check finds what is broken. Each test breaks one thing in a loop
 * that has something in every structure, sees it found, and mends it.
 */
#include "core/fdtable.h"
#include "core/handle.h"
#include "core/request.h"
#include "core/wheel.h"
#include "support/ear.h"
#include "support/sim.h"

#include <string.h>

/* A loop with two of everything, so that every list has a middle. */
struct house {
    struct sim *sim;
    eddy_loop *loop;
    eddy_timer timers[2];
    eddy_timer fresh[2];
    eddy_timer closing[2];
    eddy_idle idles[2];
    struct ear ears[2];
    eddy_req reqs[2];
};

static void on_timer(eddy_timer *timer)
{
    (void) timer;
}

static void on_idle(eddy_idle *idle)
{
    (void) idle;
}

static void on_closed(eddy_handle *handle)
{
    (void) handle;
}

static void on_request(eddy_req *req)
{
    (void) req;
}

static const struct eddy__req_class request_class = {.done = on_request};

static void assert_whole(const struct house *house)
{
    assert_int_equal(eddy_loop_check(house->loop), 0);
}

static void assert_broken(const struct house *house)
{
    assert_int_not_equal(eddy_loop_check(house->loop), 0);
}

static void build(struct house *house, void **state)
{
    struct sim *sim = *state;

    *house = (struct house){.sim = sim, .loop = &sim->loop};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(eddy_timer_init(&sim->loop, &house->timers[i]), 0);
        assert_int_equal(eddy_timer_init(&sim->loop, &house->fresh[i]), 0);
        assert_int_equal(eddy_timer_init(&sim->loop, &house->closing[i]), 0);
        assert_int_equal(eddy_idle_init(&sim->loop, &house->idles[i]), 0);
        ear_open(&sim->loop, &house->ears[i], 0);
        assert_int_equal(
            eddy_timer_start(&house->timers[i], on_timer, EDDY_MS(5), 0), 0);
        assert_int_equal(eddy_idle_start(&house->idles[i], on_idle), 0);
    }
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(
            eddy_timer_start(&house->fresh[i], on_timer, EDDY_SEC(1), 0), 0);
        assert_int_equal(eddy_close(&house->closing[i].handle, on_closed), 1);
        ear_start(&house->ears[i], EDDY_READABLE);
        eddy__req_begin(&sim->loop, &house->reqs[i], &request_class);
        eddy__req_end(&house->reqs[i], 0);
    }
    assert_whole(house);
}

static void demolish(struct house *house)
{
    assert_whole(house);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(eddy_close(&house->timers[i].handle, NULL), 0);
        assert_int_equal(eddy_close(&house->fresh[i].handle, NULL), 0);
        assert_int_equal(eddy_close(&house->idles[i].handle, NULL), 0);
        ear_close(&house->ears[i]);
    }
    assert_int_equal(sim_run(house->sim, EDDY_RUN_DEFAULT), 0);
    sim_close(house->sim);
}

/* Breaks a link of a list, either way. */
static void break_link(struct house *house, struct eddy__link *link)
{
    struct eddy__link kept = *link;

    link->prev = link;
    assert_broken(house);
    *link = kept;
    link->next = NULL;
    assert_broken(house);
    *link = kept;
    assert_whole(house);
}

static void broken_lists_are_found(void **state)
{
    struct house house;

    build(&house, state);
    break_link(&house, &house.timers[0].handle.link);
    break_link(&house, &house.loop->handles);
    break_link(&house, &house.closing[0].handle.link);
    break_link(&house, &house.loop->closing);
    break_link(&house, &house.idles[0].queued);
    break_link(&house, &house.loop->phases[0]);
    break_link(&house, &house.timers[0].queued);
    break_link(&house, &house.fresh[0].queued);
    demolish(&house);
}

static void wrong_counters_are_found(void **state)
{
    struct house house;
    size_t active;

    build(&house, state);
    active = house.loop->active;
    house.loop->active = 1;
    assert_broken(&house);
    house.loop->active = active;
    house.loop->closing_handles++;
    assert_broken(&house);
    house.loop->closing_handles--;
    house.loop->requests = 1;
    assert_broken(&house);
    house.loop->requests = 2;
    demolish(&house);
}

static void wrong_handles_are_found(void **state)
{
    struct house house;
    eddy_handle *handle = &house.timers[1].handle;

    build(&house, state);
    handle->loop = NULL;
    assert_broken(&house);
    handle->loop = house.loop;
    handle->type = EDDY_HANDLE_PROCESS;
    assert_broken(&house);
    handle->type = EDDY_HANDLE_TIMER;
    handle->flags |= EDDY__CLOSING;
    assert_broken(&house);
    handle->flags &= ~(unsigned) EDDY__CLOSING;
    house.closing[0].handle.flags &= ~(unsigned) EDDY__CLOSING;
    assert_broken(&house);
    house.closing[0].handle.flags |= EDDY__CLOSING;
    demolish(&house);
}

static void wrong_watchers_are_found(void **state)
{
    struct house house;
    struct eddy__watcher *first = &house.ears[1].io.watcher;
    struct eddy__watcher *second = &house.ears[0].io.watcher;
    int changed;

    build(&house, state);
    if (first->next != second) {
        struct eddy__watcher *swap = first;

        first = second;
        second = swap;
    }
    second->prev = NULL;
    assert_broken(&house);
    second->prev = first;
    first->fd = 1;
    assert_broken(&house);
    first->fd = 0;
    first->ready = NULL;
    assert_broken(&house);
    first->ready = second->ready;
    changed = house.loop->first_changed;
    house.loop->first_changed = -1; /* wanted, not known, and not queued */
    assert_broken(&house);
    house.loop->first_changed = house.loop->fd_count;
    assert_broken(&house);
    house.loop->first_changed = changed;
    house.loop->fds[0].flags &= (unsigned char) ~EDDY__FD_QUEUED;
    assert_broken(&house);
    house.loop->fds[0].flags |= EDDY__FD_QUEUED;
    demolish(&house);
}

/* The kernel is told nothing of a descriptor that nobody watches, and all that
 * the watchers of one want, or is going to be. */
static void wrong_registrations_are_found(void **state)
{
    struct house house;
    struct eddy__fd *slot;
    struct ear spare;

    build(&house, state);
    ear_open(house.loop, &spare, 9);
    ear_close(&spare);
    slot = &house.loop->fds[9];
    slot->known = EDDY_READABLE;
    assert_broken(&house);
    slot->known = 0;
    assert_whole(&house);
    assert_true(sim_run(house.sim, EDDY_RUN_NOWAIT) > 0);
    slot = &house.loop->fds[0];
    assert_int_equal(slot->known, EDDY_READABLE);
    slot->known = EDDY_WRITABLE;
    assert_broken(&house);
    slot->known = EDDY_READABLE;
    demolish(&house);
}

/* A deadline that no longer fits the slot: it would be late. */
static void misplaced_timers_are_found(void **state)
{
    struct house house;
    uint64_t due_ns;
    unsigned slot;

    build(&house, state);
    due_ns = house.timers[0].due_ns;
    house.timers[0].due_ns = 1;
    assert_broken(&house);
    house.timers[0].due_ns = due_ns;
    slot = eddy__timer_slot(&house.timers[1]);
    eddy__timer_set_slot(&house.timers[1], slot + 1);
    assert_broken(&house);
    eddy__timer_set_slot(&house.timers[1], slot);
    house.fresh[0].handle.flags &= ~(unsigned) EDDY__ACTIVE;
    assert_broken(&house);
    house.fresh[0].handle.flags |= EDDY__ACTIVE;
    demolish(&house);
}

/* A restarted timer waits in the place that it knows of. */
static void misplaced_restarts_are_found(void **state)
{
    struct house house;
    eddy_timer **stay;

    build(&house, state);
    stay = house.loop->wheel->fresh.stay;
    assert_int_equal(
        eddy_timer_start(&house.timers[1], on_timer, EDDY_SEC(2), 0), 0);
    assert_ptr_equal(stay[0], &house.timers[1]);
    stay[0] = &house.timers[0]; /* which was not restarted */
    assert_broken(&house);
    stay[0] = &house.timers[1];
    demolish(&house);
}

/* In a slot, whose timers are in order, and which the wheel knows of. */
static void disordered_slots_are_found(void **state)
{
    struct house house;
    struct eddy__wheel *wheel;
    uint64_t used[EDDY__WHEEL_LEVELS];

    build(&house, state);
    wheel = house.loop->wheel;
    assert_int_equal(eddy__timer_slot(&house.timers[0]),
                     eddy__timer_slot(&house.timers[1]));
    house.timers[0].order += 10;
    assert_broken(&house);
    house.timers[0].order -= 10;
    memcpy(used, wheel->used, sizeof(used));
    memset(wheel->used, 0, sizeof(used));
    assert_broken(&house);
    memcpy(wheel->used, used, sizeof(used));
    wheel->active -= 3;
    assert_broken(&house);
    wheel->active += 3;
    demolish(&house);
}

/* Among those that come next. */
static void disordered_near_timers_are_found(void **state)
{
    struct sim *sim = *state;
    eddy_timer timers[3];
    struct house house = {.sim = sim, .loop = &sim->loop};

    for (int i = 0; i < 3; i++)
        assert_int_equal(eddy_timer_init(&sim->loop, &timers[i]), 0);
    assert_int_equal(eddy_timer_start_at(&timers[2], on_timer, EDDY_NEVER, 0),
                     0);
    assert_true(sim_run(sim, EDDY_RUN_NOWAIT) > 0); /* moves the wheel on */
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(
            eddy_timer_start_at(&timers[i], on_timer, SIM_START + 5 + i, 0), 0);
    assert_false(eddy__list_empty(&sim->loop.wheel->near));
    break_link(&house, &timers[0].queued);
    break_link(&house, &sim->loop.wheel->near);
    timers[0].due_ns += 2;
    assert_broken(&house);
    timers[0].due_ns -= 2;
    timers[1].due_ns += EDDY_SEC(1);
    assert_broken(&house);
    timers[1].due_ns -= EDDY_SEC(1);
    assert_whole(&house);
    for (int i = 0; i < 3; i++)
        assert_int_equal(eddy_close(&timers[i].handle, NULL), 0);
    sim_close(sim);
}

static void wrong_requests_are_found(void **state)
{
    struct house house;

    build(&house, state);
    house.reqs[0].loop = NULL;
    assert_broken(&house);
    house.reqs[0].loop = house.loop;
    house.reqs[1].kind = NULL;
    assert_broken(&house);
    house.reqs[1].kind = &request_class;
    house.loop->last_ended = &house.reqs[0];
    assert_broken(&house);
    house.loop->last_ended = &house.reqs[1];
    house.reqs[1].next = &house.reqs[0]; /* round and round */
    assert_broken(&house);
    house.reqs[1].next = NULL;
    demolish(&house);
}

static void no_loop_is_no_whole_loop(void **state)
{
    struct sim *sim = *state;

    assert_int_not_equal(eddy_loop_check(NULL), 0);
    sim_close(sim);
    assert_int_not_equal(eddy_loop_check(&sim->loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(broken_lists_are_found),
        SIM_TEST(wrong_counters_are_found),
        SIM_TEST(wrong_handles_are_found),
        SIM_TEST(wrong_watchers_are_found),
        SIM_TEST(wrong_registrations_are_found),
        SIM_TEST(disordered_slots_are_found),
        SIM_TEST(disordered_near_timers_are_found),
        SIM_TEST(misplaced_timers_are_found),
        SIM_TEST(misplaced_restarts_are_found),
        SIM_TEST(wrong_requests_are_found),
        SIM_TEST(no_loop_is_no_whole_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
