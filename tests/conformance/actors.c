/* SPDX-License-Identifier: MIT */
/*
 * Commands on watchers, and on handles of all kinds ("actors").
 */
#include "conformance/script.h"

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

/* watch A E READABLE|…: a new watcher; without events, one that is stopped */
static void do_watch(struct script *script, char **words)
{
    int fd = script_fd(script, words[2]);
    struct actor *actor = script_cast(script, words[1]);
    int err;

    if (actor == NULL)
        return;
    err = eddy_io_init(&script->loop, &actor->as.io, fd);
    script_note_error(script, err);
    if (err < 0)
        return;
    actor->as.io.data = actor;
    actor->fd = fd;
    if (words[3][0] != '\0')
        start(script, actor, words[3]);
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
    if (a->fd == b->fd)
        script_note(script, "same number");
    else
        script_note(script, "another number");
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

/* From here on the handle's memory is the script's: should the loop look at it
 * again, it shall stumble. Others may still send to an async that is closed. */
static void spoil(struct actor *actor)
{
    if (actor->as.handle.type == EDDY_HANDLE_ASYNC)
        return;
    test_poison(&actor->as, sizeof(actor->as));
}

static void close_with(struct script *script, const char *name,
                       eddy_close_cb cb)
{
    struct actor *actor = script_actor(script, name);
    int err;

    if (actor == NULL)
        return;
    err = eddy_close(&actor->as.handle, cb);
    script_note_error(script, err);
    if (err == 0)
        spoil(actor);
}

/* end A: closes the handle */
static void do_end(struct script *script, char **words)
{
    close_with(script, words[1], NULL);
}

static void on_close(eddy_handle *handle)
{
    struct actor *actor = handle->data;

    script_report(actor, TRACE_REPORT, "closed");
    spoil(actor);
}

/* end-told A: closes the handle, and hears of it when it is done */
static void do_end_told(struct script *script, char **words)
{
    close_with(script, words[1], on_close);
}

const struct command actor_commands[] = {
    {"watch", 3, do_watch},       {"want", 3, do_want},   {"same", 3, do_same},
    {"stop", 2, do_stop},         {"unref", 2, do_unref}, {"end", 2, do_end},
    {"end-told", 2, do_end_told}, {NULL, 0, NULL},
};
