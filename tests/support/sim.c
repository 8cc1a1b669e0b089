/* SPDX-License-Identifier: MIT */
/*
 * The fixture of tests in a simulated world. A test that failed before its end
 * leaves its loop behind, as the handles on it may stand in memory that is
 * gone.
 */
#include "support/sim.h"

#include <stdlib.h>

static void build(struct sim *sim)
{
    fake_os_init(&sim->os);
    sim->os.own_clock = true;
    sim->os.own_wakeup = true;
    sim->os.now_ns = SIM_START;
    fake_backend_init(&sim->backend, &sim->os);
    counting_allocator_init(&sim->memory);
}

eddy_loop_options sim_options(struct sim *sim)
{
    return (eddy_loop_options){.backend_ops = &sim->backend.ops,
                               .os = &sim->os.base,
                               .allocator = &sim->memory.base};
}

int sim_setup(void **state)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    eddy_loop_options options;

    if (sim == NULL)
        return -1;
    build(sim);
    options = sim_options(sim);
    if (eddy_loop_init(&sim->loop, &options) != 0) {
        free(sim);
        return -1;
    }
    *state = sim;
    return 0;
}

int sim_teardown(void **state)
{
    struct sim *sim = *state;
    bool closed = sim->closed;

    free(sim);
    return closed ? 0 : -1;
}

int sim_run(struct sim *sim, eddy_run_mode mode)
{
    int rc = eddy_run(&sim->loop, mode);

    assert_int_equal(eddy_loop_check(&sim->loop), 0);
    assert_int_equal(sim->backend.mistakes, 0);
    return rc;
}

void sim_close(struct sim *sim)
{
    assert_int_equal(eddy_loop_check(&sim->loop), 0);
    assert_int_equal(eddy_loop_close(&sim->loop), 0);
    assert_int_equal(sim->backend.mistakes, 0);
    assert_int_equal(sim->backend.creates, sim->backend.destroys);
    assert_int_equal(sim->memory.mistakes, 0);
    assert_int_equal(sim->memory.live_blocks, 0);
    sim->closed = true;
}
