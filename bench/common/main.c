/* SPDX-License-Identifier: MIT */
/*
 * The command line, the clock and the one line of the result:
 *
 *     workload arguments value unit
 *
 * A mistake in the command line is one line on stderr and exit status 2;
 * work that was not done as it should be, exit status 1.
 */
#include "bench.h"
#include "threads.h"
#include "workloads.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const char *program;
static uint64_t began_ns;
static double result;
static const char *unit; /* NULL: nothing was measured yet */

static uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

void bench_begin(void)
{
    began_ns = clock_ns();
}

void bench_end(long operations)
{
    bench_result((double) (clock_ns() - began_ns) / (double) operations, "ns");
}

void bench_result(double value, const char *its_unit)
{
    result = value;
    unit = its_unit;
}

void bench_check(bool ok, const char *what)
{
    int error = errno;

    if (ok)
        return;
    fprintf(stderr, "%s: %s failed (errno: %s)\n", program, what,
            strerror(error));
    exit(1);
}

void *bench_alloc(long count, unsigned long size)
{
    void *memory = calloc((size_t) count, size);

    bench_check(memory != NULL, "calloc");
    /* Touched, so that no page is missing while the clock runs. */
    memset(memory, 0, (size_t) count * size);
    return memory;
}

void bench_sleep_ms(long ms)
{
    struct timespec rest = {.tv_sec = ms / 1000,
                            .tv_nsec = ms % 1000 * 1000000};

    while (nanosleep(&rest, &rest) != 0)
        ;
}

/* As many descriptors as we can get. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit = {.rlim_cur = 1048576, .rlim_max = 1048576};

    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 ||
        getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

long bench_descriptor_limit(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (long) limit.rlim_cur : 0;
}

static _Noreturn void usage_error(const char *what, const char *of)
{
    fprintf(stderr,
            "%s: %s: %s; usage: %s WORKLOAD[@same] [N[/M[/K]]], or "
            "--list\n",
            program, of, what, program);
    exit(2);
}

static const struct bench_workload *find(const char *name)
{
    for (int t = 0; bench_tables[t]; t++)
        for (const struct bench_workload *w = bench_tables[t]; w->name; w++)
            if (strcmp(w->name, name) == 0)
                return w;
    return NULL;
}

static void list(void)
{
    for (int t = 0; bench_tables[t]; t++)
        for (const struct bench_workload *w = bench_tables[t]; w->name; w++)
            printf("%s %s\n", w->name, bench_spec_of(w->name)->usual);
}

static int count_of(const char *text)
{
    int count = 1;

    for (; *text; text++)
        count += *text == '/';
    return count;
}

/* Reads numbers into args; those left out are as usual, from the right. */
static void read_numbers(struct bench_args *args, const char *text)
{
    long *numbers[] = {&args->n, &args->m, &args->k};
    char *end;

    for (int i = 0; i < 3; i++) {
        errno = 0;
        *numbers[i] = strtol(text, &end, 10);
        if (end == text || errno != 0 || *numbers[i] < 1 ||
            (*end != '\0' && *end != '/'))
            usage_error("not numbers above 0", text);
        if (*end == '\0')
            return;
        text = end + 1;
    }
    usage_error("too many numbers", text);
}

static void run(char *name, const char *numbers)
{
    const struct bench_workload *workload;
    const struct bench_spec *spec;
    struct bench_args args = {0};
    char *at = strchr(name, '@');
    bool same = at != NULL;

    if (same && strcmp(at, "@same") != 0)
        usage_error("only @same may follow", name);
    if (same)
        *at = '\0';
    workload = find(name);
    spec = workload ? bench_spec_of(name) : NULL;
    if (!spec)
        usage_error("no such workload", name);
    if (numbers && count_of(numbers) > count_of(spec->usual))
        usage_error("too many numbers", numbers);
    read_numbers(&args, spec->usual);
    read_numbers(&args, numbers ? numbers : spec->usual);
    bench_use_same_processor(same);
    if (spec->threads != BENCH_POOL || same)
        bench_pin_first();
    workload->run(&args);
    bench_check(unit != NULL, "measuring");
    printf("%s%s %s %.2f %s\n", name, same ? "@same" : "",
           numbers ? numbers : spec->usual, result, unit);
}

int main(int argc, char *argv[])
{
    program = argv[0];
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("%s %s\n", bench_library, bench_library_version());
        return 0;
    }
    raise_descriptor_limit();
    if (argc == 2 && strcmp(argv[1], "--descriptors") == 0) {
        printf("%ld\n", bench_descriptor_limit());
        return 0;
    }
    if (argc < 2 || argc > 3)
        usage_error("one or two arguments", "command line");
    signal(SIGPIPE, SIG_IGN);
    run(argv[1], argc == 3 ? argv[2] : NULL);
    return 0;
}
