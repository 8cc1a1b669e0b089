/* SPDX-License-Identifier: MIT */
/*
 * Running scripts: reading commands, and noting what comes of them. Commands
 * do not assert: in a forked child nobody would be there to catch that.
 */
#include "conformance/script.h"

#include "conformance/differences.h"

#include <stdio.h>
#include <string.h>

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
    const struct command *const tables[] = {
        end_commands,    traffic_commands, actor_commands, clockwork_commands,
        stream_commands, turn_commands,    apart_commands,
    };

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
