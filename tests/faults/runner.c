/* SPDX-License-Identifier: MIT */
/*
 * The order of the runs is the same each time, so that a position in it is all
 * that a new worker needs to know. A second failure is sought among the calls
 * that come after the first in a run with the first: among them are those that
 * are made only because something has failed.
 *
 * Where there are more pairs than are wanted, each first failure gets its share
 * of its second ones, evenly spread from a place of its own.
 */
#include "faults/runner.h"

#include "faults/scene.h"
#include "work/pool.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_FAILURES = 40, MOST_CPU_S = 20, STRIDE = 7919, FAILED_RUN = 3 };

/* Shared with the worker: how far it is, and what it has found. */
static struct progress {
    int scenario;
    unsigned next; /* run of the scenario: those before are done */
    struct runner_report report;
} * progress;

/* The worker's: where it stands, and where it begins. */
static struct {
    unsigned position;
    unsigned begin;
    unsigned singles; /* of the scenario */
    const struct scenario *scenario;
    const struct runner_options *options;
} worker;

static void play(const struct scenario *scenario, const struct plan *plan)
{
    tally_begin(plan);
    world_begin();
    scene_begin();
    scenario->play();
    scene_end();
    world_end();
}

/* True if this run is not done yet: then it is, and the tally tells of it. */
static bool run(const struct plan *plan)
{
    struct runner_report *report = &progress->report;

    if (worker.position++ < worker.begin)
        return false;
    progress->next = worker.position;
    report->runs++;
    if (plan->count == 1)
        report->singles++;
    if (plan->count == 2)
        report->pairs++;
    play(worker.scenario, plan);
    report->struck += (unsigned) tally->struck;
    return true;
}

/* All that can be made to fail in the calls of a trace from `from` on. */
struct choices {
    const unsigned char *trace;
    unsigned from;
    unsigned total;
};

static unsigned count_choices(const struct choices *choices)
{
    unsigned count = 0;

    for (unsigned i = choices->from; i < choices->total; i++)
        count += (unsigned) kind_errors((enum kind) choices->trace[i]);
    return count;
}

static unsigned index_of(const unsigned char *trace, unsigned at)
{
    unsigned index = 0;

    for (unsigned i = 0; i <= at; i++)
        index += trace[i] == trace[at];
    return index;
}

/* The n-th of them; *at is the place of its call. */
static struct fault choose(const struct choices *choices, unsigned n,
                           unsigned *at)
{
    unsigned i = choices->from;
    enum kind kind = (enum kind) choices->trace[i];

    while (n >= (unsigned) kind_errors(kind)) {
        n -= (unsigned) kind_errors(kind);
        kind = (enum kind) choices->trace[++i];
    }
    *at = i;
    return (struct fault){kind, index_of(choices->trace, i),
                          kind_error(kind, (int) n)};
}

/* A trace outlives the runs that it is the reason of. */
static unsigned keep_trace(unsigned char *trace)
{
    memcpy(trace, tally->trace, tally->total);
    return tally->total;
}

/* How many of `count` second failures a first one gets. Of n failures there are
 * about n * n / 2 pairs. */
static unsigned share(unsigned count)
{
    unsigned long all = (unsigned long) worker.singles * worker.singles / 2 + 1;
    unsigned long wanted = count * (unsigned long) worker.options->pairs;

    return wanted / all >= count ? count : (unsigned) (wanted / all) + 1;
}

/* Returns whether all were tried. */
static bool run_seconds(const struct fault *first, unsigned at, unsigned n)
{
    static unsigned char trace[TALLY_TRACE];
    struct choices choices = {.trace = trace, .from = at + 1};
    unsigned count;
    unsigned wanted;

    choices.total = keep_trace(trace);
    count = count_choices(&choices);
    wanted = share(count);
    for (unsigned i = 0; i < wanted && i < count; i++) {
        unsigned long spread = wanted < count
                                   ? n * (unsigned long) STRIDE +
                                         i * (unsigned long) count / wanted
                                   : i;
        struct plan plan = {.count = 2};
        unsigned place;

        plan.faults[0] = *first;
        plan.faults[1] = choose(&choices, (unsigned) (spread % count), &place);
        (void) run(&plan);
    }
    return wanted >= count;
}

/* A worker that begins in the midst of the seconds has to see the first fail
 * once more, to know what there is. */
static bool run_first(const struct choices *choices, unsigned n)
{
    struct plan plan = {.count = 1};
    unsigned at;

    plan.faults[0] = choose(choices, n, &at);
    if (!run(&plan) && worker.options->pairs > 0)
        play(worker.scenario, &plan);
    return worker.options->pairs == 0 || run_seconds(&plan.faults[0], at, n);
}

/* Twice without any failure, which must be the same: then a failure is where
 * it is looked for. What is made once in a process is there after a first. */
static unsigned rehearse(unsigned char *trace)
{
    const struct plan none = {.count = 0};
    unsigned total;

    play(worker.scenario, &none);
    play(worker.scenario, &none);
    total = keep_trace(trace);
    play(worker.scenario, &none);
    if (total != tally->total || memcmp(trace, tally->trace, total) != 0)
        tally_fail(__FILE__, __LINE__, "it does not repeat itself");
    return total;
}

static void limit_cpu(void)
{
    const struct itimerval limit = {.it_value = {.tv_sec = MOST_CPU_S}};

    (void) setitimer(ITIMER_PROF, &limit, NULL);
}

static void work(const struct scenario *scenario,
                 const struct runner_options *options)
{
    static unsigned char trace[TALLY_TRACE];
    struct choices choices = {.trace = trace};
    unsigned count;
    bool whole = true;

    worker.scenario = scenario;
    worker.options = options;
    worker.position = 0;
    worker.begin = progress->next;
    limit_cpu();
    choices.total = rehearse(trace);
    count = count_choices(&choices);
    worker.singles = count;
    for (unsigned n = 0; n < count; n += options->every) {
        whole = run_first(&choices, n) && whole;
        limit_cpu();
    }
    progress->report.scenarios++;
    progress->report.calls += choices.total;
    progress->report.whole += whole && options->pairs > 0;
}

/* From where the last worker got to, to the end. */
static void work_all(const struct runner_options *options)
{
    const struct scenario *scenario;

    eddy__worker_create = gate_thread;
    while ((scenario = scenario_at(progress->scenario)) != NULL) {
        if (options->only == NULL || options->only == scenario)
            work(scenario, options);
        progress->next = 0;
        progress->scenario++;
    }
    exit(0);
}

static void print_failure(const struct scenario *scenario, int status)
{
    const struct plan *plan = &tally->plan;

    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
        strcpy(tally->why, "it spins without a call");
    else if (WIFSIGNALED(status))
        snprintf(tally->why, sizeof(tally->why), "killed by signal %d",
                 WTERMSIG(status));
    else if (WEXITSTATUS(status) != TALLY_FAILED)
        snprintf(tally->why, sizeof(tally->why), "ended with status %d",
                 WEXITSTATUS(status));
    printf("FAILED %s\n  again: --scenario %s", tally->why, scenario->name);
    for (int i = 0; i < plan->count; i++)
        printf("%s%s:%u:%s", i == 0 ? " --fail " : ",",
               kind_facts[plan->faults[i].kind].name, plan->faults[i].index,
               error_name(plan->faults[i].error));
    printf("\n");
    fflush(stdout);
}

/* The exit status of a worker, as wait has it. */
static int watch_worker(const struct runner_options *options)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0)
        work_all(options);
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("fork");
        exit(EXIT_FAILURE);
    }
    return status;
}

struct runner_report runner_run(const struct runner_options *options)
{
    int status;

    progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANON, -1, 0);
    if (progress == MAP_FAILED) {
        perror("mmap");
        exit(EXIT_FAILURE);
    }
    while ((status = watch_worker(options)) != 0) {
        const struct scenario *scenario = scenario_at(progress->scenario);

        print_failure(scenario, status);
        if (++progress->report.failures == MOST_FAILURES)
            break;
        if (tally->plan.count == 0) { /* it fails by itself */
            progress->next = 0;
            progress->scenario++;
        }
    }
    return progress->report;
}

bool runner_once(const struct scenario *scenario, const struct plan *plan)
{
    const struct plan none = {.count = 0};
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        eddy__worker_create = gate_thread;
        play(scenario, &none);
        play(scenario, plan);
        exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("fork");
        exit(EXIT_FAILURE);
    }
    if (status != 0)
        print_failure(scenario, status);
    return status == 0;
}
