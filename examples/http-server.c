/* SPDX-License-Identifier: MIT */
/*
 * An HTTP/1.1 server: GET /, GET /stats, POST /echo.
 *
 * It is layered as programs on a loop are: server.c has the connection
 * callback, connection.c the stream, parser.c the parser, routes.c the request
 * callback. This file has what belongs to the process: the threads, with a
 * loop each that all listen on one port, the signals, and what is printed.
 */
#include "http/server.h"
#include "options.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct server *servers;
static int server_count;
static atomic_int stopping;
static atomic_int failure; /* of a loop; 0: none */

/* Ends all loops, once: of what this calls all is async-signal-safe. */
static void stop_all(void)
{
    if (atomic_exchange(&stopping, 1) != 0)
        return;
    for (int i = 0; i < server_count; i++)
        eddy_stop(&servers[i].loop);
}

/* The first signal ends the server in order, the second one at once. */
static void on_signal(int number)
{
    (void) number;
    stop_all();
}

static void handle_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = (int) SA_RESETHAND};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* A server of many clients needs as many descriptors as it may have. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return;
    limit.rlim_cur = 10240; /* Some systems state no limit, and have this. */
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void set_port(struct options *options, int port)
{
    if (options->address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *) &options->address)->sin6_port =
            htons((uint16_t) port);
    else
        ((struct sockaddr_in *) &options->address)->sin_port =
            htons((uint16_t) port);
}

/* Makes the servers; all listen on the port that the first one got. */
static int init_servers(struct options *options)
{
    const struct server_options server_options = {
        .backend = options->backend,
        .address = (struct sockaddr *) &options->address,
        .shares_port = options->threads > 1,
        .idle_ns = EDDY_SEC(options->idle_s)};

    while (server_count < options->threads) {
        int error = server_init(&servers[server_count], &server_options);
        int port;

        if (error < 0)
            return error;
        server_count++;
        port = server_port(&servers[0]);
        if (port < 0)
            return port;
        set_port(options, port);
        options->port = port;
    }
    return 0;
}

static void print_address(const struct options *options)
{
    bool is_ip6 = strchr(options->host, ':') != NULL;

    printf("listening on http://%s%s%s:%d\n", is_ip6 ? "[" : "", options->host,
           is_ip6 ? "]" : "", options->port);
    fflush(stdout);
}

static void *run_one(void *argument)
{
    struct server *server = argument;
    int error = eddy_run(&server->loop, EDDY_RUN_DEFAULT);

    if (error < 0)
        atomic_store(&failure, error);
    stop_all(); /* One server alone would serve a part of the clients. */
    return NULL;
}

/* Runs the first server here, and each other in a thread of its own. */
static int run_all(void)
{
    pthread_t threads[64];
    int started = 1;
    int error = 0;

    while (started < server_count && error == 0) {
        pthread_t *thread = &threads[started];

        error = pthread_create(thread, NULL, run_one, &servers[started]);
        if (error == 0)
            started++;
    }
    if (error == 0)
        run_one(&servers[0]);
    stop_all();
    for (int i = 1; i < started; i++)
        pthread_join(threads[i], NULL);
    return error != 0 ? eddy_from_errno(error) : atomic_load(&failure);
}

/* Adds to the sums what one server did. */
static void add_stats(eddy_stats *sum, const struct server *server)
{
    eddy_stats one;

    eddy_loop_stats(&server->loop, &one);
    sum->iterations += one.iterations;
    sum->polls += one.polls;
    sum->events += one.events;
    sum->wakeups_written += one.wakeups_written;
    sum->wakeups_saved += one.wakeups_saved;
    sum->interest_changes += one.interest_changes;
    sum->interest_saved += one.interest_saved;
}

static void print_stats(void)
{
    uint64_t requests = 0;
    uint64_t connections = 0;
    eddy_stats sum = {0};

    for (int i = 0; i < server_count; i++) {
        requests += servers[i].requests;
        connections += servers[i].connections;
        add_stats(&sum, &servers[i]);
    }
    printf("backend %s, threads %d, requests %" PRIu64 ", connections %" PRIu64
           ", iterations %" PRIu64 ", polls %" PRIu64 ", events %" PRIu64
           ", wakeups written %" PRIu64 ", wakeups saved %" PRIu64
           ", interest changes %" PRIu64 ", interest saved %" PRIu64 "\n",
           eddy_loop_backend(&servers[0].loop), server_count, requests,
           connections, sum.iterations, sum.polls, sum.events,
           sum.wakeups_written, sum.wakeups_saved, sum.interest_changes,
           sum.interest_saved);
}

/* Returns the first error of all. */
static int close_all(void)
{
    int result = 0;

    for (int i = 0; i < server_count; i++) {
        int error = server_close(&servers[i]);

        if (result == 0)
            result = error;
    }
    free(servers);
    return result;
}

static int serve(struct options *options)
{
    int error = init_servers(options);

    if (error < 0)
        return error;
    handle_signals();
    print_address(options);
    error = run_all();
    print_stats();
    return error;
}

int main(int argc, char *argv[])
{
    const int all = OPTION_HOST | OPTION_PORT | OPTION_BACKEND |
                    OPTION_THREADS | OPTION_IDLE;
    struct options options;
    int error;
    int close_error;

    options_read(&options, all,
                 "serves / and /stats, and echoes what is posted to /echo",
                 argc, argv);
    raise_descriptor_limit();
    servers = calloc((size_t) options.threads, sizeof *servers);
    error = servers ? serve(&options) : EDDY_ENOMEM;
    close_error = close_all();
    if (error == 0)
        error = close_error;
    if (error < 0)
        fprintf(stderr, "http-server: %s\n", eddy_strerror(error));
    return error < 0 ? 1 : 0;
}
