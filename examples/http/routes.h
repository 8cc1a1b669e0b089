/* SPDX-License-Identifier: MIT */
/*
 * The request callback: what this server answers to which path.
 */
#ifndef EXAMPLES_HTTP_ROUTES_H
#define EXAMPLES_HTTP_ROUTES_H

#include "parser.h"
#include "server.h"

/* Appends the response to the server's output. */
void routes_answer(struct server *server, const struct request *request);

#endif
