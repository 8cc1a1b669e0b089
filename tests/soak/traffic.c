/* SPDX-License-Identifier: MIT */
/*
 * The part itself: keeps so many clients at it, lets them come to their end
 * when the loop drains, and closes them all at once when it does not.
 */
#include "soak/traffic.h"

#include <sys/socket.h>

enum { CLIENTS = 120, NEW_CLIENTS = 4, NARROW = 8192 };

int narrow_socket(void)
{
    const int size = NARROW;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    REQUIRE(fd >= 0);
    REQUIRE(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == 0);
    return fd;
}

void chain_init(struct eddy__link *head)
{
    head->next = head;
    head->prev = head;
}

void chain_add(struct eddy__link *head, struct eddy__link *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

void chain_remove(struct eddy__link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
}

void tally_status(struct ledger *ledger, enum count done, enum count failed,
                  enum count canceled, int status)
{
    if (status == 0)
        tally(ledger, done);
    else
        tally(ledger, status == EDDY_ECANCELED ? canceled : failed);
}

static void open_traffic(struct station *station, void *self)
{
    struct traffic *traffic = self;

    traffic->station = station;
    chain_init(&traffic->open_clients);
    chain_init(&traffic->open_sessions);
    sessions_open(traffic);
}

static void tick(struct station *station, void *self)
{
    struct traffic *traffic = self;

    if (traffic->draining || pick(&station->random, 2) == 0)
        clients_rouse(traffic);
    for (int i = 0; i < NEW_CLIENTS; i++) {
        if (traffic->draining || traffic->clients >= CLIENTS)
            return;
        client_open(traffic);
    }
}

static bool drained(struct station *station, void *self)
{
    struct traffic *traffic = self;

    (void) station;
    traffic->draining = true;
    return traffic->clients == 0 && traffic->sessions == 0;
}

static void close_traffic(struct station *station, void *self)
{
    struct traffic *traffic = self;

    (void) station;
    traffic->closing = true;
    clients_close(traffic);
    sessions_close(traffic);
}

static bool closed(struct station *station, void *self)
{
    struct traffic *traffic = self;

    (void) station;
    if (traffic->clients > 0 || traffic->sessions > 0 || traffic->listening)
        return false;
    REQUIRE(traffic->given == 0);
    return true;
}

const struct part traffic_part = {
    .size = sizeof(struct traffic),
    .open = open_traffic,
    .tick = tick,
    .drained = drained,
    .close = close_traffic,
    .closed = closed,
};
