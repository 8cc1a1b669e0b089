/* SPDX-License-Identifier: MIT */
/*
 * Commands on descriptors ("ends"), by plain system calls. All ends are
 * non-blocking and close-on-exec, and closed when the script ends.
 *
 * On some systems what one end does reaches the other a moment later. So a
 * script runs until it is told (run, await) before it relies on it.
 */
#include "conformance/script.h"

#include "conformance/differences.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void note_errno(struct script *script)
{
    script_note_error(script, eddy_from_errno(errno));
}

/* Keeps a descriptor under its name. */
static void keep(struct script *script, const char *name, int fd)
{
    struct end *end;

    if (fd < 0) {
        note_errno(script);
        return;
    }
    (void) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void) fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (script->end_count == SCRIPT_ENDS) {
        script_note(script, "there are too many ends for %s", name);
        (void) close(fd);
        return;
    }
    end = &script->ends[script->end_count++];
    (void) snprintf(end->name, sizeof(end->name), "%s", name);
    end->fd = fd;
}

static void keep_pair(struct script *script, char **words, int result,
                      const int fds[2])
{
    keep(script, words[1], result == 0 ? fds[0] : -1);
    keep(script, words[2], result == 0 ? fds[1] : -1);
}

/* --- making -------------------------------------------------------------- */

/* pipe R W */
static void make_pipe(struct script *script, char **words)
{
    int fds[2];
    int result = pipe(fds);

    keep_pair(script, words, result, fds);
}

/* unix A B: two connected Unix-domain sockets, `dgram` for datagrams */
static void make_unix(struct script *script, char **words)
{
    int type = strcmp(words[3], "dgram") == 0 ? SOCK_DGRAM : SOCK_STREAM;
    int fds[2];
    int result = socketpair(AF_UNIX, type, 0, fds);

    keep_pair(script, words, result, fds);
}

static struct sockaddr_in loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* A socket of this type bound to any port of the loopback interface. */
static int bound(int type)
{
    struct sockaddr_in address = loopback();
    int fd = socket(AF_INET, type, 0);

    if (fd >= 0 &&
        bind(fd, (struct sockaddr *) &address, sizeof(address)) != 0) {
        (void) close(fd);
        return -1;
    }
    return fd;
}

/* Connects to the socket that another descriptor is bound to. */
static int connect_to(int fd, int other)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);

    if (getsockname(other, (struct sockaddr *) &address, &length) != 0)
        return -1;
    return connect(fd, (struct sockaddr *) &address, length);
}

/* bound N: a TCP socket with an address that does not listen there */
static void make_bound(struct script *script, char **words)
{
    keep(script, words[1], bound(SOCK_STREAM));
}

/* listen L: a TCP socket that listens */
static void make_listen(struct script *script, char **words)
{
    int fd = bound(SOCK_STREAM);

    if (fd >= 0 && listen(fd, 8) != 0)
        note_errno(script);
    keep(script, words[1], fd);
}

static bool choose_path(struct script *script)
{
    char folder[] = "/tmp/eddy-script-XXXXXX";

    if (script->fifo[0] != '\0' || mkdtemp(folder) == NULL)
        return false;
    (void) rmdir(folder);
    (void) snprintf(script->fifo, sizeof(script->fifo), "%s", folder);
    return true;
}

/* listen-unix L: a Unix-domain socket that listens */
static void make_listen_unix(struct script *script, char **words)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (!choose_path(script))
        note_errno(script);
    (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s",
                    script->fifo);
    if (bind(fd, (struct sockaddr *) &address, sizeof(address)) != 0 ||
        listen(fd, 8) != 0)
        note_errno(script);
    keep(script, words[1], fd);
}

/* dial C L: a socket that begins to connect to L's address */
static void make_dial(struct script *script, char **words)
{
    struct sockaddr_storage address = {.ss_family = AF_INET};
    socklen_t length = sizeof(address);
    int other = script_fd(script, words[2]);
    int fd;

    (void) getsockname(other, (struct sockaddr *) &address, &length);
    fd = socket(address.ss_family, SOCK_STREAM, 0);
    keep(script, words[1], fd);
    if (connect_to(fd, other) != 0 && errno != EINPROGRESS)
        note_errno(script);
}

/* accept A L */
static void make_accept(struct script *script, char **words)
{
    keep(script, words[1], accept(script_fd(script, words[2]), NULL, NULL));
}

/* tcp A B: two connected TCP sockets */
static void make_tcp(struct script *script, char **words)
{
    int listener = bound(SOCK_STREAM);
    int fds[2] = {-1, -1};

    if (listener >= 0 && listen(listener, 1) == 0)
        fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (fds[0] >= 0 && connect_to(fds[0], listener) == 0)
        fds[1] = accept(listener, NULL, NULL);
    keep_pair(script, words, 0, fds);
    if (listener >= 0)
        (void) close(listener);
}

/* udp A B: two UDP sockets, connected to each other */
static void make_udp(struct script *script, char **words)
{
    int fds[2] = {bound(SOCK_DGRAM), bound(SOCK_DGRAM)};

    if (connect_to(fds[0], fds[1]) != 0 || connect_to(fds[1], fds[0]) != 0)
        note_errno(script);
    keep_pair(script, words, 0, fds);
}

/* fifo R: the reading end of a new FIFO */
static void make_fifo(struct script *script, char **words)
{
    if (!choose_path(script) || mkfifo(script->fifo, 0600) != 0)
        note_errno(script);
    keep(script, words[1], open(script->fifo, O_RDONLY | O_NONBLOCK));
}

/* writer W: a writing end of the FIFO */
static void make_writer(struct script *script, char **words)
{
    keep(script, words[1], open(script->fifo, O_WRONLY | O_NONBLOCK));
}

/* terminal M S: a pseudo-terminal, its master and its slave */
static void make_terminal(struct script *script, char **words)
{
    int fds[2] = {posix_openpt(O_RDWR | O_NOCTTY), -1};
    const char *path = NULL;

    if (fds[0] >= 0 && grantpt(fds[0]) == 0 && unlockpt(fds[0]) == 0)
        path = ptsname(fds[0]);
    if (path != NULL)
        fds[1] = open(path, O_RDWR | O_NOCTTY);
    keep_pair(script, words, 0, fds);
}

/* file F: a regular file */
static void make_file(struct script *script, char **words)
{
    char path[] = "/tmp/eddy-file-XXXXXX";
    int fd = mkstemp(path);

    (void) unlink(path);
    keep(script, words[1], fd);
}

/* folder F: a directory */
static void make_folder(struct script *script, char **words)
{
    keep(script, words[1], open("/", O_RDONLY));
}

/* dup D E: a duplicate of E */
static void make_dup(struct script *script, char **words)
{
    keep(script, words[1], dup(script_fd(script, words[2])));
}

/* --- using --------------------------------------------------------------- */

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

const struct command end_commands[] = {
    {"pipe", 3, make_pipe},
    {"unix", 3, make_unix},
    {"bound", 2, make_bound},
    {"listen", 2, make_listen},
    {"listen-unix", 2, make_listen_unix},
    {"dial", 3, make_dial},
    {"accept", 3, make_accept},
    {"tcp", 3, make_tcp},
    {"udp", 3, make_udp},
    {"fifo", 2, make_fifo},
    {"writer", 2, make_writer},
    {"terminal", 3, make_terminal},
    {"file", 2, make_file},
    {"folder", 2, make_folder},
    {"dup", 3, make_dup},
    {"write", 3, do_write},
    {"urgent", 2, do_urgent},
    {"read", 3, do_read},
    {"receive", 2, do_receive},
    {"fill", 2, do_fill},
    {"drain", 2, do_drain},
    {"finish", 3, do_finish},
    {"error", 2, do_error},
    {"close", 2, do_close},
    {"reset", 2, do_reset},
    {"needs", 2, do_needs},
    {NULL, 0, NULL},
};
