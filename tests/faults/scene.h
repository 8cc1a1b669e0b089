/* SPDX-License-Identifier: MIT */
/*
 * What a scenario plays with: a loop, actors (handles) and orders (requests
 * and tasks), all of which are accounted for. An order calls back once; an
 * actor is called while it is open, and once when it is closed; after that the
 * library leaves the memory alone. Each of these that is broken ends the run.
 *
 * A scenario is one function. It says what it asks of the library by one of:
 *
 *     INSIST(call)    it succeeds, or else when it is made again
 *     REFUSED(result) true if it is an error, of which each failure may be the
 *                     reason of one
 *     tell(error)     a callback said so: the program gives up
 *     EXPECT(what)    true, unless the program was told of an error
 *     REQUIRE(what)   true, whatever failed
 *
 * Whoever is told of nothing has got all that it asked for. To give up is to
 * return: what is open is closed by the runner.
 */
#ifndef TESTS_FAULTS_SCENE_H
#define TESTS_FAULTS_SCENE_H

#include "faults/world.h"

struct actor {
    union { /* first, so that a handle is its actor */
        eddy_handle handle;
        eddy_io io;
        eddy_async async;
        eddy_timer timer;
        eddy_idle idle;
        eddy_prepare prepare;
        eddy_check check;
        eddy_tcp tcp;
    } as;
    enum { ACTOR_FREE, ACTOR_OPEN, ACTOR_CLOSING, ACTOR_CLOSED } life;
    int calls;       /* callbacks without error */
    int refusals;    /* callbacks with one */
    int status;      /* the last of these */
    unsigned events; /* of the last call */
    size_t bytes;    /* read */
    size_t wanted;   /* an end before that is told */
    bool ended;      /* the stream came to its end */
    int limit;       /* of what it does, as the scenario means it */
    struct actor *other;
    void (*act)(struct actor *actor); /* in each of its calls, or NULL */
};

struct order {
    union { /* first, so that a request is its order */
        eddy_req req;
        eddy_write_req write;
        eddy_connect_req connect;
        eddy_shutdown_req shutdown;
        eddy_work work;
        eddy_task task;
    } as;
    bool taken; /* by the scenario, for this run */
    bool in_flight;
    int calls;
    int status;
    size_t nwritten;
    int again; /* how often it is still to be posted from its callback */
    struct actor *actor;
    void (*act)(struct order *order);
};

enum { SCENE_ACTORS = 64, SCENE_ORDERS = 64, SCENE_FDS = 96 };

extern struct scene {
    eddy_loop loop;
    bool open; /* the loop */
    struct actor actors[SCENE_ACTORS];
    struct order orders[SCENE_ORDERS];
    int fds[SCENE_FDS]; /* of the scenario's own, closed at the end */
    int told;           /* errors that made the program give up */
    int first_told;
    int refused; /* errors that it got over by asking again */
    int steps;
} scene;

/* --- saying what is asked */

#define INSIST(call)                                                           \
    do {                                                                       \
        ssize_t rc_;                                                           \
        do                                                                     \
            rc_ = (call);                                                      \
        while (scene_refused(rc_, __FILE__, __LINE__, #call));                 \
    } while (0)

/* An error that is allowed once for each failure; true if it is one. */
#define REFUSED(rc) scene_refused(rc, __FILE__, __LINE__, #rc)

#define EXPECT(condition)                                                      \
    (scene.told != 0 || (condition)                                            \
         ? (void) 0                                                            \
         : tally_fail(__FILE__, __LINE__, #condition))

/* True if the call is to be made again. */
bool scene_refused(ssize_t rc, const char *file, int line, const char *call);

/* An error that the scenario makes nothing of. */
void hear(int status);

/* True if it is an error. */
bool tell(int error);

/* --- the loop */

/* Opens it, with its witnesses. */
void scene_begin(void);

/* What had nothing to do with it all still works; then everything is closed,
 * and nothing is left. */
void scene_end(void);

eddy_loop_options scene_options(void);

/* One iteration, and the invariants after it; > 0 while it goes on. */
int step(void);

/* Until nothing keeps it going, the counter says enough, or the program gives
 * up. */
void drive(void);
void drive_until(const int *counter, int wanted);
void drive_until_bytes(const size_t *counter, size_t wanted);

/* --- actors: a new one, initialised */

struct actor *actor_new(void);
struct actor *actor_io(int fd);
struct actor *actor_timer(void);
struct actor *actor_async(void);
struct actor *actor_tcp(void);
struct actor *actor_stream(int fd); /* on a socket, which is the library's */
struct actor *actor_of(eddy_handle *handle);

/* Closes, with a callback or, where it wants none, without. */
void actor_close(struct actor *actor);
void actor_close_quietly(struct actor *actor);
void actor_closed(eddy_handle *handle);
void actor_finish(struct actor *actor); /* it has been closed */

/* The callbacks of actors: they count, and let the actor act. */
void actor_on_io(eddy_io *io, int status, unsigned events);
void actor_on_timer(eddy_timer *timer);
void actor_on_async(eddy_async *async);
void actor_on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf);

/* --- orders: a new one, zero-filled */

struct order *order_new(void);

/* What the call said; an order that was taken is in flight. */
int order_begun(struct order *order, int rc);
int order_post(struct order *order, eddy_loop *loop);
int order_write(struct order *order, struct actor *actor, const eddy_buf *bufs,
                unsigned nbufs);
int order_shutdown(struct order *order, struct actor *actor);
int order_connect(struct order *order, struct actor *actor,
                  const struct sockaddr *address);
int order_submit(struct order *order, eddy_pool *pool); /* NULL: the default */
void order_on_task(eddy_task *task, int status);

/* --- descriptors of the scenario's own */

void keep_fd(int fd);
void drop_fd(int fd);   /* closes it now */
void forget_fd(int fd); /* it is the library's */
void crowd(int last);   /* so many are open that the next one is beyond this */
void scene_pipe(int fds[2]);
void scene_pair(int fds[2]); /* small sockets */
void write_byte(int fd);
void read_byte(int fd);
size_t drain(int fd); /* what there is; its length */

/* So many bytes of a pattern, which actors compare what they read with. */
eddy_buf pattern(size_t offset, size_t size);

#endif
