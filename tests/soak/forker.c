/* SPDX-License-Identifier: MIT */
/*
 * Forks, while all other threads are at work: a loop that does not run at that
 * moment goes on in the child after eddy_loop_fork, or is only closed there;
 * in the parent it works as if nothing had been. A child answers by its exit
 * status: of the process's other threads it has none. One of these may have
 * locked malloc at that moment, in the child for ever if the C library does not
 * see to it: such a loop's memory is its own.
 */
#include "soak/soak.h"
#include "support/fds.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MS = 20, CHILDREN = 3, PURSE = 4 << 20 };

/* Memory that is given once, and taken back all together. */
struct purse {
    eddy_allocator base;
    char *bytes;
    size_t used;
};

struct estate {
    struct ledger *ledger;
    struct purse purse;
    eddy_loop loop;
    eddy_io io;
    eddy_timer timer;
    eddy_async async;
    eddy_task task;
    int fds[2];
    int read, fired, sent, ran, closes;
};

static void on_io(eddy_io *io, int status, unsigned events)
{
    struct estate *estate = io->data;
    char byte;

    REQUIRE(status == 0 && events == EDDY_READABLE);
    REQUIRE(read(estate->fds[0], &byte, 1) == 1);
    estate->read++;
}

static void on_timer(eddy_timer *timer)
{
    ((struct estate *) timer->data)->fired++;
}

static void on_async(eddy_async *async)
{
    ((struct estate *) async->data)->sent++;
}

static void on_task(eddy_task *task, int status)
{
    struct estate *estate = task->data;

    REQUIRE(status == 0);
    estate->ran++;
    tally(estate->ledger, TASKS_RUN);
}

static void on_close(eddy_handle *handle)
{
    struct estate *estate = handle->data;

    estate->closes++;
    tally(estate->ledger, HANDLES_CLOSED);
}

static void *spend(void *context, void *block, size_t old_size, size_t new_size)
{
    struct purse *purse = context;
    void *room = purse->bytes + purse->used;

    if (new_size == 0)
        return NULL;
    purse->used += (new_size + 63) & ~(size_t) 63;
    REQUIRE(purse->used <= PURSE);
    if (block != NULL)
        memcpy(room, block, old_size < new_size ? old_size : new_size);
    return room;
}

static void open_purse(struct purse *purse)
{
    purse->base = (eddy_allocator){.context = purse, .resize = spend};
    purse->bytes = mmap(NULL, PURSE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    purse->used = 0;
    REQUIRE(purse->bytes != MAP_FAILED);
}

static void open_estate(struct estate *estate, const char *backend)
{
    const eddy_loop_options options = {
        .backend = backend,
        .allocator = &estate->purse.base,
    };

    open_purse(&estate->purse);
    test_pipe(estate->fds);
    REQUIRE(eddy_loop_init(&estate->loop, &options) == 0);
    REQUIRE(eddy_io_init(&estate->loop, &estate->io, estate->fds[0]) == 0);
    REQUIRE(eddy_timer_init(&estate->loop, &estate->timer) == 0);
    REQUIRE(eddy_async_init(&estate->loop, &estate->async, on_async) == 0);
    estate->io.data = estate;
    estate->timer.data = estate;
    estate->async.data = estate;
    estate->task.data = estate;
    REQUIRE(eddy_io_start(&estate->io, EDDY_READABLE, on_io) == 0);
    tally(estate->ledger, LOOPS_MADE);
    tally_by(estate->ledger, HANDLES_MADE, 3);
}

/* A byte, a timer, a send and a task each reach their callback, once. */
static void work(struct estate *estate)
{
    const struct estate before = *estate;

    REQUIRE(write(estate->fds[1], "x", 1) == 1);
    REQUIRE(eddy_timer_start(&estate->timer, on_timer, EDDY_MS(1), 0) == 0);
    REQUIRE(eddy_async_send(&estate->async) == 0);
    REQUIRE(eddy_post(&estate->loop, &estate->task, on_task) == 0);
    tally(estate->ledger, TASKS_POSTED);
    while (estate->read == before.read || estate->fired == before.fired ||
           estate->sent == before.sent || estate->ran == before.ran)
        REQUIRE(eddy_run(&estate->loop, EDDY_RUN_ONCE) > 0);
    REQUIRE(estate->read == before.read + 1);
    REQUIRE(estate->fired == before.fired + 1);
    REQUIRE(estate->sent == before.sent + 1);
    REQUIRE(estate->ran == before.ran + 1);
    REQUIRE(eddy_loop_check(&estate->loop) == 0);
}

static void close_estate(struct estate *estate)
{
    REQUIRE(eddy_close(&estate->io.handle, on_close) == 1);
    REQUIRE(eddy_close(&estate->timer.handle, on_close) == 1);
    REQUIRE(eddy_close(&estate->async.handle, on_close) == 1);
    REQUIRE(eddy_run(&estate->loop, EDDY_RUN_DEFAULT) == 0);
    REQUIRE(estate->closes == 3);
    REQUIRE(eddy_loop_close(&estate->loop) == 0);
    tally(estate->ledger, LOOPS_CLOSED);
    test_close_pair(estate->fds);
    REQUIRE(munmap(estate->purse.bytes, PURSE) == 0);
}

/* --- children --- */

static void go_on(struct estate *estate)
{
    REQUIRE(eddy_run(&estate->loop, EDDY_RUN_NOWAIT) == EDDY_EPERM);
    REQUIRE(eddy_loop_fork(&estate->loop) == 0);
    work(estate);
    work(estate);
    close_estate(estate);
}

static void close_and_go(struct estate *estate)
{
    REQUIRE(eddy_close(&estate->io.handle, NULL) == 0);
    REQUIRE(eddy_close(&estate->timer.handle, NULL) == 0);
    REQUIRE(eddy_close(&estate->async.handle, NULL) == 1);
    REQUIRE(eddy_loop_check(&estate->loop) == 0);
}

static void close_all(struct estate *estate)
{
    close_and_go(estate);
    REQUIRE(eddy_loop_fork(&estate->loop) == 0);
    REQUIRE(eddy_run(&estate->loop, EDDY_RUN_DEFAULT) == 0);
    REQUIRE(eddy_loop_close(&estate->loop) == 0);
}

static void in_child(struct estate *estate, unsigned what)
{
    static void (*const acts[])(struct estate * estate) = {
        go_on,
        close_and_go,
        close_all,
    };
    int status = -1;
    pid_t ended;
    pid_t child = fork();

    REQUIRE(child >= 0);
    if (child == 0) {
        (void) alarm(600); /* should the parent be killed meanwhile */
        acts[what](estate);
        _exit(0);
    }
    do
        ended = waitpid(child, &status, 0);
    while (ended < 0 && errno == EINTR);
    REQUIRE(ended == child);
    REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    tally(estate->ledger, FORKS);
    tally(estate->ledger, what == 0 ? FORKS_WORKED : FORKS_CLOSED);
}

void *forker_main(void *arg)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    struct hand *hand = arg;

    hand->doing = "forks";
    while (!soak_ending()) {
        struct estate estate = {.ledger = &hand->ledger};

        open_estate(&estate, hand->backend);
        work(&estate);
        in_child(&estate, pick(&hand->random, CHILDREN));
        work(&estate);
        close_estate(&estate);
        __atomic_store_n(&hand->beats, hand->beats + 1, __ATOMIC_RELAXED);
        (void) nanosleep(&pause, NULL);
    }
    __atomic_store_n(&hand->done, 1, __ATOMIC_RELEASE);
    return NULL;
}
