/* SPDX-License-Identifier: MIT */
/*
 * Connecting and the options of TCP, up to a whole conversation.
 */
#include "faults/scenarios.h"
#include "faults/scene.h"

#include <netinet/in.h>

enum {
    SIZE = 20000,
    TABLE = 64 /* descriptors that the loop has room for at first */
};

static const struct sockaddr *any(void)
{
    static struct sockaddr_in address;

    REQUIRE(eddy_ip4_addr("127.0.0.1", 0, &address) == 0);
    return (const struct sockaddr *) &address;
}

static void on_connection(eddy_stream *server, int status)
{
    struct actor *actor = actor_of(&server->handle);
    struct actor *host = actor->other;

    actor->calls++;
    if (tell(status) || host->calls > 0)
        return;
    if (eddy_accept(server, &host->as.tcp.stream) < 0)
        return; /* EDDY_EAGAIN, or the callback is told of it, too */
    host->calls++;
    REQUIRE(host->limit == 0 ||
            network_nodelay(host->as.tcp.stream.watcher.fd));
    INSIST(eddy_read_start(&host->as.tcp.stream, NULL, actor_on_read));
}

/* A listener, and who will be accepted. */
static struct actor *server_new(struct sockaddr *address)
{
    struct actor *server = actor_tcp();
    socklen_t length = sizeof(struct sockaddr_in);

    server->other = actor_tcp();
    INSIST(eddy_tcp_bind(&server->as.tcp, any(), 0));
    INSIST(eddy_listen(&server->as.tcp.stream, 8, on_connection));
    INSIST(eddy_tcp_getsockname(&server->as.tcp, address, &length));
    REQUIRE(length == sizeof(struct sockaddr_in));
    return server;
}

static void note_request(struct order *order)
{
    if (order->status != EDDY_ECANCELED || order->actor->life == ACTOR_OPEN)
        (void) tell(order->status);
}

static struct order *request(void)
{
    struct order *order = order_new();

    order->act = note_request;
    return order;
}

static void echo(struct actor *host)
{
    struct order *order;
    struct order *ending;
    eddy_buf bufs[5];

    if (!host->ended || scene.told != 0)
        return;
    order = request();
    ending = request();
    for (size_t i = 0; i < 5; i++)
        bufs[i] = pattern(i * SIZE / 5, SIZE / 5);
    INSIST(order_write(order, host, bufs, 5));
    INSIST(order_shutdown(ending, host));
}

/* Writes before it is connected, ends its side, and reads the answer. */
static void conversation(void)
{
    struct sockaddr_in address;
    struct actor *server = server_new((struct sockaddr *) &address);
    struct actor *client = actor_tcp();
    struct order *connect = request();
    struct order *write = request();
    struct order *ending = request();
    eddy_buf buf = pattern(0, SIZE);

    server->other->act = echo;
    server->other->wanted = SIZE;
    client->wanted = SIZE;
    INSIST(eddy_tcp_nodelay(&client->as.tcp, true));
    INSIST(eddy_tcp_nodelay(&server->other->as.tcp, true));
    server->other->limit = 1; /* it must be so when it is accepted */
    INSIST(order_connect(connect, client, (struct sockaddr *) &address));
    REQUIRE(network_nodelay(client->as.tcp.stream.watcher.fd));
    INSIST(order_write(write, client, &buf, 1));
    INSIST(order_shutdown(ending, client));
    drive_until(&connect->calls, 1);
    if (scene.told == 0)
        INSIST(eddy_read_start(&client->as.tcp.stream, NULL, actor_on_read));
    while (scene.told == 0 && !client->ended && step() > 0)
        continue;
    EXPECT(client->bytes == SIZE && server->other->bytes == SIZE);
    EXPECT(write->calls == 1 && ending->calls == 1);
}

/* Reads, to hear of it if nobody accepts. */
static void await_host(struct actor *client, struct order *connect,
                       const struct actor *server)
{
    drive_until(&connect->calls, 1);
    if (scene.told != 0)
        return;
    client->wanted = 1;
    INSIST(eddy_read_start(&client->as.tcp.stream, NULL, actor_on_read));
    drive_until(&server->other->calls, 1);
    EXPECT(connect->calls == 1 && server->other->calls == 1);
}

/* The descriptor beyond which the client's and the host's lie, or 0. */
static void connect_beyond(int fd)
{
    struct sockaddr_in address;
    struct sockaddr_in peer;
    socklen_t length = sizeof(peer);
    struct actor *server = server_new((struct sockaddr *) &address);
    struct actor *client = actor_tcp();
    struct order *connect = request();

    if (fd > 0)
        crowd(fd);
    INSIST(order_connect(connect, client, (struct sockaddr *) &address));
    drive_until(&connect->calls, 1);
    if (scene.told != 0)
        return;
    INSIST(eddy_tcp_getpeername(&client->as.tcp, (struct sockaddr *) &peer,
                                &length));
    await_host(client, connect, server);
}

static void just_connect(void)
{
    connect_beyond(0);
}

/* The loop's table has to grow for the client, */
static void connect_grows(void)
{
    connect_beyond(TABLE - 1);
}

/* and for the accepted one, whose number is the next. */
static void accept_grows(void)
{
    connect_beyond(TABLE - 2);
}

/* Nobody listens there: that is told, and the handle is as new. */
static void connect_refused(void)
{
    struct sockaddr_in address;
    struct sockaddr_in nobody;
    struct actor *server = server_new((struct sockaddr *) &address);
    struct actor *client = actor_tcp();
    struct order *failing = order_new();
    struct order *behind = order_new();
    struct order *connect = request();
    eddy_buf buf = pattern(0, 10);

    REQUIRE(eddy_ip4_addr("127.0.0.1", 9, &nobody) == 0);
    INSIST(order_connect(failing, client, (struct sockaddr *) &nobody));
    INSIST(order_write(behind, client, &buf, 1));
    drive_until(&behind->calls, 1);
    if (scene.told != 0)
        return; /* the listener was */
    REQUIRE(failing->calls == 1 && failing->status < 0);
    REQUIRE(behind->status == EDDY_ECANCELED);
    REQUIRE(tally->struck > 0 || failing->status == EDDY_ECONNREFUSED);
    INSIST(order_connect(connect, client, (struct sockaddr *) &address));
    await_host(client, connect, server);
}

static void connect_cancelled(void)
{
    struct sockaddr_in address;
    struct actor *server = server_new((struct sockaddr *) &address);
    struct actor *client = actor_tcp();
    struct order *connect = order_new();
    int rc;

    (void) server;
    INSIST(order_connect(connect, client, (struct sockaddr *) &address));
    rc = eddy_cancel(&connect->as.req);
    REQUIRE(rc == 0 || tally->struck > 0); /* it may have ended */
    while (connect->calls == 0)
        REQUIRE(step() >= 0);
    REQUIRE(rc < 0 || connect->status == EDDY_ECANCELED);
    REQUIRE(rc < 0 ||
            eddy_try_write(&client->as.tcp.stream, NULL, 0) == EDDY_EBADF);
}

/* Closed while it connects. */
static void connect_closed(void)
{
    struct sockaddr_in address;
    struct actor *client = actor_tcp();
    struct order *connect = order_new();

    (void) server_new((struct sockaddr *) &address);
    INSIST(order_connect(connect, client, (struct sockaddr *) &address));
    actor_close(client);
    while (client->life != ACTOR_CLOSED)
        REQUIRE(step() >= 0);
    REQUIRE(connect->calls == 1 && connect->status < 0);
}

/* After a failure there is no socket, as before. */
static int bind_whole(struct actor *actor, const struct sockaddr_in6 *address)
{
    struct sockaddr_in6 name;
    socklen_t length = sizeof(name);
    int rc = eddy_tcp_bind(&actor->as.tcp, (const struct sockaddr *) address,
                           EDDY_TCP_IPV6ONLY);

    REQUIRE(rc == 0 ||
            eddy_tcp_getsockname(&actor->as.tcp, (struct sockaddr *) &name,
                                 &length) == EDDY_EBADF);
    return rc;
}

static void options(void)
{
    struct actor *actor = actor_tcp();
    struct actor *other = actor_tcp();
    struct sockaddr_in6 address;
    socklen_t length = sizeof(address);
    struct order *connect = order_new();

    REQUIRE(eddy_ip6_addr("::1", 0, &address) == 0);
    INSIST(bind_whole(actor, &address));
    INSIST(eddy_tcp_nodelay(&actor->as.tcp, true));
    INSIST(eddy_tcp_nodelay(&actor->as.tcp, false));
    INSIST(eddy_tcp_keepalive(&actor->as.tcp, true, 60));
    INSIST(eddy_tcp_keepalive(&actor->as.tcp, false, 0));
    INSIST(eddy_tcp_getsockname(&actor->as.tcp, (struct sockaddr *) &address,
                                &length));
    INSIST(eddy_tcp_nodelay(&other->as.tcp, true));
    INSIST(order_connect(connect, other, (struct sockaddr *) &address));
    INSIST(eddy_tcp_keepalive(&other->as.tcp, true, 60));
    while (connect->calls == 0)
        REQUIRE(step() >= 0);
    /* Nobody listens, unless the second of two failures says so. */
    REQUIRE(connect->status < 0 || tally->struck > 1);
    INSIST(eddy_listen(&actor->as.tcp.stream, 8, on_connection));
}

static int close_reset(struct actor *actor)
{
    int rc = eddy_tcp_close_reset(&actor->as.tcp, actor_closed);

    if (rc >= 0)
        actor->life = ACTOR_CLOSING;
    return rc;
}

/* A stream that is reset, with a queue, and one that never opened. */
static void reset(void)
{
    struct actor *actor;
    struct actor *unopened = actor_tcp();
    struct order *order = order_new();
    eddy_buf buf = pattern(0, SIZE);
    int fds[2];

    scene_pair(fds);
    actor = actor_stream(fds[0]);
    INSIST(order_write(order, actor, &buf, 1));
    hear(EDDY_EINVAL); /* which some systems say with nothing left to reset */
    INSIST(close_reset(actor));
    INSIST(close_reset(unopened));
    while (actor->life != ACTOR_CLOSED || unopened->life != ACTOR_CLOSED)
        REQUIRE(step() >= 0);
    REQUIRE(order->calls == 1 && order->status < 0);
}

const struct scenario scenarios_tcp[] = {
    {"tcp-connect", just_connect},
    {"tcp-connect-grows", connect_grows},
    {"tcp-accept-grows", accept_grows},
    {"tcp-conversation", conversation},
    {"tcp-connect-refused", connect_refused},
    {"tcp-connect-cancelled", connect_cancelled},
    {"tcp-connect-closed", connect_closed},
    {"tcp-options", options},
    {"tcp-close-reset", reset},
    {NULL, NULL},
};
