/* SPDX-License-Identifier: MIT */
/*
 * The callbacks of the packaged parser, and the limits. Headers are counted
 * and not kept, and a body takes memory as it arrives and not as it was
 * announced, so that an idle or lying client costs next to nothing.
 */
#include "parser.h"

#include <stdlib.h>
#include <string.h>

/* Returned by a callback to end the parsing. */
enum { GO_ON = 0, END = -1 };

static int refuse(struct parser *parser, int status)
{
    parser->refusal = status;
    return END;
}

static int count_header(struct parser *parser, size_t length)
{
    parser->header_bytes += length;
    if (parser->header_bytes > PARSER_HEADERS_MAX)
        return refuse(parser, 413);
    return GO_ON;
}

static int on_begin(library_parser *library)
{
    struct parser *parser = library->data;

    parser->request.path[0] = '\0';
    parser->path_length = 0;
    parser->header_bytes = 0;
    return GO_ON;
}

static int on_url(library_parser *library, const char *at, size_t length)
{
    struct parser *parser = library->data;
    size_t used = parser->path_length;

    if (used < PARSER_PATH_ROOM - 1) {
        size_t room = PARSER_PATH_ROOM - 1 - used;
        size_t taken = length < room ? length : room;

        memcpy(parser->request.path + used, at, taken);
        parser->request.path[used + taken] = '\0';
    }
    parser->path_length += length;
    return count_header(parser, length);
}

static int on_header(library_parser *library, const char *at, size_t length)
{
    (void) at;
    return count_header(library->data, length);
}

static enum request_method method_of(const library_parser *library)
{
    switch (library->method) {
    case HTTP_GET:
        return METHOD_GET;
    case HTTP_HEAD:
        return METHOD_HEAD;
    case HTTP_POST:
        return METHOD_POST;
    default:
        return METHOD_OTHER;
    }
}

static int on_headers_complete(library_parser *library)
{
    struct parser *parser = library->data;

    parser->request.path[strcspn(parser->request.path, "?")] = '\0';
    parser->request.method = method_of(library);
    parser->request.is_1_0 = library->http_minor == 0;
    if (library->http_major != 1)
        return refuse(parser, 505);
    if (library_body_length(library) > PARSER_BODY_MAX)
        return refuse(parser, 413);
    return GO_ON;
}

/* Makes room for `length` more bytes of the body. */
static int grow_body(struct parser *parser, size_t length)
{
    size_t wanted = parser->request.body_length + length;
    size_t room = parser->body_room ? parser->body_room : 1024;
    char *grown;

    if (wanted > PARSER_BODY_MAX)
        return refuse(parser, 413);
    if (wanted <= parser->body_room)
        return GO_ON;
    while (room < wanted)
        room *= 2;
    grown = realloc(parser->request.body, room);
    if (!grown)
        return refuse(parser, 503);
    parser->request.body = grown;
    parser->body_room = room;
    return GO_ON;
}

static int on_body(library_parser *library, const char *at, size_t length)
{
    struct parser *parser = library->data;

    if (grow_body(parser, length) != GO_ON)
        return END;
    memcpy(parser->request.body + parser->request.body_length, at, length);
    parser->request.body_length += length;
    return GO_ON;
}

static int on_complete(library_parser *library)
{
    struct parser *parser = library->data;
    parser->request.keep_alive = library_keeps_alive(library);
    parser->ended = !parser->on_request(parser->data, &parser->request);
    parser_release(parser);
    return parser->ended ? END : GO_ON;
}

static const library_settings settings = {
    .on_message_begin = on_begin,
    .on_url = on_url,
    .on_header_field = on_header,
    .on_header_value = on_header,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

void parser_init(struct parser *parser, parser_request_cb on_request,
                 void *data)
{
    *parser = (struct parser){.on_request = on_request, .data = data};
    library_init(&parser->library, &settings);
    parser->library.data = parser;
}

void parser_release(struct parser *parser)
{
    free(parser->request.body);
    parser->request.body = NULL;
    parser->request.body_length = 0;
    parser->body_room = 0;
}

int parser_feed(struct parser *parser, const char *bytes, size_t length)
{
    if (library_feed(&parser->library, &settings, bytes, length) ||
        parser->ended)
        return 0;
    if (parser->refusal != 0)
        return parser->refusal;
    return library_overflowed(&parser->library) ? 413 : 400;
}
