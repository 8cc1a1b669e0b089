/* SPDX-License-Identifier: MIT */
/*
 * Watchers on pipes whose descriptors are closed and opened again all the
 * time, also from callbacks of the same batch: a reader that is told of data
 * where there is none got an event that was meant for another. A second
 * watcher shares each descriptor and only starts and stops.
 */
#include "soak/soak.h"
#include "support/fds.h"

#include <unistd.h>

enum { PIPES = 24, ACTS = 8, BYTES = 64 };

struct conduit {
    eddy_io reader;
    eddy_io neighbour;
    eddy_io writer;
    int fds[2];
    uint64_t key;
    uint64_t written, read;
    bool ended; /* the writing end is closed */
};

struct pipes {
    struct station *station;
    struct conduit conduits[PIPES];
    bool open;
};

static char letter(const struct conduit *conduit, uint64_t at)
{
    return (char) (conduit->key + at * 7);
}

static void reopen(struct conduit *conduit);

/* --- reading --- */

static void check_bytes(struct conduit *conduit, const char *bytes,
                        ssize_t count)
{
    struct pipes *pipes = conduit->reader.data;

    for (ssize_t i = 0; i < count; i++)
        REQUIRE(bytes[i] == letter(conduit, conduit->read++));
    tally_by(&pipes->station->ledger, PIPE_BYTES_READ, (uint64_t) count);
}

static void on_readable(eddy_io *io, int status, unsigned events)
{
    struct conduit *conduit = (struct conduit *) (void *) io;
    struct pipes *pipes = io->data;
    char bytes[BYTES];
    ssize_t count;

    station_in_poll(pipes->station);
    REQUIRE(status == 0 && events == EDDY_READABLE);
    count = read(conduit->fds[0], bytes, sizeof(bytes));
    REQUIRE(count >= 0); /* else the event was somebody else's */
    check_bytes(conduit, bytes, count);
    if (count == 0) {
        REQUIRE(conduit->ended && conduit->read == conduit->written);
        tally(&pipes->station->ledger, ENDS_OF_FILE);
        reopen(conduit);
    } else if (pick(&pipes->station->random, 8) == 0) {
        reopen(&pipes->conduits[pick(&pipes->station->random, PIPES)]);
    }
}

static void on_neighbour(eddy_io *io, int status, unsigned events)
{
    const struct pipes *pipes = io->data;

    station_in_poll(pipes->station);
    REQUIRE(status == 0 && events == EDDY_READABLE);
}

static void on_writable(eddy_io *io, int status, unsigned events)
{
    const struct pipes *pipes = io->data;

    station_in_poll(pipes->station);
    REQUIRE(status == 0 && events == EDDY_WRITABLE);
    REQUIRE(eddy_io_stop(io) == 0);
}

/* --- opening and closing --- */

static void watch(struct pipes *pipes, eddy_io *io, int fd)
{
    REQUIRE(eddy_io_init(&pipes->station->loop, io, fd) == 0);
    io->data = pipes;
    tally(&pipes->station->ledger, HANDLES_MADE);
}

static void open_one(struct pipes *pipes, struct conduit *conduit)
{
    test_pipe(conduit->fds);
    conduit->key = pick(&pipes->station->random, 256);
    conduit->written = 0;
    conduit->read = 0;
    conduit->ended = false;
    watch(pipes, &conduit->reader, conduit->fds[0]);
    watch(pipes, &conduit->neighbour, conduit->fds[0]);
    watch(pipes, &conduit->writer, conduit->fds[1]);
    REQUIRE(eddy_io_start(&conduit->reader, EDDY_READABLE, on_readable) == 0);
    tally(&pipes->station->ledger, PIPES_MADE);
}

static void close_watcher(struct pipes *pipes, eddy_io *io)
{
    REQUIRE(eddy_close(&io->handle, NULL) == 0);
    tally(&pipes->station->ledger, HANDLES_CLOSED);
}

static void end_writing(struct conduit *conduit)
{
    struct pipes *pipes = conduit->reader.data;

    if (conduit->ended)
        return;
    conduit->ended = true;
    close_watcher(pipes, &conduit->writer);
    REQUIRE(close(conduit->fds[1]) == 0);
}

static void close_one(struct conduit *conduit)
{
    struct pipes *pipes = conduit->reader.data;

    end_writing(conduit);
    close_watcher(pipes, &conduit->reader);
    close_watcher(pipes, &conduit->neighbour);
    REQUIRE(close(conduit->fds[0]) == 0);
    tally(&pipes->station->ledger, PIPES_CLOSED);
    tally_by(&pipes->station->ledger, PIPE_BYTES_DROPPED,
             conduit->written - conduit->read);
}

static void reopen(struct conduit *conduit)
{
    struct pipes *pipes = conduit->reader.data;

    close_one(conduit);
    open_one(pipes, conduit);
}

/* --- the part --- */

static void write_some(struct conduit *conduit, unsigned size)
{
    struct pipes *pipes = conduit->reader.data;
    char bytes[BYTES];
    ssize_t count;

    if (conduit->ended)
        return;
    for (unsigned i = 0; i < size; i++)
        bytes[i] = letter(conduit, conduit->written + i);
    count = write(conduit->fds[1], bytes, size);
    REQUIRE(count == (ssize_t) size);
    conduit->written += size;
    tally_by(&pipes->station->ledger, PIPE_BYTES, size);
}

static void act(struct conduit *conduit)
{
    struct pipes *pipes = conduit->reader.data;
    uint64_t *random = &pipes->station->random;

    switch (pick(random, 16)) {
    case 0:
        reopen(conduit);
        break;
    case 1:
        end_writing(conduit);
        break;
    case 2:
        REQUIRE(eddy_io_start(&conduit->neighbour, EDDY_READABLE,
                              on_neighbour) == 0);
        break;
    case 3:
        REQUIRE(eddy_io_stop(&conduit->neighbour) == 0);
        break;
    case 4:
        if (!conduit->ended)
            REQUIRE(eddy_io_start(&conduit->writer, EDDY_WRITABLE,
                                  on_writable) == 0);
        break;
    case 5:
        REQUIRE(eddy_io_stop(&conduit->reader) == 0);
        REQUIRE(eddy_io_start(&conduit->reader, EDDY_READABLE, on_readable) ==
                0);
        break;
    default:
        write_some(conduit, 1 + pick(random, BYTES));
    }
}

static void open_pipes(struct station *station, void *self)
{
    struct pipes *pipes = self;

    pipes->station = station;
    pipes->open = true;
    for (int i = 0; i < PIPES; i++)
        open_one(pipes, &pipes->conduits[i]);
}

static void tick(struct station *station, void *self)
{
    struct pipes *pipes = self;

    for (int i = 0; i < ACTS && station->life == LIVING; i++)
        act(&pipes->conduits[pick(&station->random, PIPES)]);
}

/* All that was written has been read. */
static bool drained(struct station *station, void *self)
{
    const struct pipes *pipes = self;

    (void) station;
    for (int i = 0; i < PIPES; i++) {
        if (pipes->conduits[i].read != pipes->conduits[i].written)
            return false;
    }
    return true;
}

static void close_pipes(struct station *station, void *self)
{
    struct pipes *pipes = self;

    (void) station;
    for (int i = 0; i < PIPES; i++)
        close_one(&pipes->conduits[i]);
    pipes->open = false;
}

static bool closed(struct station *station, void *self)
{
    const struct pipes *pipes = self;

    (void) station;
    return !pipes->open;
}

const struct part pipes_part = {
    .size = sizeof(struct pipes),
    .open = open_pipes,
    .tick = tick,
    .drained = drained,
    .close = close_pipes,
    .closed = closed,
};
