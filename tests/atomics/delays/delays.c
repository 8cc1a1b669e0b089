/* SPDX-License-Identifier: MIT */
/*
 * The delays: each thread draws its own, so that the drawing orders nothing.
 */
#include "delays.h"

#include <sched.h>
#include <stdint.h>
#include <time.h>

static uint64_t draw(void)
{
    static __thread uint64_t state;

    if (state == 0)
        state = (uint64_t) (uintptr_t) &state | 1;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 16;
}

static void spin(unsigned turns)
{
    for (volatile unsigned i = 0; i < turns; i++)
        continue;
}

void delays_wait(void)
{
    const struct timespec nap = {.tv_nsec = 1000};
    uint64_t drawn = draw();

    if (drawn % 8 != 0)
        return;
    drawn /= 8;
    if (drawn % 16384 == 0)
        nanosleep(&nap, NULL);
    else if (drawn % 512 == 0)
        sched_yield();
    else
        spin(drawn % 64 == 0 ? 2000 : drawn % 32);
}
