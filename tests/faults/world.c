/* SPDX-License-Identifier: MIT */
/*
 * The beginning and the end of a world: what is there, and that nothing is
 * left of it but what was there before.
 */
#include "faults/world.h"

#include <poll.h>
#include <unistd.h>

/* No descriptor lies beyond: the runner sees to that. */
enum { CENSUS = 256 };

struct world world;

static int open_before;

static void *resize(void *context, void *block, size_t old_size,
                    size_t new_size)
{
    const eddy_allocator *counting = &world.counting.base;

    (void) context;
    if (new_size > old_size && tally_strike(KIND_MEMORY) != 0)
        return NULL;
    return counting->resize(counting->context, block, old_size, new_size);
}

const eddy_allocator world_memory = {.resize = resize};

/* What is not open, poll() says of each: one call for all. */
static int census(void)
{
    struct pollfd polled[CENSUS];
    int count = 0;

    for (int fd = 0; fd < CENSUS; fd++)
        polled[fd] = (struct pollfd){.fd = fd};
    REQUIRE(poll(polled, CENSUS, 0) >= 0);
    for (int fd = 0; fd < CENSUS; fd++)
        count += (polled[fd].revents & POLLNVAL) == 0;
    return count;
}

void world_begin(void)
{
    world = (struct world){.now_ns = EDDY_SEC(1000)};
    counting_allocator_init(&world.counting);
    network_begin();
    gate_begin();
    open_before = census();
}

pid_t world_fork(void)
{
    int open = census();
    pid_t child = fork();
    int more = census() - open;

    if (child == 0 && more > 0)
        open_before += more;
    return child;
}

void world_end(void)
{
    REQUIRE(world.counting.mistakes == 0);
    REQUIRE(world.counting.live_blocks == 0);
    REQUIRE(network_empty());
    REQUIRE(census() == open_before);
    REQUIRE(world.works == 0);
}

void world_meanwhile(void (*act)(void *arg), void *arg)
{
    REQUIRE(world.event_count < WORLD_EVENTS);
    world.events[world.event_count++] = (struct event){act, arg};
}
