/* SPDX-License-Identifier: MIT */
/*
 * From bytes to requests. A parser belongs to one connection; it keeps what a
 * request has told so far, however its bytes are cut, and calls back once for
 * each whole request, in order.
 */
#ifndef EXAMPLES_HTTP_PARSER_H
#define EXAMPLES_HTTP_PARSER_H

#include "library.h"

enum {
    PARSER_HEADERS_MAX = 8 * 1024, /* bytes of request line and headers */
    PARSER_BODY_MAX = 1024 * 1024,
    PARSER_PATH_ROOM = 32 /* longer paths are no route, and are cut */
};

enum request_method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OTHER };

/* Valid during the callback. */
struct request {
    char path[PARSER_PATH_ROOM]; /* ends with a NUL, and before a '?' */
    enum request_method method;
    bool is_1_0;     /* HTTP/1.0: keep-alive is to be said, not assumed */
    bool keep_alive; /* the client expects to go on after the response */
    char *body;
    size_t body_length;
};

/* Returns whether to parse on: not after the last response. */
typedef bool (*parser_request_cb)(void *data, const struct request *request);

struct parser {
    library_parser library;
    struct request request;
    size_t path_length;  /* as told so far, also of what was cut */
    size_t header_bytes; /* so far */
    size_t body_room;    /* allocated */
    int refusal;         /* the status that ends this connection, or 0 */
    bool ended;          /* on_request wants no more */
    parser_request_cb on_request;
    void *data;
};

void parser_init(struct parser *parser, parser_request_cb on_request,
                 void *data);

/* Frees what an unfinished request holds. */
void parser_release(struct parser *parser);

/* Takes the next bytes. Returns 0, or the status (400, 413 …) with which the
 * connection is to end, as the bytes behind a mistake mean nothing. */
int parser_feed(struct parser *parser, const char *bytes, size_t length);

#endif
