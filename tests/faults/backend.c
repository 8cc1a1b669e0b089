/* SPDX-License-Identifier: MIT */
/*
 * The backend table around a real one. It keeps to the contract when it fails:
 * after an error nothing is registered for the descriptor, and a removal that
 * fails has removed. A receipt is how kqueue reports a change that it was told
 * of before: the update goes well, and the next wait tells of the error.
 *
 * Waits never sleep. As long as nothing is ready, what the world has in store
 * happens: the next event, a thread of a pool, or a deadline. If there is
 * nothing in store, the loop would sleep for ever, which is an error.
 */
#include "faults/world.h"

#include "core/backend.h"

#include <string.h>

enum { RECEIPTS = 16 };

static const eddy_backend_ops *real;
static eddy_ready receipts[RECEIPTS];
static const eddy_backend *receipts_of;
static int receipt_count;

/* What fd() was last told, when that lies ahead. */
static eddy_backend *deadline_of;
static uint64_t deadline_ns;

static int create(const eddy_allocator *allocator, eddy_backend **out)
{
    int error = -tally_strike(KIND_CREATE);

    return error < 0 ? error : real->create(allocator, out);
}

static void destroy(eddy_backend *backend, bool inherited)
{
    if (receipts_of == backend) {
        world.moot += receipt_count;
        receipt_count = 0;
    }
    if (deadline_of == backend)
        deadline_of = NULL;
    real->destroy(backend, inherited);
}

/* What is removed, or changed anew, has no receipt to come any more. */
static void drop_receipt(const eddy_backend *backend, int fd)
{
    int kept = 0;

    if (receipts_of != backend)
        return;
    for (int i = 0; i < receipt_count; i++)
        if ((int) (receipts[i].token & INT32_MAX) != fd)
            receipts[kept++] = receipts[i];
    world.moot += receipt_count - kept;
    receipt_count = kept;
}

static int take_away(eddy_backend *backend, uint64_t token, int fd,
                     unsigned known)
{
    int error = -tally_strike(KIND_REMOVE);
    int err = real->update(backend, token, fd, known, 0);

    return error < 0 ? error : err;
}

static int update(eddy_backend *backend, uint64_t token, int fd, unsigned known,
                  unsigned want)
{
    int error;
    int receipt;

    drop_receipt(backend, fd);
    if (want == 0)
        return take_away(backend, token, fd, known);
    error = -tally_strike(KIND_UPDATE);
    receipt = error < 0 ? 0 : -tally_strike(KIND_RECEIPT);
    if (error == 0 && receipt == 0)
        return real->update(backend, token, fd, known, want);
    if (known != 0)
        (void) real->update(backend, token, fd, known, 0);
    if (receipt < 0) {
        REQUIRE(receipt_count < RECEIPTS);
        receipts_of = backend;
        receipts[receipt_count++] =
            (eddy_ready){.token = token, .error = receipt};
    }
    return error;
}

static int give_receipts(const eddy_backend *backend, eddy_ready *ready,
                         int capacity)
{
    int count = 0;

    if (receipts_of != backend)
        return 0;
    while (receipt_count > 0 && count < capacity)
        ready[count++] = receipts[--receipt_count];
    return count;
}

static int look(eddy_backend *backend, eddy_ready *ready, int capacity)
{
    int count = give_receipts(backend, ready, capacity);

    return count > 0 ? count : real->wait(backend, 0, ready, capacity);
}

/* Who was to be woken and was not sleeps on, but not for ever: a signal comes.
 */
static int sleep_on(int64_t timeout_ns)
{
    if (world.unwoken)
        return EDDY_EINTR;
    if (world.works > 0) {
        gate_let_one();
    } else if (timeout_ns > 0) {
        world_pass((uint64_t) timeout_ns);
        return 0;
    } else if (deadline_of != NULL) {
        world_pass(deadline_ns - world.now_ns);
    } else {
        return EDDY_EDEADLK;
    }
    return 1;
}

/* Something happens to a sleeping loop: 1; or its time is up: 0. */
static int happen(int64_t timeout_ns)
{
    const struct event *event = &world.events[world.events_done];

    if (world.peer != NULL && world.peer())
        return 1;
    if (world.events_done == world.event_count)
        return sleep_on(timeout_ns);
    world.events_done++;
    event->act(event->arg);
    return 1;
}

static int wait_for(eddy_backend *backend, int64_t timeout_ns,
                    eddy_ready *ready, int capacity)
{
    int fault = tally_strike(KIND_WAIT);
    int happened = timeout_ns != 0;
    int count;

    if (fault != 0 && fault != FAULT_PART)
        return -fault;
    capacity = fault == FAULT_PART ? 1 : capacity;
    world.unwoken = false;
    count = look(backend, ready, capacity);
    world.sleeps += count == 0 && timeout_ns != 0;
    while (count == 0 && happened > 0) {
        happened = happen(timeout_ns);
        count = happened < 0 ? happened : look(backend, ready, capacity);
    }
    return count;
}

/* The kernel's clock is not the world's: it is told only of what has passed. */
static int pollable(eddy_backend *backend, uint64_t at_ns)
{
    int error = -tally_strike(KIND_FD);
    bool ahead = at_ns > world.now_ns;
    int fd;

    if (error < 0)
        return error;
    fd = real->fd(backend, ahead ? EDDY_NEVER : 1);
    deadline_of = fd >= 0 && ahead && at_ns != EDDY_NEVER ? backend : NULL;
    deadline_ns = at_ns;
    return fd;
}

void world_pass(uint64_t ns)
{
    eddy_backend *backend = deadline_of;

    world.now_ns =
        ns > UINT64_MAX / 2 - world.now_ns ? UINT64_MAX / 2 : world.now_ns + ns;
    if (backend == NULL || deadline_ns > world.now_ns)
        return;
    deadline_of = NULL;
    REQUIRE(real->fd(backend, 1) >= 0);
}

eddy_backend_ops world_backend = {.create = create,
                                  .destroy = destroy,
                                  .update = update,
                                  .wait = wait_for,
                                  .fd = pollable};

bool world_choose(const char *name)
{
    for (size_t i = 0; eddy__registry[i] != NULL; i++) {
        if (name != NULL && strcmp(eddy__registry[i]->name, name) != 0)
            continue;
        real = eddy__registry[i];
        world_backend.name = real->name;
        world_backend.events = real->events;
        return true;
    }
    return false;
}
