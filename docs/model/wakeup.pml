/* SPDX-License-Identifier: MIT */
/*
 * How other threads reach a loop, as src/core/arrivals.c, async.c, task.c,
 * messages.c, poll.c and handle.c do it: senders push on a stack and write the
 * wakeup if the loop sleeps; the loop publishes that it sleeps and looks once
 * more. README.md says which step is which function, what is promised, what is
 * left out, and what each switch is for; scripts/model runs it.
 *
 * One step is one access to memory that several threads share, with whatever
 * it takes of what is private. Steps are sequentially consistent, but for what
 * the caller of a send published: that waits in a store buffer.
 */
#ifndef SENDERS
#define SENDERS 3
#endif
#ifndef HANDLES
#define HANDLES 2
#endif
#ifndef OPS
#define OPS 1 /* what each sender does, one after the other */
#endif
#ifndef TASKS
#define TASKS 0 /* a sender's own, each posted once */
#endif
#ifndef SHARED
#define SHARED 0 /* 1: a task that all post, again and again */
#endif
#ifndef STOPS
#define STOPS 0 /* calls of eddy_stop in all */
#endif
#ifndef FAILS
#define FAILS 0 /* writes of the wakeup that fail */
#endif
#ifndef SPURIOUS
#define SPURIOUS 0 /* waits that something else ends: a timer, a descriptor */
#endif
#ifndef OWN
#define OWN 0 /* sends that callbacks make, on the loop's own thread */
#endif

#define NIL 0
#define FIRST_TASK (HANDLES + 1)
#define SHARED_TASK (HANDLES + SENDERS * TASKS + 1)
#define MESSAGES (HANDLES + SENDERS * TASKS + SHARED)
#define IS_ASYNC(m) (m <= HANDLES)

#define GOING 0
#define STOPPED 1
#define SHUT 2
#define KEEPS 1 /* who failed has not given the claim back yet */
#define GAVE 2 /* has: whoever pushes from now on can write */

#if STOPS > 0
#define IS_STOPPED (stopping != GOING)
#else
#define IS_STOPPED false /* saves the states of a look that finds nothing */
#endif

/* --- what is shared: the loop's and the messages' words -------------------- */

byte head;                  /* loop->arrivals, a stack linked by next[] */
byte next[MESSAGES + 1];
bit pending[MESSAGES + 1];  /* state & EDDY__PENDING */
bit refused[HANDLES + 1];   /* state & EDDY__REFUSED */
bit sleeping;
byte stopping;
byte senders;               /* counts who is inside the loop */
bit fd;                     /* the wakeup: written, and not yet told */

/* --- what only the property knows ------------------------------------------ */

byte buffered[SENDERS + 1]; /* published, but still in the store buffer */
bit dirty[HANDLES + 1];     /* published, and no callback began since */
byte unspent[HANDLES + 1];  /* sends that began, less callbacks */
byte owed[MESSAGES + 1];    /* posts that were taken, less callbacks */
bit closing[HANDLES + 1];   /* eddy_close began: the loop's own flag */
bit closed[HANDLES + 1];    /* eddy_close returned */
bit gone[HANDLES + 1];      /* the close callback came: memory is free */
bit ended;                  /* eddy_loop_close began */
bit freed;                  /* and returned: the loop's memory is free */
byte failed;                /* 0, or KEEPS or GAVE: the last write failed */
byte finished;              /* senders that are done */
byte stops = STOPS, fails = FAILS;

#define LIVE_LOOP assert(!freed)
#define LIVE(m) assert(!(IS_ASYNC(m) && gone[m]))

/* --- sending ---------------------------------------------------------------- */

/* What a thread published becomes visible: by its next read-modify-write, or
 * whenever the processor likes. */
inline flush(s)
{
    if
    :: buffered[s] -> dirty[buffered[s]] = 1; buffered[s] = 0
    :: else
    fi
}

inline push(m)
{
#ifdef BUG_LINK_LATE
    d_step { LIVE_LOOP; top = head; head = m };
    d_step { LIVE(m); next[m] = top; top = NIL }
#else
    d_step { LIVE_LOOP; LIVE(m); top = head; next[m] = top };
    do
    :: d_step {
            head == top -> LIVE_LOOP; head = m; top = NIL;
            failed = (failed == GAVE -> 0 : failed)
        };
        break
    :: d_step { head != top -> LIVE_LOOP; LIVE(m); top = head; next[m] = top }
    od
#endif
}

/* The plain look and the exchange are one step: between the two the sender
 * touches nothing, and finding the flag down at the second is like finding it
 * down at the first. */
inline rouse()
{
    if
    :: d_step { !sleeping -> LIVE_LOOP }
    :: d_step { sleeping -> LIVE_LOOP; sleeping = 0 };
#ifdef BUG_DIE_CLAIMED
        if
        :: true
        :: goto died
        fi;
#endif
        write_wakeup()
    fi
}

inline write_wakeup()
{
    if
#ifdef BUG_EDGE_LOST
    :: d_step { LIVE_LOOP; fd = waits; failed = 0 }
#else
    :: d_step { LIVE_LOOP; fd = 1; failed = 0 }
#endif
    :: d_step { fails > 0 -> LIVE_LOOP; fails--; failed = KEEPS };
#ifdef BUG_CLAIM_KEPT
        failed = GAVE
#else
        d_step { LIVE_LOOP; sleeping = 1; failed = GAVE }
#endif
    fi
}

#ifdef BUG_EDGE_LOST
bit waits; /* the loop is in its wait */
#endif

inline leave()
{
    d_step { LIVE_LOOP; senders-- }
}

inline deliver_and_leave(m)
{
#ifdef BUG_FLAG_FIRST
    slept = sleeping;
    push(m);
    if
    :: slept -> rouse()
    :: else
    fi;
    leave()
#else
    push(m);
#ifdef BUG_LEAVE_EARLY
    leave();
    rouse()
#else
    rouse();
    leave()
#endif
#endif
}

/* eddy_async_send. `late` and what follows the call are the property's. */
inline send(m)
{
    before = refused[m];
    d_step {
        flush(me);
        was = pending[m];
        pending[m] = 1;
#ifdef BUG_SEND_ANYWAY
        before = 0;
#endif
        assert(!late || (was && before)); /* is EDDY_EINVAL */
        late = 0;
        before = 0
    };
    if
    :: was -> was = 0
    :: else ->
        d_step { LIVE(m); LIVE_LOOP; senders++ }; /* reads async->loop */
        deliver_and_leave(m)
#ifdef BUG_TOUCH_AFTER
        ; LIVE(m)
#endif
    fi
}

/* eddy_post; the caller began before eddy_loop_close did, and is counted. */
inline post(m)
{
    if
    :: stopping == SHUT -> leave()
    :: else ->
        d_step {
            was = pending[m];
            pending[m] = 1;
#ifdef BUG_NOT_BUSY
            was = 0;
#endif
            if
            :: was
            :: else -> owed[m]++
            fi
        };
        if
        :: was -> leave()
        :: else -> deliver_and_leave(m)
        fi
    fi
}

inline stop()
{
    if
    :: d_step { stopping == GOING -> LIVE_LOOP; stopping = STOPPED };
#ifndef BUG_STOP_SILENT
        rouse()
#endif
    :: d_step { stopping != GOING -> LIVE_LOOP }
    fi;
    leave()
}

/* Which async a sender sends to: any, or its own one. */
inline choose_handle(m)
{
#if HANDLES == 1
    m = 1
#else
#ifdef APART
    m = 1 + me % HANDLES
#else
    if
    :: m = 1
    :: m = 2
    fi
#endif
#endif
}

/* The program of a sender: publish and send, or post, or stop. */
proctype Sender(byte me)
{
    byte ops = OPS, top, posted, m;
    bit before, was, late, slept;

    do
    :: ops == 0 -> break
    :: ops > 0 -> ops--;
        if
#ifndef NO_ASYNCS
        :: choose_handle(m);
#ifdef BUG_RELAXED_SEND
            d_step { buffered[me] == 0 -> buffered[me] = m; unspent[m]++ };
            if
            :: pending[m]
            :: else -> send(m)
            fi
#else
            d_step {
                buffered[me] == 0 -> buffered[me] = m; unspent[m]++;
                late = closed[m]
            };
            send(m)
#endif
#endif
#if TASKS > 0
        :: d_step {
                posted < TASKS && !ended -> LIVE_LOOP; senders++;
                m = FIRST_TASK + me * TASKS + posted;
                posted++
            };
            post(m)
#endif
#if SHARED > 0
        :: d_step { !ended -> LIVE_LOOP; senders++ };
            post(SHARED_TASK)
#endif
#if STOPS > 0
        :: d_step { stops > 0 && !ended -> LIVE_LOOP; stops--; senders++ };
            stop()
#endif
        :: ended -> skip /* the loop is not there any more */
        fi;
        d_step { m = NIL; was = 0 }
    od;
died:
    skip;
    d_step { flush(me); finished++ }
}

/* What the processor does by itself. */
proctype Buffers()
{
    byte s;

    do
    :: d_step { buffered[0] -> s = 0; flush(s) }
#if SENDERS > 1
    :: d_step { buffered[1] -> s = 1; flush(s) }
#endif
#if SENDERS > 2
    :: d_step { buffered[2] -> s = 2; flush(s) }
#endif
#if SENDERS > 3
    :: d_step { buffered[3] -> s = 3; flush(s) }
#endif
    :: d_step { finished == SENDERS -> s = 0 }; break
    od
}

/* --- the loop ---------------------------------------------------------------- */

bit closable[HANDLES + 1];  /* on loop->closing */
byte handles = HANDLES;     /* active or closing */

/* eddy_close, with close_async: who marked first still has to push. */
inline close(m)
{
    d_step {
        closing[m] = 1;
        was = pending[m];
        refused[m] = 1;
#ifndef BUG_CLOSE_UNMARKED
        pending[m] = 1;
#endif
#ifdef BUG_CLOSE_NOW
        was = 0;
#endif
        closable[m] = !was;
        closed[m] = 1;
        was = 0; m = NIL
    }
}

/* A callback, or any other time at which the program has its turn. */
inline program()
{
    if
    :: true
    :: d_step { !closing[1] -> m = 1 }; close(m)
#if HANDLES > 1
    :: d_step { !closing[2] -> m = 2 }; close(m)
#endif
#if OWN > 0
    :: d_step { own > 0 && !closing[1] -> own--; m = 1; dirty[m] = 1;
                unspent[m]++; late = closed[m] };
        send(m)
#endif
    fi
}

/* The whole list, the oldest first. */
inline take()
{
    m = head;
    head = NIL;
#ifdef BUG_NEWEST_FIRST
    chain = m;
#else
    do
    :: m == NIL -> break
    :: else -> n = next[m]; next[m] = chain; chain = m; m = n
    od;
#endif
    m = NIL;
    n = NIL
}

inline pop()
{
    LIVE(chain);
    m = chain;
    chain = next[m];
    next[m] = NIL
}

/* The async that is next in the chain. One that closes is finished instead:
 * its last sender has let go of it. */
inline run_async()
{
    d_step {
        pop();
        was = closing[m];
#ifdef BUG_CALL_CLOSED
        was = 0;
#endif
        if
        :: was -> closable[m] = 1; m = NIL
#ifndef BUG_CLEAR_AFTER
        :: else -> pending[m] = 0
#else
        :: else
#endif
        fi;
        was = 0
    };
    if
    :: m == NIL
    :: else ->
        d_step {
            assert(!closing[m]);
            assert(unspent[m] > 0);
            unspent[m]--;
            dirty[m] = 0;
#ifndef BUG_CLEAR_AFTER
            m = NIL
#endif
        };
#ifdef BUG_CLEAR_AFTER
        pending[m] = 0;
        m = NIL;
#endif
        program()
    fi
}

/* A sender's own task comes after those that it posted before. */
inline run_task()
{
    d_step {
        pop();
        assert(pending[m] && owed[m] == 1);
        pending[m] = 0;
        owed[m]--;
#if TASKS > 1
        if
        :: m <= HANDLES + SENDERS * TASKS && (m - FIRST_TASK) % TASKS > 0 ->
            assert(owed[m - 1] == 0)
        :: else
        fi;
#endif
        m = NIL
    }
}

/* The look before the taking is one step with it: only the loop takes. */
inline run_messages()
{
    do
    :: head == NIL -> break
    :: d_step { head != NIL -> take() };
        do
        :: chain == NIL -> break
        :: chain != NIL && IS_ASYNC(chain) -> run_async()
        :: chain != NIL && !IS_ASYNC(chain) -> run_task(); program()
        od;
        if /* MAX_BATCHES may be reached at any time */
        :: true
        :: break
        fi
    od
}

#ifdef PIPE
#define forget_edge() skip /* level-triggered: drained when it is told */
#else
#define forget_edge() fd = 0
#endif

/* The backend's wait with a timeout of 0: it tells what was written. */
inline ask()
{
    d_step { told = fd; forget_edge() }
}

/* Everybody is done and the loop sleeps: nothing may be left behind, but after
 * a write that failed, and only until somebody pushes again. */
inline assert_quiet()
{
    d_step {
        assert(failed || head == NIL);
        assert(failed || stopping == GOING);
        for (n : 1 .. HANDLES) {
            assert(failed || closing[n] || !dirty[n])
        }
        n = NIL
    }
}

inline sleep()
{
#ifdef BUG_EDGE_LOST
    waits = 1;
#endif
    if
    :: d_step { fd -> told = 1; forget_edge() }
    :: d_step { spurious > 0 && !fd -> spurious--; told = 0 }
    :: d_step { finished == SENDERS && !fd -> told = 0; over = 1 };
        assert_quiet()
    fi;
#ifdef BUG_EDGE_LOST
    waits = 0;
#endif
    sleeping = 0
}

inline last_look()
{
    if
    :: head != NIL -> sleeping = 0; ask()
    :: head == NIL ->
        if
#ifndef BUG_STOP_UNSEEN
        :: IS_STOPPED -> sleeping = 0; ask()
#endif
        :: else -> sleep()
        fi
    fi
}

inline poll()
{
    if
    :: closable[1] || IS_STOPPED -> ask()
#if HANDLES > 1
    :: closable[2] -> ask()
#endif
    :: else ->
#ifdef BUG_NO_LAST_LOOK
        sleeping = 1;
        sleep()
#else
#ifdef BUG_LOOK_FIRST
        if
        :: head != NIL || IS_STOPPED -> ask()
        :: else -> sleeping = 1; sleep()
        fi
#else
        sleeping = 1;
        last_look()
#endif
#endif
    fi;
#ifdef PIPE
    if
    :: told -> fd = 0
    :: else
    fi;
#endif
    told = 0;
    run_messages()
}

/* eddy__handles_finish; what was closed is private to the loop. */
inline finish_handles()
{
    for (n : 1 .. HANDLES) {
        if
        :: closable[n] -> closable[n] = 0; gone[n] = 1; handles--
        :: else
        fi
    }
    n = NIL
}

/* When the program ends, whatever is open is closed. */
inline close_rest()
{
    do
    :: d_step { !closing[1] -> m = 1 }; close(m)
#if HANDLES > 1
    :: d_step { !closing[2] -> m = 2 }; close(m)
#endif
    :: else -> break
    od
}

/* eddy_loop_alive: whether a handle is open or closing, or a task is queued. */
inline look_alive()
{
    alive = handles > 0;
    m = (alive -> NIL : head);
    do
    :: m == NIL -> break
    :: else -> alive = alive || !IS_ASYNC(m); m = next[m]
    od
}

/* eddy_loop_close: refuse posts, wait for senders, hand tasks back. */
inline close_loop()
{
    ended = 1;
#ifdef BUG_TAKE_FIRST
    d_step { take() };
#endif
    stopping = SHUT;
#ifndef BUG_NO_WAIT
    senders == 0;
#endif
#ifndef BUG_TAKE_FIRST
    d_step { take() };
#endif
    do
    :: chain == NIL -> break
    :: else -> run_task()
    od;
    freed = 1
}

proctype Loop()
{
    byte m, n, chain, top, spurious = SPURIOUS, own = OWN;
    bit alive, told, over, before, was, late, slept;

#if OWN > 0
    byte me = SENDERS; /* whose buffer is empty */
#endif

    do
    :: d_step { finish_handles(); look_alive() };
        if
        :: !alive -> break
#if STOPS > 0
        :: alive && IS_STOPPED -> stopping = GOING /* leave(), and again */
#endif
        :: else ->
            alive = 0;
            if
            :: over -> close_rest()
            :: else -> program()
            fi;
            poll()
        fi
    od;
    close_loop();
    finished == SENDERS;
    d_step {
        for (n : 1 .. MESSAGES) {
            assert(owed[n] == 0)
        }
    }
}

init {
    byte s;

    atomic {
        for (s : 0 .. SENDERS - 1) {
            run Sender(s)
        }
        run Buffers();
        run Loop()
    }
}

#ifdef LIVENESS
ltl told { [] (dirty[1] -> <> (!dirty[1] || closing[1])) }
#endif
