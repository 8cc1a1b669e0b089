/* SPDX-License-Identifier: MIT */
/*
 * TCP by pairs of connected Unix-domain sockets. A socket gets its pair when
 * it is made; its other end goes to the listener when it connects, to wait
 * there to be accepted, with a byte written to have the listener polled
 * readable. What is sent is there at once, whatever the machine does.
 */
#include "faults/world.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS = 256, BACKLOG = 32, FIRST_PORT = 40000, FEW_BYTES = 4096 };

static struct place {
    bool used;
    bool listening;
    bool connected;
    bool nodelay;
    int family;
    int other; /* end of the pair, as long as nobody else has it; or -1 */
    int error; /* that SO_ERROR will tell */
    unsigned port;
    int waiting[BACKLOG];
    int waiters;
} places[FDS];

static unsigned next_port;

void network_begin(void)
{
    memset(places, 0, sizeof(places));
    next_port = FIRST_PORT;
}

bool network_empty(void)
{
    for (int fd = 0; fd < FDS; fd++)
        if (places[fd].used)
            return false;
    return true;
}

bool network_has(int fd)
{
    return fd >= 0 && fd < FDS && places[fd].used;
}

/* Small, so that what is large for it can be small for us. */
static void shrink(int fd)
{
    const int size = FEW_BYTES;

    (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

int network_socket(int domain)
{
    int fds[2];
    int err = eddy_socketpair(SOCK_STREAM, 0, fds);

    if (err < 0)
        return err;
    REQUIRE(fds[0] < FDS && fds[1] < FDS);
    shrink(fds[0]);
    shrink(fds[1]);
    places[fds[0]] =
        (struct place){.used = true, .family = domain, .other = fds[1]};
    return fds[0];
}

static unsigned port_of(const struct sockaddr *address)
{
    struct sockaddr_in6 any = {.sin6_port = 0};

    memcpy(&any, address,
           address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                         : sizeof(any));
    return ntohs(any.sin6_port); /* at the same place in both */
}

int network_bind(int fd, const struct sockaddr *address)
{
    unsigned port = port_of(address);

    places[fd].port = port != 0 ? port : next_port++;
    return 0;
}

int network_listen(int fd)
{
    if (places[fd].port == 0)
        places[fd].port = next_port++;
    places[fd].listening = true;
    return 0;
}

static struct place *listener(unsigned port)
{
    for (int fd = 0; fd < FDS; fd++)
        if (places[fd].listening && places[fd].port == port)
            return &places[fd];
    return NULL;
}

/* That it goes on in the kernel, or that nobody is there: TCP says so later. */
int network_connect(int fd, const struct sockaddr *address)
{
    struct place *client = &places[fd];
    struct place *server = listener(port_of(address));

    if (client->connected)
        return EDDY_EISCONN;
    if (server == NULL || server->waiters == BACKLOG)
        return EDDY_ECONNREFUSED;
    REQUIRE(write(server->other, "", 1) == 1);
    server->waiting[server->waiters++] = client->other;
    client->other = -1;
    client->connected = true;
    return -EINPROGRESS;
}

int network_accept(int fd)
{
    struct place *server = &places[fd];
    int accepted = server->waiting[0];
    char byte;

    if (server->waiters == 0)
        return EDDY_EAGAIN;
    REQUIRE(read(fd, &byte, 1) == 1);
    server->waiters--;
    memmove(server->waiting, server->waiting + 1,
            (size_t) server->waiters * sizeof(server->waiting[0]));
    places[accepted] = (struct place){.used = true,
                                      .family = server->family,
                                      .connected = true,
                                      .other = -1,
                                      .port = server->port};
    return accepted;
}

void network_set_nodelay(int fd)
{
    places[fd].nodelay = true;
}

bool network_nodelay(int fd)
{
    return network_has(fd) && places[fd].nodelay;
}

void network_fail(int fd, int error)
{
    places[fd].error = error;
}

int network_outcome(int fd, void *value)
{
    memcpy(value, &places[fd].error, sizeof(int));
    places[fd].error = 0;
    return 0;
}

int network_name(int fd, bool peer, struct sockaddr *address, socklen_t *length)
{
    struct sockaddr_in6 name = {.sin6_family = AF_INET6};
    struct sockaddr_in name4 = {.sin_family = AF_INET};
    socklen_t size = sizeof(name);
    const void *from = &name;

    if (peer && !places[fd].connected)
        return EDDY_ENOTCONN;
    name.sin6_port = htons((in_port_t) places[fd].port);
    name4.sin_port = name.sin6_port;
    name4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (places[fd].family == AF_INET) {
        from = &name4;
        size = sizeof(name4);
    }
    memcpy(address, from, *length < size ? *length : size);
    *length = size;
    return 0;
}

void network_forget(int fd)
{
    struct place *place = &places[fd];

    if (!network_has(fd))
        return;
    if (place->other >= 0)
        close(place->other);
    for (int i = 0; i < place->waiters; i++)
        close(place->waiting[i]);
    memset(place, 0, sizeof(*place));
}
