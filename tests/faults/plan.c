/* SPDX-License-Identifier: MIT */
/*
 * Plans as text: KIND:INDEX:ERRNO, with commas between.
 */
#include "faults/runner.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TEXT = 60 };

static bool parse_one(struct fault *fault, const char *text)
{
    char copy[MOST_TEXT];
    char *index;
    char *error;
    char *end;

    if (strlen(text) >= sizeof(copy))
        return false;
    strcpy(copy, text);
    index = strchr(copy, ':');
    error = index == NULL ? NULL : strchr(index + 1, ':');
    if (error == NULL)
        return false;
    *index++ = '\0';
    *error++ = '\0';
    fault->kind = kind_named(copy);
    fault->index = (unsigned) strtoul(index, &end, 10);
    fault->error = error_named(error);
    return fault->kind != KINDS && *end == '\0' && fault->index > 0 &&
           fault->error != 0;
}

bool plan_parse(struct plan *plan, const char *text)
{
    plan->count = 0;
    while (*text != '\0') {
        const char *comma = strchr(text, ',');
        size_t size = comma != NULL ? (size_t) (comma - text) : strlen(text);
        char one[MOST_TEXT] = "";

        if (size >= sizeof(one) || plan->count == TALLY_PLAN)
            return false;
        memcpy(one, text, size);
        if (!parse_one(&plan->faults[plan->count++], one))
            return false;
        text += size + (comma != NULL);
    }
    return plan->count > 0;
}
