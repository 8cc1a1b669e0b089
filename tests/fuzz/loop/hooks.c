/* SPDX-License-Identifier: MIT */
/*
 * What the loop asks of the world, with the model in between: the backend is
 * the real one, on real descriptors, but never sleeps, as time is the
 * program's; the clock is the model's own. Here the core is held to what it
 * promises a backend, and the backend to what it promises the core. And here
 * other threads act: between any two of the loop's own steps.
 */
#include "fuzz/loop/world.h"

#include "core/backend.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SPINS = 100, MAX_WAITS = 64 };

static struct slot *slot_at(int fd)
{
    return fd >= 0 && fd < FIRST_FDS ? world.registered[fd].slot : NULL;
}

static void meddle(void)
{
    if (world.meddles)
        (void) program_meddle();
}

/* --- the backend ------------------------------------------------------------
 */

static int create(const eddy_allocator *allocator, eddy_backend **out)
{
    for (int fd = 0; fd < FIRST_FDS; fd++) {
        world.registered[fd].mask = 0;
        world.registered[fd].updated = false;
    }
    return world.real_ops->create(allocator, out);
}

static void destroy(eddy_backend *backend, bool inherited)
{
    world.real_ops->destroy(backend, inherited);
}

static int update(eddy_backend *backend, uint64_t token, int fd, unsigned known,
                  unsigned want)
{
    struct registration *at = &world.registered[fd];
    int err;

    HOLDS(fd >= 0 && fd < FIRST_FDS && (token & INT32_MAX) == (unsigned) fd);
    HOLDS((want & ~(world.ops.events | EDDY_EDGE)) == 0);
    if (want != 0) {
        HOLDS(known == at->mask && known != want && !at->updated);
        at->updated = true;
        if (world.phase != OUTSIDE)
            phase_reach_flush();
    }
    err = world.real_ops->update(backend, token, fd, known, want);
    at->token = token;
    at->mask = err == 0 ? want : 0;
    if (at->slot != NULL)
        at->slot->unwanted = 0; /* what lingers from now on is another thing */
    if (want != 0)
        meddle();
    return err;
}

/* What a descriptor's watchers want between them; or only what they wanted
 * before the flush: what a callback of a refused watcher starts waits for the
 * next one. */
static unsigned wanted(const struct slot *slot, bool before)
{
    unsigned want = 0;

    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        if (item->slot == slot)
            want |= before ? item->since : item->want;
    return want;
}

static void check_flushed(void)
{
    for (struct slot *slot = world.slots; slot < world.slots + SLOTS; slot++)
        if (slot->fd >= 0 && slot->sort != REGULAR && !slot->wild)
            HOLDS((wanted(slot, true) & ~world.registered[slot->fd].mask) == 0);
    for (int fd = 0; fd < FIRST_FDS; fd++)
        world.registered[fd].updated = false;
}

static bool must_not_sleep(void)
{
    return world.mode == EDDY_RUN_NOWAIT ||
           (world.mode == EDDY_RUN_ONCE && world.due > 0) || world.told > 0 ||
           world.stopped || world.message_count > 0 || world_has_work() ||
           !world_alive();
}

/* Neither too long nor, again and again, too short. */
static void check_timeout(int64_t timeout_ns)
{
    uint64_t nearest = timers_nearest();

    if (must_not_sleep() || nearest <= world.clock_ns) {
        HOLDS(timeout_ns == 0);
        world.spins = 0;
        return;
    }
    if (nearest == EDDY_NEVER)
        HOLDS(timeout_ns < 0);
    else
        HOLDS(timeout_ns >= 0 &&
              (uint64_t) timeout_ns <= nearest - world.clock_ns);
    world.spins = timeout_ns == 0 ? world.spins + 1 : 0;
    HOLDS(world.spins < MAX_SPINS);
}

/* What a loop in an endless run is ended by, when the program will not. */
static void end_long_run(void)
{
    if (++world.steps < MAX_WAITS)
        return;
    for (int i = 0; i < SLOTS; i++)
        world.slots[i].blocked = false;
    world.stopped = true;
    eddy_stop(&world.loop);
}

static bool woken(const eddy_ready *ready, int count)
{
    for (int i = 0; i < count; i++)
        if (slot_at((int) (ready[i].token & INT32_MAX)) == NULL)
            return true;
    return false;
}

/* A signal of the fuzzer's own may come between. */
static int look(eddy_backend *backend, eddy_ready *ready, int capacity)
{
    int count;

    do
        count = world.real_ops->wait(backend, 0, ready, capacity);
    while (count == EDDY_EINTR);
    return count;
}

/* The sleep: other threads act, until something comes of it or time is up. */
static int sleep_in(eddy_backend *backend, int64_t timeout_ns,
                    eddy_ready *ready, int capacity)
{
    bool wakes = fuzz_left() && program_meddle();
    int count = look(backend, ready, capacity);

    for (int i = 0; count == 0 && timeout_ns < 0 && !wakes; i++) {
        if (i < 3 && fuzz_left()) {
            wakes = program_meddle();
        } else {
            fuzz_trace("stop from another thread");
            eddy_stop(&world.loop);
            world.stopped = true;
            wakes = true;
        }
        count = look(backend, ready, capacity);
    }
    if (count == 0)
        world.clock_ns += (uint64_t) timeout_ns;
    if (wakes && capacity > SLOTS)
        HOLDS(woken(ready, count));
    return count;
}

static void check_ready(const eddy_ready *ready)
{
    int fd = (int) (ready->token & INT32_MAX);
    struct registration *at = &world.registered[fd];
    unsigned events = ready->events & EDDY_ANY_EVENT;

    HOLDS(fd < FIRST_FDS && ready->error == 0);
    if (at->slot == NULL)
        return; /* the wakeup */
    if (at->token != ready->token || at->mask == 0) {
        HOLDS(world.rude);
        return;
    }
    if (!at->slot->wild && !world.rude)
        HOLDS((events & at->mask) == (slot_ready(at->slot) & at->mask));
    HOLDS(at->slot->reported == 0 || world.rude);
    at->slot->reported |= events;
}

/* An interest that nobody has any more may be with the kernel still, but only
 * until an event comes of it. */
static void check_lingering(struct slot *slot, unsigned mask)
{
    bool unwanted = (slot->reported & mask & ~wanted(slot, false)) != 0;

    slot->unwanted = unwanted && !slot->wild ? slot->unwanted + 1 : 0;
    HOLDS(slot->unwanted <= 1);
}

/* The wakeup is reported once for a write to it. A new backend may look at one
 * that was never drained anew. */
static void check_wakeup(const eddy_ready *ready, int count)
{
    if (!world.rude && woken(ready, count))
        HOLDS(__atomic_exchange_n(&world.woken, 0, __ATOMIC_SEQ_CST) == 1);
}

static void check_all_ready(const eddy_ready *ready, int count, int capacity)
{
    for (int i = 0; i < SLOTS; i++)
        world.slots[i].reported = 0;
    for (int i = 0; i < count; i++)
        check_ready(&ready[i]);
    for (struct slot *slot = world.slots; slot < world.slots + SLOTS; slot++)
        if (slot->fd >= 0)
            check_lingering(slot, world.registered[slot->fd].mask);
    if (count == capacity)
        return;
    for (struct slot *slot = world.slots; slot < world.slots + SLOTS; slot++)
        if (slot->fd >= 0 && !slot->wild &&
            (slot_ready(slot) & world.registered[slot->fd].mask) != 0)
            HOLDS(slot->reported != 0);
}

static int wait(eddy_backend *backend, int64_t timeout_ns, eddy_ready *ready,
                int capacity)
{
    int count;

    fuzz_trace("wait %jd", (intmax_t) timeout_ns);
    phase_reach_wait();
    check_flushed();
    check_timeout(timeout_ns);
    end_long_run();
    if (timeout_ns == 0)
        count = look(backend, ready, capacity);
    else
        count = sleep_in(backend, timeout_ns, ready, capacity);
    HOLDS(count >= 0 && count <= capacity);
    check_wakeup(ready, count);
    check_all_ready(ready, count, capacity);
    phase_waited(timeout_ns != 0);
    meddle();
    if (world.meddles && fuzz_take() % 8 == 1)
        program_pass_time(); /* before the loop looks at the clock again */
    return count;
}

static int pollable(eddy_backend *backend, uint64_t deadline_ns)
{
    return world.real_ops->fd(backend, deadline_ns);
}

/* --- the system -------------------------------------------------------------
 */

static uint64_t now(void *context)
{
    (void) context;
    if (!world.peeking)
        world.now_ns = world.clock_ns;
    return world.clock_ns;
}

static int wake(void *context, int fd)
{
    (void) context;
    __atomic_store_n(&world.woken, 1, __ATOMIC_SEQ_CST);
    return world.real_os->wakeup_write(world.real_os->context, fd);
}

static int drain(void *context, int fd)
{
    int result;

    (void) context;
    meddle();
    result = world.real_os->wakeup_drain(world.real_os->context, fd);
    meddle();
    return result;
}

static bool interrupted(void)
{
    if (world.interrupts == 0)
        return false;
    world.interrupts--;
    return true;
}

static ssize_t receive(void *context, int fd, void *buffer, size_t size)
{
    struct slot *slot = slot_at(fd);
    ssize_t result;

    (void) context;
    HOLDS(slot != NULL && stream_on(slot) != NULL);
    if (interrupted())
        return EDDY_EINTR;
    if (world.cap > 0 && size > world.cap)
        size = world.cap;
    result = world.real_os->recv(world.real_os->context, fd, buffer, size);
    stream_received(stream_on(slot), buffer, result);
    return result;
}

static ssize_t send_capped(int fd, const struct msghdr *message)
{
    struct iovec iov = message->msg_iov[0];
    struct msghdr capped = {.msg_iov = &iov, .msg_iovlen = 1};

    if (world.cap == 0)
        return world.real_os->sendmsg(world.real_os->context, fd, message);
    if (iov.iov_len > world.cap)
        iov.iov_len = world.cap;
    return world.real_os->sendmsg(world.real_os->context, fd, &capped);
}

static ssize_t send_message(void *context, int fd, const struct msghdr *message)
{
    struct slot *slot = slot_at(fd);
    ssize_t result = EDDY_EAGAIN;

    (void) context;
    HOLDS(slot != NULL && stream_on(slot) != NULL);
    if (interrupted())
        return EDDY_EINTR;
    stream_offered(stream_on(slot), message);
    if (!slot->blocked)
        result = send_capped(fd, message);
    if (result > 0)
        slot_sent(slot);
    stream_sent(stream_on(slot), result);
    return result;
}

static int shut_down(void *context, int fd, int how)
{
    struct slot *slot = slot_at(fd);
    int result;

    (void) context;
    HOLDS(slot != NULL && stream_on(slot) != NULL);
    if (interrupted())
        return EDDY_EINTR;
    result = world.real_os->shutdown(world.real_os->context, fd, how);
    stream_shut_down(stream_on(slot), result);
    return result;
}

static int close_fd(void *context, int fd)
{
    struct slot *slot = slot_at(fd);

    (void) context;
    if (slot != NULL) {
        HOLDS(slot->fd == fd);
        world.registered[fd].slot = NULL;
        slot->fd = -1;
    }
    return world.real_os->close(world.real_os->context, fd);
}

/* --- memory -----------------------------------------------------------------
 */

static void *resize(void *context, void *block, size_t old_size, size_t size)
{
    void *result;

    (void) context;
    HOLDS((block == NULL) == (old_size == 0));
    if (size == 0) {
        world.blocks -= block != NULL;
        free(block);
        return NULL;
    }
    result = realloc(block, size);
    HOLDS(result != NULL);
    world.blocks += block == NULL;
    return result;
}

/* EDDY_BACKEND chooses the backend; without it the input does. */
static const eddy_backend_ops *choose(unsigned number)
{
    const char *name = getenv("EDDY_BACKEND");
    size_t count = eddy_backends(NULL);

    if (name == NULL)
        return eddy__registry[number % count];
    for (number = 0; number < count; number++)
        if (strcmp(eddy__registry[number]->name, name) == 0)
            break;
    HOLDS(number < count);
    return eddy__registry[number];
}

void hooks_install(unsigned backend)
{
    world.real_ops = choose(backend);
    world.ops = *world.real_ops;
    world.ops.create = create;
    world.ops.destroy = destroy;
    world.ops.update = update;
    world.ops.wait = wait;
    world.ops.fd = pollable;
    world.real_os = eddy_os_default();
    world.os = *world.real_os;
    world.os.now = now;
    world.os.wakeup_write = wake;
    world.os.wakeup_drain = drain;
    world.os.recv = receive;
    world.os.sendmsg = send_message;
    world.os.shutdown = shut_down;
    world.os.close = close_fd;
    world.allocator = (eddy_allocator){.resize = resize};
}
