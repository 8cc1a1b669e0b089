/* SPDX-License-Identifier: MIT */
/*
 * Listening and accepting: at once, later, many, and not at all.
 */
#include "faults/scenarios.h"
#include "faults/scene.h"

#include <netinet/in.h>

enum { CLIENTS = 4 };

/* Accepts into what it has, until nobody waits. */
static struct actor *hosts[CLIENTS];
static int accepted;
static int errors; /* that the listener was told */
static int turned_away;

static void take(eddy_stream *server)
{
    while (accepted < CLIENTS) {
        if (eddy_accept(server, &hosts[accepted]->as.tcp.stream) < 0)
            return; /* EDDY_EAGAIN, or the callback is told of it, too */
        accepted++;
    }
}

static void on_connection(eddy_stream *server, int status)
{
    struct actor *actor = actor_of(&server->handle);

    actor->calls++;
    hear(status);
    errors += status < 0;
    REQUIRE(errors <= tally->struck);
    if (status == 0 && actor->limit == 0)
        take(server);
}

static struct actor *server_new(struct sockaddr *address)
{
    struct actor *server = actor_tcp();
    socklen_t length = sizeof(struct sockaddr_in);

    accepted = 0;
    errors = 0;
    turned_away = 0;
    for (int i = 0; i < CLIENTS; i++)
        hosts[i] = actor_tcp();
    REQUIRE(eddy_ip4_addr("127.0.0.1", 0,
                          (struct sockaddr_in *) (void *) address) == 0);
    INSIST(eddy_tcp_bind(&server->as.tcp, address, EDDY_TCP_REUSEPORT));
    INSIST(eddy_listen(&server->as.tcp.stream, 8, on_connection));
    INSIST(eddy_tcp_getsockname(&server->as.tcp, address, &length));
    return server;
}

/* Nobody sends anything: what they read is the end, or an error. */
static void on_end(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    (void) actor_of(&stream->handle);
    (void) buf;
    REQUIRE(nread < 0);
    hear(nread == EDDY_EOF ? 0 : (int) nread);
    turned_away++;
}

static void note_connect(struct order *order)
{
    if (order->actor->life == ACTOR_OPEN && !tell(order->status))
        INSIST(eddy_read_start(&order->actor->as.tcp.stream, NULL, on_end));
}

static struct actor *dial(const struct sockaddr *address)
{
    struct actor *client = actor_tcp();
    struct order *connect = order_new();

    connect->act = note_connect;
    INSIST(order_connect(connect, client, address));
    return client;
}

/* Those who are turned away hear of it: they read the end. A listener gets over
 * all that, and takes those who come later. */
static void many(void)
{
    struct sockaddr_in address;
    struct actor *clients[CLIENTS];

    (void) server_new((struct sockaddr *) &address);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = dial((struct sockaddr *) &address);
    while (scene.told == 0 && accepted < CLIENTS && errors == 0 &&
           turned_away == 0 && step() > 0)
        continue;
    REQUIRE(turned_away == 0 || tally->struck > 0);
    for (int i = 0; i < CLIENTS; i++)
        if (clients[i]->life == ACTOR_OPEN)
            actor_close(clients[i]);
    EXPECT(accepted == CLIENTS || errors + turned_away > 0);
}

/* After an error the listener rests, and then goes on: whoever still waits, and
 * who comes then, is accepted. */
static void goes_on(void)
{
    struct sockaddr_in address;
    struct actor *server = server_new((struct sockaddr *) &address);
    int dialled;

    (void) dial((struct sockaddr *) &address);
    for (dialled = 1; scene.told == 0 && accepted == 0; dialled++) {
        int before = errors + turned_away;

        REQUIRE(dialled <= tally->struck + 1);
        while (scene.told == 0 && accepted == 0 &&
               errors + turned_away == before && step() > 0)
            continue;
        if (scene.told == 0 && accepted == 0)
            (void) dial((struct sockaddr *) &address);
    }
    EXPECT(accepted > 0);
    REQUIRE(eddy_loop_check(server->as.handle.loop) == 0);
}

/* The listener does not accept in its callback: it is not called again until
 * it has, from outside. */
static void later(void)
{
    struct sockaddr_in address;
    struct actor *server = server_new((struct sockaddr *) &address);
    int calls;

    server->limit = 1;
    (void) dial((struct sockaddr *) &address);
    drive_until(&server->calls, 1);
    calls = server->calls;
    for (int i = 0; i < 3; i++)
        INSIST(eddy_run(&scene.loop, EDDY_RUN_NOWAIT));
    REQUIRE(server->calls == calls || tally->struck > 0);
    server->limit = 0;
    take(&server->as.tcp.stream);
    while (scene.told == 0 && accepted == 0 && errors + turned_away == 0 &&
           step() > 0)
        continue;
    EXPECT(accepted == 1 || errors + turned_away > 0);
}

/* Listening twice, and closing with somebody who waits. */
static void closed(void)
{
    struct sockaddr_in address;
    struct actor *server = server_new((struct sockaddr *) &address);

    INSIST(eddy_listen(&server->as.tcp.stream, 4, on_connection));
    (void) dial((struct sockaddr *) &address);
    actor_close(server);
    while (server->life != ACTOR_CLOSED)
        REQUIRE(step() >= 0);
    REQUIRE(server->calls == 0 || tally->struck > 0);
}

static void close_listener(eddy_stream *server, int status)
{
    struct actor *actor = actor_of(&server->handle);

    hear(status);
    actor->calls++;
    actor_close(actor);
}

static void closed_in_callback(void)
{
    struct sockaddr_in address;
    struct actor *server = server_new((struct sockaddr *) &address);

    INSIST(eddy_listen(&server->as.tcp.stream, 4, close_listener));
    (void) dial((struct sockaddr *) &address);
    drive_until(&server->calls, 1);
    EXPECT(server->calls == 1);
}

/* On a loop that has no timer yet, which a listener needs. */
static void first_timer(void)
{
    const eddy_loop_options options = scene_options();
    struct actor *server = actor_new();
    struct sockaddr_in address;
    eddy_loop other;

    REQUIRE(eddy_ip4_addr("127.0.0.1", 0, &address) == 0);
    INSIST(eddy_loop_init(&other, &options));
    INSIST(eddy_tcp_init(&other, &server->as.tcp));
    server->life = ACTOR_OPEN;
    INSIST(eddy_tcp_bind(&server->as.tcp, (struct sockaddr *) &address, 0));
    INSIST(eddy_listen(&server->as.tcp.stream, 8, on_connection));
    actor_close(server);
    while (server->life != ACTOR_CLOSED)
        INSIST(eddy_run(&other, EDDY_RUN_NOWAIT));
    REQUIRE(eddy_loop_close(&other) == 0);
}

const struct scenario scenarios_listen[] = {
    {"listen-first-timer", first_timer},
    {"listen-many", many},
    {"listen-goes-on", goes_on},
    {"listen-later", later},
    {"listen-closed", closed},
    {"listen-closed-in-callback", closed_in_callback},
    {NULL, NULL},
};
