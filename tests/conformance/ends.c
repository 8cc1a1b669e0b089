/* SPDX-License-Identifier: MIT */
/*
 * Commands that make descriptors ("ends"), by plain system calls. All ends are
 * non-blocking and close-on-exec, and closed when the script ends.
 */
#include "conformance/script.h"

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
    {NULL, 0, NULL},
};
