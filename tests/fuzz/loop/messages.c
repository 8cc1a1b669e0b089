/* SPDX-License-Identifier: MIT */
/*
 * Asyncs and tasks: one queue, in order of arrival. Sends to an async that is
 * queued coalesce; each task is called back exactly once. What was there when
 * the batch was taken runs before what came later, and no more than so many
 * batches in one poll phase.
 */
#include "fuzz/loop/world.h"

#include <stdlib.h>
#include <string.h>

static eddy_async *async_of(const struct item *item)
{
    return (eddy_async *) (void *) item->handle;
}

static void push(struct message message)
{
    HOLDS(world.message_count < MESSAGES);
    world.messages[world.message_count++] = message;
}

static void pop(void)
{
    HOLDS(world.message_count > 0 && world.taken > 0);
    world.message_count--;
    world.taken--;
    memmove(world.messages, world.messages + 1,
            world.message_count * sizeof(world.messages[0]));
}

/* Takes the next batch, if it is time. Whether there is something to run. */
static bool take(void)
{
    if (world.taken > 0)
        return true;
    if (world.message_count == 0 || world.batches == MAX_BATCHES)
        return false;
    world.taken = world.message_count;
    world.batches++;
    return true;
}

/* Asyncs that call nobody: closed ones, and those without a callback. */
void messages_settle(void)
{
    while (take()) {
        struct item *async = world.messages[0].async;

        if (async == NULL || (async->life == OPEN && !async->silent))
            return;
        pop();
        async->pending = false;
        if (async->life == CLOSING) {
            async->closable = true;
        } else {
            world.told++;
            world.called++;
            world.sent++;
        }
    }
}

static struct message arrive(void)
{
    phase_reach(ARRIVALS);
    messages_settle();
    HOLDS(world.taken > 0);
    return world.messages[0];
}

static void on_async(eddy_async *async)
{
    struct item *item = handle_of(&async->handle);

    fuzz_trace("async %td is called", item - world.items);
    HOLDS(arrive().async == item);
    HOLDS(item->life == OPEN && item->pending && !item->silent);
    pop();
    item->pending = false;
    world.told++;
    world.called++;
    world.sent++;
    program_callback();
}

/* The end of a piece of work, which comes as a task does. */
void message_arrived(const struct job *job)
{
    HOLDS(arrive().job == job);
    pop();
    world.told++;
    world.called++;
    world.ran++;
}

void message_push_job(struct job *job)
{
    push((struct message){.job = job});
}

static void on_task(eddy_task *task, int status)
{
    struct job *job = task->data;

    fuzz_trace("task %td is called: %d", job - world.tasks, status);
    HOLDS(job->queued);
    if (status == 0) {
        message_arrived(job);
    } else {
        HOLDS(status == EDDY_ECANCELED && world.phase == OUTSIDE);
        HOLDS(world.taken > 0 && world.messages[0].job == job);
        pop();
    }
    job->queued = false;
    if (status == 0)
        program_callback();
}

/* The loop closes, and gives back what is queued. */
void messages_cancelled(void)
{
    world.taken = world.message_count;
}

/* A batch that was taken is no longer on the loop's list. */
bool messages_have_task(void)
{
    for (unsigned i = world.taken; i < world.message_count; i++)
        if (world.messages[i].job != NULL)
            return true;
    return false;
}

bool task_post(unsigned number)
{
    struct job *job = &world.tasks[number % TASKS];

    job->task.data = job;
    if (job->queued) {
        HOLDS(eddy_post(&world.loop, &job->task, on_task) == EDDY_EBUSY);
        return false;
    }
    fuzz_trace("task %td: post", job - world.tasks);
    job->queued = true;
    push((struct message){.job = job});
    HOLDS(eddy_post(&world.loop, &job->task, on_task) == 0);
    return true;
}

int async_init(struct item *item)
{
    eddy_async *async = malloc(sizeof(*async));

    HOLDS(async != NULL);
    item->handle = &async->handle;
    item->silent = fuzz_take() % 8 == 7;
    item->active = true;
    return eddy_async_init(&world.loop, async, item->silent ? NULL : on_async);
}

/* Whether it is a new one, which must wake a loop that sleeps. */
bool async_send(struct item *item)
{
    bool fresh = item->life == OPEN && !item->pending;

    if (item->life == GONE)
        return false;
    fuzz_trace("async %td: send", item - world.items);
    if (fresh) {
        item->pending = true;
        push((struct message){.async = item});
    }
    HOLDS(eddy_async_send(async_of(item)) ==
          (item->life == OPEN ? 0 : EDDY_EINVAL));
    return fresh;
}

bool async_send_any(unsigned number)
{
    for (unsigned i = 0; i < ITEMS; i++) {
        struct item *item = &world.items[(number + i) % ITEMS];

        if (item->kind == KIND_ASYNC && item->life != GONE)
            return async_send(item);
    }
    return false;
}

void async_touch(struct item *item, unsigned action)
{
    (void) action;
    (void) async_send(item);
}
