/* SPDX-License-Identifier: MIT */
/*
 * The clients: each writes a text that only it could have written, compares
 * what comes back byte by byte, and ends in one of several manners. Most call
 * their own station, where nothing may go wrong; the others call strangers,
 * whose loops may close at any moment.
 */
#include "soak/traffic.h"

#include <stddef.h>

enum { WRITES_AT_ONCE = 2, CHUNK = 4 * 1024 };

struct message {
    eddy_write_req req;
    size_t size;
    bool away;
    char bytes[CHUNK];
};

struct client {
    eddy_tcp tcp;
    eddy_connect_req connect;
    eddy_shutdown_req shutdown;
    struct traffic *traffic;
    struct eddy__link link;
    enum manner manner;
    bool lazy;     /* does not read yet */
    bool stranger; /* the server is another station's */
    bool connected;
    bool shut;
    uint64_t key;
    size_t wanted; /* bytes to send, and hear back */
    size_t sent;
    size_t heard;
    int awaiting; /* requests without their callback */
    struct message messages[WRITES_AT_ONCE];
};

static struct ledger *books(const struct client *client)
{
    return &client->traffic->station->ledger;
}

/* The text of a client, byte by byte. */
static char letter(const struct client *client, size_t at)
{
    if (at == 0)
        return (char) client->manner;
    return (char) ((client->key + at * 31 + at / 251) % 251);
}

/* --- the end --- */

static void on_client_closed(eddy_handle *handle)
{
    struct client *client = handle->data;
    struct traffic *traffic = client->traffic;

    REQUIRE(client->awaiting == 0);
    tally(books(client), HANDLES_CLOSED);
    traffic->clients--;
    memory_give(traffic->station, client, sizeof(*client));
}

static void hang_up(struct client *client, bool reset)
{
    if (eddy_is_closing(&client->tcp.handle))
        return;
    chain_remove(&client->link);
    if (reset && !client->shut) {
        tally(books(client), RESETS);
        REQUIRE(eddy_tcp_close_reset(&client->tcp, on_client_closed) == 1);
    } else {
        REQUIRE(eddy_close(&client->tcp.handle, on_client_closed) == 1);
    }
}

/* Something ended that the client did not end: it may be so with a server
 * that closes, or one on another loop. */
static void lose(struct client *client)
{
    REQUIRE(client->stranger || client->manner == SERVER_CLOSES ||
            client->manner == SERVER_RESETS);
    hang_up(client, false);
}

static void on_shutdown(eddy_shutdown_req *req, int status)
{
    struct client *client = req->data;

    station_off_poll(client->traffic->station);
    client->awaiting--;
    tally_status(books(client), SHUTDOWNS_DONE, SHUTDOWNS_FAILED,
                 SHUTDOWNS_FAILED, status);
    if (status < 0 && !eddy_is_closing(&client->tcp.handle))
        lose(client);
}

static void say_goodbye(struct client *client)
{
    int err;

    client->shutdown.data = client;
    err = eddy_shutdown(&client->shutdown, &client->tcp.stream, on_shutdown);
    REQUIRE(err == 0);
    client->shut = true;
    client->awaiting++;
    tally(books(client), SHUTDOWNS);
}

/* --- writing --- */

static void write_on(struct client *client);

static void on_written(eddy_write_req *req, int status)
{
    struct client *client = req->data;
    struct message *message = (struct message *) (void *) req;

    station_off_poll(client->traffic->station);
    REQUIRE(message->away);
    REQUIRE(status == 0 ? req->nwritten == message->size
                        : req->nwritten <= message->size);
    message->away = false;
    client->awaiting--;
    tally_status(books(client), WRITES_DONE, WRITES_FAILED, WRITES_CANCELED,
                 status);
    if (eddy_is_closing(&client->tcp.handle))
        return;
    if (status < 0)
        lose(client);
    else
        write_on(client);
}

static void write_message(struct client *client, struct message *message)
{
    struct station *station = client->traffic->station;
    size_t size = 1 + pick(&station->random, CHUNK);
    eddy_buf buf;

    if (size > client->wanted - client->sent)
        size = client->wanted - client->sent;
    for (size_t i = 0; i < size; i++)
        message->bytes[i] = letter(client, client->sent + i);
    message->req.data = client;
    message->size = size;
    message->away = true;
    client->sent += size;
    client->awaiting++;
    tally(books(client), WRITES);
    buf = (eddy_buf){message->bytes, size};
    REQUIRE(eddy_write(&message->req, &client->tcp.stream, &buf, 1,
                       on_written) == 0);
}

/* Also before the connection is made. */
static void write_on(struct client *client)
{
    for (int i = 0; i < WRITES_AT_ONCE; i++) {
        if (client->messages[i].away)
            continue;
        if (client->sent < client->wanted)
            write_message(client, &client->messages[i]);
    }
    if (client->sent == client->wanted && !client->shut &&
        client->manner == ECHO_TO_THE_END)
        say_goodbye(client);
}

/* --- reading --- */

static void hear(struct client *client, const char *bytes, size_t size)
{
    struct station *station = client->traffic->station;

    REQUIRE(client->heard + size <= client->sent);
    for (size_t i = 0; i < size; i++)
        REQUIRE(bytes[i] == letter(client, client->heard + i));
    client->heard += size;
    tally_by(&station->ledger, BYTES_CHECKED, size);
    if (client->manner == CLIENT_CLOSES && client->heard > client->wanted / 2)
        hang_up(client, false);
    else if (client->manner == CLIENT_RESETS)
        hang_up(client, true);
}

static void on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    struct client *client = stream->data;

    station_in_poll(client->traffic->station);
    REQUIRE(!eddy_is_closing(&stream->handle));
    if (nread > 0) {
        hear(client, buf->base, (size_t) nread);
    } else if (nread == EDDY_EOF && client->manner == ECHO_TO_THE_END &&
               client->heard == client->wanted) {
        REQUIRE(client->shut);
        tally(books(client), ECHOES_WHOLE);
        hang_up(client, false);
    } else {
        lose(client);
    }
}

/* --- the beginning --- */

static void on_connected(eddy_connect_req *req, int status)
{
    struct client *client = req->data;
    const bool closing = eddy_is_closing(&client->tcp.handle);

    station_off_poll(client->traffic->station);
    REQUIRE(!client->connected);
    client->awaiting--;
    tally_status(books(client), CONNECTED, CONNECTS_FAILED, CONNECTS_CANCELED,
                 status);
    client->connected = status == 0;
    if (closing)
        return;
    if (status < 0) {
        REQUIRE(client->stranger || status == EDDY_EADDRNOTAVAIL ||
                (status == EDDY_ECANCELED && client->manner == CLIENT_CANCELS));
        hang_up(client, false);
        return;
    }
    client->lazy = pick(&client->traffic->station->random, 2) == 0;
    if (!client->lazy)
        REQUIRE(eddy_read_start(&client->tcp.stream, NULL, on_read) == 0);
    if (client->manner == CLIENT_CANCELS)
        hang_up(client, false);
}

static struct sockaddr_in whom(struct client *client)
{
    struct traffic *traffic = client->traffic;
    struct sockaddr_in address = traffic->address;
    const struct station *other =
        &stations[pick(&traffic->station->random, STATIONS)];
    int port = __atomic_load_n(&other->port, __ATOMIC_RELAXED);

    if (pick(&traffic->station->random, 4) != 0 || port == 0)
        return address;
    client->stranger = other != traffic->station;
    address.sin_port = htons((uint16_t) port);
    return address;
}

static void connect_it(struct client *client)
{
    const struct sockaddr_in address = whom(client);

    client->connect.data = client;
    REQUIRE(eddy_tcp_connect(&client->connect, &client->tcp,
                             (const struct sockaddr *) &address,
                             on_connected) == 0);
    client->awaiting++;
    tally(books(client), CONNECTS);
    if (client->manner == CLIENT_CANCELS) {
        int err = eddy_cancel(&client->connect.req);

        REQUIRE(err == 0 || err == EDDY_EBUSY);
    } else {
        write_on(client);
    }
}

void client_open(struct traffic *traffic)
{
    struct station *station = traffic->station;
    struct client *client = memory_take(station, sizeof(*client));
    const unsigned sizes[] = {10, 1000, 30000, 100000};

    client->traffic = traffic;
    client->key = pick(&station->random, 1U << 30);
    client->wanted =
        1 + pick(&station->random, sizes[pick(&station->random, 4)]);
    client->manner = pick(&station->random, 2) == 0
                         ? ECHO_TO_THE_END
                         : (enum manner) pick(&station->random, MANNERS);
    REQUIRE(eddy_tcp_init(&station->loop, &client->tcp) == 0);
    REQUIRE(eddy_tcp_open(&client->tcp, narrow_socket()) == 0);
    client->tcp.data = client;
    traffic->clients++;
    tally(&station->ledger, HANDLES_MADE);
    chain_add(&traffic->open_clients, &client->link);
    connect_it(client);
}

static struct client *of_link(struct eddy__link *link)
{
    char *bytes = (char *) link;

    return (struct client *) (void *) (bytes - offsetof(struct client, link));
}

/* The first of the lazy is the one that has been so for longest. */
void clients_rouse(struct traffic *traffic)
{
    struct eddy__link *head = &traffic->open_clients;

    for (struct eddy__link *it = head->next; it != head; it = it->next) {
        struct client *client = of_link(it);

        if (!client->lazy)
            continue;
        client->lazy = false;
        REQUIRE(eddy_read_start(&client->tcp.stream, NULL, on_read) == 0);
        return;
    }
}

void clients_close(struct traffic *traffic)
{
    struct eddy__link *head = &traffic->open_clients;

    while (head->next != head)
        hang_up(of_link(head->next), false);
}
