/* SPDX-License-Identifier: MIT */
/*
 * Rounds upon rounds of sends, posts, stops and closes on a core whose atomic
 * accesses are delayed at random.
 *
 *     stress [OPERATIONS [SEED]]
 *
 * Prints what was done. The exit status is 0 if all was as promised, 1 if not,
 * 2 if it was asked for what is not there.
 */
#include "rounds.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPERATIONS = 200000, LONGEST_ROUND = 20000, PATIENCE_S = 180 };

static struct round round_now;
static pthread_barrier_t begin, end;
static bool over;
static uint64_t seeds[SENDERS];

static void *send_rounds(void *arg)
{
    int sender = (int) (intptr_t) arg;

    for (;;) {
        pthread_barrier_wait(&begin);
        if (over)
            return NULL;
        round_send_all(&round_now, sender, seeds[sender]);
        pthread_barrier_wait(&end);
    }
}

/* Short rounds more often than long ones, so that loops come and go. */
static int next_budget(uint64_t *seed, int64_t left)
{
    uint64_t longest = LONGEST_ROUND >> round_draw(seed) % 12;
    uint64_t budget = 1 + round_draw(seed) % longest;

    if (left < (int64_t) budget * SENDERS)
        return (int) (left / SENDERS) + 1;
    return (int) budget;
}

/* A loop that does not come to its end is ended by the alarm. */
static void run_round(uint64_t *seed, int budget)
{
    alarm(PATIENCE_S);
    for (int i = 0; i < SENDERS; i++)
        seeds[i] = round_draw(seed) | 1;
    round_begin(&round_now, budget, round_draw(seed) | 1);
    pthread_barrier_wait(&begin);
    round_run(&round_now);
    pthread_barrier_wait(&end);
    round_end(&round_now);
}

/* Returns false if the text is no number above zero. */
static bool parse(const char *text, uint64_t *number)
{
    char *rest;

    *number = strtoull(text, &rest, 10);
    return *text != '\0' && *rest == '\0' && *number > 0;
}

int main(int argc, char **argv)
{
    uint64_t operations = OPERATIONS;
    uint64_t seed = 1;
    pthread_t threads[SENDERS];
    int64_t done = 0;
    int rounds = 0;

    if (argc > 3 || (argc > 1 && !parse(argv[1], &operations)) ||
        (argc > 2 && !parse(argv[2], &seed))) {
        fprintf(stderr, "stress: arguments are numbers above 0: "
                        "[OPERATIONS [SEED]]\n");
        return 2;
    }
    pthread_barrier_init(&begin, NULL, SENDERS + 1);
    pthread_barrier_init(&end, NULL, SENDERS + 1);
    for (int i = 0; i < SENDERS; i++)
        if (pthread_create(&threads[i], NULL, send_rounds,
                           (void *) (intptr_t) i) != 0)
            return 1;
    while (done < (int64_t) operations) {
        int budget = next_budget(&seed, (int64_t) operations - done);

        run_round(&seed, budget);
        done += (int64_t) budget * SENDERS;
        rounds++;
    }
    over = true;
    pthread_barrier_wait(&begin);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    printf("stress: %" PRId64 " operations by %d senders in %d loops, "
           "nothing lost, doubled or out of turn\n",
           done, SENDERS, rounds);
    return 0;
}
