/* SPDX-License-Identifier: MIT */
/*
 * The fixture of tests in a simulated world: a loop on a fake backend, with a
 * fake clock and wakeup and a counting allocator. Nothing in it depends on the
 * machine, and no time passes but what the test lets pass.
 */
#ifndef TESTS_SUPPORT_SIM_H
#define TESTS_SUPPORT_SIM_H

#include "support/counting_allocator.h"
#include "support/fake_backend.h"
#include "support/fake_os.h"
#include "support/test.h"

/* The clock at the beginning of each test. */
#define SIM_START EDDY_SEC(1000)

struct sim {
    eddy_loop loop;
    struct fake_os os;
    struct fake_backend backend;
    struct counting_allocator memory;
    bool closed;
};

int sim_setup(void **state);
int sim_teardown(void **state);

#define SIM_TEST(function)                                                     \
    cmocka_unit_test_setup_teardown(function, sim_setup, sim_teardown)

/* The options that put a loop into the simulated world. */
eddy_loop_options sim_options(struct sim *sim);

/* Runs an iteration, and asserts that all invariants hold and that the core
 * kept to the backend's contract; returns what eddy_run returned. */
int sim_run(struct sim *sim, eddy_run_mode mode);

/* Every test's last act: the loop closes, all memory is back. */
void sim_close(struct sim *sim);

#endif
