/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the soak share: a station is a thread with a loop, which
 * it makes, fills with parts, runs for a while, empties and closes, again and
 * again. A part is one kind of activity on it: connections, timers, pipes …
 *
 * What must hold is REQUIREd where it happens, on any thread: the first
 * failure says where and ends the process.
 */
#ifndef TESTS_SOAK_SOAK_H
#define TESTS_SOAK_SOAK_H

#include "soak/ledger.h"
#include "soak/mailbox.h"
#include "support/test.h"

#include <pthread.h>

/* The last station is the first sender's alone: nobody else's wakeup makes up
 * for one that is lost. */
enum { STATIONS = 6, SENDERS = 8 };

_Noreturn void soak_fail(const char *what, const char *file, int line);

#define REQUIRE(holds)                                                         \
    ((holds) ? (void) 0 : soak_fail(#holds, __FILE__, __LINE__))

/* What the command line asked for. */
struct wish {
    unsigned seconds;
    uint64_t seed;
    const char *backend; /* NULL: the library's choice */
};

/* The memory of a station's loops and parts, counted. Of one thread; others
 * may look at the number. */
struct memory {
    eddy_allocator allocator;
    uint64_t bytes;
};

struct station;

/* In order of a loop's life. All run on the station's thread. */
struct part {
    size_t size; /* of its state, zero-filled for each loop */
    void (*open)(struct station *station, void *self);
    void (*tick)(struct station *station, void *self); /* every 2 ms */

    /* Begins nothing new; whether what was begun has come to its end. */
    bool (*drained)(struct station *station, void *self);

    /* Closes all handles; then, whether all callbacks have come. */
    void (*close)(struct station *station, void *self);
    bool (*closed)(struct station *station, void *self);
};

enum { PARTS = 7 };

enum life { LIVING, DRAINING, CLOSING };

/* A quiet one has no timers and no descriptors: it sleeps until it is sent
 * something, so that what is lost is never made up for. */
enum kind { BUSY, QUIET };

struct station {
    eddy_loop loop;
    struct ledger ledger;
    struct memory memory;
    struct mailbox mailbox;
    uint64_t random;
    const char *backend;
    enum kind kind;
    int number;
    bool forever; /* its first loop lives as long as the soak */

    /* the loop's life */
    enum life life;
    bool leave; /* the present stage is over */
    eddy_timer tick;
    void *state[PARTS];
    int ticks_left;
    int messages_left;

    /* the order of an iteration, as phases.c sees it */
    bool phases_watch;
    bool in_poll;

    /* of other threads */
    pthread_t thread;
    int port;   /* where it listens, 0: nowhere */
    int ending; /* the soak is over */
    int done;   /* the thread is */
};

extern const struct part traffic_part, timers_part, works_part, pipes_part,
    phases_part, mayflies_part, mailbox_part;
extern struct station stations[STATIONS];

void *station_main(void *arg);

/* Has the stage come to its end? Then eddy_run is left. */
void station_progress(struct station *station);

/* Whether the callbacks of the poll phase may come now, and those of others:
 * requires the one or the other. */
void station_in_poll(const struct station *station);
void station_off_poll(const struct station *station);

void *memory_take(struct station *station, size_t size);
void memory_give(struct station *station, void *block, size_t size);

/* One of so many, from 0. */
unsigned pick(uint64_t *random, unsigned count);

/* Senders and the one who forks: threads without a loop of the stations'. */
struct hand {
    pthread_t thread;
    struct ledger ledger;
    uint64_t random;
    uint64_t beats; /* grows while it gets on */
    const char *backend;
    const char *doing;
    int number;
    int done;
};

void *sender_main(void *arg);
void *forker_main(void *arg);

bool soak_ending(void);

#endif
