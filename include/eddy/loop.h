/* SPDX-License-Identifier: MIT */
/*
 * The loop: it sleeps in one system call and calls back when something
 * happened. One thread runs a loop; many threads may each run their own.
 *
 *     eddy_loop loop;
 *     eddy_loop_init(&loop, NULL);
 *     … make handles …
 *     eddy_run(&loop, EDDY_RUN_DEFAULT);
 *     eddy_loop_close(&loop);
 *
 * An iteration is, always in this order:
 *
 *     timers, pending, idle, prepare, poll, check, closing (timers, in ONCE)
 *
 * timers   those due when the iteration began
 * pending  callbacks of requests that ended: writes, connects …
 * poll     the one sleep; then callbacks of descriptors, then of tasks and
 *          asyncs, which are taken in batches, at most 16
 * closing  close callbacks
 *
 * Only eddy_async_send, eddy_post and eddy_stop may be called from other
 * threads. Debug builds return EDDY_EPERM from functions that take a handle or
 * make one while the loop runs elsewhere.
 */
#ifndef EDDY_LOOP_H
#define EDDY_LOOP_H

#include <eddy/allocator.h>
#include <eddy/backend.h>
#include <eddy/io.h>
#include <eddy/os.h>
#include <eddy/request.h>
#include <eddy/task.h>

EDDY_BEGIN_DECLS

/* Zero means the default for every field. All that is pointed to must outlive
 * the loop. */
typedef struct eddy_loop_options {
    const char *backend;                 /* "epoll", "kqueue", "poll" */
    const eddy_backend_ops *backend_ops; /* or a backend of the program's own */
    const eddy_os *os;
    const eddy_allocator *allocator;
    uint64_t spin_ns; /* how long to look for asyncs and tasks before a sleep:
                         a wakeup in 200 ns instead of 5 us, for CPU time; 0:
                         a few microseconds, after asyncs and tasks came, as
                         long as that finds more */
    void *reserved[8];
} eddy_loop_options;

/* What a loop did since its init. */
typedef struct eddy_stats {
    uint64_t iterations;
    uint64_t polls;            /* waits, with or without sleep */
    uint64_t events;           /* descriptors reported ready */
    uint64_t wakeups_written;  /* writes to the wakeup descriptor */
    uint64_t wakeups_saved;    /* asyncs and tasks delivered without one */
    uint64_t interest_changes; /* told to the backend */
    uint64_t interest_saved;   /* starts and stops that it never heard of */
    uint64_t timers_fired;
    uint64_t tasks_run;
    uint64_t asyncs_run;
    uint64_t handles;        /* now open or closing */
    uint64_t active_handles; /* now active */
    uint64_t fds;            /* now with an open watcher */
    uint64_t asleep_ns;      /* measured only while a timer is active: a
                                loop without timers reads no clock */
    uint64_t bytes_read;     /* by streams */
    uint64_t bytes_written;
    uint64_t rebuilds; /* of the backend, for a stale registration */
    uint64_t reserved[7];
} eddy_stats;

typedef enum eddy_run_mode {
    EDDY_RUN_DEFAULT, /* until nothing keeps it going, or eddy_stop */
    EDDY_RUN_ONCE,    /* one iteration, which sleeps until something happens */
    EDDY_RUN_NOWAIT   /* one iteration, which does not sleep: also of a loop
                         that nothing keeps going */
} eddy_run_mode;

/* Caller's memory; the fields after `data` are private. */
struct eddy_loop {
    void *data; /* the caller's */

    /* private: outside */
    const eddy_os *os;
    const eddy_allocator *allocator;
    const eddy_backend_ops *ops;
    eddy_backend *backend;
    eddy_ready *ready; /* what the last wait reported */
    const void *owner; /* names the thread that runs the loop */
    unsigned state;    /* running, embedded, … */
    unsigned fork_generation;
    uint64_t spin_ns;

    /* private: time */
    uint64_t now_ns;
    struct eddy__wheel *wheel; /* NULL before the first timer */

    /* private: descriptors */
    struct eddy__fd *fds;
    int fd_count;        /* size of the table */
    int first_changed;   /* the watcher queue, linked by number; -1 is none */
    unsigned batch;      /* number of the last wait */
    unsigned generation; /* the last one given to a registration */
    uint64_t dispatch;   /* number of the last event handed out, or flush */
    struct eddy__watcher *next_watcher; /* to be called for this event */
    struct eddy__watcher wakeup;
    bool glance;              /* messages came: look again before a sleep, */
    unsigned glances_skipped; /* but not so often where that was in vain */
    unsigned glances_to_skip;
    unsigned wakeup_events; /* what it is watched for */
    int wakeup_error;       /* why that came to nothing */
    int wakeup_write_fd;

    /* private: what keeps it going */
    unsigned closing_handles;
    unsigned phase_handles; /* started: idle, prepare, check */
    size_t active;          /* active and referenced handles */
    size_t requests;        /* in flight */
    size_t references;      /* eddy_loop_ref */
    struct eddy__link handles;
    struct eddy__link closing;   /* to be finished in the closing phase */
    struct eddy__link waiting;   /* closing, but somebody still uses them */
    struct eddy__link phases[3]; /* idle, prepare, check: started handles */
    eddy_req *ended;             /* requests to call back: first, last */
    eddy_req *last_ended;
    const struct eddy__handle_class *classes[32];

    /* private: net */
    char *read_buffer;
    int reserve_fd;
    unsigned reserved0;

    /* private: counters */
    eddy_stats stats;
    void *reserved[8];

    /* private, shared between threads, touched only by __atomic builtins: far
     * from the fields above, so that senders do not slow the loop */
    char apart[64];
    struct eddy__message *arrivals; /* asyncs and tasks: a stack */
    int sleeping;                   /* 1 while the loop sleeps or is about to */
    int stopping;                   /* eddy_stop was called */
    int open;                       /* between init and close */
    int rouse_error; /* of a write to the wakeup; eddy_run returns it */
    size_t senders;  /* inside send, post or stop, beyond their first step */
    size_t wakeups_written;
    char apart_too[64];
};

/**
 * Makes a loop. The backend is options->backend_ops, or the one named by
 * options->backend, or by the environment's EDDY_BACKEND (not in a set-uid
 * program), or the best one compiled in. Options may be NULL.
 *
 * EDDY_EINVAL: loop is NULL, or a name that is not compiled in. EDDY_ENOMEM,
 * EDDY_EMFILE, …: memory or descriptors; nothing is left open then.
 */
EDDY_EXTERN int eddy_loop_init(eddy_loop *loop,
                               const eddy_loop_options *options);

/**
 * Ends a loop and gives its memory back. Tasks that are still queued are
 * called back with EDDY_ECANCELED, from within this call. Waits for threads
 * that are inside eddy_async_send or eddy_post.
 *
 * EDDY_EBUSY: handles or requests are open, or the loop runs, or is walked
 * through, or such a task has made a handle: the loop is open still.
 * EDDY_EINVAL: loop is NULL or closed.
 */
EDDY_EXTERN int eddy_loop_close(eddy_loop *loop);

/**
 * Closes every handle (calling `each`, if not NULL, for each as its close
 * callback), runs the loop until they are closed and all requests have called
 * back, and closes the loop.
 *
 * EDDY_ETIMEDOUT: timeout_ns passed before; the loop is open still, and this
 * may be called again. Other errors as eddy_run and eddy_loop_close.
 */
EDDY_EXTERN int eddy_loop_close_all(eddy_loop *loop, uint64_t timeout_ns,
                                    eddy_close_cb each);

/**
 * The process's default loop, made by the first call; NULL if that failed.
 * After eddy_loop_close the next call makes it anew. Any thread, but the
 * loop is still one thread's.
 */
EDDY_EXTERN eddy_loop *eddy_loop_default(void);

/**
 * Runs the loop. Returns 0 when nothing keeps it going any more, a positive
 * number when something still does (after eddy_stop, ONCE and NOWAIT), or:
 *
 * EDDY_EBUSY: called in a callback of the same loop.
 * EDDY_EPERM: in a forked child, before eddy_loop_fork.
 * EDDY_EINVAL: loop is NULL or closed, or the mode is none.
 * EDDY_ESTALE: the loop runs well, but the descriptor that eddy_loop_fd gave is
 * another one now (a descriptor was closed before its handle, under a duplicate
 * that keeps it registered; the backend was opened anew to be rid of it).
 * another error: of the backend's wait, of watching or writing the wakeup, or
 * of opening the backend anew. It leaves the loop as it is; what was sent is
 * not lost, but may have to wait for the next run.
 *
 * What keeps it going: active handles with a reference, requests in flight,
 * handles that are closing, queued tasks, eddy_loop_ref.
 *
 * ONCE returns when at least one callback was called, other than of prepare and
 * check handles (a dropped or unwanted event does not count), or nothing keeps
 * the loop going. It does not sleep if a timer or an ended request was due.
 */
EDDY_EXTERN int eddy_run(eddy_loop *loop, eddy_run_mode mode);

/**
 * Has the running eddy_run return at the end of its iteration, without
 * sleeping again. When none runs, the next run returns without sleeping, and
 * consumes the request. Any thread, also a signal handler.
 */
EDDY_EXTERN void eddy_stop(eddy_loop *loop);

/** Keeps eddy_run going without a handle; each ref needs its unref. */
EDDY_EXTERN void eddy_loop_ref(eddy_loop *loop);
EDDY_EXTERN void eddy_loop_unref(eddy_loop *loop);

/** sizeof(eddy_loop) in this library. Any thread. */
EDDY_EXTERN size_t eddy_loop_size(void);

/** Whether anything keeps eddy_run going. In the callback of a task or async,
 * the tasks that came with it and are run next do not count. */
EDDY_EXTERN bool eddy_loop_alive(const eddy_loop *loop);

/**
 * Makes the loop usable in a forked child: opens backend and wakeup anew and
 * queues every descriptor to be registered again. The parent's registrations
 * are not touched. What other threads were about to send when the process
 * forked is lost in the child if they had not finished; what was queued stays
 * queued, in both processes.
 *
 * EDDY_EBUSY: the loop runs. EDDY_EINVAL: NULL or closed. EDDY_EMFILE,
 * EDDY_ENOMEM: nothing changed, and the call may be repeated.
 */
EDDY_EXTERN int eddy_loop_fork(eddy_loop *loop);

/**
 * A descriptor that is readable whenever the loop has something to do, a due
 * timer included: poll it in another loop, and call eddy_run(loop,
 * EDDY_RUN_NOWAIT) when it is. It stays the loop's; ask again after
 * eddy_loop_fork, and when eddy_run returned EDDY_ESTALE. From this call on,
 * every start, send or post outside eddy_run makes it readable. Watchers that
 * the kernel refuses may be called back from within. EDDY_ENOTSUP on poll(2).
 */
EDDY_EXTERN int eddy_loop_fd(eddy_loop *loop);

/** Nanoseconds until the next timer is due, 0 if one is or if something else
 * waits to be run, -1 if no timer is active. Looks through the timers that are
 * due about the same time, and those started since the last run. */
EDDY_EXTERN int64_t eddy_loop_timeout(const eddy_loop *loop);

/** The name of the loop's backend. */
EDDY_EXTERN const char *eddy_loop_backend(const eddy_loop *loop);

/** Walks every structure of the loop: 0, or the line in the source of the
 * first invariant that does not hold. For tests and debuggers: not fast. */
EDDY_EXTERN int eddy_loop_check(const eddy_loop *loop);

/** Copies the counters. */
EDDY_EXTERN void eddy_loop_stats(const eddy_loop *loop, eddy_stats *out);

/**
 * The loop's idea of the time, on the monotonic clock: read after the wait and
 * after each phase that ran callbacks, or by this call where a loop without
 * timers has not. It stands still within a callback but for eddy_update_time.
 */
EDDY_EXTERN uint64_t eddy_now(eddy_loop *loop);

/** Reads the clock. */
EDDY_EXTERN void eddy_update_time(eddy_loop *loop);

EDDY_END_DECLS

#endif
