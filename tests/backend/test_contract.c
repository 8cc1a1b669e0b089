/* SPDX-License-Identifier: MIT */
/*
 * The contract of eddy/backend.h, for each backend: create, destroy, update
 * and their errors. What wait says stands in test_contract_events.c, when it
 * says it in test_contract_wait.c.
 */
#include "support/backend.h"
#include "support/fds.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int try_watch(struct test_backend *tb, int fd, unsigned want)
{
    return tb->ops->update(tb->backend, test_token(fd), fd, 0, want);
}

static int try_unwatch(struct test_backend *tb, int fd)
{
    return tb->ops->update(tb->backend, test_token(fd), fd, EDDY_READABLE, 0);
}

/* --- create and destroy -------------------------------------------------- */

static void names_itself_and_what_it_watches(void **state)
{
    struct test_backend *tb = *state;
    unsigned least = EDDY_READABLE | EDDY_WRITABLE;

    assert_non_null(tb->ops->name);
    assert_int_equal(tb->ops->events & least, least);
    assert_int_equal(tb->ops->events & ~63U, 0);
}

static void every_descriptor_is_close_on_exec(void **state)
{
    struct test_backend *tb = *state;
    bool was_open[256];
    eddy_backend *other;

    for (int fd = 0; fd < 256; fd++)
        was_open[fd] = fcntl(fd, F_GETFD) != -1;
    assert_int_equal(tb->ops->create(&tb->memory.base, &other), 0);
    (void) tb->ops->fd(other, EDDY_MS(1));
    for (int fd = 0; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);

        assert_true(was_open[fd] || flags == -1 || (flags & FD_CLOEXEC));
    }
    tb->ops->destroy(other, false);
}

static void create_without_memory_leaves_nothing(void **state)
{
    struct test_backend *tb = *state;
    size_t blocks = tb->memory.live_blocks;
    int open_before = test_fds_open();

    for (size_t n = 1;; n++) {
        eddy_backend *other = NULL;
        int error;

        counting_allocator_fail(&tb->memory, n);
        error = tb->ops->create(&tb->memory.base, &other);
        if (error == 0) {
            assert_true(n > 1);
            tb->ops->destroy(other, false);
            return;
        }
        assert_int_equal(error, EDDY_ENOMEM);
        assert_int_equal(tb->memory.live_blocks, blocks);
        assert_int_equal(test_fds_open(), open_before);
    }
}

/* A backend that needs no descriptor may succeed. */
static void create_without_descriptors_leaves_nothing(void **state)
{
    struct test_backend *tb = *state;
    size_t blocks = tb->memory.live_blocks;
    int needed = test_fds_open() - tb->open_before;
    eddy_backend *other = NULL;
    struct rlimit old;
    struct rlimit none;
    int error;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    error = tb->ops->create(&tb->memory.base, &other);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);

    assert_int_equal(error, needed > 0 ? EDDY_EMFILE : 0);
    if (error == 0)
        tb->ops->destroy(other, false);
    assert_int_equal(tb->memory.live_blocks, blocks);
}

static void two_backends_know_nothing_of_each_other(void **state)
{
    struct test_backend *tb = *state;
    struct test_backend other = *tb;
    int fds[2];

    test_pipe(fds);
    assert_int_equal(tb->ops->create(&tb->memory.base, &other.backend), 0);
    test_watch(tb, fds[0], EDDY_READABLE);
    test_watch(&other, fds[1], EDDY_WRITABLE);
    assert_int_equal(test_events_now(&other, fds[1]), EDDY_WRITABLE);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    other.ops->destroy(other.backend, false);
    test_write_byte(fds[1]);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_close_pair(fds);
}

static void destroys_what_is_still_watched(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_pipe(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    test_watch(tb, fds[1], EDDY_WRITABLE);
    tb->ops->destroy(tb->backend, false);
    tb->backend = NULL;
    test_close_pair(fds);
}

/* In the child: leave what is inherited, and work with a new one. */
static bool child_works(struct test_backend *tb, const int fds[2])
{
    eddy_ready ready;
    bool works;

    tb->ops->destroy(tb->backend, true);
    works = tb->memory.live_blocks == 0 &&
            tb->ops->create(&tb->memory.base, &tb->backend) == 0 &&
            try_watch(tb, fds[1], EDDY_WRITABLE) == 0 &&
            test_poll(tb, &ready, 1) == 1 && ready.token == test_token(fds[1]);
    tb->ops->destroy(tb->backend, false);
    return works;
}

static void a_child_leaves_the_parents_alone(void **state)
{
    struct test_backend *tb = *state;
    int status;
    int fds[2];
    pid_t child;

    test_pipe(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    (void) tb->ops->fd(tb->backend, eddy_hrtime() + EDDY_SEC(3600));
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(child_works(tb, fds) ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_write_byte(fds[1]);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_unwatch(tb, fds[0], EDDY_READABLE);
    test_close_pair(fds);
}

/* --- update -------------------------------------------------------------- */

static void a_change_takes_the_place_of_what_was(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_socketpair(fds);
    test_write_byte(fds[1]);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_rewatch(tb, fds[0], EDDY_READABLE, EDDY_WRITABLE);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_WRITABLE);
    test_rewatch(tb, fds[0], EDDY_WRITABLE, EDDY_READABLE | EDDY_WRITABLE);
    assert_int_equal(test_events_now(tb, fds[0]),
                     EDDY_READABLE | EDDY_WRITABLE);
    test_close_pair(fds);
}

static void the_last_token_counts(void **state)
{
    struct test_backend *tb = *state;
    static const uint64_t tokens[] = {
        0,
        1,
        UINT64_C(0x7fffffff),
        UINT64_C(0xffffffff7ffffffe),
        UINT64_C(1) << 32,
        UINT64_C(1) << 63,
    };
    unsigned known = 0;
    eddy_ready ready;
    int fds[2];

    test_pipe(fds);
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        assert_int_equal(tb->ops->update(tb->backend, tokens[i], fds[1], known,
                                         EDDY_WRITABLE),
                         0);
        assert_int_equal(test_poll(tb, &ready, 1), 1);
        assert_true(ready.token == tokens[i]);
        assert_int_equal(ready.events, EDDY_WRITABLE);
        known = EDDY_WRITABLE;
    }
    test_close_pair(fds);
}

static void a_removal_takes_effect_at_once(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_pipe(fds);
    test_write_byte(fds[1]);
    test_watch(tb, fds[0], EDDY_READABLE);
    test_unwatch(tb, fds[0], EDDY_READABLE); /* perhaps only buffered yet */
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_unwatch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(try_unwatch(tb, fds[0]), EDDY_ENOENT);
    test_close_pair(fds);
}

/* Nothing of the old file may reach the new one of the same number. */
static void a_number_may_be_reused_after_removal(void **state)
{
    struct test_backend *tb = *state;
    int old[2];
    int new[2];

    test_pipe(old);
    test_pipe(new);
    test_write_byte(old[1]);
    test_watch(tb, old[0], EDDY_READABLE);
    test_unwatch(tb, old[0], EDDY_READABLE);
    assert_int_equal(dup2(new[0], old[0]), old[0]);
    test_watch(tb, old[0], EDDY_READABLE);
    assert_int_equal(test_events_now(tb, old[0]), 0);
    test_write_byte(new[1]);
    assert_int_equal(test_events_now(tb, old[0]), EDDY_READABLE);
    test_close_pair(old);
    test_close_pair(new);
}

/* The caller may be wrong about what the kernel knows: a number was closed and
 * opened again, or it asks for what is there already. */
static void a_wrong_known_mask_is_repaired(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_socketpair(fds);
    test_rewatch(tb, fds[0], EDDY_READABLE, EDDY_WRITABLE);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_WRITABLE);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_write_byte(fds[1]);
    assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
    test_unwatch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    test_close_pair(fds);
}

/* --- errors -------------------------------------------------------------- */

static void files_and_directories_are_refused(void **state)
{
    struct test_backend *tb = *state;
    char path[] = "/tmp/eddy-test-XXXXXX";
    int file = mkstemp(path);
    int folder = open("/tmp", O_RDONLY | O_DIRECTORY);

    assert_true(file >= 0 && folder >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(try_watch(tb, file, EDDY_READABLE), EDDY_EPERM);
    assert_int_equal(try_watch(tb, file, EDDY_WRITABLE), EDDY_EPERM);
    assert_int_equal(try_watch(tb, folder, EDDY_READABLE), EDDY_EPERM);
    assert_int_equal(test_events_now(tb, file), 0);
    assert_int_equal(try_unwatch(tb, file), EDDY_ENOENT);
    assert_int_equal(close(file), 0);
    assert_int_equal(close(folder), 0);
}

/* Refused while the number was watched as something else: that is over, too. */
static void after_a_refusal_nothing_is_registered(void **state)
{
    struct test_backend *tb = *state;
    char path[] = "/tmp/eddy-test-XXXXXX";
    int file = mkstemp(path);
    int fds[2];

    assert_true(file >= 0);
    assert_int_equal(unlink(path), 0);
    test_pipe(fds);
    test_write_byte(fds[1]);
    test_watch(tb, fds[0], EDDY_READABLE);
    assert_int_equal(dup2(file, fds[0]), fds[0]);
    assert_int_equal(try_watch(tb, fds[0], EDDY_READABLE), EDDY_EPERM);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
    assert_int_equal(try_unwatch(tb, fds[0]), EDDY_ENOENT);
    test_close_pair(fds);
    assert_int_equal(close(file), 0);
}

static void closed_ones_are_refused(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_pipe(fds);
    test_close_pair(fds);
    assert_int_equal(try_watch(tb, fds[0], EDDY_READABLE), EDDY_EBADF);
    assert_int_equal(try_watch(tb, -1, EDDY_READABLE), EDDY_EBADF);
    assert_int_equal(try_watch(tb, INT_MIN, EDDY_READABLE), EDDY_EBADF);
    assert_int_equal(try_watch(tb, INT_MAX, EDDY_READABLE), EDDY_EBADF);
    assert_int_equal(try_unwatch(tb, fds[0]), EDDY_EBADF);
    assert_int_equal(try_unwatch(tb, -1), EDDY_EBADF);
    assert_int_equal(try_unwatch(tb, INT_MAX), EDDY_EBADF);
    assert_int_equal(test_events_now(tb, fds[0]), 0);
}

static void removing_what_is_not_there_says_so(void **state)
{
    struct test_backend *tb = *state;
    int fds[2];

    test_pipe(fds);
    assert_int_equal(try_unwatch(tb, fds[0]), EDDY_ENOENT);
    test_watch(tb, fds[1], EDDY_WRITABLE);
    assert_int_equal(try_unwatch(tb, fds[0]), EDDY_ENOENT);
    assert_int_equal(test_events_now(tb, fds[1]), EDDY_WRITABLE);
    test_close_pair(fds);
}

/* Closing while watched is the caller's fault: the backend says so once or
 * not at all, and is then rid of it. */
static void one_closed_while_watched_is_gone(void **state)
{
    struct test_backend *tb = *state;
    eddy_ready ready[4];
    int fds[2];
    int count;

    test_pipe(fds);
    test_watch(tb, fds[0], EDDY_READABLE);
    test_watch(tb, fds[1], EDDY_WRITABLE);
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(close(fds[1]), 0);
    count = test_poll(tb, ready, 4);
    assert_in_range(count, 0, 2);
    for (int i = 0; i < count; i++) {
        assert_int_equal(ready[i].error, EDDY_EBADF);
        assert_int_equal(ready[i].events, 0);
        assert_true(ready[i].token == test_token(fds[0]) ||
                    ready[i].token == test_token(fds[1]));
    }
    assert_int_equal(test_poll(tb, ready, 4), 0);
    assert_int_equal(try_unwatch(tb, fds[0]), EDDY_EBADF);
}

enum { PAIRS = 40 };

/* Each allocation of the change fails once: it is refused, and what is watched
 * goes on. What grew before a failure may stay so: then the next that can fail
 * is the second of those that are left. */
static void watch_against_all_odds(struct test_backend *tb, int fd, int watched)
{
    eddy_ready ready[PAIRS];
    int error;

    counting_allocator_fail(&tb->memory, 1);
    while ((error = try_watch(tb, fd, EDDY_WRITABLE)) != 0) {
        assert_int_equal(error, EDDY_ENOMEM);
        assert_int_equal(try_unwatch(tb, fd), EDDY_ENOENT);
        assert_int_equal(test_collect(tb, ready, PAIRS), watched);
        counting_allocator_fail(&tb->memory, 2);
    }
    counting_allocator_fail(&tb->memory, 0);
    assert_int_equal(test_collect(tb, ready, PAIRS), watched + 1);
}

static void without_memory_all_is_as_before(void **state)
{
    struct test_backend *tb = *state;
    int fds[PAIRS][2];

    for (int i = 0; i < PAIRS; i++)
        test_pipe(fds[i]);
    for (int i = 0; i < PAIRS; i++)
        watch_against_all_odds(tb, fds[i][1], i);
    for (int i = 0; i < PAIRS; i++)
        test_close_pair(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BACKEND_TEST(names_itself_and_what_it_watches),
        BACKEND_TEST(every_descriptor_is_close_on_exec),
        BACKEND_TEST(create_without_memory_leaves_nothing),
        BACKEND_TEST(create_without_descriptors_leaves_nothing),
        BACKEND_TEST(two_backends_know_nothing_of_each_other),
        BACKEND_TEST(destroys_what_is_still_watched),
        BACKEND_TEST(a_child_leaves_the_parents_alone),
        BACKEND_TEST(a_change_takes_the_place_of_what_was),
        BACKEND_TEST(the_last_token_counts),
        BACKEND_TEST(a_removal_takes_effect_at_once),
        BACKEND_TEST(a_number_may_be_reused_after_removal),
        BACKEND_TEST(a_wrong_known_mask_is_repaired),
        BACKEND_TEST(files_and_directories_are_refused),
        BACKEND_TEST(after_a_refusal_nothing_is_registered),
        BACKEND_TEST(closed_ones_are_refused),
        BACKEND_TEST(removing_what_is_not_there_says_so),
        BACKEND_TEST(one_closed_while_watched_is_gone),
        BACKEND_TEST(without_memory_all_is_as_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
