/* SPDX-License-Identifier: MIT */
/*
 * A download on a thread of the pool, and its progress on the loop.
 *
 * The worker stores how far it is and sends; the loop's callback loads and
 * prints. Sends coalesce: a loop that is busy gets one callback for several
 * sends, and sees the latest figure, which is all that a progress bar wants.
 * (When each message counts, eddy_post is the call.)
 */
#include "options.h"

#include <eddy.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TOTAL_KB = 2000, STEP_KB = 20 };

struct download {
    eddy_work work;
    eddy_async progress;
    atomic_int kb; /* the worker stores, the loop loads */
    int status;    /* of the work; set and read on the loop's thread */
};

static eddy_loop loop;

/* On a thread of the pool. In place of a network it has a clock. */
static void fetch(eddy_work *work)
{
    struct download *download = work->data;
    const struct timespec pause = {.tv_nsec = 10L * 1000 * 1000};

    for (int kb = STEP_KB; kb <= TOTAL_KB; kb += STEP_KB) {
        nanosleep(&pause, NULL);
        atomic_store_explicit(&download->kb, kb, memory_order_release);
        eddy_async_send(&download->progress);
    }
}

static void print_progress(const struct download *download)
{
    int kb = atomic_load_explicit(&download->kb, memory_order_acquire);

    printf("\r%3d %%  %4d of %d kB", kb * 100 / TOTAL_KB, kb, TOTAL_KB);
    fflush(stdout);
}

/* On the loop's thread, after one or more sends. */
static void on_progress(eddy_async *async)
{
    print_progress(async->data);
}

/* On the loop's thread, when fetch has returned. With the work and the async
 * handle gone nothing keeps the loop going: it ends by itself. */
static void on_fetched(eddy_work *work, int status)
{
    struct download *download = work->data;

    download->status = status;
    print_progress(download);
    puts(status == 0 ? "  done" : "  cancelled");
    eddy_close(&download->progress.handle, NULL);
}

static int run(struct download *download)
{
    int error = eddy_async_init(&loop, &download->progress, on_progress);

    if (error < 0)
        return error;
    download->progress.data = download;
    download->work.data = download;
    error = eddy_work_submit(&loop, &download->work, fetch, on_fetched);
    if (error < 0)
        return error;
    error = eddy_run(&loop, EDDY_RUN_DEFAULT);
    return error < 0 ? error : download->status;
}

int main(int argc, char *argv[])
{
    static struct download download; /* zero-filled, as the work must be */
    eddy_loop_options loop_options = {0};
    struct options options;
    int error;

    options_read(&options, OPTION_BACKEND,
                 "shows the progress of a download that a worker makes", argc,
                 argv);
    loop_options.backend = options.backend;
    error = eddy_loop_init(&loop, &loop_options);
    if (error == 0) {
        error = run(&download);
        eddy_loop_close_all(&loop, EDDY_SEC(5), NULL);
    }
    if (error < 0)
        fprintf(stderr, "download-progress: %s\n", eddy_strerror(error));
    return error < 0 ? 1 : 0;
}
