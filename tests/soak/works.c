/* SPDX-License-Identifier: MIT */
/*
 * Work, on the default pool and on one that is made and closed again and
 * again: each comes back once, either run once or cancelled and not run.
 */
#include "soak/soak.h"
#include "support/threads.h"

#include <time.h>

enum { WORKS_AT_ONCE = 12, ACTS = 3 };

struct job {
    eddy_work work;
    struct works *works;
    bool away;
    bool in_own; /* pool */
    unsigned effort;
    int ran; /* written by the pool's thread */
};

struct works {
    struct station *station;
    struct job jobs[WORKS_AT_ONCE];
    eddy_pool pool;
    bool pool_open;
    int away;
    int away_in_own;
    eddy_async progress; /* sent by work that runs */
    bool progress_open;
};

/* On a pool's thread. */
static void toil(eddy_work *work)
{
    struct job *job = work->data;
    const struct timespec while_ = {.tv_nsec = 300000};

    thread_dawdle(job->effort);
    if (job->effort % 16 == 0)
        (void) nanosleep(&while_, NULL);
    job->ran++;
    REQUIRE(eddy_async_send(&job->works->progress) == 0);
}

/* In the last callback the pool can be closed. */
static void close_pool(struct works *works)
{
    if (!works->pool_open)
        return;
    if (works->away_in_own > 0) {
        REQUIRE(eddy_pool_close(&works->pool) == EDDY_EBUSY);
        return;
    }
    REQUIRE(eddy_pool_close(&works->pool) == 0);
    works->pool_open = false;
    tally(&works->station->ledger, POOLS_CLOSED);
}

static void on_done(eddy_work *work, int status)
{
    struct job *job = work->data;
    struct works *works = job->works;
    struct station *station = works->station;

    REQUIRE(job->away);
    REQUIRE(status == 0 ? job->ran == 1
                        : status == EDDY_ECANCELED && job->ran == 0);
    tally(&station->ledger, status == 0 ? WORKS_DONE : WORKS_CANCELED);
    job->away = false;
    works->away--;
    if (job->in_own && --works->away_in_own == 0 &&
        (station->life != LIVING || pick(&station->random, 4) == 0))
        close_pool(works);
}

static void open_pool(struct works *works)
{
    const eddy_pool_options options = {
        .threads = 1 + pick(&works->station->random, 3),
        .allocator = &works->station->memory.allocator,
    };

    REQUIRE(eddy_pool_init(&works->pool, &options) == 0);
    works->pool_open = true;
    tally(&works->station->ledger, POOLS_MADE);
}

static void submit(struct works *works, struct job *job)
{
    struct station *station = works->station;
    int err;

    job->works = works;
    job->work.data = job;
    job->effort = pick(&station->random, 20000);
    job->ran = 0;
    job->away = true;
    job->in_own = works->pool_open && pick(&station->random, 2);
    if (job->in_own)
        err = eddy_pool_submit(&works->pool, &station->loop, &job->work, toil,
                               on_done);
    else
        err = eddy_work_submit(&station->loop, &job->work, toil, on_done);
    REQUIRE(err == 0);
    works->away++;
    works->away_in_own += job->in_own;
    tally(&station->ledger, WORKS);
}

static void cancel(struct job *job)
{
    int err = eddy_cancel(&job->work.req);

    REQUIRE(err == 0 || err == EDDY_EBUSY);
}

/* --- the part --- */

static void on_progress(eddy_async *async)
{
    const struct works *works = async->data;

    station_in_poll(works->station);
}

static void on_progress_closed(eddy_handle *handle)
{
    struct works *works = handle->data;

    works->progress_open = false;
    tally(&works->station->ledger, HANDLES_CLOSED);
}

static void open_works(struct station *station, void *self)
{
    struct works *works = self;

    works->station = station;
    REQUIRE(eddy_async_init(&station->loop, &works->progress, on_progress) ==
            0);
    works->progress.data = works;
    works->progress_open = true;
    tally(&station->ledger, HANDLES_MADE);
}

static void tick(struct station *station, void *self)
{
    struct works *works = self;

    if (station->life != LIVING)
        return;
    if (!works->pool_open)
        open_pool(works);
    for (int i = 0; i < ACTS; i++) {
        struct job *job = &works->jobs[pick(&station->random, WORKS_AT_ONCE)];

        if (!job->away)
            submit(works, job);
        else if (pick(&station->random, 3) == 0)
            cancel(job);
    }
}

static bool drained(struct station *station, void *self)
{
    struct works *works = self;

    (void) station;
    if (works->away > 0)
        return false;
    close_pool(works);
    return true;
}

static void close_works(struct station *station, void *self)
{
    struct works *works = self;

    (void) station;
    for (int i = 0; i < WORKS_AT_ONCE; i++) {
        if (works->jobs[i].away)
            cancel(&works->jobs[i]);
    }
}

/* The progress of work that runs still has to have a place to go to. */
static bool closed(struct station *station, void *self)
{
    struct works *works = self;

    (void) station;
    if (works->away > 0)
        return false;
    close_pool(works);
    if (works->progress_open && !eddy_is_closing(&works->progress.handle))
        REQUIRE(eddy_close(&works->progress.handle, on_progress_closed) == 1);
    return !works->progress_open;
}

const struct part works_part = {
    .size = sizeof(struct works),
    .open = open_works,
    .tick = tick,
    .drained = drained,
    .close = close_works,
    .closed = closed,
};
