/* SPDX-License-Identifier: MIT */
/*
 * A backend that asks no kernel. The object that the core holds is the
 * fake_backend itself; create() finds it in a variable, as it is told nothing
 * of who asks.
 */
#include "support/fake_backend.h"

#include "support/test.h"

#include <string.h>

static struct fake_backend *current;

static struct fake_backend *self(eddy_backend *backend)
{
    return (struct fake_backend *) (void *) backend;
}

static int create(const eddy_allocator *allocator, eddy_backend **out)
{
    (void) allocator;
    if (current->create_error != 0)
        return current->create_error;
    current->creates++;
    memset(current->table, 0, sizeof(current->table));
    *out = (eddy_backend *) (void *) current;
    return 0;
}

static void destroy(eddy_backend *backend, bool inherited)
{
    struct fake_backend *fake = self(backend);

    fake->destroys++;
    if (inherited)
        fake->inherited++;
}

/* Once between two waits, but for removal; `known` as it is. */
static bool is_mistake(const struct fake_backend *fake,
                       const struct fake_registration *at, unsigned known,
                       unsigned want)
{
    if (want == 0)
        return false;
    if (known == want || (want & ~fake->ops.events) != 0)
        return true;
    if (at->mask != known && at->mask != 0)
        return true;
    return at->changed_before == fake->waits + 1;
}

static int update(eddy_backend *backend, uint64_t token, int fd, unsigned known,
                  unsigned want)
{
    struct fake_backend *fake = self(backend);
    struct fake_registration *at;
    int error;

    fake->updates++;
    if (fd < 0 || fd >= FAKE_FDS)
        return EDDY_EBADF;
    at = &fake->table[fd];
    error = at->update_error;
    fake->last_fd = fd;
    fake->last_known = known;
    fake->last_want = want;
    if (is_mistake(fake, at, known, want))
        fake->mistakes++;
    if (error == 0 && want == 0 && at->mask == 0)
        error = EDDY_ENOENT;
    at->changed_before = want != 0 ? fake->waits + 1 : 0;
    at->update_error = 0;
    at->token = token;
    at->mask = error == 0 ? want : 0;
    return error;
}

/* Moves as much of the script as there is room for into `ready`. */
static int report(struct fake_backend *fake, eddy_ready *ready, int capacity)
{
    int count = 0;
    int read = 0;

    while (read < fake->event_count && count < capacity) {
        const struct fake_event *event = &fake->events[read++];
        const struct fake_registration *at;

        if (event->fd < 0) {
            ready[count++] = event->ready;
            continue;
        }
        at = &fake->table[event->fd];
        if ((at->mask & event->ready.events) != 0 ||
            event->ready.events == EDDY_ANY_EVENT) {
            ready[count] = event->ready;
            ready[count].token = at->token;
            ready[count].events |= at->mask & EDDY_EDGE;
            count += at->mask != 0;
        }
    }
    fake->event_count -= read;
    memmove(fake->events, &fake->events[read],
            (size_t) fake->event_count * sizeof(fake->events[0]));
    return count;
}

/* A wakeup that was written is ready: once, where edge will do. */
static void report_wakeup(struct fake_backend *fake)
{
    int fd = fake->os->wakeup_pending;

    if (fd == 0 || fake->event_count == FAKE_EVENTS)
        return;
    fake_backend_ready(fake, fd, EDDY_READABLE);
    if (fake->table[fd].mask & EDDY_EDGE)
        fake->os->wakeup_pending = 0;
}

static int sleep_until(struct fake_backend *fake, int64_t timeout_ns)
{
    if (timeout_ns < 0)
        return EDDY_EDEADLK;
    if (timeout_ns > 0) {
        fake->sleeps++;
        fake->os->now_ns += (uint64_t) timeout_ns + fake->late_ns;
    }
    return 0;
}

static int wait(eddy_backend *backend, int64_t timeout_ns, eddy_ready *ready,
                int capacity)
{
    struct fake_backend *fake = self(backend);
    void (*asleep)(void *arg) = fake->asleep;
    int error = fake->wait_error;
    int count;

    fake->waits++;
    fake->last_timeout_ns = timeout_ns;
    fake->asleep = NULL;
    fake->wait_error = 0;
    fake->os->now_ns += fake->elapse_ns;
    fake->elapse_ns = 0;
    if (asleep != NULL)
        asleep(fake->asleep_arg);
    if (error != 0)
        return error;
    report_wakeup(fake);
    count = report(fake, ready, capacity);
    return count > 0 ? count : sleep_until(fake, timeout_ns);
}

static int pollable(eddy_backend *backend, uint64_t deadline_ns)
{
    (void) backend;
    (void) deadline_ns;
    return EDDY_ENOTSUP;
}

void fake_backend_init(struct fake_backend *fake, struct fake_os *os)
{
    *fake = (struct fake_backend){.ops = {.name = "fake",
                                          .events = EDDY_ANY_EVENT,
                                          .create = create,
                                          .destroy = destroy,
                                          .update = update,
                                          .wait = wait,
                                          .fd = pollable},
                                  .os = os};
    current = fake;
}

static struct fake_event *next_event(struct fake_backend *fake)
{
    assert_true(fake->event_count < FAKE_EVENTS);
    return &fake->events[fake->event_count++];
}

void fake_backend_ready(struct fake_backend *fake, int fd, unsigned events)
{
    *next_event(fake) =
        (struct fake_event){.fd = fd, .ready = {.events = events}};
}

void fake_backend_report(struct fake_backend *fake, uint64_t token,
                         unsigned events, int error)
{
    *next_event(fake) = (struct fake_event){
        .fd = -1, .ready = {.token = token, .events = events, .error = error}};
}
