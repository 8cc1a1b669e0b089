/* SPDX-License-Identifier: MIT */
/*
 * Commands on the loop, on the process, and on a thread beside it. Where a
 * batch of the backend may hold one event alone (a stress build), the events
 * that a script expects together come in several runs: scripts say how many
 * callbacks they wait for, not how many iterations.
 */
#include "conformance/differences.h"
#include "conformance/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- running ------------------------------------------------------------- */

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

/* calm: the loop sleeps for a while, and is not woken by what nobody wants */
static void do_calm(struct script *script, char **words)
{
    const uint64_t most = 12; /* those that find out, and short sleeps */
    eddy_stats before;
    eddy_stats after;
    eddy_timer timer;

    (void) words;
    eddy_loop_stats(&script->loop, &before);
    (void) eddy_timer_init(&script->loop, &timer);
    (void) eddy_timer_start(&timer, stop_calm, EDDY_MS(20), 0);
    (void) run(script, EDDY_RUN_DEFAULT);
    (void) eddy_close(&timer.handle, NULL);
    eddy_loop_stats(&script->loop, &after);
    if (after.polls - before.polls > most)
        script_note(script, "the loop spins");
}

/* stop-loop */
static void do_stop_loop(struct script *script, char **words)
{
    (void) words;
    eddy_stop(&script->loop);
}

/* --- processes ----------------------------------------------------------- */

/* renew: eddy_loop_fork */
static void do_renew(struct script *script, char **words)
{
    (void) words;
    script_note_error(script, eddy_loop_fork(&script->loop));
}

/* The child's trace goes to the parent; nothing else of it returns. */
static _Noreturn void be_child(struct script *script, int fd)
{
    const struct trace *trace = &script->trace;

    script->trace.count = 0;
    (void) alarm(SCRIPT_SECONDS);
    script_interpret(script, "join");
    if (script_late())
        trace_add(&script->trace, TRACE_SCRIPT, "timed out");
    for (int i = 0; i < trace->count; i++) {
        if (write(fd, trace->lines[i].text, TRACE_COLUMNS) != TRACE_COLUMNS)
            _exit(1);
    }
    _exit(0);
}

static void skip_to(struct script *script, const char *line)
{
    const char *found;
    size_t length;

    do
        found = script_next_line(script, &length);
    while (found != NULL && strncmp(found, line, strlen(line)) != 0);
}

/* A line is less than PIPE_BUF, so that it comes whole. */
static void hear_child(struct script *script, int fd)
{
    char text[TRACE_COLUMNS];
    ssize_t count;

    do {
        count = read(fd, text, sizeof(text));
        if (count == (ssize_t) sizeof(text))
            trace_add(&script->trace, TRACE_SCRIPT, text);
    } while (count > 0);
}

/* fork: the commands up to "join" are a child's, to whose end the parent
 * waits */
static void do_fork(struct script *script, char **words)
{
    int status = 0;
    int fds[2];
    pid_t child;

    (void) words;
    if (pipe(fds) != 0)
        return;
    child = fork();
    if (child == 0)
        be_child(script, fds[1]);
    (void) close(fds[1]);
    hear_child(script, fds[0]);
    (void) close(fds[0]);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        script_note(script, "the child failed: %d", status);
    skip_to(script, "> join");
    script_note(script, "> join");
}

/* --- a thread ------------------------------------------------------------ */

static void pause_a_while(void)
{
    const struct timespec pause = {.tv_nsec = (long) EDDY_MS(2)};

    (void) nanosleep(&pause, NULL);
}

static void interrupt(pthread_t sleeper)
{
    for (int i = 0; i < 8; i++) {
        (void) pthread_kill(sleeper, SIGUSR1);
        pause_a_while();
    }
}

static void *help(void *argument)
{
    struct helper *helper = argument;

    for (int i = 0; i < 4; i++)
        pause_a_while();
    if (strcmp(helper->verb, "interrupt") == 0)
        interrupt(helper->sleeper);
    if (strcmp(helper->verb, "send") == 0)
        (void) eddy_async_send(&helper->actor->as.async);
    else if (strcmp(helper->verb, "stop-loop") == 0)
        eddy_stop(helper->loop);
    else if (write(helper->fd, "", 1) != 1)
        helper->fd = -1;
    return NULL;
}

/* thread write W | interrupt W | send X | stop-loop: another thread does this
 * after a while, `interrupt` being signals to the loop's thread before a write
 * of one byte */
static void do_thread(struct script *script, char **words)
{
    static const char *const verbs[] = {"write", "interrupt", "send",
                                        "stop-loop"};
    struct helper *helper = &script->helper;

    *helper = (struct helper){.sleeper = pthread_self(),
                              .loop = &script->loop};
    for (int i = 0; i < 4; i++) {
        if (strcmp(verbs[i], words[1]) == 0)
            helper->verb = verbs[i];
    }
    if (helper->verb == NULL)
        return;
    if (strcmp(helper->verb, "send") == 0)
        helper->actor = script_actor(script, words[2]);
    else if (words[2][0] != '\0')
        helper->fd = script_fd(script, words[2]);
    helper->running = pthread_create(&helper->id, NULL, help, helper) == 0;
    if (!helper->running)
        script_note(script, "no thread");
}

void script_join(struct script *script)
{
    if (!script->helper.running)
        return;
    (void) pthread_join(script->helper.id, NULL);
    script->helper.running = false;
}

static struct actor *signalled;

static void send_signalled(int number)
{
    (void) number;
    (void) eddy_async_send(&signalled->as.async);
}

/* signal-sends X: from now on the signals of `thread interrupt` send X */
static void do_signal_sends(struct script *script, char **words)
{
    struct sigaction action = {.sa_handler = send_signalled};

    signalled = script_actor(script, words[1]);
    (void) sigemptyset(&action.sa_mask);
    if (signalled != NULL)
        (void) sigaction(SIGUSR1, &action, NULL);
}

const struct command turn_commands[] = {
    {"run", 2, do_run},
    {"once", 1, do_once},
    {"turn", 1, do_turn},
    {"quiet", 1, do_quiet},
    {"all", 1, do_all},
    {"await", 3, do_await},
    {"calm", 1, do_calm},
    {"stop-loop", 1, do_stop_loop},
    {"renew", 1, do_renew},
    {"fork", 1, do_fork},
    {"thread", 2, do_thread},
    {"signal-sends", 2, do_signal_sends},
    {NULL, 0, NULL},
};
