/* SPDX-License-Identifier: MIT */
/*
 * An eddy_os around the default one, whose clock may be the test's own, which
 * counts its calls and makes the n-th of any function fail. With a fake
 * wakeup, writes to it are only noted: for a loop on a fake backend.
 */
#ifndef TESTS_SUPPORT_FAKE_OS_H
#define TESTS_SUPPORT_FAKE_OS_H

#include <eddy/os.h>

/* The functions, in the order of the table. */
enum fake_call {
    FAKE_NOW,
    FAKE_WAKEUP_OPEN,
    FAKE_WAKEUP_WRITE,
    FAKE_WAKEUP_DRAIN,
    FAKE_SOCKET,
    FAKE_ACCEPT,
    FAKE_BIND,
    FAKE_LISTEN,
    FAKE_CONNECT,
    FAKE_SHUTDOWN,
    FAKE_GETSOCKOPT,
    FAKE_SETSOCKOPT,
    FAKE_GETSOCKNAME,
    FAKE_GETPEERNAME,
    FAKE_RECV,
    FAKE_SENDMSG,
    FAKE_SET_NONBLOCKING,
    FAKE_CLOSE,
    FAKE_RESERVE,
    FAKE_IS_OPEN,
    FAKE_CALLS
};

struct fake_os {
    eddy_os base; /* give this to the loop; context is the fake_os */

    /* the clock */
    bool own_clock;
    uint64_t now_ns;  /* with own_clock: the time */
    uint64_t tick_ns; /* added by each reading */

    /* the wakeup */
    bool own_wakeup;
    int wakeup_pending; /* with own_wakeup: the number, when written and not
                           drained */

    /* calls and failures, by function */
    unsigned calls[FAKE_CALLS];
    unsigned fail_from[FAKE_CALLS];  /* the call that fails first, from 1 */
    unsigned fail_times[FAKE_CALLS]; /* and how many do; 0 is none */
    int fail_with[FAKE_CALLS];       /* EDDY_E… */
};

/* The system's clock and wakeup until the test sets own_clock, own_wakeup. */
void fake_os_init(struct fake_os *fake);

/* Of the calls from now on, the nth and the times - 1 after it fail. */
void fake_os_fail(struct fake_os *fake, enum fake_call call, unsigned nth,
                  unsigned times, int error);

#endif
