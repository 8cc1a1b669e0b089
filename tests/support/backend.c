/* SPDX-License-Identifier: MIT */
/*
 * The fixture of tests that know a backend's table alone. It finds the table
 * in the registry that the build wrote, so that no core is needed.
 */
#include "support/backend.h"

#include "support/fds.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const eddy_backend_ops *const eddy__registry[];

static const eddy_backend_ops *chosen(void)
{
    const char *name = getenv("EDDY_BACKEND");

    for (size_t i = 0; eddy__registry[i] != NULL; i++) {
        if (name == NULL || name[0] == '\0' ||
            strcmp(eddy__registry[i]->name, name) == 0)
            return eddy__registry[i];
    }
    return NULL;
}

int test_backend_setup(void **state)
{
    static struct test_backend tb;

    tb = (struct test_backend){.ops = chosen()};
    assert_non_null(tb.ops);
    tb.open_before = test_fds_open();
    counting_allocator_init(&tb.memory);
    assert_int_equal(tb.ops->create(&tb.memory.base, &tb.backend), 0);
    *state = &tb;
    return 0;
}

int test_backend_teardown(void **state)
{
    struct test_backend *tb = *state;

    if (tb->backend != NULL)
        tb->ops->destroy(tb->backend, false);
    assert_int_equal(tb->memory.mistakes, 0);
    assert_int_equal(tb->memory.live_blocks, 0);
    assert_int_equal(test_fds_open(), tb->open_before);
    return 0;
}

uint64_t test_token(int fd)
{
    return UINT64_C(0xfedcba98) << 32 | ((unsigned) fd & INT32_MAX);
}

void test_rewatch(struct test_backend *tb, int fd, unsigned known,
                  unsigned want)
{
    assert_int_equal(
        tb->ops->update(tb->backend, test_token(fd), fd, known, want), 0);
}

void test_watch(struct test_backend *tb, int fd, unsigned want)
{
    test_rewatch(tb, fd, 0, want);
}

void test_unwatch(struct test_backend *tb, int fd, unsigned known)
{
    test_rewatch(tb, fd, known, 0);
}

int test_poll(struct test_backend *tb, eddy_ready *ready, int capacity)
{
    return tb->ops->wait(tb->backend, 0, ready, capacity);
}

static unsigned events_of(struct test_backend *tb, int fd, int64_t timeout_ns)
{
    eddy_ready ready[4];
    int count = tb->ops->wait(tb->backend, timeout_ns, ready, 4);

    assert_in_range(count, 0, 1);
    if (count == 0)
        return 0;
    assert_int_equal(ready[0].token, test_token(fd));
    assert_int_equal(ready[0].error, 0);
    assert_int_not_equal(ready[0].events, 0);
    return ready[0].events;
}

unsigned test_events_now(struct test_backend *tb, int fd)
{
    return events_of(tb, fd, 0);
}

unsigned test_events_soon(struct test_backend *tb, int fd)
{
    return events_of(tb, fd, -1);
}

static bool has_token(const eddy_ready *ready, int count, uint64_t token)
{
    for (int i = 0; i < count; i++) {
        if (ready[i].token == token)
            return true;
    }
    return false;
}

int test_collect(struct test_backend *tb, eddy_ready *ready, int capacity)
{
    int filled = 0;

    while (filled < capacity) {
        eddy_ready some[64];
        int count = test_poll(tb, some, 64);
        int before = filled;

        assert_in_range(count, 0, 64);
        for (int i = 0; i < count && filled < capacity; i++) {
            assert_int_equal(some[i].error, 0);
            if (!has_token(ready, filled, some[i].token))
                ready[filled++] = some[i];
        }
        if (filled == before)
            return filled;
    }
    return filled;
}

static void *write_after_a_while(void *argument)
{
    struct test_later *later = argument;
    struct timespec pause = {.tv_nsec = (long) EDDY_MS(20)};

    nanosleep(&pause, NULL);
    test_write_byte(later->fd);
    return NULL;
}

void test_write_later(struct test_later *later, int fd)
{
    later->fd = fd;
    assert_int_equal(
        pthread_create(&later->thread, NULL, write_after_a_while, later), 0);
}

void test_join_later(struct test_later *later)
{
    assert_int_equal(pthread_join(later->thread, NULL), 0);
}
