/* SPDX-License-Identifier: MIT */
/*
 * Sockets by hand, so that what is not measured is the same in all programs.
 */
#include "net.h"

#include "bench.h"

#include <malloc.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void set_nodelay(int fd)
{
    int on = 1;

    bench_check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0,
                "TCP_NODELAY");
}

int bench_listen(struct sockaddr_in *address)
{
    int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int fd = socket(AF_INET, type, 0);
    socklen_t length = sizeof *address;

    *address = (struct sockaddr_in){.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bench_check(fd >= 0, "socket");
    bench_check(bind(fd, (struct sockaddr *) address, length) == 0, "bind");
    bench_check(listen(fd, 4096) == 0, "listen");
    getsockname(fd, (struct sockaddr *) address, &length);
    return fd;
}

static int connect_to(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    bench_check(fd >= 0, "socket");
    bench_check(
        connect(fd, (const struct sockaddr *) address, sizeof *address) == 0,
        "connect");
    return fd;
}

static void set_nonblocking(int fd)
{
    int on = 1;

    bench_check(ioctl(fd, FIONBIO, &on) == 0, "FIONBIO");
}

void bench_connections(long count, int *clients, int *servers)
{
    struct sockaddr_in address;
    int listener = bench_listen(&address);

    for (long i = 0; i < count; i++) {
        clients[i] = connect_to(&address);
        set_nonblocking(clients[i]);
        servers[i] =
            accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        bench_check(servers[i] >= 0, "accept4");
        set_nodelay(clients[i]);
        set_nodelay(servers[i]);
    }
    close(listener);
}

static _Noreturn void live_as_child(int orders, long connections)
{
    struct sockaddr_in address;

    if (read(orders, &address, sizeof address) != sizeof address)
        _exit(1);
    for (long i = 0; i < connections; i++)
        connect_to(&address);
    while (read(orders, &address, sizeof address) > 0)
        ;
    _exit(0);
}

void bench_child_start(struct bench_child *child, long connections)
{
    int ends[2];

    bench_check(pipe(ends) == 0, "pipe");
    child->pid = fork();
    bench_check(child->pid >= 0, "fork");
    if (child->pid == 0) {
        close(ends[1]);
        live_as_child(ends[0], connections);
    }
    close(ends[0]);
    child->orders = ends[1];
}

void bench_child_connect(struct bench_child *child,
                         const struct sockaddr_in *address)
{
    bench_check(write(child->orders, address, sizeof *address) ==
                    sizeof *address,
                "telling the child");
}

void bench_child_end(struct bench_child *child)
{
    int status = 1;

    close(child->orders);
    waitpid(child->pid, &status, 0);
    bench_check(status == 0, "the child");
}

double bench_memory(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double) info.uordblks + (double) info.hblkhd;
}
