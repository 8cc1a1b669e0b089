/* SPDX-License-Identifier: MIT */
/*
 * Addresses from text against inet_pton and the rules that eddy/tcp.h adds to
 * it: a port in 0..65535, and for IPv6 a scope after a '%', which is the name
 * of an interface or a number that fits.
 *
 * Input: a byte for the family, four for the port, then the text. What refuses
 * must leave the result alone.
 */
#include "fuzz/fuzz.h"

#include <eddy/tcp.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 200, POISON = 0xdd };

/* What strtoul thinks of a text that begins with a digit; and not of others,
 * to which it would grant a sign. */
static bool is_number(const char *text, uint32_t *number)
{
    char *end;
    unsigned long long value;

    if (*text == '\0' || strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    value = strtoull(text, &end, 10);
    *number = errno == 0 && value <= UINT32_MAX ? (uint32_t) value : 0;
    return true;
}

static bool scope_of(const char *text, uint32_t *scope)
{
    if (!is_number(text, scope))
        *scope = if_nametoindex(text);
    return *scope != 0;
}

static bool is_poisoned(const void *memory, size_t size)
{
    const unsigned char *bytes = memory;

    for (size_t i = 0; i < size; i++)
        if (bytes[i] != POISON)
            return false;
    return true;
}

static void try_ip4(const char *text, int port)
{
    struct sockaddr_in got;
    struct in_addr wanted;
    bool good =
        inet_pton(AF_INET, text, &wanted) == 1 && port >= 0 && port < 65536;

    memset(&got, POISON, sizeof(got));
    if (!good) {
        HOLDS(eddy_ip4_addr(text, port, &got) == EDDY_EINVAL);
        HOLDS(is_poisoned(&got, sizeof(got)));
        return;
    }
    HOLDS(eddy_ip4_addr(text, port, &got) == 0);
    HOLDS(got.sin_family == AF_INET);
    HOLDS(memcmp(&got.sin_addr, &wanted, sizeof(wanted)) == 0);
    HOLDS(ntohs(got.sin_port) == port);
}

/* Whether the rules allow it, and what must come out. */
static bool parse_ip6(char *text, int port, struct in6_addr *address,
                      uint32_t *scope)
{
    char *percent = strchr(text, '%');
    bool good = true;

    *scope = 0;
    if (percent != NULL) {
        good = scope_of(percent + 1, scope);
        *percent = '\0';
    }
    good = inet_pton(AF_INET6, text, address) == 1 && good;
    if (percent != NULL)
        *percent = '%';
    return good && port >= 0 && port < 65536;
}

static void try_ip6(char *text, int port)
{
    struct sockaddr_in6 got;
    struct in6_addr wanted;
    uint32_t scope;
    bool good = parse_ip6(text, port, &wanted, &scope);

    memset(&got, POISON, sizeof(got));
    if (!good) {
        HOLDS(eddy_ip6_addr(text, port, &got) == EDDY_EINVAL);
        HOLDS(is_poisoned(&got, sizeof(got)));
        return;
    }
    HOLDS(eddy_ip6_addr(text, port, &got) == 0);
    HOLDS(got.sin6_family == AF_INET6);
    HOLDS(memcmp(&got.sin6_addr, &wanted, sizeof(wanted)) == 0);
    HOLDS(ntohs(got.sin6_port) == port && got.sin6_scope_id == scope);
    HOLDS(got.sin6_flowinfo == 0);
}

/* In memory of just its size, so that a sanitizer sees a read past the end. */
static char *copy_text(const uint8_t *data, size_t size)
{
    char *text;

    size = size < MAX_TEXT ? size : MAX_TEXT;
    text = malloc(size + 1);
    HOLDS(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void) argc;
    (void) argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;
    int port;

    if (size < 5)
        return 0;
    memcpy(&port, data + 1, sizeof(port));
    if (data[0] & 2)
        port = (port & 0x1ffff) - 1000; /* mostly one that may do */
    text = copy_text(data + 5, size - 5);
    if (data[0] & 1)
        try_ip6(text, port);
    else
        try_ip4(text, port);
    free(text);
    return 0;
}
