/* SPDX-License-Identifier: MIT */
/*
 * Each backend with the sleep of a system that has no exact one: the build
 * links the files that CMake would pick there in the place of those it picked
 * here. Sleeps are then in milliseconds, and still never short.
 */
#include "support/backend.h"
#include "support/fds.h"

static int wait_for(struct test_backend *tb, int64_t timeout_ns)
{
    eddy_ready ready;

    return tb->ops->wait(tb->backend, timeout_ns, &ready, 1);
}

static void a_wait_is_never_short(void **state)
{
    struct test_backend *tb = *state;
    static const int64_t timeouts[] = {
        0, 1, 999999, 1000000, 1000001, 2000001, 10000001,
    };

    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        uint64_t before = eddy_hrtime();

        assert_int_equal(wait_for(tb, timeouts[i]), 0);
        assert_true(eddy_hrtime() - before >= (uint64_t) timeouts[i]);
    }
}

/* What does not fit an int of milliseconds must neither wrap nor be cut. */
static void a_wait_can_be_for_ever_or_nearly(void **state)
{
    struct test_backend *tb = *state;
    static const int64_t timeouts[] = {
        -1,
        INT64_MIN,
        INT64_MAX,
        INT64_C(1) << 52,
        (int64_t) INT32_MAX * 1000000 + 1,
        (INT64_C(1) << 32) * 1000000,
    };

    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        struct test_later later;
        int fds[2];

        test_pipe(fds);
        test_watch(tb, fds[0], EDDY_READABLE);
        test_write_later(&later, fds[1]);
        assert_int_equal(wait_for(tb, timeouts[i]), 1);
        assert_int_equal(test_events_now(tb, fds[0]), EDDY_READABLE);
        test_join_later(&later);
        test_unwatch(tb, fds[0], EDDY_READABLE);
        test_close_pair(fds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BACKEND_TEST(a_wait_is_never_short),
        BACKEND_TEST(a_wait_can_be_for_ever_or_nearly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
