/* SPDX-License-Identifier: MIT */
/*
 * Addresses from text, and pairs of sockets.
 */
#include "support/fds.h"
#include "support/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void ip4(void **state)
{
    struct sockaddr_in address;

    (void) state;
    memset(&address, 0xff, sizeof(address));
    assert_int_equal(eddy_ip4_addr("127.0.0.1", 8080, &address), 0);
    assert_int_equal(address.sin_family, AF_INET);
    assert_int_equal(ntohs(address.sin_port), 8080);
    assert_int_equal(ntohl(address.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_int_equal(eddy_ip4_addr("255.255.255.255", 65535, &address), 0);
    assert_int_equal(ntohs(address.sin_port), 65535);
}

static void ip4_refuses(void **state)
{
    static const char *const texts[] = {
        "", "1.2.3", "1.2.3.256", "1.2.3.4 ", "::1", "localhost", "1.2.3.4%lo"};
    struct sockaddr_in address = {.sin_port = 4711};

    (void) state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(eddy_ip4_addr(texts[i], 1, &address), EDDY_EINVAL);
    assert_int_equal(eddy_ip4_addr("1.2.3.4", -1, &address), EDDY_EINVAL);
    assert_int_equal(eddy_ip4_addr("1.2.3.4", 65536, &address), EDDY_EINVAL);
    assert_int_equal(eddy_ip4_addr(NULL, 1, &address), EDDY_EINVAL);
    assert_int_equal(eddy_ip4_addr("1.2.3.4", 1, NULL), EDDY_EINVAL);
    assert_int_equal(address.sin_port, 4711);
}

static void ip6(void **state)
{
    struct sockaddr_in6 address;

    (void) state;
    memset(&address, 0xff, sizeof(address));
    assert_int_equal(eddy_ip6_addr("::1", 80, &address), 0);
    assert_int_equal(address.sin6_family, AF_INET6);
    assert_int_equal(ntohs(address.sin6_port), 80);
    assert_memory_equal(&address.sin6_addr, &in6addr_loopback,
                        sizeof(in6addr_loopback));
    assert_int_equal(address.sin6_scope_id, 0);
    assert_int_equal(address.sin6_flowinfo, 0);
    assert_int_equal(
        eddy_ip6_addr("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", 0,
                      &address),
        0);
}

static void ip6_scope_by_name_or_number(void **state)
{
    struct if_nameindex *interfaces = if_nameindex();
    struct sockaddr_in6 address;
    char text[64];

    (void) state;
    assert_int_equal(eddy_ip6_addr("fe80::1%7", 1, &address), 0);
    assert_int_equal(address.sin6_scope_id, 7);
    assert_int_equal(eddy_ip6_addr("fe80::1%4294967295", 1, &address), 0);
    assert_int_equal(address.sin6_scope_id, UINT32_MAX);
    if (interfaces == NULL)
        return;
    for (struct if_nameindex *it = interfaces; it->if_index != 0; it++) {
        snprintf(text, sizeof(text), "fe80::1%%%s", it->if_name);
        assert_int_equal(eddy_ip6_addr(text, 1, &address), 0);
        assert_int_equal(address.sin6_scope_id, it->if_index);
    }
    if_freenameindex(interfaces);
}

static void ip6_refuses(void **state)
{
    static const char *const texts[] = {
        "",
        ":",
        "1.2.3.4",
        "::1%",
        "::1%0",
        "::1%no-such-interface",
        "::1%4294967296",
        "::1%18446744073709551617",
        ":::",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
    };
    struct sockaddr_in6 address = {.sin6_port = 4711};

    (void) state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(eddy_ip6_addr(texts[i], 1, &address), EDDY_EINVAL);
    assert_int_equal(eddy_ip6_addr("::1", -1, &address), EDDY_EINVAL);
    assert_int_equal(eddy_ip6_addr("::1", 65536, &address), EDDY_EINVAL);
    assert_int_equal(eddy_ip6_addr(NULL, 1, &address), EDDY_EINVAL);
    assert_int_equal(eddy_ip6_addr("::1", 1, NULL), EDDY_EINVAL);
    assert_int_equal(address.sin6_port, 4711);
}

static void pair(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
    int fds[2];

    (void) state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(eddy_socketpair(types[i], 0, fds), 0);
        for (int side = 0; side < 2; side++) {
            assert_true(fcntl(fds[side], F_GETFD) & FD_CLOEXEC);
            assert_true(fcntl(fds[side], F_GETFL) & O_NONBLOCK);
        }
        test_write_byte(fds[0]);
        test_read_byte(fds[1]);
        test_close_pair(fds);
    }
    assert_int_equal(eddy_socketpair(SOCK_STREAM, 0, NULL), EDDY_EINVAL);
    assert_true(eddy_socketpair(12345, 0, fds) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ip4),
        cmocka_unit_test(ip4_refuses),
        cmocka_unit_test(ip6),
        cmocka_unit_test(ip6_scope_by_name_or_number),
        cmocka_unit_test(ip6_refuses),
        cmocka_unit_test(pair),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
