/* SPDX-License-Identifier: MIT */
/*
 * Commands apart from the loop's own course: a forked child, and a thread that
 * does something while the loop sleeps.
 */
#include "conformance/script.h"

#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

    *helper = (struct helper){.sleeper = pthread_self(), .loop = &script->loop};
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

const struct command apart_commands[] = {
    {"renew", 1, do_renew},   {"fork", 1, do_fork},
    {"thread", 2, do_thread}, {"signal-sends", 2, do_signal_sends},
    {NULL, 0, NULL},
};
