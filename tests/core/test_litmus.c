/* SPDX-License-Identifier: MIT */
/*
 * The lost-wakeup litmus. A producer dirties cold cache lines, publishes by a
 * plain release store, which then waits in the store buffer behind them, and
 * sends. If the send looks at the handle before that store is visible, finds
 * it pending and leaves, the loop may clear the mark and read the old value:
 * nobody tells it of the new one. eddy's send must not. How this test was made
 * to fail is told in litmus_selftest.md.
 *
 * A burst is a few sends, so that the last one often finds the handle pending
 * just while the loop takes it; the loop spins before it sleeps, which makes
 * that some forty times as likely. Then the producer waits until the loop has
 * seen all: as long as it takes on a busy machine, up to PATIENCE. A wakeup
 * that was lost never comes, so patience costs nothing where none is lost. The
 * whole takes BUDGET at most, on a machine with other things to do.
 */
#include "support/test.h"
#include "support/threads.h"

#include <sched.h>
#include <stdlib.h>

enum {
    COLD_LINES = 8,
    LINE = 64,
    POOL = 1 << 25, /* bytes: larger than the caches that matter */
    BURSTS = 200000,
    LONGEST_BURST = 16
};

#define PATIENCE EDDY_SEC(20)
#define BUDGET EDDY_SEC(3)
#define SPIN EDDY_US(500)

struct litmus {
    eddy_async async;
    eddy_loop *loop;
    unsigned char *pool;
    uint64_t seed;
    int bursts;
    int published; /* by a release store, with nothing behind it */
    int seen;      /* by the loop */
    int lost;
};

static void on_wake(eddy_async *async)
{
    struct litmus *litmus = (struct litmus *) (void *) async;
    int published = __atomic_load_n(&litmus->published, __ATOMIC_ACQUIRE);

    __atomic_store_n(&litmus->seen, published, __ATOMIC_RELEASE);
    if (published < 0)
        eddy_close(&async->handle, NULL);
}

static void dirty_cold_lines(struct litmus *litmus)
{
    for (int i = 0; i < COLD_LINES; i++) {
        uint64_t at = test_random(&litmus->seed) % (POOL / LINE) * LINE;

        litmus->pool[at]++;
    }
}

static void publish_and_send(struct litmus *litmus, int value)
{
    dirty_cold_lines(litmus);
    __atomic_store_n(&litmus->published, value, __ATOMIC_RELEASE);
    eddy_async_send(&litmus->async);
}

/* Whether the loop sees the value. Looking costs no locked instruction, which
 * would hide the fault. */
static bool is_seen(const struct litmus *litmus, int value)
{
    uint64_t begun = 0;

    for (unsigned looks = 0;; looks++) {
        if (__atomic_load_n(&litmus->seen, __ATOMIC_ACQUIRE) == value)
            return true;
        if (looks % 1024 != 1023)
            continue;
        sched_yield();
        if (begun == 0)
            begun = eddy_hrtime();
        if (eddy_hrtime() - begun > PATIENCE)
            return false;
    }
}

static void *produce(void *arg)
{
    struct litmus *litmus = arg;
    uint64_t end_ns = eddy_hrtime() + BUDGET;
    int value = 0;

    for (int burst = 0; burst < litmus->bursts; burst++) {
        int length = 1 + (int) (test_random(&litmus->seed) % LONGEST_BURST);

        for (int i = 0; i < length; i++)
            publish_and_send(litmus, ++value);
        if (!is_seen(litmus, value))
            litmus->lost++;
        if (litmus->lost > 0 || eddy_hrtime() > end_ns)
            break;
    }
    publish_and_send(litmus, -1);
    return NULL;
}

static void plain_release_store_before_a_send_is_seen(void **state)
{
    eddy_loop_options options = {.spin_ns = SPIN};
    eddy_loop loop;
    struct litmus litmus = {.loop = &loop,
                            .pool = calloc(1, POOL),
                            .bursts = (int) test_scale(BURSTS),
                            .seed = 42};
    pthread_t thread;

    (void) state;
    assert_non_null(litmus.pool);
    assert_int_equal(eddy_loop_init(&loop, &options), 0);
    assert_int_equal(eddy_async_init(&loop, &litmus.async, on_wake), 0);
    thread = thread_start(produce, &litmus);
    assert_int_equal(eddy_run(&loop, EDDY_RUN_DEFAULT), 0);
    thread_join(thread);
    assert_int_equal(litmus.lost, 0);
    assert_int_equal(litmus.seen, -1);
    free(litmus.pool);
    assert_int_equal(eddy_loop_check(&loop), 0);
    assert_int_equal(eddy_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_release_store_before_a_send_is_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
