/* SPDX-License-Identifier: MIT */
/*
 * TCP and UDP. What one side does reaches the other when it does: scripts
 * await it.
 */
#include "conformance/script.h"

static const struct transcript transcripts[] = {
    {
        .name = "tcp_data_is_readable_until_it_is_read",
        .text = "> tcp a b\n"
                "> watch A a READABLE\n"
                "> quiet\n"
                "> write b 3\n"
                "> run 1\n"
                "A READABLE\n"
                "> run 1\n"
                "A READABLE\n"
                "> read a 3\n"
                "> quiet\n",
    },
    {
        .name = "both_directions_of_tcp_are_one_report",
        .text = "> tcp a b\n"
                "> watch A a READABLE|WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> write b 3\n"
                "> await A READABLE|WRITABLE\n"
                "> run 1\n"
                "A READABLE|WRITABLE\n",
    },
    {
        .name = "the_tcp_peer_ends_its_writing",
        .text = "> tcp a b\n"
                "> watch A a READABLE|DISCONNECT\n"
                "> quiet\n"
                "> finish b writes\n"
                "> await A READABLE|DISCONNECT\n"
                "> read a 1\n"
                "end\n"
                "> run 1\n"
                "A READABLE|DISCONNECT\n"
                "> want A WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> watch B b READABLE\n"
                "> stop A\n"
                "> write a 1\n"
                "> run 1\n"
                "B READABLE\n"
                "> read b 1\n"
                "> quiet\n",
    },
    {
        .name = "the_tcp_peer_ends_its_writing_with_data_pending",
        .text = "> tcp a b\n"
                "> watch A a READABLE|DISCONNECT\n"
                "> write b 3\n"
                "> run 1\n"
                "A READABLE\n"
                "> finish b writes\n"
                "> await A READABLE|DISCONNECT\n"
                "> read a 3\n"
                "> run 1\n"
                "A READABLE|DISCONNECT\n"
                "> read a 3\n"
                "end\n",
    },
    {
        .name = "ending_ones_own_writing_to_tcp",
        .text = "> tcp a b\n"
                "> watch A a READABLE|DISCONNECT\n"
                "> finish a writes\n"
                "> quiet\n"
                "> write b 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> read a 1\n"
                "> quiet\n",
    },
    {
        .name = "both_sides_of_tcp_end_their_writing",
        .text = "> tcp a b\n"
                "> watch A a READABLE\n"
                "> watch B b READABLE\n"
                "> finish a writes\n"
                "> await B READABLE\n"
                "> stop B\n"
                "> quiet\n"
                "> finish b writes\n"
                "> await A READABLE\n"
                "> want A WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> read a 1\n"
                "end\n",
    },
    {
        .name = "an_orderly_end_in_both_directions_is_a_hangup",
        .text = "> needs DISCONNECT\n"
                "> tcp a b\n"
                "> watch A a DISCONNECT\n"
                "> quiet\n"
                "> finish a writes\n"
                "> quiet\n"
                "> close b\n"
                "> await A DISCONNECT\n"
                "> run 1\n"
                "A DISCONNECT\n",
    },
    {
        .name = "the_tcp_peer_goes",
        .text = "> tcp a b\n"
                "> watch A a READABLE|WRITABLE|DISCONNECT\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> close b\n"
                "> await A READABLE|WRITABLE|DISCONNECT\n"
                "> read a 1\n"
                "end\n"
                "> run 1\n"
                "A READABLE|WRITABLE|DISCONNECT\n",
    },
    {
        .name = "writing_to_a_tcp_peer_that_went",
        .text = "> tcp a b\n"
                "> watch A a READABLE\n"
                "> close b\n"
                "> await A READABLE\n"
                "> read a 1\n"
                "end\n"
                "> write a 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> want A WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n",
    },
    {
        .name = "a_reset_for_one_who_reads",
        .text = "> tcp a b\n"
                "> watch A a READABLE\n"
                "> quiet\n"
                "> reset b\n"
                "> await A READABLE\n"
                "> read a 1\n"
                "ECONNRESET\n",
    },
    {
        .name = "a_reset_for_one_who_wants_all",
        .text = "> tcp a b\n"
                "> watch A a READABLE|WRITABLE|DISCONNECT\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> reset b\n"
                "> await A READABLE|WRITABLE|DISCONNECT\n"
                "> run 1\n"
                "A READABLE|WRITABLE|DISCONNECT\n"
                "> error a\n"
                "ECONNRESET\n",
    },
    {
        .name = "a_reset_for_one_who_wants_the_disconnect_alone",
        .text = "> needs DISCONNECT\n"
                "> tcp a b\n"
                "> watch A a DISCONNECT\n"
                "> quiet\n"
                "> reset b\n"
                "> await A DISCONNECT\n"
                "> run 1\n"
                "A DISCONNECT\n",
    },
    {
        .name = "a_reset_that_nobody_wants_to_know_of",
        .text = "> tcp a b\n"
                "> watch A a READABLE\n"
                "> quiet\n"
                "> stop A\n"
                "> reset b\n"
                "> quiet\n"
                "> calm\n"
                "> want A READABLE\n"
                "> await A READABLE\n",
    },
    {
        .name = "a_connection_is_made",
        .text = "> listen l\n"
                "> watch L l READABLE|WRITABLE\n"
                "> quiet\n"
                "> dial c l\n"
                "> run 1\n"
                "L READABLE\n"
                "> stop L\n"
                "> watch C c READABLE|WRITABLE\n"
                "> await C WRITABLE\n"
                "> error c\n"
                "OK\n"
                "> run 1\n"
                "C WRITABLE\n",
    },
    {
        .name = "a_connection_is_refused",
        .text = "> bound n\n"
                "> connects C n\n"
                "> run 1\n"
                "C connected ECONNREFUSED\n"
                "> quiet\n",
    },
    {
        .name = "a_listening_socket_is_readable_for_each_tcp_caller",
        .text = "> listen l\n"
                "> watch A l READABLE\n"
                "> quiet\n"
                "> dial c l\n"
                "> run 1\n"
                "A READABLE\n"
                "> run 1\n"
                "A READABLE\n"
                "> accept a l\n"
                "> quiet\n"
                "> dial d l\n"
                "> run 1\n"
                "A READABLE\n"
                "> accept b l\n"
                "> accept e l\n"
                "EAGAIN\n"
                "> quiet\n",
    },
    {
        .name = "an_accepted_socket_does_not_speak_for_its_listener",
        .text = "> listen l\n"
                "> watch L l READABLE\n"
                "> dial c l\n"
                "> run 1\n"
                "L READABLE\n"
                "> accept a l\n"
                "> watch A a READABLE\n"
                "> quiet\n"
                "> write c 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> read a 1\n"
                "> quiet\n",
    },
    {
        .name = "data_out_of_band_has_priority",
        .text = "> needs PRIORITY\n"
                "> tcp a b\n"
                "> watch A a PRIORITY\n"
                "> write b 1\n"
                "> quiet\n"
                "> calm\n"
                "> urgent b\n"
                "> await A PRIORITY\n"
                "> run 1\n"
                "A PRIORITY\n",
    },
    {
        .name = "priority_is_told_to_those_who_want_it",
        .text = "> needs PRIORITY\n"
                "> tcp a b\n"
                "> watch A a PRIORITY\n"
                "> watch B a WRITABLE\n"
                "> run 1\n"
                "B WRITABLE\n"
                "> stop B\n"
                "> quiet\n"
                "> urgent b\n"
                "> await A PRIORITY\n",
    },
    {
        .name = "a_hangup_is_the_priority_that_is_wanted_alone",
        .text = "> needs PRIORITY\n"
                "> tcp a b\n"
                "> watch A a PRIORITY\n"
                "> quiet\n"
                "> reset b\n"
                "> await A PRIORITY\n",
    },
    {
        .name = "udp_is_readable_for_each_datagram",
        .text = "> udp a b\n"
                "> watch A a READABLE|WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> want A READABLE\n"
                "> quiet\n"
                "> write b 3\n"
                "> run 1\n"
                "A READABLE\n"
                "> receive a\n"
                "3 bytes\n"
                "> quiet\n",
    },
    {
        .name = "an_empty_datagram_is_readable",
        .text = "> udp a b\n"
                "> watch A a READABLE\n"
                "> quiet\n"
                "> write b 0\n"
                "> run 1\n"
                "A READABLE\n"
                "> receive a\n"
                "0 bytes\n"
                "> quiet\n",
    },
    {
        .name = "an_error_of_udp_is_readable_until_it_is_read",
        .text = "> udp a b\n"
                "> watch A a READABLE\n"
                "> quiet\n"
                "> close b\n"
                "> write a 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> receive a\n"
                "ECONNREFUSED\n"
                "> quiet\n",
    },
};

int main(void)
{
    return conformance(transcripts, sizeof(transcripts) / sizeof(*transcripts));
}
