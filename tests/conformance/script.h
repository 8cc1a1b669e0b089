/* SPDX-License-Identifier: MIT */
/*
 * Scripts: one for every system and backend, each with the trace that it must
 * leave. A script and its trace are one text. Lines that begin with "> " are
 * commands; the lines between them are what has to happen, no more and no
 * less.
 *
 *     {
 *         .name = "a_pipe_is_readable_until_it_is_read",
 *         .text = "> pipe r w\n"              two ends
 *                 "> watch A r READABLE\n"    and a watcher
 *                 "> quiet\n"                 of which nothing is heard
 *                 "> write w 3\n"
 *                 "> run 1\n"                 until one callback came
 *                 "A READABLE\n"
 *                 "> read r 3\n"
 *                 "> quiet\n",
 *     },
 *
 * What a script can rely on in the order of events is what eddy/loop.h
 * promises. A command that fails adds a line with its error's name, so that
 * errors are expected like everything else. A script that waits in vain ends
 * after a while with the line "timed out".
 *
 * A callback is reported as "NAME what". What it shall do is said beforehand:
 * "on NAME command", for the next one. After "blind" all are called "any",
 * for scripts in which it is not promised who comes first.
 *
 * Each command is explained above its function: those that make descriptors in
 * ends.c, that use them in traffic.c, on watchers and handles in actors.c, on
 * timers and messages in clockwork.c, on streams in streams.c; those that run
 * the loop in turns.c, on processes and threads in apart.c. Where systems
 * differ in spite of all: differences.c.
 */
#ifndef TESTS_CONFORMANCE_SCRIPT_H
#define TESTS_CONFORMANCE_SCRIPT_H

#include "conformance/trace.h"
#include "support/test.h"

#include <pthread.h>
#include <signal.h>

enum {
    SCRIPT_NAME = 12,
    SCRIPT_WORDS = 8, /* of a command, the verb included */
    SCRIPT_ENDS = 32,
    SCRIPT_ACTORS = 24,
    SCRIPT_ACTS = 6,
    SCRIPT_WRITES = 4,
    SCRIPT_SECONDS = 20 /* that a script may take */
};

/* A script with the trace it must leave. */
struct transcript {
    const char *name;
    const char *text;
};

/* A descriptor. */
struct end {
    char name[SCRIPT_NAME];
    int fd; /* -1: closed, or a stream's by now */
};

/* A handle or a task, whose callbacks are reported. */
struct actor {
    char name[SCRIPT_NAME];
    struct script *script;
    union {
        eddy_handle handle;
        eddy_io io;
        eddy_timer timer;
        eddy_async async;
        eddy_idle idle;
        eddy_prepare prepare;
        eddy_check check;
        eddy_tcp tcp;
    } as;
    int fd; /* of a watcher */
    eddy_task task;
    eddy_connect_req connect;
    eddy_shutdown_req shutdown;
    eddy_write_req writes[SCRIPT_WRITES];
    uint64_t due_ns;  /* of a timer, on eddy_hrtime's clock */
    size_t read_size; /* of a stream, since its last other report */
    const char *acts[SCRIPT_ACTS]; /* commands for its next callback */
    int act_count;
};

/* What another thread does a while after it was started. */
struct helper {
    pthread_t id;
    pthread_t sleeper; /* the thread that runs the loop */
    bool running;
    const char *verb;
    int fd;
    struct actor *actor;
    eddy_loop *loop;
};

struct script {
    eddy_loop loop;
    struct trace trace;
    const char *next; /* command */
    char *expected;   /* the transcript, as it has to be on this system */
    bool in_callback;
    bool blind;       /* no names: who comes first is not promised */
    unsigned lacking; /* events that the backend cannot watch */
    int fds;          /* open before */
    struct end ends[SCRIPT_ENDS];
    int end_count;
    struct actor actors[SCRIPT_ACTORS];
    int actor_count;
    struct helper helper;
    char fifo[64]; /* its path, empty if there is none */
};

typedef void (*script_run)(struct script *script, char **words);

/* The words are never NULL: those left out are empty. */
struct command {
    const char *verb;
    int words; /* that it needs, the verb included */
    script_run run;
};

/* Each ends with a NULL verb. */
extern const struct command end_commands[];
extern const struct command traffic_commands[];
extern const struct command actor_commands[];
extern const struct command clockwork_commands[];
extern const struct command stream_commands[];
extern const struct command turn_commands[];
extern const struct command apart_commands[];

/* main() of a test file: runs each transcript as a test. */
int conformance(const struct transcript *transcripts, size_t count);

/* Runs commands until the last one, or until the verb that is given. */
void script_interpret(struct script *script, const char *until);

/* The next line, or NULL; *length is its length without the newline. */
const char *script_next_line(struct script *script, size_t *length);

/* What the script has to say: an answer, or within a callback a consequence. */
void script_note(struct script *script, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes the name of a negative EDDY_E… code. */
void script_note_error(struct script *script, int error);

/* A callback: notes it, and does what was wanted of it. */
void script_report(struct actor *actor, enum trace_kind kind,
                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The event mask of names joined by |. */
unsigned script_events(const char *names);

/* The last one made with this name; NULL, with a note, if there is none. */
struct end *script_end(struct script *script, const char *name);
struct actor *script_actor(struct script *script, const char *name);

/* The end's descriptor, or -1. */
int script_fd(struct script *script, const char *name);

/* Makes an actor; NULL if there are too many. */
struct actor *script_cast(struct script *script, const char *name);

/* Joins the helper's thread, if there is one. */
void script_join(struct script *script);

/* Whether the script has run out of time. */
bool script_late(void);

#endif
