/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that are closed, reused, duplicated, refused or inherited while
 * they are watched.
 */
#include "conformance/script.h"

static const struct transcript transcripts[] = {
    {
        .name = "a_neighbour_ended_in_the_same_batch_is_not_called",
        .text = "> blind\n"
                "> pipe r w\n"
                "> pipe s x\n"
                "> watch A r READABLE\n"
                "> watch B s READABLE\n"
                "> on A end B\n"
                "> on B end A\n"
                "> write w 1\n"
                "> write x 1\n"
                "> run 1\n"
                "any READABLE\n"
                "  end\n"
                "> once\n"
                "any READABLE\n",
    },
    {
        .name = "a_neighbour_stopped_in_the_same_batch_is_not_called",
        .text = "> blind\n"
                "> pipe r w\n"
                "> pipe s x\n"
                "> watch A r READABLE\n"
                "> watch B s READABLE\n"
                "> on A stop B\n"
                "> on B stop A\n"
                "> write w 1\n"
                "> write x 1\n"
                "> run 1\n"
                "any READABLE\n"
                "  stop\n"
                "> once\n"
                "any READABLE\n",
    },
    {
        .name = "a_number_reused_within_the_batch_is_quiet",
        .text = "> blind\n"
                "> pipe r w\n"
                "> pipe s x\n"
                "> watch A r READABLE\n"
                "> watch B s READABLE\n"
                "> on A end B\n"
                "> on A close s\n"
                "> on A dup t quiet\n"
                "> on A watch C t READABLE\n"
                "> on A same C B\n"
                "> on B end A\n"
                "> on B close r\n"
                "> on B dup t quiet\n"
                "> on B watch C t READABLE\n"
                "> on B same C A\n"
                "> pipe quiet q\n"
                "> write w 1\n"
                "> write x 1\n"
                "> run 1\n"
                "any READABLE\n"
                "  end\n"
                "  close\n"
                "  dup\n"
                "  watch\n"
                "  same\n"
                "  same number\n"
                "> once\n"
                "any READABLE\n"
                "> write q 1\n"
                "> run 2\n"
                "any READABLE\n"
                "any READABLE\n",
    },
    {
        .name = "a_number_reused_between_two_polls",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> write w 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> end A\n"
                "> close r\n"
                "> dup s w\n"
                "> watch B s WRITABLE\n"
                "> same A B\n"
                "same number\n"
                "> run 1\n"
                "B WRITABLE\n"
                "> end B\n"
                "> close s\n"
                "> pipe t x\n"
                "> watch C t READABLE\n"
                "> same A C\n"
                "same number\n"
                "> quiet\n"
                "> write x 1\n"
                "> run 1\n"
                "C READABLE\n",
    },
    {
        .name = "a_number_closed_under_its_watcher_and_reused",
        .text = "> pipe r w\n"
                "> pipe s x\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> close r\n"
                "> dup t s\n"
                "> end A\n"
                "> watch B t READABLE\n"
                "> same A B\n"
                "same number\n"
                "> quiet\n"
                "> write x 1\n"
                "> run 1\n"
                "B READABLE\n"
                "> read t 1\n"
                "> quiet\n",
    },
    {
        .name = "a_number_closed_under_a_stopped_watcher_and_reused",
        .text = "> pipe r w\n"
                "> pipe s x\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> stop A\n"
                "> end A\n"
                "> close r\n"
                "> dup t s\n"
                "> watch B t READABLE\n"
                "> same A B\n"
                "same number\n"
                "> write x 1\n"
                "> run 1\n"
                "B READABLE\n",
    },
    {
        .name = "a_descriptor_that_ended_in_order_is_gone",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> write w 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> end A\n"
                "> close r\n"
                "> quiet\n"
                "> calm\n"
                "> all\n"
                "done\n",
    },
    {
        .name = "a_descriptor_that_ended_in_order_leaves_nothing_behind",
        .text = "> pipe r w\n"
                "> dup s r\n"
                "> watch A r READABLE\n"
                "> watch B w WRITABLE\n"
                "> run 1\n"
                "B WRITABLE\n"
                "> end A\n"
                "> close r\n"
                "> write w 1\n"
                "> run 1\n"
                "B WRITABLE\n"
                "> stop B\n"
                "> quiet\n"
                "> calm\n"
                "> rebuilds\n"
                "0\n",
    },
    {
        .name = "two_numbers_of_one_pipe_are_two_descriptors",
        .text = "> pipe r w\n"
                "> dup s r\n"
                "> watch A r READABLE\n"
                "> watch B s READABLE\n"
                "> write w 1\n"
                "> run 2\n"
                "A READABLE\n"
                "B READABLE\n"
                "> end A\n"
                "> close r\n"
                "> run 1\n"
                "B READABLE\n"
                "> read s 1\n"
                "> quiet\n"
                "> close w\n"
                "> run 1\n"
                "B READABLE\n",
    },
    {
        .name = "a_number_closed_too_early_while_a_duplicate_lives",
        .text = "> pipe r w\n"
                "> dup s r\n"
                "> watch A r READABLE\n"
                "> watch B s READABLE\n"
                "> quiet\n"
                "> close r\n"
                "> end A\n"
                "> write w 1\n"
                "> run 1\n"
                "B READABLE\n"
                "> read s 1\n"
                "> quiet\n"
                "> calm\n",
    },
    {
        .name = "a_duplicate_that_nobody_watches_keeps_nothing_alive",
        .text = "> pipe r w\n"
                "> dup s r\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> close r\n"
                "> end A\n"
                "> write w 1\n"
                "> quiet\n"
                "> calm\n",
    },
    {
        .name = "a_duplicate_takes_the_number_of_what_it_duplicates",
        .text = "> pipe r w\n"
                "> dup s r\n"
                "> watch A r READABLE\n"
                "> write w 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> end A\n"
                "> close r\n"
                "> dup r s\n"
                "> watch B r READABLE\n"
                "> same A B\n"
                "same number\n"
                "> run 1\n"
                "B READABLE\n"
                "> read r 1\n"
                "> quiet\n",
    },
    {
        .name = "a_duplicate_takes_a_number_that_was_closed_too_early",
        .text = "> pipe r w\n"
                "> dup s r\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> close r\n"
                "> end A\n"
                "> dup r s\n"
                "> watch B r READABLE\n"
                "> same A B\n"
                "same number\n"
                "> quiet\n"
                "> write w 1\n"
                "> run 1\n"
                "B READABLE\n"
                "> read r 1\n"
                "> quiet\n"
                "> calm\n",
    },
    {
        .name = "a_watcher_changes_after_its_number_was_reused",
        .text = "> unix a b\n"
                "> unix c d\n"
                "> watch A a READABLE\n"
                "> quiet\n"
                "> close a\n"
                "> dup e c\n"
                "> watch B e\n"
                "> same A B\n"
                "same number\n"
                "> want A WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> fill c\n"
                "> quiet\n",
    },
    {
        .name = "a_regular_file_is_refused",
        .text = "> file f\n"
                "> watch A f READABLE\n"
                "> run 1\n"
                "A EPERM\n"
                "> quiet\n"
                "> want A WRITABLE\n"
                "> run 1\n"
                "A EPERM\n"
                "> all\n"
                "done\n",
    },
    {
        .name = "a_directory_is_refused",
        .text = "> folder f\n"
                "> watch A f READABLE\n"
                "> watch B f READABLE\n"
                "> run 2\n"
                "A EPERM\n"
                "B EPERM\n"
                "> quiet\n",
    },
    {
        .name = "a_closed_descriptor_is_refused",
        .text = "> pipe r w\n"
                "> watch A r\n"
                "> close r\n"
                "> want A READABLE\n"
                "> run 1\n"
                "A EBADF\n"
                "> quiet\n"
                "> end A\n"
                "> quiet\n",
    },
    {
        .name = "a_refusal_does_not_harm_the_others",
        .text = "> pipe r w\n"
                "> file f\n"
                "> write w 1\n"
                "> watch A r READABLE\n"
                "> watch B f READABLE\n"
                "> run 2\n"
                "A READABLE\n"
                "B EPERM\n"
                "> run 1\n"
                "A READABLE\n"
                "> end B\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "what_took_the_number_of_a_refused_file_is_watched",
        .text = "> pipe r w\n"
                "> file f\n"
                "> watch A f READABLE\n"
                "> run 1\n"
                "A EPERM\n"
                "> end A\n"
                "> close f\n"
                "> dup s r\n"
                "> watch B s READABLE\n"
                "> same A B\n"
                "same number\n"
                "> quiet\n"
                "> write w 1\n"
                "> run 1\n"
                "B READABLE\n",
    },
    {
        .name = "a_child_has_to_renew_the_loop",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> write w 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> fork\n"
                "> once\n"
                "EPERM\n"
                "> renew\n"
                "> once\n"
                "A READABLE\n"
                "> read r 1\n"
                "> quiet\n"
                "> write w 1\n"
                "> once\n"
                "A READABLE\n"
                "> join\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "a_child_that_closes_leaves_the_parent_alone",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> fork\n"
                "> end A\n"
                "> close r\n"
                "> renew\n"
                "> quiet\n"
                "> join\n"
                "> quiet\n"
                "> write w 1\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "a_child_stops_watching_what_the_parent_watches",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> watch B w WRITABLE\n"
                "> run 1\n"
                "B WRITABLE\n"
                "> fork\n"
                "> renew\n"
                "> once\n"
                "B WRITABLE\n"
                "> end B\n"
                "> quiet\n"
                "> end A\n"
                "> quiet\n"
                "> join\n"
                "> write w 1\n"
                "> run 2\n"
                "A READABLE\n"
                "B WRITABLE\n",
    },
    {
        .name = "a_child_wakes_itself_and_not_its_parent",
        .text = "> async X\n"
                "> fork\n"
                "> renew\n"
                "> thread send X\n"
                "> once\n"
                "X async\n"
                "> join\n"
                "> quiet\n"
                "> thread send X\n"
                "> once\n"
                "X async\n",
    },
    {
        .name = "a_hangup_waits_for_the_last_process",
        .text = "> unix a b\n"
                "> watch A a READABLE|DISCONNECT\n"
                "> quiet\n"
                "> fork\n"
                "> renew\n"
                "> close b\n"
                "> quiet\n"
                "> join\n"
                "> quiet\n"
                "> close b\n"
                "> run 1\n"
                "A READABLE|DISCONNECT\n",
    },
};

int main(void)
{
    return conformance(transcripts, sizeof(transcripts) / sizeof(*transcripts));
}
