/* SPDX-License-Identifier: MIT */
/*
 * TCP and UDP. What one side does reaches the other when it does: scripts
 * await it.
 */
#include "conformance/script.h"

static const struct transcript transcripts[] = {
    {"tcp_data_is_readable_until_it_is_read",
     "> tcp a b\n"
     "> watch A a READABLE\n"
     "> quiet\n"
     "> write b 3\n"
     "> run 1\n"
     "A READABLE\n"
     "> run 1\n"
     "A READABLE\n"
     "> read a 3\n"
     "> quiet\n"},

    {"both_directions_of_tcp_are_one_report",
     "> tcp a b\n"
     "> watch A a READABLE|WRITABLE\n"
     "> run 1\n"
     "A WRITABLE\n"
     "> write b 3\n"
     "> await A READABLE|WRITABLE\n"
     "> run 1\n"
     "A READABLE|WRITABLE\n"},

    {"the_tcp_peer_ends_its_writing",
     "> tcp a b\n"
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
     "> quiet\n"},

    {"the_tcp_peer_ends_its_writing_with_data_pending",
     "> tcp a b\n"
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
     "end\n"},

    {"ending_ones_own_writing_to_tcp",
     "> tcp a b\n"
     "> watch A a READABLE|DISCONNECT\n"
     "> finish a writes\n"
     "> quiet\n"
     "> write b 1\n"
     "> run 1\n"
     "A READABLE\n"
     "> read a 1\n"
     "> quiet\n"},

    {"both_sides_of_tcp_end_their_writing",
     "> tcp a b\n"
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
     "end\n"},

    {"an_orderly_end_in_both_directions_is_a_hangup",
     "> needs DISCONNECT\n"
     "> tcp a b\n"
     "> watch A a DISCONNECT\n"
     "> quiet\n"
     "> finish a writes\n"
     "> quiet\n"
     "> close b\n"
     "> await A DISCONNECT\n"
     "> run 1\n"
     "A DISCONNECT\n"},

    {"the_tcp_peer_goes",
     "> tcp a b\n"
     "> watch A a READABLE|WRITABLE|DISCONNECT\n"
     "> run 1\n"
     "A WRITABLE\n"
     "> close b\n"
     "> await A READABLE|WRITABLE|DISCONNECT\n"
     "> read a 1\n"
     "end\n"
     "> run 1\n"
     "A READABLE|WRITABLE|DISCONNECT\n"},

    {"writing_to_a_tcp_peer_that_went",
     "> tcp a b\n"
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
     "A WRITABLE\n"},

    {"a_reset_for_one_who_reads",
     "> tcp a b\n"
     "> watch A a READABLE\n"
     "> quiet\n"
     "> reset b\n"
     "> await A READABLE\n"
     "> read a 1\n"
     "ECONNRESET\n"},

    {"a_reset_for_one_who_wants_all",
     "> tcp a b\n"
     "> watch A a READABLE|WRITABLE|DISCONNECT\n"
     "> run 1\n"
     "A WRITABLE\n"
     "> reset b\n"
     "> await A READABLE|WRITABLE|DISCONNECT\n"
     "> run 1\n"
     "A READABLE|WRITABLE|DISCONNECT\n"
     "> error a\n"
     "ECONNRESET\n"},

    {"a_reset_for_one_who_wants_the_disconnect_alone",
     "> needs DISCONNECT\n"
     "> tcp a b\n"
     "> watch A a DISCONNECT\n"
     "> quiet\n"
     "> reset b\n"
     "> await A DISCONNECT\n"
     "> run 1\n"
     "A DISCONNECT\n"},

    {"a_reset_that_nobody_wants_to_know_of",
     "> tcp a b\n"
     "> watch A a READABLE\n"
     "> quiet\n"
     "> stop A\n"
     "> reset b\n"
     "> quiet\n"
     "> calm\n"
     "> want A READABLE\n"
     "> await A READABLE\n"},

    {"a_connection_is_made",
     "> listen l\n"
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
     "C WRITABLE\n"},

    {"a_connection_is_refused",
     "> bound n\n"
     "> connects C n\n"
     "> run 1\n"
     "C connected ECONNREFUSED\n"
     "> quiet\n"},

    {"a_listening_socket_is_readable_for_each_tcp_caller",
     "> listen l\n"
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
     "> quiet\n"},

    {"an_accepted_socket_does_not_speak_for_its_listener",
     "> listen l\n"
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
     "> quiet\n"},

    {"data_out_of_band_has_priority",
     "> needs PRIORITY\n"
     "> tcp a b\n"
     "> watch A a PRIORITY\n"
     "> write b 1\n"
     "> quiet\n"
     "> calm\n"
     "> urgent b\n"
     "> await A PRIORITY\n"
     "> run 1\n"
     "A PRIORITY\n"},

    {"priority_is_told_to_those_who_want_it",
     "> needs PRIORITY\n"
     "> tcp a b\n"
     "> watch A a PRIORITY\n"
     "> watch B a WRITABLE\n"
     "> run 1\n"
     "B WRITABLE\n"
     "> stop B\n"
     "> quiet\n"
     "> urgent b\n"
     "> await A PRIORITY\n"},

    {"a_hangup_is_the_priority_that_is_wanted_alone",
     "> needs PRIORITY\n"
     "> tcp a b\n"
     "> watch A a PRIORITY\n"
     "> quiet\n"
     "> reset b\n"
     "> await A PRIORITY\n"},

    {"udp_is_readable_for_each_datagram",
     "> udp a b\n"
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
     "> quiet\n"},

    {"an_empty_datagram_is_readable",
     "> udp a b\n"
     "> watch A a READABLE\n"
     "> quiet\n"
     "> write b 0\n"
     "> run 1\n"
     "A READABLE\n"
     "> receive a\n"
     "0 bytes\n"
     "> quiet\n"},

    {"an_error_of_udp_is_readable_until_it_is_read",
     "> udp a b\n"
     "> watch A a READABLE\n"
     "> quiet\n"
     "> close b\n"
     "> write a 1\n"
     "> run 1\n"
     "A READABLE\n"
     "> receive a\n"
     "ECONNREFUSED\n"
     "> quiet\n"},
};

int main(void)
{
    return conformance(transcripts, sizeof(transcripts) / sizeof(*transcripts));
}
