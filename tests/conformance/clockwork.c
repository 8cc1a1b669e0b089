/* SPDX-License-Identifier: MIT */
/*
 * Commands on what comes without a descriptor: timers, asyncs, tasks, phases.
 */
#include "conformance/script.h"

#include <stdlib.h>
#include <string.h>

/* --- time ---------------------------------------------------------------- */

static void on_timer(eddy_timer *timer)
{
    struct actor *actor = timer->data;

    if (eddy_hrtime() < actor->due_ns)
        script_report(actor, TRACE_REPORT, "timer, too early");
    else
        script_report(actor, TRACE_REPORT, "timer");
}

/* The actor of this name, as a timer made now if there is none. */
static struct actor *timer_actor(struct script *script, const char *name)
{
    struct actor *actor;

    for (int i = 0; i < script->actor_count; i++) {
        if (strcmp(script->actors[i].name, name) == 0)
            return &script->actors[i];
    }
    actor = script_cast(script, name);
    if (actor == NULL)
        return NULL;
    script_note_error(script, eddy_timer_init(&script->loop, &actor->as.timer));
    actor->as.timer.data = actor;
    return actor;
}

/* timer T MICROSECONDS [REPEAT]: starts it, or starts it anew */
static void do_timer(struct script *script, char **words)
{
    struct actor *actor = timer_actor(script, words[1]);
    uint64_t timeout_ns = strtoull(words[2], NULL, 10) * EDDY_US(1);
    uint64_t repeat_ns = strtoull(words[3], NULL, 10) * EDDY_US(1);

    if (actor == NULL)
        return;
    actor->due_ns = eddy_hrtime() + timeout_ns;
    script_note_error(script, eddy_timer_start(&actor->as.timer, on_timer,
                                               timeout_ns, repeat_ns));
}

/* never T: a time-out that no clock and no kernel can count to */
static void do_never(struct script *script, char **words)
{
    struct actor *actor = timer_actor(script, words[1]);

    if (actor != NULL)
        script_note_error(script, eddy_timer_start(&actor->as.timer, on_timer,
                                                   UINT64_MAX, 0));
}

/* past T AGO REPEAT: a deadline so many microseconds ago, or when the clock
 * began, and a repetition */
static void do_past(struct script *script, char **words)
{
    struct actor *actor = timer_actor(script, words[1]);
    uint64_t ago_ns = strtoull(words[2], NULL, 10) * EDDY_US(1);
    uint64_t repeat_ns = strtoull(words[3], NULL, 10) * EDDY_US(1);
    uint64_t now_ns = eddy_now(&script->loop);
    uint64_t due_ns = now_ns > ago_ns ? now_ns - ago_ns : 1;

    if (actor != NULL)
        script_note_error(
            script,
            eddy_timer_start_at(&actor->as.timer, on_timer, due_ns, repeat_ns));
}

/* within T MICROSECONDS: whether it will be due by then, and is not yet */
static void do_within(struct script *script, char **words)
{
    const struct actor *actor = script_actor(script, words[1]);
    uint64_t limit_ns = strtoull(words[2], NULL, 10) * EDDY_US(1);
    uint64_t left_ns;

    if (actor == NULL)
        return;
    left_ns = eddy_timer_due_in(&actor->as.timer);
    script_note(script, left_ns > 0 && left_ns <= limit_ns ? "yes" : "no");
}

/* --- messages and phases ------------------------------------------------- */

static void on_async(eddy_async *async)
{
    script_report(async->data, TRACE_REPORT, "async");
}

/* async X */
static void do_async(struct script *script, char **words)
{
    struct actor *actor = script_cast(script, words[1]);

    if (actor == NULL)
        return;
    script_note_error(
        script, eddy_async_init(&script->loop, &actor->as.async, on_async));
    actor->as.async.data = actor;
}

/* send X */
static void do_send(struct script *script, char **words)
{
    struct actor *actor = script_actor(script, words[1]);

    if (actor != NULL)
        script_note_error(script, eddy_async_send(&actor->as.async));
}

static void on_task(eddy_task *task, int status)
{
    if (status < 0)
        script_report(task->data, TRACE_REPORT, "task %s",
                      eddy_err_name(status));
    else
        script_report(task->data, TRACE_REPORT, "task");
}

/* post K: a task, new each time */
static void do_post(struct script *script, char **words)
{
    struct actor *actor = script_cast(script, words[1]);

    if (actor == NULL)
        return;
    actor->task.data = actor;
    script_note_error(script, eddy_post(&script->loop, &actor->task, on_task));
}

static void on_idle(eddy_idle *idle)
{
    script_report(idle->data, TRACE_REPORT, "idle");
}

static void on_prepare(eddy_prepare *prepare)
{
    script_report(prepare->data, TRACE_REPORT, "prepare");
}

static void on_check(eddy_check *check)
{
    script_report(check->data, TRACE_REPORT, "check");
}

/* phases I P C: an idle, a prepare and a check handle, started */
static void do_phases(struct script *script, char **words)
{
    struct actor *idle = script_cast(script, words[1]);
    struct actor *prepare = script_cast(script, words[2]);
    struct actor *check = script_cast(script, words[3]);

    if (check == NULL)
        return;
    (void) eddy_idle_init(&script->loop, &idle->as.idle);
    (void) eddy_prepare_init(&script->loop, &prepare->as.prepare);
    (void) eddy_check_init(&script->loop, &check->as.check);
    idle->as.idle.data = idle;
    prepare->as.prepare.data = prepare;
    check->as.check.data = check;
    script_note_error(script, eddy_idle_start(&idle->as.idle, on_idle));
    script_note_error(script,
                      eddy_prepare_start(&prepare->as.prepare, on_prepare));
    script_note_error(script, eddy_check_start(&check->as.check, on_check));
}

const struct command clockwork_commands[] = {
    {"timer", 3, do_timer},   {"never", 2, do_never},   {"past", 4, do_past},
    {"within", 3, do_within}, {"async", 2, do_async},   {"send", 2, do_send},
    {"post", 2, do_post},     {"phases", 4, do_phases}, {NULL, 0, NULL},
};
