/* SPDX-License-Identifier: MIT */
/*
 * A connection callback that accepts as the test bids. Each attempt has a
 * client of its own: one that got nothing is closing, and not used again.
 */
#include "support/host.h"

#include <stdlib.h>
#include <string.h>

struct host host;

bool host_accept(eddy_stream *server)
{
    eddy_tcp *client = &host.clients[host.used++];

    assert_int_equal(eddy_tcp_init(server->loop, client), 0);
    host.result = eddy_accept(server, &client->stream);
    if (host.result == 0) {
        host.accepted++;
        return true;
    }
    host.refused += host.result != EDDY_EAGAIN;
    assert_int_equal(eddy_close(&client->handle, NULL), 1);
    return false;
}

void host_on_connection(eddy_stream *server, int status)
{
    int taken = 0;

    if (status < 0) {
        host.errors++;
        host.status = status;
        return;
    }
    host.calls++;
    while (taken != host.wanted && host_accept(server))
        taken++;
}

eddy_tcp *host_prepare(int clients)
{
    eddy_tcp *all = calloc((size_t) clients, sizeof(*all));

    memset(&host, 0, sizeof(host));
    host.wanted = 1;
    host.clients = all;
    assert_non_null(all);
    return all;
}
