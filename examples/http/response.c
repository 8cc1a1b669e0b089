/* SPDX-License-Identifier: MIT */
/*
 * How a response looks on the wire. HTTP/1.1 keeps a connection open unless
 * told, HTTP/1.0 closes it unless told: only what differs from that is said.
 */
#include "response.h"

#include <stdio.h>
#include <time.h>

static const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Content Too Large";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Unknown";
    }
}

void http_date_refresh(struct http_date *date, uint64_t now_ns)
{
    struct tm parts;
    time_t now;

    if (date->made_ns != 0 && now_ns - date->made_ns < 1000000000U)
        return;
    now = time(NULL);
    gmtime_r(&now, &parts);
    /* The names are English: the program never leaves the C locale. */
    strftime(date->text, sizeof date->text, "%a, %d %b %Y %H:%M:%S GMT",
             &parts);
    date->made_ns = now_ns;
}

static const char *connection_line(const struct request *request)
{
    if (!request->keep_alive)
        return "Connection: close\r\n";
    return request->is_1_0 ? "Connection: keep-alive\r\n" : "";
}

static void write_head(struct output *output, const struct http_date *date,
                       const struct response *response, const char *connection)
{
    output_printf(output,
                  "HTTP/1.1 %d %s\r\n"
                  "Date: %s\r\n"
                  "Content-Type: %s\r\n"
                  "Content-Length: %zu\r\n"
                  "%s%s%s%s\r\n",
                  response->status, reason(response->status), date->text,
                  response->type ? response->type : "text/plain",
                  response->length, response->allow ? "Allow: " : "",
                  response->allow ? response->allow : "",
                  response->allow ? "\r\n" : "", connection);
}

void response_write(struct output *output, const struct http_date *date,
                    const struct request *request,
                    const struct response *response)
{
    write_head(output, date, response, connection_line(request));
    if (request->method != METHOD_HEAD)
        output_append(output, response->body, response->length);
}

void response_write_refusal(struct output *output, const struct http_date *date,
                            int status)
{
    char body[64];
    int length = snprintf(body, sizeof body, "%s\n", reason(status));
    struct response response = {
        .status = status, .body = body, .length = (size_t) length};

    write_head(output, date, &response, "Connection: close\r\n");
    output_append(output, response.body, response.length);
}
