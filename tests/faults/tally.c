/* SPDX-License-Identifier: MIT */
/*
 * Counting calls and striking those of the plan. A run that makes far more
 * calls than any scenario has reason to is one that spins: it ends here, by
 * number and not by time.
 */
#include "faults/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_CALLS = TALLY_TRACE };

struct tally *tally;

void tally_create(void)
{
    void *memory = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANON, -1, 0);

    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(EXIT_FAILURE);
    }
    tally = memory;
}

void tally_begin(const struct plan *plan)
{
    memset(tally->calls, 0, sizeof(tally->calls));
    tally->plan = *plan;
    tally->total = 0;
    tally->struck = 0;
    tally->heard = 0;
    tally->why[0] = '\0';
}

int tally_strike(enum kind kind)
{
    unsigned index = ++tally->calls[kind];

    if (tally->total == MOST_CALLS)
        tally_fail(__FILE__, __LINE__, "so many calls: it spins");
    tally->trace[tally->total++] = (unsigned char) kind;
    for (int i = 0; i < tally->plan.count; i++) {
        const struct fault *fault = &tally->plan.faults[i];

        if (fault->kind == kind && fault->index == index) {
            tally->struck++;
            return fault->error;
        }
    }
    return 0;
}

bool tally_harmless(void)
{
    for (int i = 0; i < tally->plan.count; i++) {
        const struct fault *fault = &tally->plan.faults[i];

        if (fault->index <= tally->calls[fault->kind] &&
            !kind_harmless(fault->kind, fault->error))
            return false;
    }
    return true;
}

/* The base name, as the build's folder says nothing. */
void tally_fail(const char *file, int line, const char *why)
{
    const char *slash = strrchr(file, '/');

    snprintf(tally->why, sizeof(tally->why), "%s:%d: %s",
             slash != NULL ? slash + 1 : file, line, why);
    _exit(TALLY_FAILED);
}
