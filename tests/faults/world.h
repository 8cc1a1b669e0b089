/* SPDX-License-Identifier: MIT */
/*
 * The world that a scenario's loops live in: the real backend on the real
 * kernel, each call of which first asks the tally whether it is to fail.
 *
 * So that a run is the same each time, nothing in it waits for the clock or
 * for anybody: the time is the world's own, and a loop that has nothing to do
 * moves it to its deadline; sockets of TCP are pairs of Unix-domain ones, which
 * deliver at once and of which hundreds of thousands can be made; what "other
 * threads" do while a loop sleeps is done from inside its wait.
 */
#ifndef TESTS_FAULTS_WORLD_H
#define TESTS_FAULTS_WORLD_H

#include "faults/tally.h"

#include "support/counting_allocator.h"

#include <pthread.h>
#include <sys/types.h>

#define EDDY_EDEADLK (-EDEADLK)

/* What happens while a loop sleeps, one after the other. */
struct event {
    void (*act)(void *arg);
    void *arg;
};

enum { WORLD_EVENTS = 16 };

extern struct world {
    uint64_t now_ns;
    struct counting_allocator counting;
    struct event events[WORLD_EVENTS];
    int event_count;
    int events_done;
    unsigned sleeps;
    bool unwoken;  /* a write to the wakeup of a sleeping loop has failed */
    int unwritten; /* how many of these there were in all */
    int moot;      /* receipts that nobody waited for any more */
    int works;     /* submitted to a pool, and not called back */
    bool (*peer)(void); /* does what it can, before all else: true if it did */
} world;

/* os.c, memory.c, backend.c: to be given to the loop. */
extern const eddy_os world_os;
extern const eddy_allocator world_memory;
extern eddy_backend_ops world_backend;

/* Chooses the real backend; false if there is none of that name. */
bool world_choose(const char *name);

void world_begin(void);

/* As fork(); what a tool opens for the child (valgrind a log) is not taken for
 * something that the child left open. */
pid_t world_fork(void);

/* Finds what is left of the run. */
void world_end(void);

/* When a loop next has nothing to do: wakes it, or it sleeps for ever. */
void world_meanwhile(void (*act)(void *arg), void *arg);

void world_pass(uint64_t ns);

/* network.c: sockets of TCP, by descriptor. The functions are those of the
 * system table, without faults. */
void network_begin(void);
bool network_empty(void);
int network_socket(int domain);
bool network_has(int fd);
int network_bind(int fd, const struct sockaddr *address);
int network_listen(int fd);
int network_accept(int fd);
int network_connect(int fd, const struct sockaddr *address);
int network_outcome(int fd, void *value);
int network_name(int fd, bool peer, struct sockaddr *address,
                 socklen_t *length);
void network_set_nodelay(int fd);
bool network_nodelay(int fd);
void network_forget(int fd);
void network_fail(int fd, int error); /* what the connect comes to */

/* gate.c: work for a pool's thread, which ends only while its loop sleeps. */
void gate_begin(void);
void gate_work(eddy_work *work);
void gate_let_one(void);         /* and waits until the loop was woken for it */
void gate_arrived(void);         /* waits until a thread stands at the gate */
void gate_written(bool is_over); /* the wakeup was written, or not for good */
int gate_thread(pthread_t *id, const pthread_attr_t *attributes,
                void *(*begin)(void *), void *arg);

#endif
