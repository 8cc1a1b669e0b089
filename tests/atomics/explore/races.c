/* SPDX-License-Identifier: MIT */
/*
 * For each four bytes of watched memory: when each thread last read, wrote or
 * changed them atomically. An access is in order if all that it is at odds
 * with is in the clock of its thread.
 */
#include "races.h"

#include "memory.h"
#include "rules.h"

#include <stdio.h>
#include <string.h>

enum { REGIONS = 8, WORDS = 512, WORD = 4 };

struct word {
    unsigned at[RACE_ACCESSES][SEARCH_THREADS];
    unsigned users; /* the threads that came here, as bits */
    bool freed;
};

struct region {
    const char *begin;
    size_t size;
    struct word words[WORDS];
};

static struct region regions[REGIONS];
static int region_count;

void clock_join(struct clock *clock, const struct clock *other)
{
    for (int i = 0; i < SEARCH_THREADS; i++)
        if (other->at[i] > clock->at[i])
            clock->at[i] = other->at[i];
}

void races_reset(void)
{
    region_count = 0;
}

void memory_watch(const void *where, size_t size, const char *name)
{
    struct region *region = &regions[region_count++];

    memory_name(where, name);
    region->begin = where;
    region->size = size;
    memset(region->words, 0, (size / WORD + 1) * sizeof(struct word));
}

static struct word *word_at(const char *byte)
{
    for (int i = 0; i < region_count; i++) {
        struct region *region = &regions[i];

        if (byte >= region->begin && byte < region->begin + region->size)
            return &region->words[(byte - region->begin) / WORD];
    }
    return NULL;
}

static bool at_odds(enum race_access one, enum race_access other)
{
    return (one != RACE_READ || other != RACE_READ) &&
           (one != RACE_ATOMIC || other != RACE_ATOMIC);
}

static void fail(const char *what, const char *byte)
{
    static char text[120];

    for (int i = 0; i < region_count; i++)
        if (byte >= regions[i].begin &&
            byte < regions[i].begin + regions[i].size)
            snprintf(text, sizeof(text), "%s: %s, byte %d", what,
                     rules_name(regions[i].begin),
                     (int) (byte - regions[i].begin));
    search_fail(text);
}

static void access_word(const struct clock *clock, const char *byte,
                        struct word *word, enum race_access access)
{
    int self = search_self();

    if (word->freed)
        fail("used after it was freed", byte);
    word->users |= 1u << self;
    for (int other = 0; other < RACE_ACCESSES && word->users != 1u << self;
         other++)
        for (int i = 0; i < SEARCH_THREADS; i++)
            if (i != self && at_odds(access, (enum race_access) other) &&
                word->at[other][i] > clock->at[i])
                fail("accesses without order", byte);
    word->at[access][self] = clock->at[self];
}

void races_access(const struct clock *clock, const void *where, size_t size,
                  enum race_access access)
{
    struct word *word = word_at(where);

    if (word == NULL)
        return;
    for (const char *byte = where; byte < (const char *) where + size;
         byte += WORD)
        access_word(clock, byte, word++, access);
}

void races_free(const struct clock *clock, const void *where, size_t size)
{
    races_access(clock, where, size, RACE_WRITE);
    for (const char *byte = where; byte < (const char *) where + size;
         byte += WORD)
        word_at(byte)->freed = true;
}
