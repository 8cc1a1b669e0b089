/* SPDX-License-Identifier: MIT */
/*
 * The fixture of tests of streams: a loop on the real kernel, whose system
 * calls and memory the test can make fail, and peers that note what they are
 * told. Taking it down closes what is open and finds leaks.
 *
 *     static void reads(void **state)
 *     {
 *         struct net *net = *state;
 *         struct peer peer;
 *         int fd = net_connect_raw(net, &peer);
 *         …
 *         net_close(net);
 *     }
 *
 *     NET_TEST(reads)
 */
#ifndef TESTS_SUPPORT_NET_H
#define TESTS_SUPPORT_NET_H

#include "support/counting_allocator.h"
#include "support/fake_os.h"
#include "support/test.h"

#include <netinet/in.h>

struct net {
    eddy_loop loop;
    struct fake_os os;
    struct counting_allocator memory;
    int fds; /* descriptors open before */
    bool closed;
    int raw[64]; /* descriptors of the tests' own, closed at the end */
    int raw_count;
};

/* One side of a connection. */
struct peer {
    eddy_tcp tcp;
    int reads;       /* callbacks with data */
    size_t received; /* bytes, each compared with net_byte */
    int ends;        /* callbacks with an error */
    ssize_t end;     /* the last one */
    int closes;
    void (*act)(struct peer *peer); /* in each read callback, or NULL */
    void *arg;
};

/* A request, and what its callback was told. */
struct writing {
    eddy_write_req req;
    int calls;
    int status;
    size_t nwritten;
    int number; /* which callback of all it was, from 1 */
    void (*act)(struct writing *writing);
};

int net_setup(void **state);
int net_teardown(void **state);

#define NET_TEST(function)                                                     \
    cmocka_unit_test_setup_teardown(function, net_setup, net_teardown)

/* With the system's own sockets, reading and writing, as most programs have
 * it: on these rests whether a stream is edge-triggered. */
int net_setup_plain(void **state);

#define NET_PLAIN_TEST(function)                                               \
    cmocka_unit_test_setup_teardown(function, net_setup_plain, net_teardown)

/* Every test's last act: closes every handle, and finds that nothing is left
 * of them. */
void net_close(struct net *net);

/* Iterations that do not sleep, and the invariants after each. */
void net_turns(struct net *net, int count);

/* Runs until *counter is at least `wanted`. */
void net_until(struct net *net, const int *counter, int wanted);
void net_until_size(struct net *net, const size_t *counter, size_t wanted);

/* 127.0.0.1, any port. */
struct sockaddr_in net_any(void);

/* A listening socket of the system's own; its address in *address. */
int net_listen_raw(struct net *net, struct sockaddr_in *address);

/* A blocking socket, connected to the address. */
int net_dial_raw(struct net *net, const struct sockaddr_in *address);

/* Connects the peer; returns the other side, a non-blocking descriptor. */
int net_connect_raw(struct net *net, struct peer *peer);

/* Connects two peers. */
void net_connect(struct net *net, struct peer *a, struct peer *b);

/* Closes a descriptor that one of these functions gave. */
void net_close_raw(struct net *net, int fd);

/* Closes it with a reset. */
void net_reset_raw(struct net *net, int fd);

/* The listener at 127.0.0.1, any port; and where it listens. */
void net_listen(struct net *net, eddy_tcp *server, eddy_connection_cb cb);
struct sockaddr_in net_address(const eddy_tcp *tcp);

/* A zero-filled peer, initialised. */
void net_peer(struct net *net, struct peer *peer);

void peer_read(struct peer *peer);
void peer_on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf);
void peer_on_close(eddy_handle *handle);
void peer_close(struct peer *peer);

/* Writes so many bytes of the pattern, from `offset` on. The memory is
 * static: at most NET_PATTERN bytes. */
enum { NET_PATTERN = 1 << 20 };
void peer_write(struct peer *peer, struct writing *writing, size_t offset,
                size_t size);
void writing_done(eddy_write_req *req, int status);
eddy_buf net_pattern(size_t offset, size_t size);

/* The byte at a place of an endless pattern. */
char net_byte(size_t offset);

/* Waits until a descriptor is readable, or its connection is over: what was
 * sent may take its time, even to oneself. */
void net_await(int fd);

/* Waits for so many bytes, and compares them from offset. */
void net_take_raw(int fd, size_t offset, size_t size);

/* Reads what is there from a raw descriptor, comparing from offset; returns
 * how much. */
size_t net_drain_raw(int fd, size_t offset);
void net_send_raw(int fd, size_t offset, size_t size);

/* Writes to the peer's stream until something stays queued. Returns the
 * number of bytes written, queued ones included. */
size_t peer_fill(struct peer *peer, struct writing *writing);

#endif
