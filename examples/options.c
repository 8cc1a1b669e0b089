/* SPDX-License-Identifier: MIT */
/*
 * One table holds all options; getopt_long's table, the help and the messages
 * are made from it. A mistake is answered in one line that says what is wrong
 * and what would be right.
 */
#include "options.h"

#include <eddy.h>

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* getopt_long returns FIRST_ROW + the row of an option that it knows. */
enum { FIRST_ROW = 256 };

struct row {
    int which; /* OPTION_…, or 0: every program has it */
    const char *name;
    const char *value; /* what stands for its value in the help, or NULL */
    const char *must;  /* what the value must be */
    const char *help;
    int (*set)(struct options *options, const char *value); /* 0: refused */
};

static const char *program;

static int set_number(int *number, const char *value, long least, long most)
{
    char *end;
    long read;

    errno = 0;
    read = strtol(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || read < least ||
        read > most)
        return 0;
    *number = (int) read;
    return 1;
}

static int set_host(struct options *options, const char *value)
{
    struct sockaddr_in6 ip6;
    struct sockaddr_in ip4;

    options->host = value;
    return eddy_ip4_addr(value, 0, &ip4) == 0 ||
           eddy_ip6_addr(value, 0, &ip6) == 0;
}

static int set_port(struct options *options, const char *value)
{
    return set_number(&options->port, value, 0, 65535);
}

static int set_threads(struct options *options, const char *value)
{
    return set_number(&options->threads, value, 1, 64);
}

static int set_idle(struct options *options, const char *value)
{
    return set_number(&options->idle_s, value, 1, 86400);
}

static int set_backend(struct options *options, const char *value)
{
    const char *const *names;

    options->backend = value;
    for (eddy_backends(&names); *names; names++) {
        if (strcmp(*names, value) == 0)
            return 1;
    }
    return 0;
}

static const struct row rows[] = {
    {OPTION_HOST, "host", "ADDRESS", "an IPv4 or IPv6 address",
     "address to listen on (127.0.0.1)", set_host},
    {OPTION_PORT, "port", "N", "a number from 0 to 65535",
     "port to listen on, 0 for any free one (8080)", set_port},
    {OPTION_BACKEND, "backend", "NAME", "one of those of --list-backends",
     "what asks the kernel (the best one there is)", set_backend},
    {OPTION_THREADS, "threads", "N", "a number from 1 to 64",
     "threads, with a loop each (1)", set_threads},
    {OPTION_IDLE, "idle-timeout", "SECONDS", "a number from 1 to 86400",
     "how long a client may be idle (60)", set_idle},
    {0, "list-backends", NULL, NULL, "print the backends, best first", NULL},
    {0, "help", NULL, NULL, "print this", NULL},
};

enum { ROWS = sizeof rows / sizeof *rows };

static int has_row(int which, const struct row *row)
{
    return row->which == 0 || (which & row->which) != 0;
}

static void print_help(int which, const char *purpose)
{
    char left[32];

    printf("%s: %s\n\n", program, purpose);
    for (int i = 0; i < ROWS; i++) {
        if (!has_row(which, &rows[i]))
            continue;
        snprintf(left, sizeof left, "--%s %s", rows[i].name,
                 rows[i].value ? rows[i].value : "");
        printf("  %-24s %s\n", left, rows[i].help);
    }
}

static void print_backends(void)
{
    const char *const *names;

    for (eddy_backends(&names); *names; names++)
        puts(*names);
}

static void fail(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", program);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

static void fail_unknown(int which, const char *argument)
{
    char names[128] = "";
    size_t length = 0;

    for (int i = 0; i < ROWS; i++) {
        if (has_row(which, &rows[i]))
            length += (size_t) snprintf(names + length, sizeof names - length,
                                        " --%s", rows[i].name);
    }
    fail("\"%s\" is no option: there are%s", argument, names);
}

static void apply(struct options *options, int which, const char *purpose,
                  const struct row *row)
{
    if (row->set) {
        if (!row->set(options, optarg))
            fail("--%s is \"%s\": it must be %s", row->name, optarg, row->must);
        return;
    }
    if (strcmp(row->name, "help") == 0)
        print_help(which, purpose);
    else
        print_backends();
    exit(0);
}

/* Fills getopt_long's table with the rows that the program has. */
static void make_table(struct option *table, int which)
{
    for (int i = 0; i < ROWS; i++) {
        if (has_row(which, &rows[i]))
            *table++ = (struct option){
                .name = rows[i].name,
                .has_arg = rows[i].set ? required_argument : no_argument,
                .val = FIRST_ROW + i};
    }
    *table = (struct option){0};
}

static void make_address(struct options *options)
{
    if (eddy_ip4_addr(options->host, options->port,
                      (struct sockaddr_in *) &options->address) != 0)
        eddy_ip6_addr(options->host, options->port,
                      (struct sockaddr_in6 *) &options->address);
}

void options_read(struct options *options, int which, const char *purpose,
                  int argc, char *argv[])
{
    struct option table[ROWS + 1];
    const char *slash = strrchr(argv[0], '/');
    int found;

    program = slash ? slash + 1 : argv[0];
    *options = (struct options){
        .host = "127.0.0.1", .port = 8080, .threads = 1, .idle_s = 60};
    make_table(table, which);
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":", table, NULL)) != -1) {
        if (found >= FIRST_ROW)
            apply(options, which, purpose, &rows[found - FIRST_ROW]);
        else if (found == ':')
            fail("--%s has no value: it must be %s",
                 rows[optopt - FIRST_ROW].name, rows[optopt - FIRST_ROW].must);
        else if (optopt >= FIRST_ROW)
            fail("--%s takes no value", rows[optopt - FIRST_ROW].name);
        else if (optopt != 0)
            fail_unknown(which, (const char[]){'-', (char) optopt, '\0'});
        else
            fail_unknown(which, argv[optind - 1]);
    }
    if (optind < argc)
        fail_unknown(which, argv[optind]);
    make_address(options);
}
