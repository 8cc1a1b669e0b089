/* SPDX-License-Identifier: MIT */
/*
 * A response as bytes, and the date that its head carries.
 */
#ifndef EXAMPLES_HTTP_RESPONSE_H
#define EXAMPLES_HTTP_RESPONSE_H

#include "output.h"
#include "parser.h"

#include <stdint.h>

struct response {
    int status;
    const char *type;  /* of the body; NULL: text/plain */
    const char *allow; /* for 405: the methods that would do; else NULL */
    const char *body;
    size_t length;
};

/* The date as HTTP writes it, made anew once a second at most. */
struct http_date {
    uint64_t made_ns; /* on the loop's clock; 0: never */
    char text[32];
};

void http_date_refresh(struct http_date *date, uint64_t now_ns);

/* Writes the answer to a request. */
void response_write(struct output *output, const struct http_date *date,
                    const struct request *request,
                    const struct response *response);

/* Writes the last answer of a connection whose bytes made no request. */
void response_write_refusal(struct output *output, const struct http_date *date,
                            int status);

#endif
