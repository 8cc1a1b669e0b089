/* SPDX-License-Identifier: MIT */
/*
 * Commands on handles and tasks ("actors"), and their callbacks. Each callback
 * is reported as "NAME what"; what a callback shall do is said beforehand:
 * "on NAME command", for the next one. After "blind" all are called "any".
 */
#include "conformance/script.h"

#include <stdlib.h>
#include <string.h>

/* --- watchers ------------------------------------------------------------ */

static void on_io(eddy_io *io, int status, unsigned events)
{
    static const char *const names[] = {
        "",
        "READABLE",
        "WRITABLE",
        "READABLE|WRITABLE",
        "DISCONNECT",
        "READABLE|DISCONNECT",
        "WRITABLE|DISCONNECT",
        "READABLE|WRITABLE|DISCONNECT",
    };
    struct actor *actor = io->data;
    const char *separator = (events & 7) != 0 ? "|PRIORITY" : "PRIORITY";

    if (status < 0)
        script_report(actor, TRACE_IO, "%s", eddy_err_name(status));
    else
        script_report(actor, TRACE_IO, "%s%s", names[events & 7],
                      (events & EDDY_PRIORITY) != 0 ? separator : "");
}

/* What cannot be watched here is left out, if only it is refused. */
static void start(struct script *script, struct actor *actor, const char *names)
{
    unsigned events = script_events(names);
    int err = eddy_io_start(&actor->as.io, events, on_io);

    if (err == EDDY_ENOTSUP && (events & ~script->lacking) != 0 &&
        (events & script->lacking) != 0)
        err = eddy_io_start(&actor->as.io, events & ~script->lacking, on_io);
    script_note_error(script, err);
}

static void watch(struct script *script, char **words, int fd)
{
    struct actor *actor = script_cast(script, words[1]);
    int err;

    if (actor == NULL)
        return;
    err = eddy_io_init(&script->loop, &actor->as.io, fd);
    script_note_error(script, err);
    if (err < 0)
        return;
    actor->as.io.data = actor;
    if (words[3][0] != '\0')
        start(script, actor, words[3]);
}

/* watch A E READABLE|…: a new watcher; without events, one that is stopped */
static void do_watch(struct script *script, char **words)
{
    watch(script, words, script_fd(script, words[2]));
}

/* watch-number A OTHER READABLE|…: of the number that A's watched */
static void do_watch_number(struct script *script, char **words)
{
    const struct actor *other = script_actor(script, words[2]);

    if (other != NULL)
        watch(script, words, eddy_io_fd(&other->as.io));
}

/* want A READABLE|…: starts it, or changes what it is started for */
static void do_want(struct script *script, char **words)
{
    struct actor *actor = script_actor(script, words[1]);

    if (actor != NULL)
        start(script, actor, words[2]);
}

/* same A B: whether two watchers have the same number */
static void do_same(struct script *script, char **words)
{
    const struct actor *a = script_actor(script, words[1]);
    const struct actor *b = script_actor(script, words[2]);

    if (a == NULL || b == NULL)
        return;
    if (eddy_io_fd(&a->as.io) == eddy_io_fd(&b->as.io))
        script_note(script, "same number");
    else
        script_note(script, "another number");
}

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
    script_note_error(script,
                      eddy_timer_init(&script->loop, &actor->as.timer));
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
        script_note_error(script,
                          eddy_timer_start_at(&actor->as.timer, on_timer,
                                              due_ns, repeat_ns));
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
    script_note_error(script,
                      eddy_post(&script->loop, &actor->task, on_task));
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

/* --- all handles --------------------------------------------------------- */

/* stop A: a watcher or a timer */
static void do_stop(struct script *script, char **words)
{
    struct actor *actor = script_actor(script, words[1]);

    if (actor == NULL)
        return;
    if (actor->as.handle.type == EDDY_HANDLE_TIMER)
        script_note_error(script, eddy_timer_stop(&actor->as.timer));
    else
        script_note_error(script, eddy_io_stop(&actor->as.io));
}

/* unref A */
static void do_unref(struct script *script, char **words)
{
    struct actor *actor = script_actor(script, words[1]);

    if (actor != NULL)
        eddy_unref(&actor->as.handle);
}

static void close_with(struct script *script, const char *name,
                       eddy_close_cb cb)
{
    struct actor *actor = script_actor(script, name);

    if (actor == NULL)
        return;
    script_note_error(script, eddy_close(&actor->as.handle, cb));
}

/* end A: closes the handle */
static void do_end(struct script *script, char **words)
{
    close_with(script, words[1], NULL);
}

static void on_close(eddy_handle *handle)
{
    script_report(handle->data, TRACE_REPORT, "closed");
}

/* end-told A: closes the handle, and hears of it when it is done */
static void do_end_told(struct script *script, char **words)
{
    close_with(script, words[1], on_close);
}

const struct command actor_commands[] = {
    {"watch", 3, do_watch},
    {"watch-number", 3, do_watch_number},
    {"want", 3, do_want},
    {"same", 3, do_same},
    {"timer", 3, do_timer},
    {"never", 2, do_never},
    {"past", 4, do_past},
    {"within", 3, do_within},
    {"async", 2, do_async},
    {"send", 2, do_send},
    {"post", 2, do_post},
    {"phases", 4, do_phases},
    {"stop", 2, do_stop},
    {"unref", 2, do_unref},
    {"end", 2, do_end},
    {"end-told", 2, do_end_told},
    {NULL, 0, NULL},
};
