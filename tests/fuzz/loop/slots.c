/* SPDX-License-Identifier: MIT */
/*
 * The descriptors: pipes, socket pairs and a regular file, how much is in
 * them, and so what poll(2) would say of each. Only states are reached of which
 * that is certain: a few small messages, or as many as fit.
 *
 * Those that are as new are kept for the next input, which is what makes this
 * fast.
 */
#include "fuzz/loop/world.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FEW = 8,
    FEW_SENT = 4,
    CHUNK = 8192,
    SEND_BUFFER = 16384,
    DUPLICATES = 8,
    BYTES_FED = 3
};

static const enum sort sorts[SLOTS] = {
    PIPE_OUT, PIPE_IN, SOCKET, SOCKET, REGULAR, SOCKET, SOCKET,
};

/* What keeps the files of closed descriptors alive. */
static int duplicates[DUPLICATES];
static int duplicate_count;

static void pair(struct slot *slot, int fds[2])
{
    const int size = SEND_BUFFER;

    if (slot->sort == SOCKET) {
        HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                         fds) == 0);
        HOLDS(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) ==
              0);
        return;
    }
    HOLDS(pipe2(fds, O_NONBLOCK | O_CLOEXEC) == 0);
    HOLDS(fcntl(fds[0], F_SETPIPE_SZ, 2 * (int) sysconf(_SC_PAGESIZE)) > 0);
    if (slot->sort == PIPE_IN) {
        int swapped = fds[0];

        fds[0] = fds[1];
        fds[1] = swapped;
    }
}

/* A new one, with the number that it had if it had one. */
static void make(struct slot *slot)
{
    int fds[2] = {-1, -1};
    int fd = slot->fd;

    if (slot->sort == REGULAR)
        fds[0] = memfd_create("fuzz", MFD_CLOEXEC);
    else
        pair(slot, fds);
    HOLDS(fds[0] >= 0);
    if (fd >= 0 && fds[0] != fd) {
        HOLDS(dup3(fds[0], fd, O_CLOEXEC) == fd);
        HOLDS(close(fds[0]) == 0);
    } else {
        fd = fds[0];
    }
    *slot = (struct slot){.sort = slot->sort, .fd = fd, .peer = fds[1]};
    HOLDS(fd < FIRST_FDS);
    world.registered[fd].slot = slot;
}

static void discard(int *fd)
{
    if (*fd >= 0)
        HOLDS(close(*fd) == 0);
    *fd = -1;
}

static bool is_new(const struct slot *slot)
{
    return slot->fd >= 0 && (slot->peer >= 0 || slot->sort == REGULAR) &&
           !slot->peer_shut && !slot->own_shut;
}

static void drain(int fd)
{
    char bytes[CHUNK];

    while (read(fd, bytes, sizeof(bytes)) > 0)
        continue;
}

/* Leaves nothing in it. */
static void reset(struct slot *slot)
{
    if (slot->in > 0)
        drain(slot->fd);
    if (slot->out > 0 || slot->full)
        drain(slot->peer);
    *slot =
        (struct slot){.sort = slot->sort, .fd = slot->fd, .peer = slot->peer};
}

void slots_open(void)
{
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &world.slots[i];
        static bool opened[SLOTS];

        if (!opened[i])
            *slot = (struct slot){.sort = sorts[i], .fd = -1, .peer = -1};
        opened[i] = true;
        if (!is_new(slot))
            make(slot);
        world.registered[slot->fd].slot = slot;
    }
}

/* Which number is whose, for the hooks. */
void slots_number(void)
{
    for (struct slot *slot = world.slots; slot < world.slots + SLOTS; slot++)
        world.registered[slot->fd].slot = slot;
}

/* As new, for a stream. */
void slot_renew(struct slot *slot)
{
    if (slot->fd >= 0 && is_new(slot)) {
        reset(slot);
    } else {
        discard(&slot->fd);
        discard(&slot->peer);
        make(slot);
    }
    world.registered[slot->fd].slot = slot;
}

/* Leaves what is as new. */
void slots_close(void)
{
    while (duplicate_count > 0)
        discard(&duplicates[--duplicate_count]);
    for (struct slot *slot = world.slots; slot < world.slots + SLOTS; slot++) {
        if (slot->fd >= 0)
            world.registered[slot->fd].slot = NULL;
        if (is_new(slot)) {
            reset(slot);
        } else {
            discard(&slot->fd);
            discard(&slot->peer);
        }
    }
}

/* What a kernel says of it; error and hangup are everything. */
unsigned slot_ready(const struct slot *slot)
{
    unsigned ready = 0;

    if (slot->fd < 0 || slot->sort == REGULAR)
        return 0;
    if (slot->peer < 0 || (slot->peer_shut && slot->own_shut))
        return EDDY_ANY_EVENT;
    if (slot->in > 0 || slot->peer_shut)
        ready |= EDDY_READABLE;
    if (slot->peer_shut)
        ready |= EDDY_DISCONNECT;
    if (slot->sort != PIPE_OUT && !slot->full)
        ready |= EDDY_WRITABLE;
    return ready;
}

unsigned slot_handles(const struct slot *slot)
{
    unsigned count = 0;

    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        count += item->life == OPEN && item->slot == slot;
    return count;
}

/* The last handle is closed: what was reported is nobody's any more. */
void slot_released(struct slot *slot)
{
    slot->reported = 0;
    slot->wild = false;
}

/* --- what the program may do with them --------------------------------------
 */

/* To a stream the bytes go on counting. */
void slot_feed(struct slot *slot)
{
    unsigned char bytes[BYTES_FED];

    if (slot->fd < 0 || slot->peer < 0 || slot->sort == PIPE_IN ||
        slot->sort == REGULAR || slot->in >= FEW || slot->peer_shut)
        return;
    for (int i = 0; i < BYTES_FED; i++)
        bytes[i] = slot->fed++;
    if (write(slot->peer, bytes, BYTES_FED) == BYTES_FED)
        slot->in++;
    else
        HOLDS(slot->own_shut);
}

static void read_all(struct slot *slot)
{
    if (stream_on(slot) == NULL && slot->sort != PIPE_IN)
        drain(slot->fd);
    else
        return;
    slot->in = 0;
    slot->taken = slot->fed;
}

static void fill(struct slot *slot)
{
    static const char bytes[CHUNK];

    if (slot->peer < 0 || slot->sort == PIPE_OUT || slot->own_shut)
        return;
    while (send(slot->fd, bytes, sizeof(bytes), MSG_NOSIGNAL) > 0 ||
           (errno == ENOTSOCK && write(slot->fd, bytes, sizeof(bytes)) > 0))
        continue;
    slot->full = true;
    slot->out++;
}

static void empty(struct slot *slot)
{
    if (slot->peer < 0 || slot->sort == PIPE_OUT)
        return;
    drain(slot->peer);
    slot->out = 0;
    slot->full = false;
}

/* A stream wrote; few stay few. */
void slot_sent(struct slot *slot)
{
    if (++slot->out >= FEW_SENT && !slot->full)
        empty(slot);
}

static void shut(struct slot *slot)
{
    if (slot->sort != SOCKET || slot->peer < 0)
        return;
    HOLDS(shutdown(slot->peer, SHUT_WR) == 0);
    slot->peer_shut = true;
}

static void duplicate(int fd)
{
    if (fd >= 0 && duplicate_count < DUPLICATES)
        duplicates[duplicate_count++] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* Closed and opened again, with the same number; a duplicate may keep the old
 * file alive, and something in it. That is legal after all handles on it are
 * closed. If some are not, what they are told is open until they are. */
static void reopen(struct slot *slot, bool duplicates_too)
{
    bool legal = slot_handles(slot) == 0;

    if (duplicates_too && duplicate_count + 2 <= DUPLICATES) {
        slot_feed(slot);
        duplicate(slot->fd);
        duplicate(slot->peer);
    }
    fuzz_trace("slot %td: reopen%s", slot - world.slots,
               legal ? "" : " rudely");
    discard(&slot->peer);
    make(slot);
    slot->wild = !legal;
    world.rude |= !legal;
}

static void touch_file(struct slot *slot, unsigned action)
{
    switch (action) {
    case 14:
        slot->blocked = !slot->blocked;
        break;
    case 15:
        if (slot->sort != REGULAR && slot_handles(slot) > 0 &&
            stream_on(slot) == NULL)
            reopen(slot, true);
        break;
    default:
        if (slot->fd >= 0 && slot_handles(slot) == 0)
            reopen(slot, action == 13);
        break;
    }
}

void slot_touch(struct slot *slot, unsigned action)
{
    if (slot->fd < 0)
        return;
    switch (action % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
        slot_feed(slot);
        break;
    case 4:
    case 5:
        read_all(slot);
        break;
    case 6:
        fill(slot);
        break;
    case 7:
    case 8:
        empty(slot);
        break;
    case 9:
        shut(slot);
        break;
    case 10:
        discard(&slot->peer);
        break;
    default:
        touch_file(slot, action % 16);
        break;
    }
}
