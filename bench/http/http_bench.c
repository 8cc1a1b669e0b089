/* SPDX-License-Identifier: MIT */
/*
 * Sockets of several threads share the port; the kernel spreads connections
 * over them.
 */
#include "http_bench.h"

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { THREADS_MAX = 64, BACKLOG = 4096 };

struct thread {
    pthread_t id;
    int listener;
    void (*serve)(int listener);
};

void http_check(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "http server: %s failed\n", what);
    exit(1);
}

static int number_of(int argc, char *argv[], const char *option, int usual)
{
    for (int i = 1; i + 1 < argc; i += 2)
        if (strcmp(argv[i], option) == 0)
            return (int) strtol(argv[i + 1], NULL, 10);
    return usual;
}

static int listen_on(struct sockaddr_in *address, int shares_port)
{
    int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int fd = socket(AF_INET, type, 0);
    socklen_t length = sizeof *address;
    int on = 1;

    http_check(fd >= 0, "socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (shares_port)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    http_check(bind(fd, (struct sockaddr *) address, length) == 0, "bind");
    http_check(listen(fd, BACKLOG) == 0, "listen");
    http_check(getsockname(fd, (struct sockaddr *) address, &length) == 0,
               "getsockname");
    return fd;
}

static void *run(void *arg)
{
    struct thread *thread = arg;

    thread->serve(thread->listener);
    return NULL;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int http_main(int argc, char *argv[], void (*serve)(int listener))
{
    static struct thread threads[THREADS_MAX];
    int count = number_of(argc, argv, "--threads", 1);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t) number_of(argc, argv, "--port", 8080)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    http_check(count >= 1 && count <= THREADS_MAX, "counting threads");
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    for (int i = 0; i < count; i++) {
        threads[i].listener = listen_on(&address, count > 1);
        threads[i].serve = serve;
    }
    printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (int i = 1; i < count; i++)
        http_check(pthread_create(&threads[i].id, NULL, run, &threads[i]) == 0,
                   "pthread_create");
    run(&threads[0]);
    return 0;
}
