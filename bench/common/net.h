/* SPDX-License-Identifier: MIT */
/*
 * Sockets for the workloads: connections made beforehand, clients in another
 * process, and how much memory is in use.
 */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <netinet/in.h>
#include <sys/types.h>

enum { BENCH_MESSAGE = 64 }; /* bytes that an echo carries */

/* Makes `count` connections over the loopback interface, both ends
 * non-blocking and without delay. */
void bench_connections(long count, int *clients, int *servers);

/* A non-blocking listening socket; its address is left in *address. */
int bench_listen(struct sockaddr_in *address);

/* Another process that connects so often, and holds on until bench_child_end;
 * to be forked before a library makes threads. It begins once told where. */
struct bench_child {
    pid_t pid;
    int orders; /* pipe: the address, then silence, then its end */
};
void bench_child_start(struct bench_child *child, long connections);
void bench_child_connect(struct bench_child *child,
                         const struct sockaddr_in *address);
void bench_child_end(struct bench_child *child);

/* Bytes that the program has allocated. */
double bench_memory(void);

#endif
