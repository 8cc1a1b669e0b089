/* SPDX-License-Identifier: MIT */
/*
 * Several watchers of one descriptor, and watchers that are started, stopped
 * and changed.
 */
#include "conformance/script.h"

static const struct transcript transcripts[] = {
    {
        .name = "each_watcher_hears_what_it_wants",
        .text = "> unix a b\n"
                "> watch A a READABLE\n"
                "> watch B a WRITABLE\n"
                "> watch C a READABLE|WRITABLE\n"
                "> run 2\n"
                "B WRITABLE\n"
                "C WRITABLE\n"
                "> write b 1\n"
                "> run 3\n"
                "A READABLE\n"
                "B WRITABLE\n"
                "C READABLE|WRITABLE\n"
                "> fill a\n"
                "> run 2\n"
                "A READABLE\n"
                "C READABLE\n",
    },
    {
        .name = "two_watchers_want_the_same",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> watch B r READABLE\n"
                "> write w 1\n"
                "> run 2\n"
                "A READABLE\n"
                "B READABLE\n"
                "> stop A\n"
                "> run 1\n"
                "B READABLE\n"
                "> end B\n"
                "> quiet\n"
                "> want A READABLE\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "one_watcher_ends_and_the_other_stays",
        .text = "> unix a b\n"
                "> watch A a READABLE\n"
                "> watch B a WRITABLE\n"
                "> write b 1\n"
                "> run 2\n"
                "A READABLE\n"
                "B WRITABLE\n"
                "> end B\n"
                "> run 1\n"
                "A READABLE\n"
                "> end A\n"
                "> quiet\n",
    },
    {
        .name = "a_hangup_is_told_to_every_watcher",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> watch B r READABLE|DISCONNECT\n"
                "> watch C r\n"
                "> quiet\n"
                "> close w\n"
                "> run 2\n"
                "A READABLE\n"
                "B READABLE|DISCONNECT\n",
    },
    {
        .name = "a_watcher_that_was_never_started",
        .text = "> pipe r w\n"
                "> write w 1\n"
                "> watch A r\n"
                "> quiet\n"
                "> want A READABLE\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "a_watcher_that_another_one_ends_is_not_called",
        .text = "> blind\n"
                "> pipe r w\n"
                "> watch A r READABLE\n"
                "> watch B r READABLE\n"
                "> on A end B\n"
                "> on B end A\n"
                "> write w 1\n"
                "> run 1\n"
                "any READABLE\n"
                "  end\n"
                "> once\n"
                "any READABLE\n",
    },
    {
        .name = "a_watcher_that_another_one_stops_is_not_called",
        .text = "> blind\n"
                "> pipe r w\n"
                "> watch A r READABLE\n"
                "> watch B r READABLE\n"
                "> on A stop B\n"
                "> on B stop A\n"
                "> write w 1\n"
                "> once\n"
                "any READABLE\n"
                "  stop\n"
                "> once\n"
                "any READABLE\n",
    },
    {
        .name = "a_watcher_that_ends_in_its_callback_spares_the_others",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> watch B r READABLE\n"
                "> watch C r READABLE\n"
                "> on B end B\n"
                "> write w 1\n"
                "> run 3\n"
                "A READABLE\n"
                "B READABLE\n"
                "  end B\n"
                "C READABLE\n"
                "> run 2\n"
                "A READABLE\n"
                "C READABLE\n",
    },
    {
        .name = "a_watcher_that_starts_in_a_callback_hears_of_it_next_time",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> on A watch B r READABLE\n"
                "> write w 1\n"
                "> once\n"
                "A READABLE\n"
                "  watch B r READABLE\n"
                "> run 2\n"
                "A READABLE\n"
                "B READABLE\n",
    },
    {
        .name = "a_watcher_that_another_one_starts_hears_of_it_next_time",
        .text = "> pipe r w\n"
                "> watch A r\n"
                "> watch B r READABLE\n"
                "> watch C r\n"
                "> on B want A READABLE\n"
                "> on B want C READABLE\n"
                "> write w 1\n"
                "> once\n"
                "B READABLE\n"
                "  want A READABLE\n"
                "  want C READABLE\n"
                "> run 3\n"
                "A READABLE\n"
                "B READABLE\n"
                "C READABLE\n",
    },
    {
        .name = "stopping_and_starting_between_two_polls_is_nothing",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> write w 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> stop A\n"
                "> want A READABLE\n"
                "> stop A\n"
                "> want A READABLE\n"
                "> run 1\n"
                "A READABLE\n"
                "> want A READABLE\n"
                "> stop A\n"
                "> quiet\n",
    },
    {
        .name = "a_stopped_watcher_hears_nothing_and_forgets_nothing",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> stop A\n"
                "> write w 1\n"
                "> quiet\n"
                "> calm\n"
                "> want A READABLE\n"
                "> run 1\n"
                "A READABLE\n"
                "> stop A\n"
                "> quiet\n"
                "> read r 1\n"
                "> want A READABLE\n"
                "> quiet\n",
    },
    {
        .name = "toggling_between_reading_and_writing",
        .text = "> unix a b\n"
                "> watch A a READABLE\n"
                "> write b 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> want A WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> want A READABLE\n"
                "> run 1\n"
                "A READABLE\n"
                "> want A READABLE|WRITABLE\n"
                "> run 1\n"
                "A READABLE|WRITABLE\n"
                "> want A WRITABLE\n"
                "> fill a\n"
                "> quiet\n"
                "> calm\n"
                "> want A READABLE|WRITABLE\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "changing_what_is_wanted_in_the_callback",
        .text = "> unix a b\n"
                "> watch A a READABLE\n"
                "> on A want A WRITABLE\n"
                "> write b 1\n"
                "> once\n"
                "A READABLE\n"
                "  want A WRITABLE\n"
                "> on A want A READABLE\n"
                "> once\n"
                "A WRITABLE\n"
                "  want A READABLE\n"
                "> once\n"
                "A READABLE\n",
    },
    {
        .name = "stopping_and_starting_in_the_callback",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> on A stop A\n"
                "> on A want A READABLE\n"
                "> write w 1\n"
                "> once\n"
                "A READABLE\n"
                "  stop A\n"
                "  want A READABLE\n"
                "> once\n"
                "A READABLE\n",
    },
    {
        .name = "interest_in_writing_comes_and_goes_beside_a_reader",
        .text = "> unix a b\n"
                "> watch R a READABLE\n"
                "> watch W a WRITABLE\n"
                "> run 1\n"
                "W WRITABLE\n"
                "> stop W\n"
                "> quiet\n"
                "> calm\n"
                "> write b 1\n"
                "> run 1\n"
                "R READABLE\n"
                "> want W WRITABLE\n"
                "> run 2\n"
                "R READABLE\n"
                "W WRITABLE\n"
                "> end R\n"
                "> run 1\n"
                "W WRITABLE\n",
    },
    {
        .name = "a_disconnect_is_told_beside_a_reader_who_does_not_want_it",
        .text = "> needs DISCONNECT\n"
                "> unix a b\n"
                "> watch A a DISCONNECT\n"
                "> watch B a READABLE\n"
                "> write b 1\n"
                "> run 1\n"
                "B READABLE\n"
                "> stop B\n"
                "> quiet\n"
                "> calm\n"
                "> finish b writes\n"
                "> run 1\n"
                "A DISCONNECT\n"
                "> want B READABLE\n"
                "> run 2\n"
                "A DISCONNECT\n"
                "B READABLE\n",
    },
    {
        .name = "a_watcher_that_ends_before_it_was_polled",
        .text = "> pipe r w\n"
                "> write w 1\n"
                "> watch A r READABLE\n"
                "> end A\n"
                "> quiet\n"
                "> watch B r READABLE\n"
                "> run 1\n"
                "B READABLE\n",
    },
    {
        .name = "what_a_closed_handle_refuses",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> end-told A\n"
                "> want A READABLE\n"
                "EINVAL\n"
                "> stop A\n"
                "EINVAL\n"
                "> end A\n"
                "EINVAL\n"
                "> run 1\n"
                "A closed\n",
    },
};

int main(void)
{
    return conformance(transcripts, sizeof(transcripts) / sizeof(*transcripts));
}
