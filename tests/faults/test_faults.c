/* SPDX-License-Identifier: MIT */
/*
 * Every failure, everywhere: runs all scenarios with each of their calls
 * failing in each way that its manual page has.
 *
 *     test_faults [--pairs COUNT|all] [--scenario NAME [--fail PLAN]]
 *
 * --pairs      two failures in one run, too: about so many for a scenario
 * --scenario   this one only
 * --fail       one run of it, with this: KIND:INDEX:ERRNO[,…]
 * --list       the names of scenarios, kinds and their errors
 *
 * The backend is the one that EDDY_BACKEND names.
 */
#include "faults/runner.h"
#include "faults/world.h"

#include "support/test.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { FD_LIMIT = 256, USAGE = 2 };

static struct {
    struct runner_options run;
    struct plan plan;
    bool once;
    bool list;
} options = {.run = {.every = 1}};

_Noreturn static void usage(const char *what, const char *which)
{
    fprintf(stderr,
            "test_faults: %s %s; right is [--list] [--pairs COUNT|all] "
            "[--scenario NAME [--fail KIND:INDEX:ERRNO[,...]]]\n",
            what, which);
    exit(USAGE);
}

static void take_value(const char *option, const char *value)
{
    char *end;

    if (strcmp(option, "--pairs") == 0 && strcmp(value, "all") == 0) {
        options.run.pairs = UINT_MAX;
    } else if (strcmp(option, "--pairs") == 0) {
        options.run.pairs = (unsigned) strtoul(value, &end, 10);
        if (*end != '\0' || options.run.pairs == 0)
            usage("no number of pairs:", value);
    } else if (strcmp(option, "--scenario") == 0) {
        options.run.only = scenario_named(value);
        if (options.run.only == NULL)
            usage("no such scenario:", value);
    } else if (strcmp(option, "--fail") == 0) {
        options.once = plan_parse(&options.plan, value);
        if (!options.once)
            usage("no plan:", value);
    } else {
        usage("no such option:", option);
    }
}

static void take_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            options.list = true;
            continue;
        }
        if (i + 1 == argc)
            usage("no such option, or no value for it:", argv[i]);
        take_value(argv[i], argv[i + 1]);
        i++;
    }
    if (options.once && options.run.only == NULL)
        usage("--fail wants its", "--scenario");
}

static void list(void)
{
    const struct scenario *scenario;

    for (int n = 0; (scenario = scenario_at(n)) != NULL; n++)
        printf("%s\n", scenario->name);
    for (int kind = 0; kind < KINDS; kind++) {
        printf("%s (%s):", kind_facts[kind].name, kind_facts[kind].manual);
        for (int n = 0; n < kind_errors((enum kind) kind); n++)
            printf(" %s", error_name(kind_error((enum kind) kind, n)));
        printf("\n");
    }
}

/* So that the census of descriptors is short, and complete. */
static void limit_fds(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = FD_LIMIT;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int report(const struct runner_report *it)
{
    printf("faults@%s: %u scenarios, %u calls that can fail, %u runs\n"
           "  with one fault %u, with two %u (all pairs of %u scenarios), "
           "faults met %u\n  failures %u\n",
           world_backend.name, it->scenarios, it->calls, it->runs, it->singles,
           it->pairs, it->whole, it->struck, it->failures);
    return it->failures == 0 && it->scenarios > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    const char *backend = getenv("EDDY_BACKEND");
    struct runner_report done;

    take_options(argc, argv);
    if (!world_choose(backend != NULL && *backend != '\0' ? backend : NULL))
        usage("no such backend:", backend);
    if (options.list) {
        list();
        return EXIT_SUCCESS;
    }
    setenv("EDDY_POOL_THREADS", "1", 1); /* so that it repeats itself */
    limit_fds();
    tally_create();
    if (options.once)
        return runner_once(options.run.only, &options.plan) ? EXIT_SUCCESS
                                                            : EXIT_FAILURE;
    if (options.run.pairs == 0) /* where code runs slowly, a part will do */
        options.run.every = (unsigned) (1000 / test_scale(1000));
    done = runner_run(&options.run);
    return report(&done);
}
