/* SPDX-License-Identifier: MIT */
/*
 * Time-outs, wakeups and phases: when the loop sleeps, what ends its sleep,
 * and in which order callbacks come.
 */
#include "conformance/script.h"

static const struct transcript transcripts[] = {
    {
        .name = "timers_fire_in_the_order_of_their_deadlines",
        .text = "> timer A 9000\n"
                "> timer B 3000\n"
                "> timer C 6000\n"
                "> all\n"
                "B timer\n"
                "C timer\n"
                "A timer\n"
                "done\n",
    },
    {
        .name = "equal_deadlines_fire_in_the_order_of_starting",
        .text = "> timer A 2000\n"
                "> timer B 2000\n"
                "> timer C 2000\n"
                "> timer A 2000\n"
                "> all\n"
                "B timer\n"
                "C timer\n"
                "A timer\n"
                "done\n",
    },
    {
        .name = "no_timeout_is_too_short_to_be_kept",
        .text = "> timer A 0\n"
                "> run 1\n"
                "A timer\n"
                "> timer A 1\n"
                "> run 1\n"
                "A timer\n"
                "> timer A 500\n"
                "> run 1\n"
                "A timer\n"
                "> timer A 999\n"
                "> run 1\n"
                "A timer\n"
                "> timer A 1001\n"
                "> run 1\n"
                "A timer\n"
                "> timer A 10900\n"
                "> run 1\n"
                "A timer\n"
                "> all\n"
                "done\n",
    },
    {
        .name = "a_timer_of_zero_does_not_fire_in_its_own_iteration",
        .text = "> timer A 0\n"
                "> on A timer A 0\n"
                "> on A timer B 0\n"
                "> turn\n"
                "A timer\n"
                "  timer A 0\n"
                "  timer B 0\n"
                "> turn\n"
                "A timer\n"
                "B timer\n",
    },
    {
        .name = "a_timer_stopped_by_another_does_not_fire",
        .text = "> past A 2000 0\n"
                "> past B 1000 0\n"
                "> on A stop B\n"
                "> all\n"
                "A timer\n"
                "  stop B\n"
                "done\n",
    },
    {
        .name = "missed_periods_are_one_call",
        .text = "> past A 50000000 20000000\n"
                "> turn\n"
                "A timer\n"
                "> quiet\n"
                "> within A 20000000\n"
                "yes\n",
    },
    {
        .name = "a_repeating_timer_fires_until_it_is_stopped",
        .text = "> timer A 1000 1000\n"
                "> run 3\n"
                "A timer\n"
                "A timer\n"
                "A timer\n"
                "> on A stop A\n"
                "> all\n"
                "A timer\n"
                "  stop A\n"
                "done\n",
    },
    {
        .name = "a_deadline_beyond_all_clocks_harms_nobody",
        .text = "> pipe r w\n"
                "> never N\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> thread write w\n"
                "> once\n"
                "A READABLE\n"
                "> stop A\n"
                "> timer T 1000\n"
                "> once\n"
                "T timer\n",
    },
    {
        .name = "a_deadline_in_a_century_harms_nobody",
        .text = "> pipe r w\n"
                "> timer N 3155760000000000\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> thread write w\n"
                "> once\n"
                "A READABLE\n"
                "> stop A\n"
                "> timer T 1000\n"
                "> once\n"
                "T timer\n",
    },
    {
        .name = "descriptors_are_heard_while_a_timer_waits",
        .text = "> pipe r w\n"
                "> timer T 3600000000\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> thread write w\n"
                "> once\n"
                "A READABLE\n"
                "> read r 1\n"
                "> quiet\n",
    },
    {
        .name = "a_due_timer_comes_before_a_ready_descriptor",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> write w 1\n"
                "> past T 1000 0\n"
                "> turn\n"
                "T timer\n"
                "A READABLE\n",
    },
    {
        .name = "the_order_of_an_iteration",
        .text = "> pipe r w\n"
                "> write w 1\n"
                "> phases I P C\n"
                "> timer T 0\n"
                "> watch A r READABLE\n"
                "> async X\n"
                "> watch Z w\n"
                "> on I send X\n"
                "> on P end-told Z\n"
                "> turn\n"
                "T timer\n"
                "I idle\n"
                "  send X\n"
                "P prepare\n"
                "  end-told Z\n"
                "A READABLE\n"
                "X async\n"
                "C check\n"
                "Z closed\n",
    },
    {
        .name = "once_fires_a_timer_that_its_sleep_made_due",
        .text = "> phases I P C\n"
                "> end I\n"
                "> timer T 2000\n"
                "> once\n"
                "P prepare\n"
                "C check\n"
                "T timer\n",
    },
    {
        .name = "an_async_ends_the_sleep",
        .text = "> async X\n"
                "> thread send X\n"
                "> once\n"
                "X async\n"
                "> quiet\n"
                "> thread send X\n"
                "> once\n"
                "X async\n",
    },
    {
        .name = "sends_before_the_callback_are_one",
        .text = "> async X\n"
                "> async Y\n"
                "> send X\n"
                "> send Y\n"
                "> send X\n"
                "> turn\n"
                "X async\n"
                "Y async\n"
                "> quiet\n",
    },
    {
        .name = "a_send_from_the_callback_is_another",
        .text = "> async X\n"
                "> on X send X\n"
                "> send X\n"
                "> turn\n"
                "X async\n"
                "  send X\n"
                "X async\n"
                "> quiet\n",
    },
    {
        .name = "tasks_come_in_the_order_of_posting_and_all_of_them",
        .text = "> async X\n"
                "> post K\n"
                "> send X\n"
                "> post L\n"
                "> on K post M\n"
                "> turn\n"
                "K task\n"
                "  post M\n"
                "X async\n"
                "L task\n"
                "M task\n"
                "> quiet\n",
    },
    {
        .name = "descriptors_come_before_messages",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> async X\n"
                "> quiet\n"
                "> on A send X\n"
                "> on A post K\n"
                "> write w 1\n"
                "> turn\n"
                "A READABLE\n"
                "  send X\n"
                "  post K\n"
                "X async\n"
                "K task\n",
    },
    {
        .name = "a_signal_does_not_end_the_sleep",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> thread interrupt w\n"
                "> once\n"
                "A READABLE\n",
    },
    {
        .name = "a_signal_does_not_bring_a_timer_early",
        .text = "> pipe r w\n"
                "> timer T 25000\n"
                "> thread interrupt w\n"
                "> once\n"
                "T timer\n",
    },
    {
        .name = "changes_of_interest_survive_a_signal",
        .text = "> pipe r w\n"
                "> pipe s x\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> watch B s READABLE\n"
                "> stop A\n"
                "> thread interrupt x\n"
                "> once\n"
                "B READABLE\n"
                "> write w 1\n"
                "> stop B\n"
                "> want A READABLE\n"
                "> once\n"
                "A READABLE\n",
    },
    {
        .name = "a_signal_handler_wakes_the_loop",
        .text = "> pipe r w\n"
                "> async X\n"
                "> signal-sends X\n"
                "> on X end-told X\n"
                "> thread interrupt w\n"
                "> once\n"
                "X async\n"
                "  end-told X\n"
                "X closed\n",
    },
    {
        .name = "a_loop_that_was_stopped_before_does_not_sleep",
        .text = "> async X\n"
                "> stop-loop\n"
                "> all\n"
                "stopped\n"
                "> thread send X\n"
                "> once\n"
                "X async\n",
    },
    {
        .name = "a_sleeping_loop_is_stopped",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> thread stop-loop\n"
                "> all\n"
                "stopped\n",
    },
    {
        .name = "a_callback_stops_the_loop_at_the_end_of_its_iteration",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> async X\n"
                "> send X\n"
                "> on A stop-loop\n"
                "> write w 1\n"
                "> all\n"
                "A READABLE\n"
                "  stop-loop\n"
                "X async\n"
                "stopped\n",
    },
    {
        .name = "what_is_not_referenced_keeps_nothing_going",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> unref A\n"
                "> all\n"
                "done\n"
                "> timer T 1000\n"
                "> write w 1\n"
                "> on A stop A\n"
                "> all\n"
                "A READABLE\n"
                "  stop A\n"
                "T timer\n"
                "done\n",
    },
};

int main(void)
{
    return conformance(transcripts, sizeof(transcripts) / sizeof(*transcripts));
}
