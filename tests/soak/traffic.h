/* SPDX-License-Identifier: MIT */
/*
 * Connections: a listener on loopback that echoes, and the many who call it.
 * The first byte that a client sends tells the server what to do with it.
 */
#ifndef TESTS_SOAK_TRAFFIC_H
#define TESTS_SOAK_TRAFFIC_H

#include "soak/soak.h"

#include <netinet/in.h>

enum manner {
    ECHO_TO_THE_END, /* all comes back, both sides shut down in turn */
    CLIENT_CLOSES,   /* in the midst of it, without a word */
    CLIENT_RESETS,   /* the same with RST */
    CLIENT_CANCELS,  /* the connect */
    SERVER_CLOSES,   /* as soon as it heard something */
    SERVER_RESETS,
    MANNERS
};

struct traffic {
    struct station *station;
    eddy_tcp listener;
    struct sockaddr_in address;
    bool listening;
    bool draining;
    bool closing;
    int clients; /* until the close callback */
    int sessions;
    struct eddy__link open_clients;
    struct eddy__link open_sessions;
    size_t given; /* buffers that are with the library */
};

/* The server's side: accepts, and echoes. */
void sessions_open(struct traffic *traffic);
void sessions_close(struct traffic *traffic);

/* The clients: one more, one that waited begins to read, the end of all. */
void client_open(struct traffic *traffic);
void clients_rouse(struct traffic *traffic);
void clients_close(struct traffic *traffic);

/* A socket that takes few bytes at a time, so that writes are queued. */
int narrow_socket(void);

/* Lists of open ones. */
void chain_init(struct eddy__link *head);
void chain_add(struct eddy__link *head, struct eddy__link *link);
void chain_remove(struct eddy__link *link);

/* The status of a write or shutdown, for the books. */
void tally_status(struct ledger *ledger, enum count done, enum count failed,
                  enum count canceled, int status);

#endif
