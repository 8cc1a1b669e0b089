/* SPDX-License-Identifier: MIT */
/*
 * Looks at every execution of small programs on the real code of src/core, in
 * memory as weak as C11 lets it be; see README.md.
 *
 *     explore [--quick] [--limit N] [--weaken RULE] [--tell] [SCENARIO…]
 *
 * Prints a line for each. The exit status is 0 if all is as promised, 1 if
 * something is not, 2 if it was asked for what is not there.
 */
#include "memory.h"
#include "scenarios.h"
#include "search.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    bool quick, tell;
    uint64_t limit;
    const char *rule;
    char **names;
    int name_count;
} options;

static int refuse(const char *what, const char *argument)
{
    fprintf(stderr,
            "explore: %s: %s; there are --quick, --limit N, --tell, "
            "--weaken NAME:OPERATION:WHO=ORDER and scenarios\n",
            what, argument);
    return 2;
}

static bool is_scenario(const char *name)
{
    for (const struct scenario *each = scenarios; each->name != NULL; each++)
        if (strcmp(each->name, name) == 0)
            return true;
    return false;
}

static bool is_wanted(const struct scenario *scenario)
{
    if (options.quick && !scenario->quick)
        return false;
    for (int i = 0; i < options.name_count; i++)
        if (strcmp(options.names[i], scenario->name) == 0)
            return true;
    return options.name_count == 0;
}

/* Returns 0, or the exit status. */
static int parse(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        bool has_value = i + 1 < argc;

        if (strcmp(argv[i], "--quick") == 0)
            options.quick = true;
        else if (strcmp(argv[i], "--tell") == 0)
            options.tell = true;
        else if (strcmp(argv[i], "--limit") == 0 && has_value)
            options.limit = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--weaken") == 0 && has_value)
            options.rule = argv[++i];
        else
            return refuse("no such option, or no value", argv[i]);
    }
    options.names = &argv[i];
    options.name_count = argc - i;
    for (; i < argc; i++)
        if (!is_scenario(argv[i]))
            return refuse("no such scenario", argv[i]);
    if (options.rule != NULL && !memory_weaken(options.rule))
        return refuse("no such rule", options.rule);
    return 0;
}

static bool explore(const struct scenario *scenario)
{
    struct search_result result;

    if (options.tell)
        search_talk();
    result = search(&scenario->program, options.limit);

    printf("%-12s %-36s %9" PRIu64 " executions %9" PRIu64
           " cut %4d steps  %s\n",
           scenario->name, scenario->what, result.executions, result.cut,
           result.longest,
           result.failure != NULL ? result.failure
           : result.complete      ? "ok"
                                  : "ok so far: limit reached");
    if (result.failure != NULL && options.tell)
        search_tell();
    return result.failure == NULL;
}

int main(int argc, char **argv)
{
    int status = parse(argc, argv);

    if (status != 0)
        return status;
    setvbuf(stdout, NULL, _IOLBF, 0); /* lines are far apart */
    for (const struct scenario *each = scenarios; each->name != NULL; each++)
        if (is_wanted(each) && !explore(each))
            return 1;
    if (options.rule != NULL && !memory_weakened()) {
        printf("no access matched %s\n", options.rule);
        return 2;
    }
    return 0;
}
