/* SPDX-License-Identifier: MIT */
/*
 * The fixture of tests that know a backend's table and nothing of the core:
 * the backend that EDDY_BACKEND names, else the best one, opened on a counting
 * allocator. Taking it down checks that it left no memory and no descriptor.
 *
 *     static void reports(void **state)
 *     {
 *         struct test_backend *tb = *state;
 *         …
 *     }
 *
 *     BACKEND_TEST(reports)
 */
#ifndef TESTS_SUPPORT_BACKEND_H
#define TESTS_SUPPORT_BACKEND_H

#include "support/counting_allocator.h"

#include "support/test.h"

#include <pthread.h>

struct test_backend {
    const eddy_backend_ops *ops;
    eddy_backend *backend; /* NULL: the teardown has nothing to destroy */
    struct counting_allocator memory;
    int open_before; /* descriptors */
};

int test_backend_setup(void **state);
int test_backend_teardown(void **state);

#define BACKEND_TEST(function)                                                 \
    cmocka_unit_test_setup_teardown(function, test_backend_setup,              \
                                    test_backend_teardown)

/* A token like the core's: never the same for two descriptors. */
uint64_t test_token(int fd);

/* update() with the descriptor's test_token; it must succeed. */
void test_watch(struct test_backend *tb, int fd, unsigned want);
void test_rewatch(struct test_backend *tb, int fd, unsigned known,
                  unsigned want);
void test_unwatch(struct test_backend *tb, int fd, unsigned known);

/* wait() without sleeping. */
int test_poll(struct test_backend *tb, eddy_ready *ready, int capacity);

/* What one wait says of this descriptor, which is the only one to be ready:
 * 0 when nothing is. The second one waits for something. */
unsigned test_events_now(struct test_backend *tb, int fd);
unsigned test_events_soon(struct test_backend *tb, int fd);

/* All that is ready now, each once, in any order, by as many waits as that
 * takes; returns how many. None may be an error. */
int test_collect(struct test_backend *tb, eddy_ready *ready, int capacity);

/* A thread that writes a byte after a while: join it before the end. */
struct test_later {
    pthread_t thread;
    int fd;
};

void test_write_later(struct test_later *later, int fd);
void test_join_later(struct test_later *later);

#endif
