/* SPDX-License-Identifier: MIT */
/*
 * Sampling and judging. Loops come and go at random, so allocations and
 * descriptors swing about their mean, and a slow leak would hide in that: but
 * each loop's end finds the allocated bytes, and the end of the soak the
 * descriptors, exactly as they were before. Resident memory swings little.
 */
#include "soak/levels.h"
#include "soak/soak.h"
#include "support/fds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EIGHTHS = 8, LEAST_SAMPLES = 16 };

/* How much the mean may rise: a part in so many, and so much besides. */
static const struct level_rule {
    const char *name;
    uint64_t part;
    uint64_t besides;
} rules[LEVELS] = {
    [RESIDENT] = {"resident bytes", 16, 1024 * 1024},
    [ALLOCATED] = {"allocated bytes", 3, 1024 * 1024},
    [DESCRIPTORS] = {"descriptors", 3, 100},
};

/* The second number of Linux's statm; 0 elsewhere, where no such file is. */
static uint64_t resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    uint64_t all = 0;
    uint64_t here = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%" SCNu64 " %" SCNu64, &all, &here) != 2)
        here = 0;
    fclose(file);
    return here * (uint64_t) sysconf(_SC_PAGESIZE);
}

static uint64_t allocated(void)
{
    uint64_t bytes = 0;

    for (int i = 0; i < STATIONS; i++)
        bytes += __atomic_load_n(&stations[i].memory.bytes, __ATOMIC_RELAXED);
    return bytes;
}

void levels_create(struct levels *levels, size_t room)
{
    levels->samples = calloc(room, sizeof(*levels->samples));
    levels->count = 0;
    levels->room = room;
    REQUIRE(levels->samples != NULL);
}

void levels_destroy(struct levels *levels)
{
    free(levels->samples);
}

void levels_sample(struct levels *levels)
{
    uint64_t *sample;

    if (levels->count == levels->room)
        return;
    sample = levels->samples[levels->count++];
    sample[RESIDENT] = resident();
    sample[ALLOCATED] = allocated();
    sample[DESCRIPTORS] = (uint64_t) test_fds_open();
}

static uint64_t mean(const struct levels *levels, enum level level,
                     size_t eighth)
{
    size_t from = levels->count * eighth / EIGHTHS;
    size_t to = levels->count * (eighth + 1) / EIGHTHS;
    uint64_t sum = 0;

    for (size_t i = from; i < to; i++)
        sum += levels->samples[i][level];
    return sum / (to - from);
}

bool levels_are_flat(const struct levels *levels)
{
    bool flat = true;

    if (levels->count < LEAST_SAMPLES) {
        printf("too short to judge the levels\n");
        return true;
    }
    for (int i = 0; i < LEVELS; i++) {
        const struct level_rule *rule = &rules[i];
        uint64_t before = mean(levels, (enum level) i, 1);
        uint64_t after = mean(levels, (enum level) i, EIGHTHS - 1);

        printf("%12" PRIu64 " %s, after %" PRIu64 "\n", after, rule->name,
               before);
        if (after <= before + before / rule->part + rule->besides)
            continue;
        printf("soak: %s rose from %" PRIu64 " to %" PRIu64 "\n", rule->name,
               before, after);
        flat = false;
    }
    return flat;
}
