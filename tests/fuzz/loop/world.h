/* SPDX-License-Identifier: MIT */
/*
 * The reference model of fuzz_loop: what a loop must do, kept beside the loop
 * that does it. Each file of this folder holds one part of both: the
 * operations that a program can ask for, what they change in the model, and
 * the callbacks, which compare.
 *
 * Nothing is left to chance: time passes only when the program says so or the
 * loop sleeps, descriptors are pipes and socket pairs whose contents are known,
 * and other threads are played in those moments in which the loop asks the
 * kernel something. So the model knows of each callback whether it must come,
 * may come or must not, and in which order.
 *
 * The model moves on lazily: what happens between two callbacks is made up for
 * when the next one comes (phases.c).
 */
#ifndef TESTS_FUZZ_LOOP_WORLD_H
#define TESTS_FUZZ_LOOP_WORLD_H

#include "fuzz/fuzz.h"

#include <eddy.h>

/* A handle of either kind has a fixed range of items. */
enum kind {
    KIND_IO,
    KIND_TIMER,
    KIND_ASYNC,
    KIND_IDLE,
    KIND_PREPARE,
    KIND_CHECK,
    KIND_STREAM,
    KINDS
};

enum {
    ITEMS = 32,
    SLOTS = 7,
    TASKS = 4,
    WORKS = 3,
    MESSAGES = 64,
    MAX_BATCHES = 16, /* of messages in a poll phase: eddy/loop.h */
    FIRST_FDS = 512   /* numbers that the model knows of */
};

enum life { GONE, OPEN, CLOSING };

/* A handle, what it is to be told of, and what it asked for. */
struct item {
    enum kind kind;
    enum life life;
    eddy_handle *handle; /* of its own allocation, freed as soon as it may */
    bool active;
    bool referenced;
    bool calls_back; /* the close callback is to come */
    bool closable;   /* the closing phase may finish it */
    bool finishing;  /* this closing phase does */
    unsigned made;   /* order of the inits */
    unsigned order;  /* of the last start */

    /* io and streams */
    struct slot *slot;
    unsigned want;
    unsigned since; /* of that, what was wanted before the flush */
    unsigned must;  /* ready, and wanted ever since: this dispatch tells it */
    bool told;      /* in this dispatch */
    bool barred;    /* stopped, or made, while its neighbours are told */

    /* timers */
    bool known; /* started once: it has a callback */
    bool fresh; /* started in this phase: due_ns is the time-out */
    uint64_t due_ns;
    uint64_t repeat_ns;

    /* asyncs */
    bool pending;
    bool silent; /* has no callback */

    /* streams */
    bool reading;
    bool allocates;
    bool shut;             /* a shutdown was asked for */
    struct request *first; /* the queue; ended ones are on another list */
    unsigned requests;     /* in flight, until their callbacks */
    ssize_t received;      /* by the last recv, to be told to the reader */
    bool has_received;
    char *buffer; /* that the alloc callback gave */
};

enum sort { PIPE_OUT, PIPE_IN, SOCKET, REGULAR };

/* A descriptor that is watched, its other end, and what is between them. */
struct slot {
    enum sort sort;
    int fd;       /* -1: none */
    int peer;     /* -1: closed */
    unsigned in;  /* messages to be read from fd */
    unsigned out; /* messages written to fd, not read by the peer */
    bool full;    /* fd takes no more */
    bool blocked; /* the system says so of a stream, which is not true */
    bool peer_shut;
    bool own_shut;
    bool wild;           /* closed under its handles: all is allowed */
    unsigned char fed;   /* the next byte that the peer writes to a stream */
    unsigned char taken; /* the next one that the stream shall read */
    unsigned unwanted;   /* times in a row that nobody wanted what came */
    unsigned reported;   /* by the last wait */
};

struct request {
    struct request *next;
    struct item *stream;
    struct job *work; /* that was cancelled; then there is no stream */
    bool is_shutdown;
    size_t size;
    size_t sent;
    int status;
    union {
        eddy_write_req write;
        eddy_shutdown_req shutdown;
    } as;
    char bytes[32];
};

struct requests {
    struct request *first;
    struct request *last;
    unsigned count;
};

struct message {
    struct item *async; /* one of these */
    struct job *job;
};

/* A task, or a piece of work, whose end comes as one. */
struct job {
    bool queued;    /* the task */
    bool in_flight; /* the work */
    eddy_task task;
    eddy_work work;
};

enum phase {
    OUTSIDE,
    TIMERS,
    PENDING,
    IDLE,
    PREPARE,
    FLUSH,    /* the kernel is told, and may refuse */
    DISPATCH, /* after the wait: descriptors, */
    ARRIVALS, /* then messages */
    CHECK,
    ENDING, /* requests, for the handles that wait for them */
    ENDED,  /* close callbacks */
    LATE    /* timers, in ONCE */
};

/* What the kernel has, by number: as the core told the backend. */
struct registration {
    uint64_t token;
    unsigned mask;
    struct slot *slot;
    bool updated; /* since the last wait */
};

extern struct world {
    eddy_loop loop;
    eddy_allocator allocator;
    eddy_os os;
    const eddy_os *real_os;
    eddy_backend_ops ops;
    const eddy_backend_ops *real_ops;
    size_t blocks; /* of the loop's, allocated */
    struct registration registered[FIRST_FDS];

    struct item items[ITEMS];
    struct slot slots[SLOTS];
    struct job tasks[TASKS];
    struct job works[WORKS];
    struct job *line[WORKS]; /* of work: the first has begun */
    unsigned lined;
    unsigned made; /* counters behind the items' */
    unsigned order;

    /* the clock */
    uint64_t clock_ns;
    uint64_t now_ns; /* as the loop last read it */
    bool peeking;    /* a reading that the loop does not keep */

    /* the run */
    enum phase phase;
    eddy_run_mode mode;
    unsigned depth; /* of callbacks */
    bool stopped;
    bool meddles; /* other threads act whenever the loop asks the kernel */
    bool rude;    /* a descriptor was closed under its handles */
    unsigned cap; /* bytes that one call reads or sends; 0: all */
    unsigned interrupts; /* calls that will be interrupted */
    bool trying;         /* eddy_try_write is called, */
    ssize_t tried;       /* and what the system told it */
    int woken;           /* the wakeup was written; set by any thread */
    unsigned references;
    unsigned iterations; /* in this run; and at the last wait */
    uint64_t waited_iteration;
    unsigned waits;
    unsigned steps; /* operations in this run */
    unsigned due;   /* called in TIMERS and PENDING of this iteration */
    unsigned told;  /* in this turn of the poll */
    unsigned called;
    unsigned spins; /* waits in a row that did not sleep for no reason */
    bool slept;

    /* the phase */
    uint64_t phase_ns;    /* TIMERS, LATE: when it began, */
    uint64_t from_ns;     /* the least deadline to be fired, */
    unsigned last_order;  /* the last start that counts: phases too */
    unsigned last_called; /* phases: the order of the one called last */
    uint64_t polled_ns;   /* before the poll, */
    unsigned polled_order;
    const struct slot *telling; /* whose watchers are being told */
    unsigned ending;    /* how many ended requests this phase calls back */
    unsigned walk_made; /* handles made before the walk began */
    struct requests ended;
    struct message messages[MESSAGES];
    unsigned message_count;
    unsigned taken;            /* of them, by the batch that runs */
    unsigned batches;          /* so far */
    unsigned fired, ran, sent; /* timers, tasks, asyncs: for the stats */
} world;

/* --- world.c: from nothing to nothing ---------------------------------------
 */
void world_open(void);
void world_close(void);
void world_check(void);
bool world_alive(void);
bool world_has_work(void);

/* A span of time: of all orders of magnitude, often the same. */
uint64_t world_span(void);

/* --- program.c: operations -------------------------------------------------
 */
void program_step(void);
void program_callback(void); /* what a callback does */
void program_run(eddy_run_mode mode);
void program_pass_time(void);
bool program_meddle(void); /* another thread; true if it must wake the loop */

/* --- phases.c: the order of things ------------------------------------------
 */
void phase_run_begins(eddy_run_mode mode);
void phase_run_ended(int result);
void phase_reach(enum phase phase);
void phase_reach_timers(void);
void phase_reach_requests(void);
void phase_reach_flush(void);
void phase_reach_wait(void);
void phase_waited(bool slept);

/* --- hooks.c: the backend and the system, with the model in between ---------
 */
void hooks_install(unsigned backend);

/* --- handles.c: what all have in common -------------------------------------
 */
struct item *handle_of(const eddy_handle *handle);
void handle_init(struct item *item);
void handle_close(struct item *item, bool calls_back);
void handle_close_all(void);
void handle_touch(unsigned number, unsigned action);
void handle_free(struct item *item);
void handle_walk(void);
unsigned handle_count(enum life life);
void handles_begin_ended(void);
void handles_leave_ended(void);
void handle_toggle(struct item *item);

/* --- descriptors (slots.c, ios.c) -------------------------------------------
 */
void slots_open(void);
void slots_number(void);
void slots_close(void);
unsigned slot_ready(const struct slot *slot);
unsigned slot_handles(const struct slot *slot);
void slot_touch(struct slot *slot, unsigned action);
void slot_feed(struct slot *slot);
void slot_sent(struct slot *slot);
void slot_renew(struct slot *slot);
void slot_released(struct slot *slot);

int io_init(struct item *item);
void io_touch(struct item *item, unsigned action);
void ios_begin_flush(void);
void ios_leave_flush(void);
void ios_begin_dispatch(void);
void ios_leave_dispatch(void);

/* --- timers.c ---------------------------------------------------------------
 */
int timer_init(struct item *item);
void timer_touch(struct item *item, unsigned action);
void timers_settle(void);
struct item *timers_next(void);
bool timers_active(void);
uint64_t timers_nearest(void);
uint64_t timers_timeout(void);

/* --- ticks.c: idle, prepare, check ------------------------------------------
 */
int tick_init(struct item *item);
void tick_touch(struct item *item, unsigned action);
struct item *ticks_next(enum kind kind);
bool ticks_any(enum kind kind);

/* --- messages.c: asyncs, tasks ----------------------------------------------
 */
int async_init(struct item *item);
void async_touch(struct item *item, unsigned action);
bool async_send(struct item *item);
bool async_send_any(unsigned number);
bool task_post(unsigned number);
void message_arrived(const struct job *job);
void message_push_job(struct job *job);
bool messages_have_task(void);
void messages_settle(void);
void messages_cancelled(void);

/* --- works.c ----------------------------------------------------------------
 */
void work_touch(unsigned number, unsigned action);
bool work_release(void);
void works_finish(void);
bool works_in_flight(void);

/* --- streams (streams.c, requests.c) ----------------------------------------
 */
int stream_init(struct item *item);
void stream_touch(struct item *item, unsigned action);
void stream_want(struct item *item);
void stream_closing(struct item *item);
struct item *stream_on(const struct slot *slot);
void stream_received(struct item *item, const void *buffer, ssize_t result);
void stream_write(struct item *item, unsigned size);
void stream_try_write(struct item *item);
void stream_shutdown(struct item *item);
void stream_cancel(struct item *item, unsigned nth);
void stream_fail(struct item *item, int error);
void stream_offered(struct item *item, const struct msghdr *message);
void stream_sent(struct item *item, ssize_t result);
void stream_shut_down(struct item *item, int result);
void request_ended(struct request *request, const struct job *work, int status);
void request_cancelled(struct job *job);

#endif
