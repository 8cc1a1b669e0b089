/* SPDX-License-Identifier: MIT */
/*
 * The search. The stack of nodes is the execution that is under way: which
 * thread took each step, and what else is to be tried there. To go back means
 * to run the program anew, with the same choices up to the changed one.
 */
#include "search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

enum { STACK_SIZE = 1 << 16, NOTE = 80 };

struct step {
    const void *where;
    bool writes;
    bool (*ready)(void);
};

/* Sets of threads are bits. */
struct node {
    unsigned enabled;
    unsigned asleep;    /* explored already, from an earlier node */
    unsigned done;      /* explored already, from here */
    unsigned backtrack; /* to be explored from here */
    int thread;
    int choice, choices;
    struct step step;
    int clock[SEARCH_THREADS]; /* the last step of each that is before it */
    char note[NOTE];
};

struct fiber {
    jmp_buf here; /* where it goes on */
    struct step next;
    bool finished;
    int clock[SEARCH_THREADS]; /* what happened before its next step */
    char stack[STACK_SIZE] __attribute__((aligned(16)));
};

static const struct search_program *program;
static struct fiber fibers[SEARCH_THREADS];
static jmp_buf scheduler;
static int thread_count;
static int running = -1;
static struct node nodes[SEARCH_STEPS];
static int planned; /* nodes that the next execution repeats */
static int taken;   /* steps of the execution under way */
static const char *failure;
static bool talks;

bool search_running(void)
{
    return running >= 0;
}

int search_self(void)
{
    return running;
}

/* Contexts are made by makecontext() and left by _longjmp(), which makes no
 * system call. */
static void leave_fiber(void)
{
    struct fiber *fiber = &fibers[running];

    running = -1;
    if (_setjmp(fiber->here) == 0)
        _longjmp(scheduler, 1);
}

void search_step(const void *where, bool writes, bool (*ready)(void))
{
    fibers[running].next = (struct step){where, writes, ready};
    leave_fiber();
}

void search_fail(const char *why)
{
    failure = why;
    for (;;)
        leave_fiber();
}

int search_choose(int count)
{
    struct node *node = &nodes[taken];

    node->choices = count;
    return node->choice;
}

void search_note(const char *format, ...)
{
    va_list arguments;

    if (!talks)
        return;
    va_start(arguments, format);
    vsnprintf(nodes[taken].note, NOTE, format, arguments);
    va_end(arguments);
}

static void fiber_main(int self)
{
    program->threads[self](self);
    fibers[self].finished = true;
    leave_fiber();
}

static void enter_fiber(int self)
{
    running = self;
    if (_setjmp(scheduler) == 0)
        _longjmp(fibers[self].here, 1);
}

static void start_fiber(int self)
{
    static ucontext_t contexts[SEARCH_THREADS];
    ucontext_t *context = &contexts[self];

    getcontext(context);
    context->uc_stack.ss_sp = fibers[self].stack;
    context->uc_stack.ss_size = STACK_SIZE;
    context->uc_link = NULL;
    makecontext(context, (void (*)(void)) fiber_main, 1, self);
    running = self;
    if (_setjmp(scheduler) == 0)
        setcontext(context);
}

static void start_fibers(void)
{
    for (int i = 0; i < thread_count; i++) {
        fibers[i].finished = false;
        memset(fibers[i].clock, -1, sizeof(fibers[i].clock));
        start_fiber(i);
    }
}

/* --- what depends on what ---------------------------------------------------
 */

static bool dependent(const struct step *one, const struct step *other)
{
    return one->where == other->where && (one->writes || other->writes);
}

/* The step of `node`, number `at`, and the next one of `thread` may come the
 * other way round: that is to be tried. */
static void plan_reversal(int at, int thread)
{
    struct node *node = &nodes[at];

    if (node->enabled & (1u << thread))
        node->backtrack |= 1u << thread;
    else
        node->backtrack |= node->enabled;
}

/* After step number `last`, of which the others' next steps may be rivals, and
 * whose thread has a new next step. */
static void plan_reversals(int last)
{
    int self = nodes[last].thread;
    const struct fiber *fiber = &fibers[self];

    for (int i = 0; i < thread_count; i++)
        if (i != self && !fibers[i].finished &&
            dependent(&nodes[last].step, &fibers[i].next))
            plan_reversal(last, i);
    if (fiber->finished)
        return;
    for (int at = last; at >= 0; at--) {
        const struct node *node = &nodes[at];

        if (node->thread == self || !dependent(&node->step, &fiber->next))
            continue;
        if (at > fiber->clock[node->thread])
            plan_reversal(at, self);
        break;
    }
}

/* The step comes after all that it depends on: the last such step of each
 * thread knows of those before. */
static void advance_clock(int at)
{
    struct node *node = &nodes[at];
    struct fiber *fiber = &fibers[node->thread];
    unsigned left = (1u << thread_count) - 1;

    for (int i = at - 1; i >= 0 && left != 0; i--) {
        const struct node *before = &nodes[i];

        if (!(left & (1u << before->thread)) ||
            !dependent(&before->step, &node->step))
            continue;
        left &= ~(1u << before->thread);
        for (int t = 0; t < thread_count; t++)
            if (before->clock[t] > fiber->clock[t])
                fiber->clock[t] = before->clock[t];
    }
    fiber->clock[node->thread] = at;
    memcpy(node->clock, fiber->clock, sizeof(node->clock));
}

/* --- one execution ----------------------------------------------------------
 */

static unsigned find_enabled(bool *all_finished)
{
    unsigned enabled = 0;

    *all_finished = true;
    for (int i = 0; i < thread_count; i++) {
        if (fibers[i].finished)
            continue;
        *all_finished = false;
        if (fibers[i].next.ready == NULL || fibers[i].next.ready())
            enabled |= 1u << i;
    }
    return enabled;
}

/* Who need not be tried after the last step: whose own next step was explored
 * before it, and does not care about it. */
static unsigned sleepers(void)
{
    const struct node *last = &nodes[taken - 1];
    unsigned asleep = 0;

    for (int i = 0; i < thread_count; i++)
        if (((last->asleep | last->done) & (1u << i)) && i != last->thread &&
            !dependent(&last->step, &fibers[i].next))
            asleep |= 1u << i;
    return asleep;
}

/* A new node: goes on with the same thread, if it may. */
static bool add_node(unsigned enabled)
{
    struct node *node = &nodes[taken];
    unsigned asleep = taken > 0 ? sleepers() : 0;
    unsigned candidates = enabled & ~asleep;
    int thread = taken > 0 ? nodes[taken - 1].thread : 0;

    if (candidates == 0)
        return false;
    if (!(candidates & (1u << thread)))
        thread = __builtin_ctz(candidates);
    *node = (struct node){.enabled = enabled,
                          .asleep = asleep,
                          .backtrack = 1u << thread,
                          .thread = thread,
                          .choices = 1};
    planned = taken + 1;
    return true;
}

static void take_step(void)
{
    struct node *node = &nodes[taken];

    node->step = fibers[node->thread].next;
    node->note[0] = '\0';
    advance_clock(taken);
    enter_fiber(node->thread);
    taken++;
    if (failure == NULL)
        plan_reversals(taken - 1);
}

/* Returns false if the rest of it had been seen before. */
static bool execute(void)
{
    bool all_finished;

    taken = 0;
    program->set_up();
    start_fibers();
    while (failure == NULL) {
        unsigned enabled = find_enabled(&all_finished);

        if (all_finished)
            break;
        if (enabled == 0)
            failure = "nobody can go on";
        else if (taken == SEARCH_STEPS)
            failure = "it does not come to an end";
        else if (taken < planned || add_node(enabled))
            take_step();
        else
            return false;
    }
    return true;
}

/* The deepest node where something is left to try; false if there is none. */
static bool go_back(void)
{
    for (; planned > 0; planned--) {
        struct node *node = &nodes[planned - 1];
        unsigned candidates;

        if (++node->choice < node->choices)
            return true;
        node->done |= 1u << node->thread;
        candidates = node->backtrack & ~node->done & ~node->asleep;
        if (candidates != 0) {
            node->thread = __builtin_ctz(candidates);
            node->choice = 0;
            node->choices = 1;
            return true;
        }
    }
    return false;
}

struct search_result search(const struct search_program *what, uint64_t limit)
{
    struct search_result result = {.executions = 0};

    program = what;
    failure = NULL;
    planned = 0;
    for (thread_count = 0;
         thread_count < SEARCH_THREADS && what->threads[thread_count] != NULL;)
        thread_count++;
    do {
        if (execute())
            result.executions++;
        else
            result.cut++;
        result.steps += (uint64_t) taken;
        if (taken > result.longest)
            result.longest = taken;
        if (failure == NULL && !go_back())
            result.complete = true;
    } while (failure == NULL && !result.complete &&
             (limit == 0 || result.executions < limit));
    result.failure = failure;
    return result;
}

void search_talk(void)
{
    talks = true;
}

void search_tell(void)
{
    for (int i = 0; i < taken; i++)
        printf("  %3d  thread %d  %s\n", i, nodes[i].thread, nodes[i].note);
}
