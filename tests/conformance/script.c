/* SPDX-License-Identifier: MIT */
/*
 * Running scripts: reading commands, noting what comes of them, and a cmocka
 * test around each. Commands do not assert: in a forked child nobody would be
 * there to catch that. An alarm ends a script that waits in vain, by way of
 * eddy_stop, so that the loop itself sleeps as any loop does.
 */
#include "conformance/script.h"

#include "conformance/differences.h"
#include "support/fds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_TRANSCRIPTS = 40 };

static eddy_loop *running;
static volatile sig_atomic_t late;

/* --- notes --------------------------------------------------------------- */

static const char *shown_name(const struct actor *actor)
{
    return actor->script->blind ? "any" : actor->name;
}

void script_note(struct script *script, const char *format, ...)
{
    char text[TRACE_COLUMNS];
    int indent = script->in_callback ? 2 : 0;
    va_list arguments;

    memset(text, ' ', 2);
    va_start(arguments, format);
    (void) vsnprintf(text + indent, sizeof(text) - (size_t) indent, format,
                     arguments);
    va_end(arguments);
    script_strip(script->lacking, text);
    trace_add(&script->trace, indent ? TRACE_INNER : TRACE_SCRIPT, text);
}

void script_note_error(struct script *script, int error)
{
    if (error < 0)
        script_note(script, "%s", eddy_err_name(error));
}

static void run_command(struct script *script, const char *line);

/* A blind script does not tell whom an act was about, either. */
static void act(struct script *script, const char *line)
{
    int length = (int) strcspn(line, script->blind ? " \n" : "\n");

    script->in_callback = true;
    script_note(script, "%.*s", length, line);
    run_command(script, line);
    script->in_callback = false;
}

void script_report(struct actor *actor, enum trace_kind kind,
                   const char *format, ...)
{
    struct script *script = actor->script;
    char text[TRACE_COLUMNS];
    char event[TRACE_COLUMNS / 2];
    const char *acts[SCRIPT_ACTS];
    int count = actor->act_count;
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(event, sizeof(event), format, arguments);
    va_end(arguments);
    (void) snprintf(text, sizeof(text), "%s %s", shown_name(actor), event);
    trace_add(&script->trace, kind, text);
    if (script_late()) {
        eddy_stop(&script->loop);
        return;
    }
    memcpy(acts, actor->acts, sizeof(acts));
    actor->act_count = 0;
    for (int i = 0; i < count; i++)
        act(script, acts[i]);
}

/* --- names --------------------------------------------------------------- */

struct end *script_end(struct script *script, const char *name)
{
    for (int i = script->end_count - 1; i >= 0; i--) {
        if (strcmp(script->ends[i].name, name) == 0)
            return &script->ends[i];
    }
    script_note(script, "there is no end %s", name);
    return NULL;
}

int script_fd(struct script *script, const char *name)
{
    const struct end *end = script_end(script, name);

    return end == NULL ? -1 : end->fd;
}

struct actor *script_actor(struct script *script, const char *name)
{
    for (int i = script->actor_count - 1; i >= 0; i--) {
        if (strcmp(script->actors[i].name, name) == 0)
            return &script->actors[i];
    }
    script_note(script, "there is no actor %s", name);
    return NULL;
}

/* Never in another one's memory: a callback that came late would be found. */
struct actor *script_cast(struct script *script, const char *name)
{
    struct actor *actor;

    if (script->actor_count == SCRIPT_ACTORS) {
        script_note(script, "there are too many actors for %s", name);
        return NULL;
    }
    actor = &script->actors[script->actor_count++];
    (void) snprintf(actor->name, sizeof(actor->name), "%s", name);
    actor->script = script;
    return actor;
}

unsigned script_events(const char *names)
{
    static const char *const known[] = {"READABLE", "WRITABLE", "DISCONNECT",
                                        "PRIORITY"};
    unsigned events = 0;

    for (unsigned i = 0; i < 4; i++) {
        if (strstr(names, known[i]) != NULL)
            events |= 1U << i;
    }
    return events;
}

/* --- commands ------------------------------------------------------------ */

static const struct command *find_in(const struct command *commands,
                                     const char *verb)
{
    for (; commands->verb != NULL; commands++) {
        if (strcmp(commands->verb, verb) == 0)
            return commands;
    }
    return NULL;
}

static const struct command *find_command(const char *verb)
{
    const struct command *const tables[] = {end_commands, actor_commands,
                                            stream_commands, turn_commands};

    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
        const struct command *command = find_in(tables[i], verb);

        if (command != NULL)
            return command;
    }
    return NULL;
}

/* The words of a line, in a copy of it. */
static int split(char *copy, size_t size, const char *line, char **words)
{
    int count = 0;
    int length = (int) strcspn(line, "\n");
    char *word = copy;

    (void) snprintf(copy, size, "%.*s", length, line);
    for (int i = 0; i < SCRIPT_WORDS; i++) {
        size_t end = strcspn(word, " ");

        words[i] = word;
        count += end > 0;
        word += end;
        if (*word == ' ')
            *word++ = '\0';
    }
    return count;
}

/* `on A do something` keeps the something for A's next callback. */
static void keep_act(struct script *script, const char *name, const char *line)
{
    struct actor *actor = script_actor(script, name);

    if (actor != NULL && actor->act_count < SCRIPT_ACTS)
        actor->acts[actor->act_count++] =
            line + strlen("on ") + strlen(name) + 1;
}

static void run_command(struct script *script, const char *line)
{
    char copy[TRACE_COLUMNS];
    char *words[SCRIPT_WORDS];
    int count = split(copy, sizeof(copy), line, words);
    const struct command *command = find_command(words[0]);

    if (strcmp(words[0], "on") == 0)
        keep_act(script, words[1], line);
    else if (strcmp(words[0], "blind") == 0)
        script->blind = true;
    else if (command == NULL)
        script_note(script, "there is no command %s", words[0]);
    else if (count < command->words)
        script_note(script, "%s needs %d words", words[0], command->words);
    else
        command->run(script, words);
}

const char *script_next_line(struct script *script, size_t *length)
{
    const char *line = script->next;

    *length = strcspn(line, "\n");
    script->next = line + *length + (line[*length] == '\n');
    return *line == '\0' ? NULL : line;
}

void script_interpret(struct script *script, const char *until)
{
    const char *line;
    size_t length;

    while (!script_late() &&
           (line = script_next_line(script, &length)) != NULL) {
        if (strncmp(line, "> ", 2) != 0)
            continue;
        if (until != NULL && strncmp(line + 2, until, strlen(until)) == 0)
            return;
        trace_step(&script->trace);
        script_note(script, "%.*s", (int) length, line);
        run_command(script, line + 2);
    }
}

/* --- tests --------------------------------------------------------------- */

bool script_late(void)
{
    return late != 0;
}

static void on_alarm(int number)
{
    (void) number;
    late = 1;
    eddy_stop(running);
}

static void ignore(int number)
{
    (void) number;
}

/* Without SA_RESTART: what sleeps has to be interrupted. */
static void handle_signal(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    (void) sigemptyset(&action.sa_mask);
    (void) sigaction(number, &action, NULL);
}

static int setup(void **state)
{
    const char *text = *state;
    struct script *script = calloc(1, sizeof(*script));

    if (script == NULL)
        return -1;
    script->fds = test_fds_open();
    script->expected = malloc(strlen(text) + 1);
    if (script->expected == NULL || eddy_loop_init(&script->loop, NULL) != 0)
        return -1;
    script->lacking = script_lacking(&script->loop);
    memcpy(script->expected, text, strlen(text) + 1);
    script_strip(script->lacking, script->expected);
    script->next = text;
    handle_signal(SIGPIPE, ignore);
    handle_signal(SIGUSR1, ignore);
    handle_signal(SIGALRM, on_alarm);
    running = &script->loop;
    late = 0;
    (void) alarm(SCRIPT_SECONDS);
    *state = script;
    return 0;
}

static int close_all(struct script *script)
{
    for (int i = 0; i < script->end_count; i++) {
        if (script->ends[i].fd >= 0)
            (void) close(script->ends[i].fd);
    }
    if (script->fifo[0] != '\0')
        (void) unlink(script->fifo);
    return eddy_loop_close_all(&script->loop, EDDY_SEC(SCRIPT_SECONDS), NULL);
}

static int teardown(void **state)
{
    struct script *script = *state;
    int err;
    int leaked;

    (void) alarm(0);
    script_join(script);
    err = close_all(script);
    leaked = test_fds_open() - script->fds;
    if (err < 0 || leaked != 0)
        print_error("closing: %s; %d descriptors left open\n",
                    eddy_err_name(err), leaked);
    free(script->expected);
    free(script);
    return err == 0 && leaked == 0 ? 0 : -1;
}

static void run_transcript(void **state)
{
    struct script *script = *state;

    script_interpret(script, NULL);
    if (script_late())
        trace_add(&script->trace, TRACE_SCRIPT, "timed out");
    if (!trace_matches(&script->trace, script->expected))
        fail();
}

int conformance(const struct transcript *transcripts, size_t count)
{
    struct CMUnitTest tests[MOST_TRANSCRIPTS] = {{.name = NULL}};

    if (count > MOST_TRANSCRIPTS)
        return 1;
    for (size_t i = 0; i < count; i++) {
        tests[i].name = transcripts[i].name;
        tests[i].test_func = run_transcript;
        tests[i].setup_func = setup;
        tests[i].teardown_func = teardown;
        tests[i].initial_state = (void *) (uintptr_t) transcripts[i].text;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
