/* SPDX-License-Identifier: MIT */
/*
 * No memory at every allocation in turn, and no descriptors at every open in
 * turn: the call that needed it says so, nothing leaks, and what was there
 * goes on as before.
 */
#include "support/counting_allocator.h"
#include "support/ear.h"
#include "support/fake_backend.h"
#include "support/fake_os.h"
#include "support/fds.h"
#include "support/loop.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ATTEMPTS = 200, WATCHED = 40 };

struct scene {
    eddy_loop loop;
    eddy_timer timer;
    struct ear ears[WATCHED];
    int fds[2];
    int rang;
};

static void on_timer(eddy_timer *timer)
{
    ++*(int *) timer->data;
}

static int play_timer(struct scene *scene)
{
    int rc = eddy_timer_init(&scene->loop, &scene->timer);

    if (rc < 0)
        return rc;
    scene->timer.data = &scene->rang;
    assert_int_equal(eddy_timer_start(&scene->timer, on_timer, 0, 0), 0);
    assert_true(eddy_run(&scene->loop, EDDY_RUN_NOWAIT) >= 0);
    assert_int_equal(scene->rang, 1);
    assert_int_equal(eddy_close(&scene->timer.handle, NULL), 0);
    return 0;
}

/* Each on a duplicate, so that the tables of core and backend grow. What the
 * backend cannot hold, the callback learns; the others work. */
static int play_watchers(struct scene *scene)
{
    int worst = 0;
    int opened = 0;

    for (; opened < WATCHED && worst == 0; opened++) {
        int fd = fcntl(scene->fds[0], F_DUPFD_CLOEXEC, 100 + 10 * opened);

        assert_true(fd >= 0);
        worst = eddy_io_init(&scene->loop, &scene->ears[opened].io, fd);
        assert_int_equal(eddy_loop_check(&scene->loop), 0);
        if (worst < 0) {
            close(fd);
            break;
        }
        ear_start(&scene->ears[opened], EDDY_READABLE);
    }
    for (int i = 0; i < 3 * WATCHED; i++)
        (void) eddy_run(&scene->loop, EDDY_RUN_NOWAIT);
    while (opened-- > 0) {
        struct ear *ear = &scene->ears[opened];
        int fd = eddy_io_fd(&ear->io);

        assert_true(ear->calls > 0);
        worst = ear->status < worst ? ear->status : worst;
        ear_close(ear);
        close(fd);
    }
    return worst;
}

/* 0, or the first error that any of it gave. */
static int play(const eddy_allocator *allocator, bool embedded)
{
    static struct scene scene;
    eddy_loop_options options = {.allocator = allocator};
    int rc;
    int other;

    memset(&scene, 0, sizeof(scene));
    rc = eddy_loop_init(&scene.loop, &options);
    if (rc < 0)
        return rc;
    test_pipe(scene.fds);
    test_write_byte(scene.fds[1]);
    if (embedded) {
        other = eddy_loop_fd(&scene.loop);
        rc = other < 0 && other != EDDY_ENOTSUP ? other : 0;
    }
    other = play_timer(&scene);
    rc = rc == 0 ? other : rc;
    other = play_watchers(&scene);
    rc = rc == 0 ? other : rc;
    assert_int_equal(eddy_loop_check(&scene.loop), 0);
    assert_int_equal(eddy_loop_close(&scene.loop), 0);
    test_close_pair(scene.fds);
    return rc;
}

static void no_memory_at_each_allocation(void **state)
{
    struct counting_allocator memory;
    int fds = test_fds_open();
    size_t n = 1;
    int told = 0;

    (void) state;
    if (!test_allow_fds(1024))
        skip();
    counting_allocator_init(&memory);
    for (; n < ATTEMPTS; n++) {
        size_t failed = memory.failed;
        int rc;

        counting_allocator_fail(&memory, n);
        rc = play(&memory.base, n % 2 == 0);
        assert_int_equal(memory.live_blocks, 0);
        assert_int_equal(memory.live_bytes, 0);
        assert_int_equal(memory.mistakes, 0);
        assert_int_equal(test_fds_open(), fds);
        if (memory.failed == failed) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_true(rc == EDDY_ENOMEM || rc == 0); /* made up for later */
        told += rc != 0;
    }
    assert_true(told >= 3 && n < ATTEMPTS);
}

static int lowest_free(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    return fd;
}

/* By the limit of the system: with room for none, for one, for two … */
static void no_descriptors_at_each_open(void **state)
{
    struct rlimit before;
    int fds = test_fds_open();
    int refused = 0;
    int rc = EDDY_EMFILE;

    (void) state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int room = 0; rc != 0 && room < 20; room++) {
        struct rlimit tight = before;
        eddy_loop loop;

        tight.rlim_cur = (rlim_t) (lowest_free() + room);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
        rc = eddy_loop_init(&loop, NULL);
        if (rc == 0)
            assert_int_equal(eddy_loop_close(&loop), 0);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_true(rc == 0 || rc == EDDY_EMFILE);
        assert_int_equal(test_fds_open(), fds);
        refused += rc != 0;
    }
    assert_int_equal(rc, 0);
    assert_true(refused >= 1);
}

/* By a system table whose calls fail one by one. */
static void each_call_of_the_system_may_fail(void **state)
{
    static const int errors[] = {EDDY_EMFILE, EDDY_ENFILE, EDDY_ENOMEM};
    int fds = test_fds_open();

    (void) state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        struct fake_os os;
        eddy_loop_options options = {.os = &os.base};
        eddy_loop loop;

        fake_os_init(&os);
        fake_os_fail(&os, FAKE_WAKEUP_OPEN, 1, 1, errors[i]);
        assert_int_equal(eddy_loop_init(&loop, &options), errors[i]);
        assert_int_equal(test_fds_open(), fds);
        fake_os_fail(&os, FAKE_WAKEUP_OPEN, 1, 2, EDDY_EINTR);
        assert_int_equal(eddy_loop_init(&loop, &options), 0);
        assert_int_equal(eddy_loop_close(&loop), 0);
        assert_int_equal(test_fds_open(), fds);
    }
}

/* A backend that cannot watch the wakeup: nothing is left open. */
static void wakeup_that_cannot_be_watched_is_closed(void **state)
{
    static struct fake_backend backend;
    struct fake_os os;
    struct counting_allocator memory;
    eddy_loop_options options = {
        .backend_ops = &backend.ops, .os = &os.base, .allocator = &memory.base};
    int fds = test_fds_open();
    eddy_loop loop;

    (void) state;
    fake_os_init(&os);
    fake_backend_init(&backend, &os);
    counting_allocator_init(&memory);
    backend.ops.events = EDDY_WRITABLE;
    assert_int_equal(eddy_loop_init(&loop, &options), EDDY_ENOTSUP);
    assert_int_equal(os.calls[FAKE_WAKEUP_OPEN], 1);
    assert_int_equal(test_fds_open(), fds);
    assert_int_equal(memory.live_blocks, 0);
    assert_int_equal(memory.mistakes, 0);
    assert_int_equal(backend.creates, backend.destroys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_at_each_allocation),
        cmocka_unit_test(no_descriptors_at_each_open),
        cmocka_unit_test(each_call_of_the_system_may_fail),
        cmocka_unit_test(wakeup_that_cannot_be_watched_is_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
