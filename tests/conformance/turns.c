/* SPDX-License-Identifier: MIT */
/*
 * Commands that run the loop. Where a batch of the backend may hold one event
 * alone (a stress build), the events that a script expects together come in
 * several runs: scripts say how many callbacks they wait for, not how many
 * iterations.
 */
#include "conformance/differences.h"
#include "conformance/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One eddy_run; false when there is no sense in another. */
static bool run(struct script *script, eddy_run_mode mode)
{
    int result = eddy_run(&script->loop, mode);
    int broken = eddy_loop_check(&script->loop);

    script_note_error(script, result);
    if (broken != 0)
        script_note(script, "eddy_loop_check: %d", broken);
    return result > 0 && broken == 0 && !script_late();
}

/* run N: sleeps until N callbacks came, and joins the thread */
static void do_run(struct script *script, char **words)
{
    long wanted = strtol(words[1], NULL, 10);
    bool going = true;

    while (going && trace_reports(&script->trace) < wanted)
        going = run(script, EDDY_RUN_ONCE);
    if (trace_reports(&script->trace) < wanted)
        script_note(script, "nothing is left to wait for");
    script_join(script);
    trace_sort(&script->trace);
}

/* once: one iteration that may sleep; joins the thread */
static void do_once(struct script *script, char **words)
{
    (void) words;
    (void) run(script, EDDY_RUN_ONCE);
    script_join(script);
    trace_sort(&script->trace);
}

/* turn: one iteration that does not sleep */
static void do_turn(struct script *script, char **words)
{
    (void) words;
    (void) run(script, EDDY_RUN_NOWAIT);
    trace_sort(&script->trace);
}

/* quiet: several iterations that do not sleep, in which nothing is heard: what
 * is would be lines too many */
static void do_quiet(struct script *script, char **words)
{
    (void) words;
    for (int i = 0; i < 4; i++)
        (void) run(script, EDDY_RUN_NOWAIT);
}

/* all: until nothing is left to wait for, or the loop is stopped; notes which
 * of the two */
static void do_all(struct script *script, char **words)
{
    bool left;

    (void) words;
    left = run(script, EDDY_RUN_DEFAULT);
    script_note(script, left ? "stopped" : "done");
    script_join(script);
}

/* Whether what came is less than what is awaited: the same actor's, and each
 * of its events among those. */
static bool is_part(const char *part, const char *whole)
{
    size_t name = strcspn(whole, " ") + 1;
    unsigned events;

    if (strncmp(part, whole, name) != 0)
        return false;
    events = script_events(part + name);
    return events != 0 && (events & ~script_events(whole + name)) == 0;
}

/* What came is of no interest any more: less than is awaited, or just that. */
static void settle(struct script *script, const char *awaited, bool *met)
{
    struct trace_line *last = trace_last(&script->trace, TRACE_IO);

    if (last == NULL)
        last = trace_last(&script->trace, TRACE_REPORT);
    if (last == NULL)
        return;
    *met = strcmp(last->text, awaited) == 0;
    if (*met || is_part(last->text, awaited))
        trace_drop(&script->trace);
}

/* await A READABLE|…: sleeps until this is reported. What takes a moment to
 * arrive may do so in parts, so that before it less may be reported. */
static void do_await(struct script *script, char **words)
{
    char awaited[TRACE_COLUMNS];
    bool met = false;
    bool going = true;

    (void) snprintf(awaited, sizeof(awaited), "%s %s%s%s", words[1], words[2],
                    words[3][0] == '\0' ? "" : " ", words[3]);
    script_strip(script->lacking, awaited);
    while (going && !met) {
        going = run(script, EDDY_RUN_ONCE);
        settle(script, awaited, &met);
    }
    if (!met)
        script_note(script, "nothing is left to wait for");
    script_join(script);
}

static void stop_calm(eddy_timer *timer)
{
    eddy_stop(timer->loop);
}

/* calm: the loop sleeps several times for a while, and is not woken by what
 * nobody wants, nor before its time */
static void do_calm(struct script *script, char **words)
{
    const uint64_t most = 12; /* some to find out, and one for each sleep */
    eddy_stats before;
    eddy_stats after;
    eddy_timer timer;

    (void) words;
    eddy_loop_stats(&script->loop, &before);
    (void) eddy_timer_init(&script->loop, &timer);
    for (int i = 0; i < 6; i++) {
        uint64_t sleep_ns = i % 2 == 0 ? EDDY_US(2900) : EDDY_US(900);

        (void) eddy_timer_start(&timer, stop_calm, sleep_ns, 0);
        (void) run(script, EDDY_RUN_DEFAULT);
    }
    (void) eddy_close(&timer.handle, NULL);
    eddy_loop_stats(&script->loop, &after);
    if (after.polls - before.polls > most)
        script_note(script, "the loop spins");
}

/* rebuilds: how often the loop had to make a new backend */
static void do_rebuilds(struct script *script, char **words)
{
    eddy_stats stats;

    (void) words;
    eddy_loop_stats(&script->loop, &stats);
    script_note(script, "%lu", (unsigned long) stats.rebuilds);
}

/* stop-loop */
static void do_stop_loop(struct script *script, char **words)
{
    (void) words;
    eddy_stop(&script->loop);
}

const struct command turn_commands[] = {
    {"run", 2, do_run},
    {"once", 1, do_once},
    {"turn", 1, do_turn},
    {"quiet", 1, do_quiet},
    {"all", 1, do_all},
    {"await", 3, do_await},
    {"calm", 1, do_calm},
    {"rebuilds", 1, do_rebuilds},
    {"stop-loop", 1, do_stop_loop},
    {NULL, 0, NULL},
};
