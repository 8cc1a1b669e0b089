/* SPDX-License-Identifier: MIT */
/*
 * Commands that use descriptors, by plain system calls.
 *
 * On some systems what one end does reaches the other a moment later. So a
 * script runs until it is told (run, await) before it relies on it.
 */
#include "conformance/differences.h"
#include "conformance/script.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void note_errno(struct script *script)
{
    script_note_error(script, eddy_from_errno(errno));
}

static const char zeros[4096];

/* write E N: N bytes, in one call */
static void do_write(struct script *script, char **words)
{
    long size = strtol(words[2], NULL, 10);
    ssize_t count = write(script_fd(script, words[1]), zeros, (size_t) size);

    if (count < 0)
        note_errno(script);
    else if (count != size)
        script_note(script, "%ld bytes", (long) count);
}

/* urgent E: a byte out of band */
static void do_urgent(struct script *script, char **words)
{
    if (send(script_fd(script, words[1]), zeros, 1, MSG_OOB) != 1)
        note_errno(script);
}

/* read E N: at most N bytes; notes if it was the end, or not so many */
static void do_read(struct script *script, char **words)
{
    char bytes[4096];
    long size = strtol(words[2], NULL, 10);
    ssize_t count = read(script_fd(script, words[1]), bytes, (size_t) size);

    if (count < 0)
        note_errno(script);
    else if (count == 0)
        script_note(script, "end");
    else if (count != size)
        script_note(script, "%ld bytes", (long) count);
}

/* receive E: a datagram; notes its size */
static void do_receive(struct script *script, char **words)
{
    char bytes[4096];
    ssize_t count = recv(script_fd(script, words[1]), bytes, sizeof(bytes), 0);

    if (count < 0)
        note_errno(script);
    else
        script_note(script, "%ld bytes", (long) count);
}

/* fill E: writes until it would block */
static void do_fill(struct script *script, char **words)
{
    int fd = script_fd(script, words[1]);
    size_t size = sizeof(zeros);

    for (; size > 0; size /= 2) {
        while (write(fd, zeros, size) > 0)
            continue;
    }
    if (errno != EAGAIN)
        note_errno(script);
}

/* drain E: reads until it would block */
static void do_drain(struct script *script, char **words)
{
    int fd = script_fd(script, words[1]);
    char bytes[4096];

    while (read(fd, bytes, sizeof(bytes)) > 0)
        continue;
    if (errno != EAGAIN)
        note_errno(script);
}

/* finish E writes|reads: shutdown() of one side */
static void do_finish(struct script *script, char **words)
{
    int how = strcmp(words[2], "writes") == 0 ? SHUT_WR : SHUT_RD;

    if (shutdown(script_fd(script, words[1]), how) != 0)
        note_errno(script);
}

/* error E: the name of the error that the socket has, which it then forgets */
static void do_error(struct script *script, char **words)
{
    int error = 0;
    socklen_t length = sizeof(error);

    if (getsockopt(script_fd(script, words[1]), SOL_SOCKET, SO_ERROR, &error,
                   &length) != 0)
        error = errno;
    script_note(script, "%s", eddy_err_name(eddy_from_errno(error)));
}

/* close E */
static void do_close(struct script *script, char **words)
{
    struct end *end = script_end(script, words[1]);

    if (end == NULL)
        return;
    if (close(end->fd) != 0)
        note_errno(script);
    end->fd = -1;
}

/* reset E: closes it with a reset */
static void do_reset(struct script *script, char **words)
{
    const struct linger linger = {.l_onoff = 1};

    if (setsockopt(script_fd(script, words[1]), SOL_SOCKET, SO_LINGER, &linger,
                   sizeof(linger)) != 0)
        note_errno(script);
    do_close(script, words);
}

/* needs NAME: leaves the script out where the difference of this name is */
static void do_needs(struct script *script, char **words)
{
    const char *reason = script_missing(&script->loop, words[1]);

    if (reason == NULL)
        return;
    print_message("left out: %s\n", reason);
    skip();
}

const struct command traffic_commands[] = {
    {"write", 3, do_write},   {"urgent", 2, do_urgent},
    {"read", 3, do_read},     {"receive", 2, do_receive},
    {"fill", 2, do_fill},     {"drain", 2, do_drain},
    {"finish", 3, do_finish}, {"error", 2, do_error},
    {"close", 2, do_close},   {"reset", 2, do_reset},
    {"needs", 2, do_needs},   {NULL, 0, NULL},
};
