/* SPDX-License-Identifier: MIT */
/*
 * A connection callback that accepts as the test bids, and notes what came.
 */
#ifndef TESTS_SUPPORT_HOST_H
#define TESTS_SUPPORT_HOST_H

#include "support/net.h"

/* One for all listeners of a test. */
extern struct host {
    int calls;  /* with status 0 */
    int errors; /* with another */
    int status; /* the last error */
    int accepted;
    int refused; /* accepts that failed, EDDY_EAGAIN not counted */
    int result;  /* of the last one */
    int wanted;  /* how many to accept in a callback; -1: until EDDY_EAGAIN */
    eddy_tcp *clients;
    int used; /* of these, whatever became of them */
} host;

/* Begins anew, with room for this many clients, used ones and not; the result
 * is to be freed after the loop's end. One is wanted in each callback. */
eddy_tcp *host_prepare(int clients);

/* Accepts one connection, if it can. */
bool host_accept(eddy_stream *server);

void host_on_connection(eddy_stream *server, int status);

#endif
