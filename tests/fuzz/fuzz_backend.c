/* SPDX-License-Identifier: MIT */
/*
 * The contract of eddy/backend.h, on every backend that is built: random
 * changes of what is wanted and random traffic on pipes and socket pairs, and
 * after each wait what it reported is compared with what poll(2) says of the
 * same descriptors.
 *
 * Input: a byte that chooses the room for reports, so that they are also had
 * in pieces, then two bytes an operation.
 */
#include "fuzz/fuzz.h"

#include <eddy/backend.h>

#include "core/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILES = 6, MAX_READY = 16, TRAFFIC = 256, MAX_OPERATIONS = 200 };

struct file {
    int fd;   /* watched */
    int peer; /* -1: closed */
    unsigned known;
    unsigned generation;
    bool refused;  /* a regular file */
    bool updated;  /* since the last wait */
    bool reported; /* in this round of waits */
};

static struct file files[FILES];
static const eddy_backend_ops *ops;
static eddy_backend *backend;
static unsigned generation;
static size_t blocks;

static void *resize(void *context, void *block, size_t old_size, size_t size)
{
    (void) context;
    HOLDS((block == NULL) == (old_size == 0));
    if (size == 0) {
        blocks -= block != NULL;
        free(block);
        return NULL;
    }
    blocks += block == NULL;
    return realloc(block, size);
}

static const eddy_allocator allocator = {.resize = resize};

static uint64_t token_of(const struct file *file)
{
    return (uint64_t) file->generation << 32 | (unsigned) file->fd;
}

static void make_pair(unsigned number, int fds[2])
{
    int spare;

    if (number == 0) {
        HOLDS(pipe2(fds, O_NONBLOCK) == 0);
    } else if (number == 1) {
        HOLDS(pipe2(fds, O_NONBLOCK) == 0);
        spare = fds[0];
        fds[0] = fds[1];
        fds[1] = spare;
    } else if (number == 2) {
        fds[0] = memfd_create("fuzz", 0);
        fds[1] = -1;
        HOLDS(fds[0] >= 0);
    } else {
        HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    }
}

/* With the number it had, if it had one. */
static void open_file(unsigned number, int fd)
{
    int fds[2];

    make_pair(number, fds);
    if (fd >= 0 && fd != fds[0]) {
        HOLDS(dup2(fds[0], fd) == fd);
        HOLDS(close(fds[0]) == 0);
        fds[0] = fd;
    }
    files[number] = (struct file){.fd = fds[0],
                                  .peer = fds[1],
                                  .generation = ++generation & INT32_MAX,
                                  .refused = number == 2};
}

static void close_peer(struct file *file)
{
    if (file->peer >= 0)
        HOLDS(close(file->peer) == 0);
    file->peer = -1;
}

/* --- operations -------------------------------------------------------------
 */

/* What cannot be watched is refused, now or by the wait. */
static void want(struct file *file, unsigned mask)
{
    int err;

    mask &= ops->events;
    if (mask == file->known || (mask != 0 && file->updated))
        return;
    err = ops->update(backend, token_of(file), file->fd, file->known, mask);
    fuzz_trace("want %d: %u -> %u: %d", file->fd, file->known, mask, err);
    HOLDS(err == (mask != 0 && file->refused ? EDDY_EPERM : 0));
    file->known = err == 0 ? mask : 0;
    file->updated = mask != 0;
}

static void remove_unknown(const struct file *file)
{
    if (file->known == 0)
        HOLDS(ops->update(backend, token_of(file), file->fd, EDDY_READABLE,
                          0) == EDDY_ENOENT);
}

static void refuse_closed(void)
{
    int fd = dup(files[0].fd);

    HOLDS(fd >= 0 && close(fd) == 0);
    HOLDS(ops->update(backend, (unsigned) fd, fd, 0, EDDY_READABLE) ==
          EDDY_EBADF);
    HOLDS(ops->update(backend, (unsigned) fd, fd, EDDY_READABLE, 0) ==
          EDDY_EBADF);
}

static void traffic(int from, int to)
{
    char bytes[TRAFFIC] = "x";
    ssize_t count;

    if (from >= 0)
        count = read(from, bytes, sizeof(bytes));
    if (to >= 0)
        count = write(to, bytes, sizeof(bytes));
    (void) count;
}

static void fill(int fd)
{
    static const char bytes[1 << 16];

    while (write(fd, bytes, sizeof(bytes)) > 0)
        continue;
}

/* Removed, closed, and opened again with the same number. */
static void reopen(unsigned number)
{
    int fd = files[number].fd;

    want(&files[number], 0);
    close_peer(&files[number]);
    open_file(number, fd);
}

/* --- the wait, and what poll says -------------------------------------------
 */

static unsigned translated(short revents)
{
    if (revents & (POLLERR | POLLHUP))
        return EDDY_ANY_EVENT;
    return (revents & POLLIN ? EDDY_READABLE : 0U) |
           (revents & POLLOUT ? EDDY_WRITABLE : 0U) |
           (revents & POLLRDHUP ? EDDY_DISCONNECT : 0U) |
           (revents & POLLPRI ? EDDY_PRIORITY : 0U);
}

static short polled(unsigned mask)
{
    return (short) ((mask & EDDY_READABLE ? POLLIN : 0) |
                    (mask & EDDY_WRITABLE ? POLLOUT : 0) |
                    (mask & EDDY_DISCONNECT ? POLLRDHUP : 0) |
                    (mask & EDDY_PRIORITY ? POLLPRI : 0));
}

static unsigned truth(const struct file *file)
{
    struct pollfd pollfd = {.fd = file->fd, .events = polled(file->known)};

    if (file->known == 0 || file->refused)
        return 0;
    while (poll(&pollfd, 1, 0) < 0)
        HOLDS(errno == EINTR);
    return translated(pollfd.revents);
}

static struct file *file_of(uint64_t token)
{
    for (struct file *file = files; file < files + FILES; file++)
        if (token_of(file) == token)
            return file;
    HOLDS(token == 0);
    return NULL;
}

static int ready_files(void)
{
    int count = 0;

    for (const struct file *file = files; file < files + FILES; file++)
        count += truth(file) != 0;
    return count;
}

static void check_reports(const eddy_ready *ready, int count)
{
    bool seen[FILES] = {false};

    for (int i = 0; i < count; i++) {
        struct file *file = file_of(ready[i].token);

        HOLDS(ready[i].error == 0);
        HOLDS(file->known != 0 && !seen[file - files]);
        HOLDS((ready[i].events & EDDY_ANY_EVENT) == truth(file));
        seen[file - files] = true;
        file->reported = true;
    }
}

static int wait_now(int capacity)
{
    eddy_ready ready[MAX_READY];
    int wanted = ready_files();
    int count;

    do
        count = ops->wait(backend, 0, ready, capacity);
    while (count == EDDY_EINTR); /* a signal of the fuzzer's own */
    fuzz_trace("wait: %d of %d, %d are ready", count, capacity, wanted);
    if (FUZZ_STRESS)
        HOLDS(count <= capacity && (count > 0) == (wanted > 0));
    else
        HOLDS(count == (wanted < capacity ? wanted : capacity));
    check_reports(ready, count);
    for (struct file *file = files; file < files + FILES; file++)
        file->updated = false;
    return count;
}

/* With too little room for all of them, each is reported before any is again.
 */
static void check_fairness(int capacity)
{
    for (struct file *file = files; file < files + FILES; file++)
        file->reported = false;
    for (int left = ready_files(); left > 0;)
        left -= wait_now(capacity);
    for (const struct file *file = files; file < files + FILES; file++)
        HOLDS(truth(file) == 0 || file->reported);
}

/* --- running ----------------------------------------------------------------
 */

static void touch(unsigned number, unsigned action)
{
    struct file *file = &files[number];

    switch (action % 8) {
    case 0:
        traffic(-1, file->peer);
        break;
    case 1:
        traffic(file->fd, -1);
        break;
    case 2:
        traffic(file->peer, file->fd);
        break;
    case 3:
        if (!file->refused)
            fill(file->fd);
        break;
    case 4:
        if (file->peer >= 0)
            (void) shutdown(file->peer, SHUT_WR);
        break;
    case 5:
        close_peer(file);
        break;
    case 6:
        reopen(number);
        break;
    default:
        remove_unknown(file);
        break;
    }
}

static void step(int capacity)
{
    unsigned operation = fuzz_take();
    unsigned argument = fuzz_take();
    unsigned number = operation / 8 % FILES;

    switch (operation % 8) {
    case 0:
    case 1:
    case 2:
        want(&files[number], argument % 16);
        break;
    case 3:
    case 4:
    case 5:
        touch(number, argument);
        break;
    case 6:
        (void) wait_now(capacity);
        break;
    default:
        if (argument % 4 == 0)
            refuse_closed();
        else
            check_fairness(capacity);
        break;
    }
}

static void run(const uint8_t *data, size_t size)
{
    int capacity;

    fuzz_begin(data, size);
    capacity = (int) (fuzz_take() % MAX_READY) + 1;
    HOLDS(ops->create(&allocator, &backend) == 0);
    for (unsigned i = 0; i < FILES; i++)
        open_file(i, -1);
    for (int i = 0; fuzz_left() && i < MAX_OPERATIONS; i++)
        step(capacity);
    check_fairness(capacity);
    (void) wait_now(MAX_READY);
    for (struct file *file = files; file < files + FILES; file++) {
        want(file, 0);
        HOLDS(close(file->fd) == 0);
        close_peer(file);
    }
    (void) wait_now(1);
    ops->destroy(backend, false);
    HOLDS(blocks == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void) argc;
    (void) argv;
    HOLDS(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    return 0;
}

/* kqueue is not asked: on Linux it is but a double. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int i = 0; eddy__registry[i] != NULL; i++) {
        ops = eddy__registry[i];
        if (strcmp(ops->name, "kqueue") != 0)
            run(data, size);
    }
    return 0;
}
