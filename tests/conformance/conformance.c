/* SPDX-License-Identifier: MIT */
/*
 * A cmocka test around each script. An alarm ends a script that waits in vain,
 * by way of eddy_stop, so that the loop itself sleeps as any loop does.
 */
#include "conformance/script.h"

#include "conformance/differences.h"
#include "support/fds.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_TRANSCRIPTS = 40 };

static eddy_loop *running;
static volatile sig_atomic_t late;

bool script_late(void)
{
    return late != 0;
}

/* What does not return from the backend even then, ends the program. */
static void on_alarm(int number)
{
    (void) number;
    if (late)
        _exit(1);
    late = 1;
    (void) alarm(SCRIPT_SECONDS);
    eddy_stop(running);
}

static void ignore(int number)
{
    (void) number;
}

/* Without SA_RESTART: what sleeps has to be interrupted. */
static void handle_signal(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    (void) sigemptyset(&action.sa_mask);
    (void) sigaction(number, &action, NULL);
}

static int setup(void **state)
{
    const char *text = *state;
    struct script *script = calloc(1, sizeof(*script));

    if (script == NULL)
        return -1;
    script->fds = test_fds_open();
    script->expected = malloc(strlen(text) + 1);
    if (script->expected == NULL || eddy_loop_init(&script->loop, NULL) != 0)
        return -1;
    script->lacking = script_lacking(&script->loop);
    memcpy(script->expected, text, strlen(text) + 1);
    script_strip(script->lacking, script->expected);
    script->next = text;
    handle_signal(SIGPIPE, ignore);
    handle_signal(SIGUSR1, ignore);
    handle_signal(SIGALRM, on_alarm);
    running = &script->loop;
    late = 0;
    (void) alarm(SCRIPT_SECONDS);
    *state = script;
    return 0;
}

static int close_all(struct script *script)
{
    for (int i = 0; i < script->end_count; i++) {
        if (script->ends[i].fd >= 0)
            (void) close(script->ends[i].fd);
    }
    if (script->fifo[0] != '\0')
        (void) unlink(script->fifo);
    return eddy_loop_close_all(&script->loop, EDDY_SEC(SCRIPT_SECONDS), NULL);
}

static int teardown(void **state)
{
    struct script *script = *state;
    int err;
    int leaked;

    (void) alarm(0);
    script_join(script);
    err = close_all(script);
    leaked = test_fds_open() - script->fds;
    if (err < 0 || leaked != 0)
        print_error("closing: %s; %d descriptors left open\n",
                    eddy_err_name(err), leaked);
    free(script->expected);
    free(script);
    return err == 0 && leaked == 0 ? 0 : -1;
}

static void run_transcript(void **state)
{
    struct script *script = *state;

    script_interpret(script, NULL);
    if (script_late())
        trace_add(&script->trace, TRACE_SCRIPT, "timed out");
    if (!trace_matches(&script->trace, script->expected))
        fail();
}

int conformance(const struct transcript *transcripts, size_t count)
{
    struct CMUnitTest tests[MOST_TRANSCRIPTS] = {{.name = NULL}};

    if (count > MOST_TRANSCRIPTS)
        return 1;
    for (size_t i = 0; i < count; i++) {
        tests[i].name = transcripts[i].name;
        tests[i].test_func = run_transcript;
        tests[i].setup_func = setup;
        tests[i].teardown_func = teardown;
        tests[i].initial_state = (void *) (uintptr_t) transcripts[i].text;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
