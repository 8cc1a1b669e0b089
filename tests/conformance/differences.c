/* SPDX-License-Identifier: MIT */
/*
 * The differences: one table, one line each with its reason.
 *
 * Left out by all scripts, because no system's word on it is promised: what is
 * heard of a TCP socket that was never connected (a hangup, or nothing), of
 * the reading end of a pipe that is watched for writing (pipes of some systems
 * go both ways), of devices like /dev/null, of what is left once an error was
 * read off a socket, and of a number that was closed while a watcher was
 * started on it (poll(2) tells of it, kernel queues forget it).
 */
#include "conformance/differences.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool lacks(eddy_loop *loop, unsigned event)
{
    return script_lacking(loop) & event;
}

static bool lacks_disconnect(eddy_loop *loop)
{
    return lacks(loop, EDDY_DISCONNECT);
}

static bool lacks_priority(eddy_loop *loop)
{
    return lacks(loop, EDDY_PRIORITY);
}

static void note_status(eddy_io *io, int status, unsigned events)
{
    int *refused = io->data;

    (void) events;
    *refused = status;
}

/* Asked of a loop of its own: this one's table shall not know. */
static bool refuses(const eddy_loop *loop, int fd)
{
    eddy_loop_options options = {.backend = eddy_loop_backend(loop)};
    int refused = EDDY_EBADF;
    eddy_loop other;
    eddy_io io;

    if (fd < 0 || eddy_loop_init(&other, &options) != 0)
        return true;
    if (eddy_io_init(&other, &io, fd) == 0) {
        refused = 0;
        io.data = &refused;
        (void) eddy_io_start(&io, EDDY_READABLE, note_status);
        (void) eddy_run(&other, EDDY_RUN_NOWAIT);
        (void) eddy_close(&io.handle, NULL);
    }
    (void) eddy_loop_close(&other);
    return refused < 0;
}

static bool close_after(bool answer, int fd)
{
    if (fd >= 0)
        (void) close(fd);
    return answer;
}

static bool lacks_fifo(eddy_loop *loop)
{
    char folder[] = "/tmp/eddy-fifo-XXXXXX";
    char path[sizeof(folder) + 2];
    int fd = -1;

    if (mkdtemp(folder) == NULL)
        return true;
    (void) snprintf(path, sizeof(path), "%s/f", folder);
    if (mkfifo(path, 0600) == 0)
        fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    (void) unlink(path);
    (void) rmdir(folder);
    return close_after(refuses(loop, fd), fd);
}

static bool lacks_terminal(eddy_loop *loop)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    bool usable = fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0;

    return close_after(!usable || refuses(loop, fd), fd);
}

static const struct difference {
    const char *name;
    bool (*is_here)(eddy_loop *loop);
    const char *reason;
} differences[] = {
    {"DISCONNECT", lacks_disconnect,
     "poll(2) without POLLRDHUP does not tell of a half-close"},
    {"PRIORITY", lacks_priority,
     "kqueue without EVFILT_EXCEPT does not tell of out-of-band data"},
    {"FIFO", lacks_fifo,
     "macOS's kqueue misses the end of the last writer: FIFOs are refused"},
    {"TERMINAL", lacks_terminal,
     "no pseudo-terminal to be had, or the kernel's queue refuses them"},
};

const char *script_missing(eddy_loop *loop, const char *name)
{
    for (size_t i = 0; i < sizeof(differences) / sizeof(*differences); i++) {
        if (strcmp(differences[i].name, name) == 0)
            return differences[i].is_here(loop) ? differences[i].reason : NULL;
    }
    return "the table of differences does not name it";
}

static void never(eddy_io *io, int status, unsigned events)
{
    (void) io;
    (void) status;
    (void) events;
}

/* The answer is immediate: the kernel is not asked. */
unsigned script_lacking(eddy_loop *loop)
{
    unsigned lacking = 0;
    eddy_io io;

    if (eddy_io_init(loop, &io, 0) != 0)
        return 0;
    for (unsigned event = EDDY_READABLE; event <= EDDY_PRIORITY; event *= 2) {
        if (eddy_io_start(&io, event, never) == EDDY_ENOTSUP)
            lacking |= event;
    }
    (void) eddy_close(&io.handle, NULL);
    return lacking;
}

void script_strip(unsigned lacking, char *text)
{
    static const char word[] = "|DISCONNECT";
    size_t length = strlen(word);
    char *found = text;

    if (!(lacking & EDDY_DISCONNECT))
        return;
    while ((found = strstr(found, word)) != NULL)
        memmove(found, found + length, strlen(found + length) + 1);
}
