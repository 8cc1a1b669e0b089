/* SPDX-License-Identifier: MIT */
/*
 * Addresses from text, their sizes, and pairs of connected sockets: what needs
 * no loop.
 */
#include "net/tcp.h"

#include "core/os.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

socklen_t eddy__address_size(const struct sockaddr *address)
{
    if (address != NULL && address->sa_family == AF_INET)
        return sizeof(struct sockaddr_in);
    if (address != NULL && address->sa_family == AF_INET6)
        return sizeof(struct sockaddr_in6);
    return 0;
}

static bool is_port(int port)
{
    return port >= 0 && port <= 65535;
}

int eddy_ip4_addr(const char *ip, int port, struct sockaddr_in *out)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    if (ip == NULL || out == NULL || !is_port(port) ||
        inet_pton(AF_INET, ip, &address.sin_addr) != 1)
        return EDDY_EINVAL;
    address.sin_port = htons((uint16_t) port);
    *out = address;
    return 0;
}

/* The number of an interface given by name or number; 0 for none. */
static uint32_t scope_of(const char *text)
{
    uint64_t number = 0;
    const char *digit = text;

    while (*digit >= '0' && *digit <= '9' && number <= UINT32_MAX)
        number = number * 10 + (uint64_t) (*digit++ - '0');
    if (*digit != '\0')
        return if_nametoindex(text);
    return number <= UINT32_MAX ? (uint32_t) number : 0;
}

int eddy_ip6_addr(const char *ip, int port, struct sockaddr_in6 *out)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    char text[INET6_ADDRSTRLEN];
    size_t length;

    if (ip == NULL || out == NULL || !is_port(port))
        return EDDY_EINVAL;
    length = strcspn(ip, "%");
    if (length >= sizeof(text))
        return EDDY_EINVAL;
    memcpy(text, ip, length);
    text[length] = '\0';
    if (inet_pton(AF_INET6, text, &address.sin6_addr) != 1)
        return EDDY_EINVAL;
    if (ip[length] == '%') {
        address.sin6_scope_id = scope_of(ip + length + 1);
        if (address.sin6_scope_id == 0)
            return EDDY_EINVAL;
    }
    address.sin6_port = htons((uint16_t) port);
    *out = address;
    return 0;
}

int eddy_socketpair(int type, int protocol, int fds[2])
{
    return fds == NULL ? EDDY_EINVAL : eddy__os_socketpair(type, protocol, fds);
}
