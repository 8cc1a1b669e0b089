/* SPDX-License-Identifier: MIT */
/*
 * Merge sort on the timers' own links: no memory, and what is in order already
 * is only looked at. Runs are merged like carries of a binary counter: run n
 * holds 2^n timers, or none.
 */
#include "core/timersort.h"

#include "core/wheel.h"

enum { MAX_RUNS = 48 }; /* more timers than there are addresses */

static struct eddy__link *merge_runs(struct eddy__link *a, struct eddy__link *b)
{
    struct eddy__link *first = NULL;
    struct eddy__link **end = &first;

    while (a != NULL && b != NULL) {
        struct eddy__link **from =
            eddy__timer_before(eddy__timer_queued(b), eddy__timer_queued(a))
                ? &b
                : &a;

        *end = *from;
        end = &(*from)->next;
        *from = (*from)->next;
    }
    *end = a != NULL ? a : b;
    return first;
}

/* Makes a list of a run, whose timers are linked by next only. */
static void relink(struct eddy__link *list, struct eddy__link *run)
{
    struct eddy__link *last = list;

    for (; run != NULL; run = run->next) {
        last->next = run;
        run->prev = last;
        last = run;
    }
    last->next = list;
    list->prev = last;
}

static bool sorted(const struct eddy__link *list)
{
    const struct eddy__link *link;

    for (link = list->next; link->next != list; link = link->next)
        if (eddy__timer_before(eddy__timer_queued(link->next),
                               eddy__timer_queued(link)))
            return false;
    return true;
}

void eddy__timers_sort(struct eddy__link *list)
{
    struct eddy__link *runs[MAX_RUNS] = {NULL};
    struct eddy__link *link = list->next;
    struct eddy__link *whole = NULL;

    if (eddy__list_empty(list) || sorted(list))
        return;
    list->prev->next = NULL;
    while (link != NULL) {
        struct eddy__link *run = link;
        unsigned i = 0;

        link = link->next;
        run->next = NULL;
        for (; runs[i] != NULL; i++) {
            run = merge_runs(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    for (unsigned i = 0; i < MAX_RUNS; i++)
        whole = merge_runs(runs[i], whole);
    relink(list, whole);
}
