/* SPDX-License-Identifier: MIT */
/*
 * The routes: / says hello, /echo gives back what was posted, /stats tells
 * what the loop of this connection did. Nothing here knows of sockets.
 */
#include "routes.h"

#include "response.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void hello(struct server *server, const struct request *request)
{
    static const char text[] = "Hello from eddy.\n";

    response_write(&server->output, &server->date, request,
                   &(struct response){
                       .status = 200, .body = text, .length = sizeof text - 1});
}

static void echo(struct server *server, const struct request *request)
{
    response_write(&server->output, &server->date, request,
                   &(struct response){.status = 200,
                                      .type = "application/octet-stream",
                                      .body = request->body,
                                      .length = request->body_length});
}

static void stats(struct server *server, const struct request *request)
{
    char json[1024];
    eddy_stats s;
    int length;

    eddy_loop_stats(&server->loop, &s);
    length = snprintf(
        json, sizeof json,
        "{\"backend\": \"%s\", \"requests\": %" PRIu64
        ", \"connections\": %" PRIu64 ", \"iterations\": %" PRIu64
        ", \"polls\": %" PRIu64 ", \"events\": %" PRIu64
        ", \"wakeups_written\": %" PRIu64 ", \"wakeups_saved\": %" PRIu64
        ", \"interest_changes\": %" PRIu64 ", \"interest_saved\": %" PRIu64
        ", \"timers_fired\": %" PRIu64 ", \"handles\": %" PRIu64
        ", \"active_handles\": %" PRIu64 ", \"fds\": %" PRIu64
        ", \"bytes_read\": %" PRIu64 ", \"bytes_written\": %" PRIu64 "}\n",
        eddy_loop_backend(&server->loop), server->requests, server->connections,
        s.iterations, s.polls, s.events, s.wakeups_written, s.wakeups_saved,
        s.interest_changes, s.interest_saved, s.timers_fired, s.handles,
        s.active_handles, s.fds, s.bytes_read, s.bytes_written);
    response_write(&server->output, &server->date, request,
                   &(struct response){.status = 200,
                                      .type = "application/json",
                                      .body = json,
                                      .length = (size_t) length});
}

struct route {
    const char *path;
    bool posted;
    void (*answer)(struct server *server, const struct request *request);
};

static const struct route routes[] = {
    {"/", false, hello},
    {"/echo", true, echo},
    {"/stats", false, stats},
};

static bool takes(const struct route *route, enum request_method method)
{
    if (route->posted)
        return method == METHOD_POST;
    return method == METHOD_GET || method == METHOD_HEAD;
}

static void answer_none(struct server *server, const struct request *request,
                        int status, const char *allow)
{
    static const char none[] = "There are /, /echo (POST) and /stats.\n";

    response_write(&server->output, &server->date, request,
                   &(struct response){.status = status,
                                      .allow = allow,
                                      .body = none,
                                      .length = sizeof none - 1});
}

void routes_answer(struct server *server, const struct request *request)
{
    const struct route *end = routes + sizeof routes / sizeof *routes;

    for (const struct route *route = routes; route < end; route++) {
        if (strcmp(route->path, request->path) != 0)
            continue;
        if (takes(route, request->method))
            route->answer(server, request);
        else
            answer_none(server, request, 405,
                        route->posted ? "POST" : "GET, HEAD");
        return;
    }
    answer_none(server, request, 404, NULL);
}
