/* SPDX-License-Identifier: MIT */
/*
 * What the HTTP servers on other libraries share: the command line, the
 * listening sockets and the threads, as examples/http-server has them. They
 * serve until a signal ends them.
 */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

/* As long as what examples/http-server says. */
#define HTTP_TEXT "Hello from peer.\n"

enum { HTTP_IDLE_S = 60 }; /* how long a client may take for a request */

/* Reads --port and --threads, says where it listens, and calls serve() in
 * each thread with a listening socket, non-blocking, of its own. */
int http_main(int argc, char *argv[], void (*serve)(int listener));

/* Ends the program, with a line, unless it is ok. */
void http_check(int ok, const char *what);

#endif
