/* SPDX-License-Identifier: MIT */
/*
 * The command line of the examples: which options there are, what they mean
 * and what is said about a wrong one is the same for all programs.
 */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <sys/socket.h>

/* The options that a program has, or'ed; all have --list-backends, --help. */
enum {
    OPTION_HOST = 1,
    OPTION_PORT = 2,
    OPTION_BACKEND = 4,
    OPTION_THREADS = 8,
    OPTION_IDLE = 16
};

struct options {
    const char *host;                /* numeric; 127.0.0.1 if not given */
    const char *backend;             /* NULL: the library's choice */
    int port;                        /* 8080 if not given; 0: any free one */
    int threads;                     /* 1 if not given */
    int idle_s;                      /* 60 if not given */
    struct sockaddr_storage address; /* of host and port */
};

/* Reads the command line. What ends the program ends it here: --help and
 * --list-backends print and exit with 0, a mistake prints one line to stderr
 * and exits with 2. `purpose` is the program's one line in the help. */
void options_read(struct options *options, int which, const char *purpose,
                  int argc, char *argv[]);

#endif
