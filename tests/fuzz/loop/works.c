/* SPDX-License-Identifier: MIT */
/*
 * Work on a pool of one thread, which goes on only when the model lets it: the
 * first in line has begun and waits at a gate, the others wait for it. So it is
 * certain what can be cancelled, and when an end reaches the loop.
 *
 * The thread is kept from one input to the next.
 */
#include "fuzz/loop/world.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>

static eddy_pool pool;
static sem_t gate;
static unsigned begun; /* shared with the thread */

static void end_pool(void)
{
    (void) eddy_pool_close(&pool);
}

static void open_pool(void)
{
    const eddy_pool_options options = {.threads = 1};

    if (pool.state != NULL)
        return;
    HOLDS(sem_init(&gate, 0, 0) == 0);
    HOLDS(eddy_pool_init(&pool, &options) == 0);
    HOLDS(atexit(end_pool) == 0);
}

static void on_thread(eddy_work *work)
{
    (void) work;
    __atomic_add_fetch(&begun, 1, __ATOMIC_SEQ_CST);
    while (sem_wait(&gate) != 0)
        continue;
}

static void await_begun(unsigned before)
{
    while (__atomic_load_n(&begun, __ATOMIC_SEQ_CST) == before)
        (void) sched_yield();
}

/* Its end is on the loop's list, and whoever put it there has left. */
static bool has_come_home(const struct job *job)
{
    const struct eddy__message *message;

    message = __atomic_load_n(&world.loop.arrivals, __ATOMIC_SEQ_CST);
    while (message != NULL && message != &job->work.task.message)
        message = message->next;
    return message != NULL &&
           __atomic_load_n(&world.loop.senders, __ATOMIC_SEQ_CST) == 0;
}

static void leave_line(const struct job *job)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < world.lined; i++)
        if (world.line[i] != job)
            world.line[kept++] = world.line[i];
    HOLDS(kept + 1 == world.lined);
    world.lined = kept;
}

static void on_done(eddy_work *work, int status)
{
    struct job *job = work->data;

    fuzz_trace("work %td is done: %d", job - world.works, status);
    HOLDS(job->in_flight);
    if (status == 0)
        message_arrived(job);
    else
        request_ended(NULL, job, status);
    job->in_flight = false;
    program_callback();
}

static void submit(struct job *job)
{
    unsigned before = __atomic_load_n(&begun, __ATOMIC_SEQ_CST);
    int wanted = job->in_flight ? EDDY_EBUSY : 0;

    open_pool();
    job->work.data = job;
    HOLDS(eddy_pool_submit(&pool, &world.loop, &job->work, on_thread,
                           on_done) == wanted);
    if (wanted < 0)
        return;
    fuzz_trace("work %td: submit", job - world.works);
    job->in_flight = true;
    world.line[world.lined++] = job;
    if (world.lined == 1)
        await_begun(before);
}

/* The first in line ends, and the next one begins. From any thread: it is the
 * pool's that wakes the loop. */
bool work_release(void)
{
    unsigned before = __atomic_load_n(&begun, __ATOMIC_SEQ_CST);
    struct job *job = world.line[0];

    if (world.lined == 0)
        return false;
    fuzz_trace("work %td: let go", job - world.works);
    leave_line(job);
    message_push_job(job);
    HOLDS(sem_post(&gate) == 0);
    while (!has_come_home(job))
        (void) sched_yield();
    if (world.lined > 0)
        await_begun(before);
    return true;
}

static bool waits_in_line(const struct job *job)
{
    for (unsigned i = 1; i < world.lined; i++)
        if (world.line[i] == job)
            return true;
    return false;
}

/* Also one that was cancelled already, or has ended. */
static void cancel(struct job *job)
{
    int wanted = !job->in_flight      ? EDDY_EINVAL
                 : waits_in_line(job) ? 0
                                      : EDDY_EBUSY;

    HOLDS(eddy_cancel(&job->work.req) == wanted);
    if (wanted < 0)
        return;
    fuzz_trace("work %td: cancel", job - world.works);
    leave_line(job);
    request_cancelled(job);
}

void work_touch(unsigned number, unsigned action)
{
    struct job *job = &world.works[number % WORKS];

    switch (action % 4) {
    case 0:
    case 1:
        submit(job);
        break;
    case 2:
        (void) work_release();
        break;
    default:
        cancel(job);
        break;
    }
}

void works_finish(void)
{
    while (work_release())
        continue;
}

bool works_in_flight(void)
{
    for (int i = 0; i < WORKS; i++)
        if (world.works[i].in_flight)
            return true;
    return false;
}
