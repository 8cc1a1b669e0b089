/* SPDX-License-Identifier: MIT */
/*
 * Random programs of the whole API on one loop, in and out of callbacks, each
 * step held against the reference model in loop/world.h. An input is a program:
 * loop/program.c says what its bytes mean. FUZZ_TRACE=1 in the environment
 * prints what one does.
 */
#include "fuzz/loop/world.h"

#include <fcntl.h>
#include <signal.h>

enum { CENSUS = 64 };

/* How many of the low numbers are open: others are not reached. */
static int open_numbers(void)
{
    int count = 0;

    for (int fd = 0; fd < CENSUS; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void) argc;
    (void) argv;
    HOLDS(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int before;

    slots_open();
    before = open_numbers();
    fuzz_begin(data, size);
    world_open();
    while (fuzz_left())
        program_step();
    world_close();
    slots_open();
    HOLDS(open_numbers() == before);
    return 0;
}
