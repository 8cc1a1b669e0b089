/* SPDX-License-Identifier: MIT */
/*
 * Commands on streams, which are actors too. Reads that follow one another
 * with nothing between are one line, since how the kernel cuts a stream of
 * bytes is nobody's promise.
 */
#include "conformance/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 4 << 20 };

static char zeros[MOST_BYTES];

/* Makes the stream's handle, without a socket. */
static struct actor *stream_actor(struct script *script, const char *name)
{
    struct actor *actor = script_cast(script, name);

    if (actor == NULL)
        return NULL;
    script_note_error(script, eddy_tcp_init(&script->loop, &actor->as.tcp));
    actor->as.tcp.data = actor;
    return actor;
}

static struct actor *adopt(struct script *script, char **words)
{
    struct end *end = script_end(script, words[2]);
    struct actor *actor = stream_actor(script, words[1]);
    int err;

    if (end == NULL || actor == NULL)
        return NULL;
    err = eddy_tcp_open(&actor->as.tcp, end->fd);
    script_note_error(script, err);
    if (err < 0)
        return NULL;
    end->fd = -1;
    return actor;
}

/* stream S E: takes over the descriptor */
static void do_stream(struct script *script, char **words)
{
    (void) adopt(script, words);
}

/* --- reading ------------------------------------------------------------- */

static void report_bytes(struct actor *actor, size_t size)
{
    struct trace *trace = &actor->script->trace;
    struct trace_line *last = trace_last(trace, TRACE_REPORT);
    char text[TRACE_COLUMNS];

    (void) snprintf(text, sizeof(text), "%s read %lu", actor->name,
                    (unsigned long) actor->read_size);
    if (last == NULL || strcmp(last->text, text) != 0) {
        actor->read_size = size;
        script_report(actor, TRACE_REPORT, "read %lu", (unsigned long) size);
        return;
    }
    actor->read_size += size;
    (void) snprintf(last->text, sizeof(last->text), "%s read %lu", actor->name,
                    (unsigned long) actor->read_size);
}

static void on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    (void) buf;
    if (nread > 0)
        report_bytes(stream->data, (size_t) nread);
    else
        script_report(stream->data, TRACE_REPORT, "read %s",
                      eddy_err_name((int) nread));
}

/* reads S: until it is paused, or ends */
static void do_reads(struct script *script, char **words)
{
    struct actor *actor = script_actor(script, words[1]);

    if (actor != NULL)
        script_note_error(
            script, eddy_read_start(&actor->as.tcp.stream, NULL, on_read));
}

static void on_sum(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    struct actor *actor = stream->data;

    if (nread > 0) {
        actor->read_size += (size_t) nread;
        return;
    }
    script_report(actor, TRACE_REPORT, "read %lu",
                  (unsigned long) actor->read_size);
    on_read(stream, nread, buf);
}

/* sums S: reads, and tells of what it read at the end alone */
static void do_sums(struct script *script, char **words)
{
    struct actor *actor = script_actor(script, words[1]);

    if (actor != NULL)
        script_note_error(script,
                          eddy_read_start(&actor->as.tcp.stream, NULL, on_sum));
}

/* pauses S: no reading */
static void do_pauses(struct script *script, char **words)
{
    struct actor *actor = script_actor(script, words[1]);

    if (actor != NULL)
        script_note_error(script, eddy_read_stop(&actor->as.tcp.stream));
}

/* --- writing ------------------------------------------------------------- */

static const char *outcome(int status)
{
    return status == 0 ? "" : eddy_err_name(status);
}

static void on_write(eddy_write_req *write, int status)
{
    struct actor *actor = write->data;

    if (status == 0)
        script_report(actor, TRACE_REPORT, "wrote %lu",
                      (unsigned long) write->nwritten);
    else
        script_report(actor, TRACE_REPORT, "write %s", eddy_err_name(status));
}

/* writes S N: N bytes */
static void do_writes(struct script *script, char **words)
{
    struct actor *actor = script_actor(script, words[1]);
    size_t size = strtoul(words[2], NULL, 10);
    eddy_buf buf = {zeros, size < MOST_BYTES ? size : MOST_BYTES};
    int err = EDDY_EBUSY;

    if (actor == NULL)
        return;
    for (int i = 0; i < SCRIPT_WRITES && err == EDDY_EBUSY; i++) {
        actor->writes[i].data = actor;
        err = eddy_write(&actor->writes[i], &actor->as.tcp.stream, &buf, 1,
                         on_write);
    }
    script_note_error(script, err);
}

static void on_shutdown(eddy_shutdown_req *shutdown, int status)
{
    script_report(shutdown->data, TRACE_REPORT, "finished%s%s",
                  status == 0 ? "" : " ", outcome(status));
}

/* finishes S: ends the writing side */
static void do_finishes(struct script *script, char **words)
{
    struct actor *actor = script_actor(script, words[1]);

    if (actor == NULL)
        return;
    actor->shutdown.data = actor;
    script_note_error(
        script,
        eddy_shutdown(&actor->shutdown, &actor->as.tcp.stream, on_shutdown));
}

/* --- connecting ---------------------------------------------------------- */

static void on_connect(eddy_connect_req *connect, int status)
{
    script_report(connect->data, TRACE_REPORT, "connected%s%s",
                  status == 0 ? "" : " ", outcome(status));
}

/* connects S E: a new stream, to E's address */
static void do_connects(struct script *script, char **words)
{
    struct actor *actor = stream_actor(script, words[1]);
    struct sockaddr_storage address = {.ss_family = AF_INET};
    socklen_t length = sizeof(address);

    if (actor == NULL)
        return;
    if (getsockname(script_fd(script, words[2]), (struct sockaddr *) &address,
                    &length) != 0)
        script_note_error(script, eddy_from_errno(errno));
    actor->connect.data = actor;
    script_note_error(script, eddy_tcp_connect(&actor->connect, &actor->as.tcp,
                                               (struct sockaddr *) &address,
                                               on_connect));
}

static void on_connection(eddy_stream *server, int status)
{
    script_report(server->data, TRACE_REPORT, "connection%s%s",
                  status == 0 ? "" : " ", outcome(status));
}

/* serves V L: takes over a listening descriptor, and listens */
static void do_serves(struct script *script, char **words)
{
    struct actor *actor = adopt(script, words);

    if (actor != NULL)
        script_note_error(script,
                          eddy_listen(&actor->as.tcp.stream, 8, on_connection));
}

/* takes S V: accepts a connection as the stream S */
static void do_takes(struct script *script, char **words)
{
    struct actor *server = script_actor(script, words[2]);
    struct actor *actor = stream_actor(script, words[1]);

    if (server != NULL && actor != NULL)
        script_note_error(
            script, eddy_accept(&server->as.tcp.stream, &actor->as.tcp.stream));
}

/* resets S: closes it with a reset */
static void do_resets(struct script *script, char **words)
{
    struct actor *actor = script_actor(script, words[1]);

    if (actor != NULL)
        script_note_error(script, eddy_tcp_close_reset(&actor->as.tcp, NULL));
}

const struct command stream_commands[] = {
    {"stream", 3, do_stream},
    {"reads", 2, do_reads},
    {"sums", 2, do_sums},
    {"pauses", 2, do_pauses},
    {"writes", 3, do_writes},
    {"finishes", 2, do_finishes},
    {"connects", 3, do_connects},
    {"serves", 3, do_serves},
    {"takes", 3, do_takes},
    {"resets", 2, do_resets},
    {NULL, 0, NULL},
};
