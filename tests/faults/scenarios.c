/* SPDX-License-Identifier: MIT */
/*
 * All scenarios, in the order in which they are run.
 */
#include "faults/scenarios.h"

#include <stddef.h>
#include <string.h>

static const struct scenario *const tables[] = {
    scenarios_loop,  scenarios_io,     scenarios_time,   scenarios_send,
    scenarios_embed, scenarios_fork,   scenarios_stream, scenarios_write,
    scenarios_tcp,   scenarios_listen, scenarios_work,
};

const struct scenario *scenario_at(int n)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (const struct scenario *it = tables[i]; it->name != NULL; it++)
            if (n-- == 0)
                return it;
    return NULL;
}

const struct scenario *scenario_named(const char *name)
{
    const struct scenario *scenario;

    for (int n = 0; (scenario = scenario_at(n)) != NULL; n++)
        if (strcmp(scenario->name, name) == 0)
            return scenario;
    return NULL;
}
