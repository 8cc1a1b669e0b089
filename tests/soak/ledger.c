/* SPDX-License-Identifier: MIT */
/*
 * Adding up, and the accounts that have to balance. The names follow the
 * order of the counters.
 */
#include "soak/ledger.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const names[COUNTS] = {
    [LOOPS_MADE] = "loops made",
    [LOOPS_CLOSED] = "loops closed",
    [ITERATIONS] = "iterations",
    [STOPS] = "stops",
    [HANDLES_MADE] = "handles made",
    [HANDLES_CLOSED] = "handles closed",
    [CONNECTS] = "connects",
    [CONNECTED] = "connects that succeeded",
    [CONNECTS_FAILED] = "connects that failed",
    [CONNECTS_CANCELED] = "connects cancelled",
    [ACCEPTED] = "connections accepted",
    [ACCEPTED_CLOSED] = "accepted ones closed",
    [ECHOES_WHOLE] = "echoed to the end",
    [RESETS] = "resets",
    [BYTES_CHECKED] = "bytes echoed and compared",
    [WRITES] = "writes",
    [WRITES_DONE] = "writes done",
    [WRITES_FAILED] = "writes failed",
    [WRITES_CANCELED] = "writes cancelled",
    [SHUTDOWNS] = "shutdowns",
    [SHUTDOWNS_DONE] = "shutdowns done",
    [SHUTDOWNS_FAILED] = "shutdowns failed",
    [BUFFERS_GIVEN] = "buffers given",
    [BUFFERS_BACK] = "buffers back",
    [TIMERS_STARTED] = "timers started",
    [TIMERS_FIRED] = "timers fired",
    [TIMERS_STOPPED] = "timers stopped",
    [TIMERS_RESTARTED] = "timers restarted",
    [TIMERS_CLOSED] = "timers closed",
    [TIMERS_REPEATED] = "timers repeated",
    [TASKS_POSTED] = "tasks posted",
    [TASKS_RUN] = "tasks run",
    [TASKS_CANCELED] = "tasks handed back",
    [SENDS] = "sends",
    [SENDS_REFUSED] = "sends refused",
    [ASYNCS_RUN] = "asyncs run",
    [AWAITED] = "sends awaited",
    [ANSWERED] = "sends answered",
    [UNDERCUT] = "sends undercut by a close",
    [WORKS] = "works",
    [WORKS_DONE] = "works done",
    [WORKS_CANCELED] = "works cancelled",
    [POOLS_MADE] = "pools made",
    [POOLS_CLOSED] = "pools closed",
    [PIPES_MADE] = "pipes made",
    [PIPES_CLOSED] = "pipes closed",
    [PIPE_BYTES] = "pipe bytes",
    [PIPE_BYTES_READ] = "pipe bytes read",
    [PIPE_BYTES_DROPPED] = "pipe bytes dropped",
    [ENDS_OF_FILE] = "ends of file",
    [PHASES_RUN] = "phase callbacks",
    [FORKS] = "forks",
    [FORKS_WORKED] = "children that worked",
    [FORKS_CLOSED] = "children that closed",
};

/* What went in is what came out, by one way or another. */
static const struct account {
    enum count in;
    int ways;
    enum count out[4];
} accounts[] = {
    {LOOPS_MADE, 1, {LOOPS_CLOSED}},
    {HANDLES_MADE, 1, {HANDLES_CLOSED}},
    {CONNECTS, 3, {CONNECTED, CONNECTS_FAILED, CONNECTS_CANCELED}},
    {ACCEPTED, 1, {ACCEPTED_CLOSED}},
    {WRITES, 3, {WRITES_DONE, WRITES_FAILED, WRITES_CANCELED}},
    {SHUTDOWNS, 2, {SHUTDOWNS_DONE, SHUTDOWNS_FAILED}},
    {BUFFERS_GIVEN, 1, {BUFFERS_BACK}},
    {TIMERS_STARTED,
     4,
     {TIMERS_FIRED, TIMERS_STOPPED, TIMERS_RESTARTED, TIMERS_CLOSED}},
    {TASKS_POSTED, 2, {TASKS_RUN, TASKS_CANCELED}},
    {AWAITED, 2, {ANSWERED, UNDERCUT}},
    {WORKS, 2, {WORKS_DONE, WORKS_CANCELED}},
    {POOLS_MADE, 1, {POOLS_CLOSED}},
    {PIPES_MADE, 1, {PIPES_CLOSED}},
    {PIPE_BYTES, 2, {PIPE_BYTES_READ, PIPE_BYTES_DROPPED}},
    {FORKS, 2, {FORKS_WORKED, FORKS_CLOSED}},
};

enum { ACCOUNTS = sizeof(accounts) / sizeof(accounts[0]) };

void ledger_add(struct ledger *sum, const struct ledger *one)
{
    for (int i = 0; i < COUNTS; i++)
        sum->of[i] += __atomic_load_n(&one->of[i], __ATOMIC_RELAXED);
}

bool ledger_balances(const struct ledger *sum)
{
    bool balances = true;

    for (int i = 0; i < ACCOUNTS; i++) {
        const struct account *account = &accounts[i];
        uint64_t out = 0;

        for (int way = 0; way < account->ways; way++)
            out += sum->of[account->out[way]];
        if (sum->of[account->in] == out)
            continue;
        printf("soak: %s: %" PRIu64 ", but %" PRIu64 " of them accounted for\n",
               names[account->in], sum->of[account->in], out);
        balances = false;
    }
    return balances;
}

/* Failures of the system's that need not happen. */
static bool may_be_none(enum count what)
{
    return what == CONNECTS_FAILED || what == WRITES_FAILED ||
           what == SHUTDOWNS_FAILED;
}

bool ledger_print(const struct ledger *sum)
{
    bool all = true;

    for (int i = 0; i < COUNTS; i++) {
        printf("%12" PRIu64 " %s\n", sum->of[i], names[i]);
        if (sum->of[i] == 0 && !may_be_none((enum count) i)) {
            printf("soak: there were no %s\n", names[i]);
            all = false;
        }
    }
    return all;
}
