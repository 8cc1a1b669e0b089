/* SPDX-License-Identifier: MIT */
/*
 * Everything at once, for as long as one likes, with books that must balance:
 *
 *     soak [--seconds N] [--seed S] [--backend NAME]
 *
 * Prints how often what happened, and passes if all that was begun came to its
 * end once, nothing was early, lost or altered, and memory and descriptors
 * stayed level. Time is counted in moments of this thread, so that a machine
 * which stops the process for a while makes nothing look stuck.
 */
#include "soak/levels.h"
#include "soak/soak.h"
#include "support/fds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    MOMENT_MS = 100,
    MOMENTS = 1000 / MOMENT_MS, /* in a second */
    PATIENCE = 60,              /* seconds without a sign of life */
    HANDS = SENDERS + 1,
    ALL_HAPPENS = 10, /* seconds after which the rarest thing has */
    MOST_DESCRIPTORS = 2048,
    SKIPPED = 77
};

static struct hand hands[HANDS];
static struct wish wish = {.seconds = 60, .seed = 1};
static int ending;

_Noreturn void soak_fail(const char *what, const char *file, int line)
{
    fprintf(stderr, "soak: seed %" PRIu64 ": %s:%d: does not hold: %s\n",
            wish.seed, file, line, what);
    _exit(1);
}

bool soak_ending(void)
{
    return __atomic_load_n(&ending, __ATOMIC_RELAXED);
}

unsigned pick(uint64_t *random, unsigned count)
{
    return (unsigned) ((test_random(random) >> 32) % count);
}

/* --- time --- */

static void moment(void)
{
    const struct timespec time = {.tv_nsec = MOMENT_MS * 1000000L};

    (void) nanosleep(&time, NULL);
}

/* Whoever waits for something that never comes has not moved for long. */
static void watch_hands(void)
{
    static uint64_t beats[HANDS];
    static unsigned still[HANDS];

    for (int i = 0; i < HANDS; i++) {
        uint64_t now = __atomic_load_n(&hands[i].beats, __ATOMIC_RELAXED);

        still[i] = now == beats[i] ? still[i] + 1 : 0;
        beats[i] = now;
        if (still[i] < PATIENCE * MOMENTS)
            continue;
        fprintf(stderr, "soak: seed %" PRIu64 ": thread %d %s for ever\n",
                wish.seed, i, hands[i].doing);
        _exit(1);
    }
}

static void await(const int *done, const char *what, int number)
{
    for (int i = 0; !__atomic_load_n(done, __ATOMIC_ACQUIRE); i++) {
        if (i == PATIENCE * MOMENTS) {
            fprintf(stderr, "soak: seed %" PRIu64 ": %s %d does not end\n",
                    wish.seed, what, number);
            _exit(1);
        }
        moment();
    }
}

/* --- threads --- */

/* Different for each, and never 0. */
static uint64_t seed_of(unsigned thread)
{
    uint64_t state = wish.seed * 1000003 + thread + 1;

    for (int i = 0; i < 10; i++)
        (void) test_random(&state);
    return state;
}

static void start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
    REQUIRE(pthread_create(thread, NULL, run, arg) == 0);
}

static void start_all(void)
{
    static const struct station plan[STATIONS] = {
        {.kind = BUSY, .forever = true},  {.kind = BUSY},  {.kind = BUSY},
        {.kind = QUIET, .forever = true}, {.kind = QUIET}, {.kind = QUIET},
    };

    for (int i = 0; i < STATIONS; i++) {
        stations[i] = plan[i];
        stations[i].number = i;
        stations[i].backend = wish.backend;
        stations[i].random = seed_of((unsigned) i);
        mailbox_create(&stations[i]);
    }
    for (int i = 0; i < STATIONS; i++)
        start(&stations[i].thread, station_main, &stations[i]);
    for (int i = 0; i < HANDS; i++) {
        hands[i].number = i;
        hands[i].backend = wish.backend;
        hands[i].random = seed_of(STATIONS + (unsigned) i);
        hands[i].doing = "begins";
        start(&hands[i].thread, i < SENDERS ? sender_main : forker_main,
              &hands[i]);
    }
}

static void live(struct levels *levels)
{
    for (unsigned i = 1; i <= wish.seconds * MOMENTS; i++) {
        moment();
        watch_hands();
        if (i % MOMENTS == 0)
            levels_sample(levels);
    }
}

/* Senders first: until they are gone, stations have to answer them. */
static void end_all(void)
{
    __atomic_store_n(&ending, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < HANDS; i++) {
        await(&hands[i].done, "thread", i);
        REQUIRE(pthread_join(hands[i].thread, NULL) == 0);
    }
    for (int i = 0; i < STATIONS; i++) {
        __atomic_store_n(&stations[i].ending, 1, __ATOMIC_RELAXED);
        if (mailbox_enter(&stations[i]) == 0)
            continue;
        eddy_stop(&stations[i].loop);
        mailbox_leave(&stations[i]);
    }
    for (int i = 0; i < STATIONS; i++) {
        await(&stations[i].done, "station", i);
        REQUIRE(pthread_join(stations[i].thread, NULL) == 0);
        mailbox_destroy(&stations[i]);
    }
}

static struct ledger sum_up(void)
{
    struct ledger sum = {0};

    for (int i = 0; i < STATIONS; i++)
        ledger_add(&sum, &stations[i].ledger);
    for (int i = 0; i < HANDS; i++)
        ledger_add(&sum, &hands[i].ledger);
    return sum;
}

/* No more than it takes: if they leak, that shows at once. */
static bool limit_descriptors(void)
{
    struct rlimit limit;

    if (!test_allow_fds(MOST_DESCRIPTORS))
        return false;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = MOST_DESCRIPTORS;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    return true;
}

static bool none_is_left(int before)
{
    int after = test_fds_open();

    if (after != before)
        printf("soak: %d descriptors were open before, %d are after\n", before,
               after);
    return after == before;
}

/* --- the command line --- */

static _Noreturn void misused(const char *what, const char *value)
{
    fprintf(stderr,
            "soak: %s %s; there are --seconds N, --seed S and --backend NAME\n",
            what, value);
    exit(2);
}

static uint64_t number(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > UINT32_MAX)
        misused("no such number:", text);
    return value;
}

static bool is_backend(const char *name)
{
    const char *const *names;

    for (eddy_backends(&names); *names != NULL; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

static void read_wish(int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (value == NULL)
            misused("no such option, or no value:", argv[i]);
        if (strcmp(argv[i], "--seconds") == 0)
            wish.seconds = (unsigned) number(value);
        else if (strcmp(argv[i], "--seed") == 0)
            wish.seed = number(value);
        else if (strcmp(argv[i], "--backend") == 0 && is_backend(value))
            wish.backend = value;
        else if (strcmp(argv[i], "--backend") == 0)
            misused("no such backend:", value);
        else
            misused("no such option:", argv[i]);
    }
}

int main(int argc, char **argv)
{
    struct levels levels;
    struct ledger sum;
    bool passed;
    int before;

    read_wish(argc, argv);
    if (!limit_descriptors()) {
        printf("soak: skipped: needs %d descriptors\n", MOST_DESCRIPTORS);
        return SKIPPED;
    }
    levels_create(&levels, wish.seconds + 1);
    before = test_fds_open();
    start_all();
    live(&levels);
    end_all();
    sum = sum_up();
    passed = ledger_print(&sum) || wish.seconds < ALL_HAPPENS;
    passed = ledger_balances(&sum) && passed;
    passed = levels_are_flat(&levels) && passed;
    passed = none_is_left(before) && passed;
    levels_destroy(&levels);
    printf("soak: %s, seed %" PRIu64 ", %u s: %s\n",
           wish.backend != NULL ? wish.backend : "default backend", wish.seed,
           wish.seconds, passed ? "passed" : "FAILED");
    return passed ? 0 : 1;
}
