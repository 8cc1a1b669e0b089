/* SPDX-License-Identifier: MIT */
/*
 * Looking out for messages before a sleep; see lookout.h.
 *
 * A glance is taken by every loop after messages came, as a thread that sends
 * in a row often sends its next while the loop goes to sleep. It costs less
 * than the sleep, and those who never send so soon are soon not waited for:
 * each glance in vain doubles the sleeps until the next, to MOST_SKIPPED.
 */
#include "core/lookout.h"

enum {
    MAX_STILL = 1024,      /* readings of a clock that does not go */
    BETWEEN_READINGS = 64, /* looks */
    LOOKS = 2500,          /* of about a nanosecond */
    MOST_SKIPPED = 255
};

/* No pause between them: on a virtual machine that may be a trap, and take far
 * longer than what we are prepared to wait in all. */
static bool look(const eddy_loop *loop, int times)
{
    for (int i = 0; i < times; i++) {
        if (eddy__arrivals_wait(loop) || eddy__stopped(loop))
            return true;
    }
    return false;
}

/* A clock that stands still, as a simulated one may, ends it too. */
int64_t eddy__lookout_spin(const eddy_loop *loop, int64_t timeout_ns)
{
    const eddy_os *os = loop->os;
    uint64_t start = os->now(os->context);
    uint64_t spent;
    int still = 0;

    do {
        if (look(loop, BETWEEN_READINGS))
            return 0;
        spent = os->now(os->context) - start;
        if (timeout_ns > 0 && spent >= (uint64_t) timeout_ns)
            return 0;
        still = spent == 0 ? still + 1 : 0;
    } while (spent < loop->spin_ns && still < MAX_STILL);
    return timeout_ns < 0 ? timeout_ns : timeout_ns - (int64_t) spent;
}

bool eddy__lookout_glance(eddy_loop *loop)
{
    if (!loop->glance)
        return false;
    loop->glance = false;
    if (loop->glances_skipped < loop->glances_to_skip) {
        loop->glances_skipped++;
        return false;
    }
    loop->glances_skipped = 0;
    if (look(loop, LOOKS)) {
        loop->glances_to_skip = 0;
        return true;
    }
    if (loop->glances_to_skip < MOST_SKIPPED)
        loop->glances_to_skip += loop->glances_to_skip + 1;
    return false;
}
