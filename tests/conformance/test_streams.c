/* SPDX-License-Identifier: MIT */
/*
 * Streams: what readers, writers and those who connect are told, whatever the
 * backend made of it.
 */
#include "conformance/script.h"

static const struct transcript transcripts[] = {
    {
        .name = "a_stream_reads_to_the_end",
        .text = "> unix a b\n"
                "> stream S a\n"
                "> reads S\n"
                "> quiet\n"
                "> write b 3\n"
                "> run 1\n"
                "S read 3\n"
                "> quiet\n"
                "> write b 4\n"
                "> close b\n"
                "> run 2\n"
                "S read 4\n"
                "S read EOF\n"
                "> quiet\n"
                "> calm\n",
    },
    {
        .name = "a_tcp_stream_reads_to_the_end",
        .text = "> tcp a b\n"
                "> stream S a\n"
                "> reads S\n"
                "> write b 3\n"
                "> finish b writes\n"
                "> run 2\n"
                "S read 3\n"
                "S read EOF\n"
                "> writes S 2\n"
                "> run 1\n"
                "S wrote 2\n"
                "> all\n"
                "done\n",
    },
    {
        .name = "a_stream_that_pauses_reads_on_later",
        .text = "> unix a b\n"
                "> stream S a\n"
                "> reads S\n"
                "> on S pauses S\n"
                "> write b 3\n"
                "> run 1\n"
                "S read 3\n"
                "  pauses S\n"
                "> write b 4\n"
                "> quiet\n"
                "> close b\n"
                "> quiet\n"
                "> calm\n"
                "> reads S\n"
                "> run 2\n"
                "S read 4\n"
                "S read EOF\n",
    },
    {
        .name = "a_reset_is_told_to_the_reader",
        .text = "> tcp a b\n"
                "> stream S a\n"
                "> reads S\n"
                "> quiet\n"
                "> reset b\n"
                "> run 1\n"
                "S read ECONNRESET\n"
                "> quiet\n"
                "> calm\n",
    },
    {
        .name = "closing_with_a_reset",
        .text = "> tcp a b\n"
                "> stream S a\n"
                "> stream P b\n"
                "> reads P\n"
                "> quiet\n"
                "> resets S\n"
                "> run 1\n"
                "P read ECONNRESET\n",
    },
    {
        .name = "callbacks_of_writes_come_later_and_in_order",
        .text = "> unix a b\n"
                "> stream S a\n"
                "> writes S 3\n"
                "> writes S 5\n"
                "> finishes S\n"
                "> writes S 1\n"
                "EPIPE\n"
                "> run 3\n"
                "S wrote 3\n"
                "S wrote 5\n"
                "S finished\n"
                "> read b 8\n"
                "> read b 1\n"
                "end\n"
                "> all\n"
                "done\n",
    },
    {
        .name = "what_the_kernel_does_not_take_is_written_later",
        .text = "> unix a b\n"
                "> stream S a\n"
                "> writes S 4000000\n"
                "> finishes S\n"
                "> quiet\n"
                "> stream P b\n"
                "> sums P\n"
                "> run 4\n"
                "S wrote 4000000\n"
                "S finished\n"
                "P read 4000000\n"
                "P read EOF\n"
                "> quiet\n",
    },
    {
        .name = "what_the_kernel_does_not_take_fails_with_the_peer",
        .text = "> unix a b\n"
                "> stream S a\n"
                "> writes S 4000000\n"
                "> writes S 1\n"
                "> finishes S\n"
                "> quiet\n"
                "> close b\n"
                "> run 3\n"
                "S write EPIPE\n"
                "S write ECANCELED\n"
                "S finished ECANCELED\n"
                "> quiet\n",
    },
    {
        .name = "writing_to_a_peer_that_went",
        .text = "> unix a b\n"
                "> stream S a\n"
                "> close b\n"
                "> writes S 1\n"
                "> run 1\n"
                "S write EPIPE\n"
                "> quiet\n",
    },
    {
        .name = "a_stream_that_is_closed_cancels_its_writes",
        .text = "> unix a b\n"
                "> fill a\n"
                "> stream S a\n"
                "> writes S 3\n"
                "> writes S 5\n"
                "> quiet\n"
                "> end-told S\n"
                "> all\n"
                "S write ECANCELED\n"
                "S write ECANCELED\n"
                "S closed\n"
                "done\n",
    },
    {
        .name = "a_stream_closed_in_its_callback",
        .text = "> unix a b\n"
                "> stream S a\n"
                "> reads S\n"
                "> on S end-told S\n"
                "> write b 3\n"
                "> all\n"
                "S read 3\n"
                "  end-told S\n"
                "S closed\n"
                "done\n"
                "> write b 1\n"
                "EPIPE\n",
    },
    {
        .name = "a_neighbour_closed_in_the_same_batch_reads_nothing",
        .text = "> blind\n"
                "> unix a b\n"
                "> unix c d\n"
                "> stream S a\n"
                "> stream T c\n"
                "> reads S\n"
                "> reads T\n"
                "> on S end T\n"
                "> on T end S\n"
                "> write b 1\n"
                "> write d 1\n"
                "> run 1\n"
                "any read 1\n"
                "  end\n"
                "> quiet\n",
    },
    {
        .name = "a_connection_from_beginning_to_end",
        .text = "> listen l\n"
                "> connects C l\n"
                "> run 1\n"
                "C connected\n"
                "> serves V l\n"
                "> on V takes S V\n"
                "> on V reads S\n"
                "> run 1\n"
                "V connection\n"
                "  takes S V\n"
                "  reads S\n"
                "> quiet\n"
                "> writes C 3\n"
                "> finishes C\n"
                "> run 4\n"
                "C wrote 3\n"
                "C finished\n"
                "S read 3\n"
                "S read EOF\n"
                "> reads C\n"
                "> writes S 5\n"
                "> run 2\n"
                "S wrote 5\n"
                "C read 5\n"
                "> end S\n"
                "> run 1\n"
                "C read EOF\n"
                "> end V\n"
                "> all\n"
                "done\n",
    },
    {
        .name = "writes_wait_for_the_connection",
        .text = "> listen l\n"
                "> connects C l\n"
                "> writes C 3\n"
                "> run 2\n"
                "C connected\n"
                "C wrote 3\n"
                "> accept a l\n"
                "> watch A a READABLE\n"
                "> run 1\n"
                "A READABLE\n"
                "> read a 3\n"
                "> quiet\n",
    },
    {
        .name = "a_refused_connection_cancels_what_waits_for_it",
        .text = "> bound n\n"
                "> connects C n\n"
                "> writes C 3\n"
                "> finishes C\n"
                "> all\n"
                "C connected ECONNREFUSED\n"
                "C write ECANCELED\n"
                "C finished ECANCELED\n"
                "done\n",
    },
    {
        .name = "a_listener_waits_for_its_accept",
        .text = "> listen l\n"
                "> dup k l\n"
                "> serves V l\n"
                "> quiet\n"
                "> dial c k\n"
                "> dial d k\n"
                "> run 1\n"
                "V connection\n"
                "> quiet\n"
                "> calm\n"
                "> takes S V\n"
                "> run 1\n"
                "V connection\n"
                "> takes T V\n"
                "> takes U V\n"
                "EAGAIN\n"
                "> quiet\n",
    },
};

int main(void)
{
    return conformance(transcripts, sizeof(transcripts) / sizeof(*transcripts));
}
