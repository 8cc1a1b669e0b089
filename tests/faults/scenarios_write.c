/* SPDX-License-Identifier: MIT */
/*
 * Writing to a stream, and ending that side. The other side is a plain socket
 * of the scenario's, which holds little, and which the scenario empties when
 * the loop sleeps.
 */
#include "faults/scenarios.h"
#include "faults/scene.h"

#include <string.h>
#include <unistd.h>

enum { BIG = 40000 };

/* The scenario's end, what it has got, and what requests say that went out. */
static struct {
    int fd;
    size_t got;
    size_t told;
    bool ended;
} sink;

/* Behind a write that failed other bytes come than one would think. */
static void compare(const char *bytes, size_t size)
{
    if (tally_harmless())
        REQUIRE(memcmp(bytes, pattern(sink.got, size).base, size) == 0);
    sink.got += size;
}

static bool empty_sink(void)
{
    size_t before = sink.got;
    bool before_end = !sink.ended;
    char bytes[4096];
    ssize_t count;

    while (!sink.ended && (count = read(sink.fd, bytes, sizeof(bytes))) >= 0) {
        sink.ended = count == 0;
        compare(bytes, (size_t) count);
    }
    return sink.got > before || (before_end && sink.ended);
}

static struct actor *open_pair(void)
{
    int fds[2];

    scene_pair(fds);
    sink.fd = fds[1];
    sink.got = 0;
    sink.told = 0;
    sink.ended = false;
    world.peer = empty_sink;
    return actor_stream(fds[0]);
}

/* Whatever became of it, the request knows how much went out. */
static void note_write(struct order *order)
{
    REQUIRE(order->status < 0 || order->nwritten == (size_t) order->again);
    sink.told += order->nwritten;
    if (order->status != EDDY_ECANCELED)
        (void) tell(order->status);
}

static struct order *write_order(size_t size)
{
    struct order *order = order_new();

    order->act = note_write;
    order->again = (int) size;
    return order;
}

/* Until all have been told, whatever: what went out has come in. */
static void drive_to_the_end(void)
{
    while (step() > 0)
        continue;
    (void) empty_sink();
    REQUIRE(sink.got == sink.told);
}

static void many_small(void)
{
    struct actor *actor = open_pair();
    struct order *orders[8];

    for (size_t i = 0; i < 8; i++) {
        eddy_buf buf = pattern(i * 10, 10);

        orders[i] = write_order(10);
        INSIST(order_write(orders[i], actor, &buf, 1));
    }
    drive_to_the_end();
    for (int i = 0; i < 8; i++)
        REQUIRE(orders[i]->calls == 1);
    EXPECT(sink.got == 80);
}

/* In more pieces than a request has room for, and more bytes than a socket. */
static void big(void)
{
    struct actor *actor = open_pair();
    struct order *order = write_order(BIG);
    struct order *behind = write_order(10);
    eddy_buf bufs[7];

    for (size_t i = 0; i < 7; i++)
        bufs[i] = pattern(i * BIG / 7, (i + 1) * BIG / 7 - i * BIG / 7);
    INSIST(order_write(order, actor, bufs, 7));
    bufs[0] = pattern(BIG, 10);
    INSIST(order_write(behind, actor, bufs, 1));
    drive_to_the_end();
    EXPECT(order->calls == 1 && behind->calls == 1);
    EXPECT(sink.got == BIG + 10);
    EXPECT(eddy_stream_queued(&actor->as.tcp.stream) == 0);
}

static void attempt(struct actor *actor, size_t size)
{
    eddy_buf buf = pattern(sink.got, size);
    int tries = 0;
    ssize_t sent;

    do
        sent = eddy_try_write(&actor->as.tcp.stream, &buf, 1);
    while (sent == EDDY_EAGAIN && tries++ < tally->struck);
    if (tell((int) (sent < 0 ? sent : 0)))
        return;
    REQUIRE((size_t) sent <= size);
    (void) empty_sink();
}

static void try_write(void)
{
    struct actor *actor = open_pair();

    while (scene.told == 0 && sink.got < 100)
        attempt(actor, 100 - sink.got);
    EXPECT(sink.got == 100);
}

static void shut(void)
{
    struct actor *actor = open_pair();
    struct order *order = write_order(BIG);
    struct order *ending = order_new();
    eddy_buf buf = pattern(0, BIG);
    ssize_t sent;

    INSIST(order_write(order, actor, &buf, 1));
    INSIST(order_shutdown(ending, actor));
    sent = eddy_try_write(&actor->as.tcp.stream, &buf, 1);
    REQUIRE(sent < 0 || tally->struck > 1); /* both had failed */
    sink.told += sent > 0 ? (size_t) sent : 0;
    drive_to_the_end();
    if (ending->calls == 1 && ending->status != EDDY_ECANCELED)
        (void) tell(ending->status);
    EXPECT(order->calls == 1 && ending->calls == 1);
    EXPECT(sink.got == BIG && sink.ended);
    /* A side that could not be ended is open. */
    if (ending->status < 0 && tally->plan.count == 1)
        REQUIRE(eddy_try_write(&actor->as.tcp.stream, &buf, 1) > 0);
}

/* What has not gone out is taken back; what is left goes out. */
static void cancel(void)
{
    struct actor *actor = open_pair();
    struct order *orders[3];
    struct order *ending = order_new();
    eddy_buf buf = pattern(0, BIG);

    for (int i = 0; i < 3; i++)
        orders[i] = write_order(i == 1 ? 100 : BIG);
    INSIST(order_write(orders[0], actor, &buf, 1));
    buf = pattern(0, 100);
    INSIST(order_write(orders[1], actor, &buf, 1));
    buf = pattern(BIG, BIG);
    INSIST(order_write(orders[2], actor, &buf, 1));
    INSIST(order_shutdown(ending, actor));
    if (eddy_cancel(&orders[1]->as.req) == 0)
        REQUIRE(eddy_cancel(&orders[1]->as.req) < 0);
    (void) eddy_cancel(&ending->as.req);
    drive_to_the_end();
    for (int i = 0; i < 3; i++)
        EXPECT(orders[i]->calls == 1);
    EXPECT(orders[1]->status == EDDY_ECANCELED);
    EXPECT(ending->calls == 1 && ending->status == EDDY_ECANCELED);
    EXPECT(sink.got == 2 * (size_t) BIG && !sink.ended);
}

/* Closed with a queue: all of it calls back, before the close callback. */
static void close_full(void)
{
    struct actor *actor = open_pair();
    struct order *orders[3];
    struct order *ending = order_new();
    eddy_buf buf = pattern(0, BIG);

    for (int i = 0; i < 3; i++) {
        orders[i] = write_order(BIG);
        INSIST(order_write(orders[i], actor, &buf, 1));
    }
    INSIST(order_shutdown(ending, actor));
    actor_close(actor);
    while (actor->life != ACTOR_CLOSED)
        REQUIRE(step() >= 0);
    for (int i = 0; i < 3; i++)
        REQUIRE(orders[i]->calls == 1 && orders[i]->status < 0);
    REQUIRE(ending->calls == 1 && ending->status == EDDY_ECANCELED);
}

/* The peer goes away with a queue still there: that must be told. */
static void peer_gone(void)
{
    struct actor *actor = open_pair();
    struct order *orders[2];
    eddy_buf buf = pattern(0, BIG);

    for (int i = 0; i < 2; i++) {
        orders[i] = order_new();
        INSIST(order_write(orders[i], actor, &buf, 1));
    }
    world.peer = NULL;
    drop_fd(sink.fd);
    while (orders[1]->calls == 0)
        REQUIRE(step() >= 0);
    REQUIRE(orders[0]->calls == 1 && orders[0]->status < 0);
    REQUIRE(orders[0]->nwritten < BIG && orders[1]->nwritten < BIG);
    REQUIRE(orders[1]->status < 0);
    REQUIRE(orders[1]->status == EDDY_ECANCELED || tally->struck > 0);
}

const struct scenario scenarios_write[] = {
    {"write-many-small", many_small}, {"write-big", big},
    {"write-try", try_write},         {"write-shutdown", shut},
    {"write-cancel", cancel},         {"write-close-full", close_full},
    {"write-peer-gone", peer_gone},   {NULL, NULL},
};
