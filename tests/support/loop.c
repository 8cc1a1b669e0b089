/* SPDX-License-Identifier: MIT */
/*
 * The fixture of tests that run on the system's own loop. A test that failed
 * before its end leaves its loop behind, as the handles on it may stand in
 * memory that is gone.
 */
#include "support/loop.h"

#include "support/fds.h"

#include <stdlib.h>

struct fixture {
    eddy_loop loop; /* first: test_loop_close finds the fixture by it */
    int fds;
    bool closed;
};

int test_loop_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    if (fixture == NULL)
        return -1;
    fixture->fds = test_fds_open();
    if (eddy_loop_init(&fixture->loop, NULL) != 0) {
        free(fixture);
        return -1;
    }
    *state = fixture;
    return 0;
}

int test_loop_teardown(void **state)
{
    struct fixture *fixture = *state;
    bool closed = fixture->closed;
    int leaked = closed ? test_fds_open() - fixture->fds : 0;

    if (leaked != 0)
        print_error("%d descriptors leaked\n", leaked);
    free(fixture);
    return closed && leaked == 0 ? 0 : -1;
}

eddy_loop *test_loop(void **state)
{
    struct fixture *fixture = *state;

    return &fixture->loop;
}

void test_loop_close(eddy_loop *loop)
{
    struct fixture *fixture = (struct fixture *) (void *) loop;

    test_check(loop);
    assert_int_equal(eddy_loop_close(loop), 0);
    fixture->closed = true;
}

void test_check(const eddy_loop *loop)
{
    assert_int_equal(eddy_loop_check(loop), 0);
}

void test_turn(eddy_loop *loop)
{
    assert_true(eddy_run(loop, EDDY_RUN_NOWAIT) >= 0);
    test_check(loop);
}

void test_turns(eddy_loop *loop, int count)
{
    for (int i = 0; i < count; i++)
        test_turn(loop);
}

void test_run_until(eddy_loop *loop, const int *counter, int wanted)
{
    while (*counter < wanted) {
        int rc = eddy_run(loop, EDDY_RUN_ONCE);

        assert_true(rc >= 0);
        test_check(loop);
        if (rc == 0)
            assert_true(*counter >= wanted);
    }
}

eddy_stats test_stats(const eddy_loop *loop)
{
    eddy_stats stats;

    eddy_loop_stats(loop, &stats);
    return stats;
}
