/* SPDX-License-Identifier: MIT */
/*
 * The server of examples/http-server on libevent's evhttp, which has a parser
 * and connections of its own: one callback makes the answer.
 */
#include "http_bench.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stddef.h>

static void on_request(struct evhttp_request *request, void *arg)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *body = evhttp_request_get_output_buffer(request);

    (void) arg;
    evhttp_add_header(headers, "Content-Type", "text/plain");
    evbuffer_add_reference(body, HTTP_TEXT, sizeof HTTP_TEXT - 1, NULL, NULL);
    evhttp_send_reply(request, 200, "OK", NULL);
}

static void serve(int listener)
{
    struct event_config *config = event_config_new();
    struct event_base *base;
    struct evhttp *http;

    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK |
                                      EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    base = event_base_new_with_config(config);
    http_check(base != NULL, "event_base_new_with_config");
    http = evhttp_new(base);
    http_check(http != NULL, "evhttp_new");
    evhttp_set_timeout(http, HTTP_IDLE_S);
    evhttp_set_gencb(http, on_request, NULL);
    http_check(evhttp_accept_socket(http, listener) == 0,
               "evhttp_accept_socket");
    event_base_dispatch(base);
}

int main(int argc, char *argv[])
{
    return http_main(argc, argv, serve);
}
