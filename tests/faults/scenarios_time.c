/* SPDX-License-Identifier: MIT */
/*
 * Timers, and the phases that come in every iteration.
 */
#include "faults/scenarios.h"
#include "faults/scene.h"

static void once(void)
{
    struct actor *timer = actor_timer();
    uint64_t started = eddy_now(&scene.loop);

    INSIST(eddy_timer_start(&timer->as.timer, actor_on_timer, EDDY_MS(5), 0));
    drive();
    EXPECT(timer->calls == 1);
    REQUIRE(timer->calls <= 1);
    EXPECT(eddy_now(&scene.loop) - started >= EDDY_MS(5));
    REQUIRE(!eddy_is_active(&timer->as.handle));
    actor_close_quietly(timer);
}

static int turn; /* of the timers that fire in order */

static void in_turn(struct actor *actor)
{
    REQUIRE(turn == actor->limit);
    turn++;
}

static void order(void)
{
    static const uint64_t ms[] = {3, 1, 2, 1};
    static const int turns[] = {3, 0, 2, 1};

    turn = 0;
    for (int i = 0; i < 4; i++) {
        struct actor *timer = actor_timer();

        timer->act = in_turn;
        timer->limit = turns[i];
        INSIST(eddy_timer_start(&timer->as.timer, actor_on_timer,
                                EDDY_MS(ms[i]), 0));
    }
    drive();
    EXPECT(turn == 4);
}

static void stop_at_limit(struct actor *actor)
{
    if (actor->calls == actor->limit)
        INSIST(eddy_timer_stop(&actor->as.timer));
}

static void repeat(void)
{
    struct actor *timer = actor_timer();

    timer->act = stop_at_limit;
    timer->limit = 4;
    INSIST(eddy_timer_start(&timer->as.timer, actor_on_timer, EDDY_MS(1),
                            EDDY_MS(2)));
    drive();
    EXPECT(timer->calls == 4);
    timer->limit = 6;
    INSIST(eddy_timer_again(&timer->as.timer));
    drive();
    EXPECT(timer->calls == 6);
}

static void restart(struct actor *actor)
{
    if (actor->calls < actor->limit)
        INSIST(eddy_timer_start(&actor->as.timer, actor_on_timer, 0, 0));
}

/* From its own callback, and many times before it fires. */
static void restarts(void)
{
    struct actor *timer = actor_timer();
    struct actor *never = actor_timer();

    timer->act = restart;
    timer->limit = 3;
    for (int i = 0; i < 5; i++)
        INSIST(eddy_timer_start_at(&timer->as.timer, actor_on_timer,
                                   eddy_now(&scene.loop) + EDDY_MS(1), 0));
    INSIST(eddy_timer_start(&never->as.timer, actor_on_timer, EDDY_MS(1), 0));
    INSIST(eddy_timer_stop(&never->as.timer));
    drive();
    EXPECT(timer->calls == 3);
    REQUIRE(never->calls == 0);
}

static void close_other(struct actor *actor)
{
    actor_close_quietly(actor->other);
    actor_close(actor);
}

/* Two that are due at once: the first closes the second. */
static void close_due(void)
{
    struct actor *first = actor_timer();
    struct actor *second = actor_timer();

    first->act = close_other;
    first->other = second;
    INSIST(eddy_timer_start(&first->as.timer, actor_on_timer, 1, 0));
    INSIST(eddy_timer_start(&second->as.timer, actor_on_timer, 1, 0));
    drive();
    EXPECT(first->calls == 1);
    REQUIRE(second->calls == 0);
}

static void on_idle(eddy_idle *idle)
{
    struct actor *actor = actor_of(&idle->handle);

    if (++actor->calls == actor->limit)
        INSIST(eddy_idle_stop(idle));
}

static void on_prepare(eddy_prepare *prepare)
{
    struct actor *actor = actor_of(&prepare->handle);

    if (++actor->calls == actor->limit)
        INSIST(eddy_prepare_stop(prepare));
}

static void on_check(eddy_check *check)
{
    struct actor *actor = actor_of(&check->handle);

    if (++actor->calls == actor->limit)
        actor_close(actor);
}

/* Each stops, or is closed, after a number of iterations of its own. */
static void phases(void)
{
    struct actor *idle = actor_new();
    struct actor *prepare;
    struct actor *check;

    INSIST(eddy_idle_init(&scene.loop, &idle->as.idle));
    idle->life = ACTOR_OPEN;
    idle->limit = 2;
    prepare = actor_new();
    INSIST(eddy_prepare_init(&scene.loop, &prepare->as.prepare));
    prepare->life = ACTOR_OPEN;
    prepare->limit = 3;
    check = actor_new();
    INSIST(eddy_check_init(&scene.loop, &check->as.check));
    check->life = ACTOR_OPEN;
    check->limit = 4;
    INSIST(eddy_idle_start(&idle->as.idle, on_idle));
    INSIST(eddy_prepare_start(&prepare->as.prepare, on_prepare));
    INSIST(eddy_check_start(&check->as.check, on_check));
    for (int i = 0; i < 6; i++)
        INSIST(eddy_run(&scene.loop, EDDY_RUN_NOWAIT));
    REQUIRE(idle->calls == 2 && prepare->calls == 3 && check->calls == 4);
    REQUIRE(check->life == ACTOR_CLOSED);
}

const struct scenario scenarios_time[] = {
    {"timer-once", once},
    {"timer-order", order},
    {"timer-repeat", repeat},
    {"timer-restart", restarts},
    {"timer-close-due", close_due},
    {"phases", phases},
    {NULL, NULL},
};
