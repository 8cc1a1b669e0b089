/* SPDX-License-Identifier: MIT */
/*
 * Unix-domain sockets: two directions, each of which ends by itself.
 */
#include "conformance/script.h"

static const struct transcript transcripts[] = {
    {"both_directions_are_one_report",
     "> unix a b\n"
     "> watch A a READABLE|WRITABLE\n"
     "> run 1\n"
     "A WRITABLE\n"
     "> write b 3\n"
     "> run 1\n"
     "A READABLE|WRITABLE\n"
     "> fill a\n"
     "> run 1\n"
     "A READABLE\n"
     "> read a 3\n"
     "> quiet\n"
     "> drain b\n"
     "> run 1\n"
     "A WRITABLE\n"},

    {"the_peer_ends_its_writing",
     "> unix a b\n"
     "> watch A a READABLE|WRITABLE|DISCONNECT\n"
     "> run 1\n"
     "A WRITABLE\n"
     "> finish b writes\n"
     "> run 1\n"
     "A READABLE|WRITABLE|DISCONNECT\n"
     "> read a 1\n"
     "end\n"
     "> run 1\n"
     "A READABLE|WRITABLE|DISCONNECT\n"
     "> write a 1\n"
     "> read b 1\n"},

    {"the_peer_ends_its_writing_with_data_pending",
     "> unix a b\n"
     "> watch A a READABLE|DISCONNECT\n"
     "> write b 3\n"
     "> run 1\n"
     "A READABLE\n"
     "> finish b writes\n"
     "> run 1\n"
     "A READABLE|DISCONNECT\n"
     "> read a 3\n"
     "> run 1\n"
     "A READABLE|DISCONNECT\n"
     "> read a 3\n"
     "end\n"},

    {"a_half_close_leaves_a_full_socket_full",
     "> unix a b\n"
     "> fill a\n"
     "> finish b writes\n"
     "> watch A a READABLE|WRITABLE|DISCONNECT\n"
     "> run 1\n"
     "A READABLE|DISCONNECT\n"
     "> watch B a WRITABLE\n"
     "> stop A\n"
     "> quiet\n"
     "> drain b\n"
     "> run 1\n"
     "B WRITABLE\n"},

    {"a_half_close_for_one_who_writes_alone",
     "> unix a b\n"
     "> finish b writes\n"
     "> watch A a WRITABLE\n"
     "> run 1\n"
     "A WRITABLE\n"
     "> fill a\n"
     "> quiet\n"
     "> calm\n"},

    {"a_half_close_for_one_who_wants_the_disconnect_alone",
     "> needs DISCONNECT\n"
     "> unix a b\n"
     "> watch A a DISCONNECT\n"
     "> quiet\n"
     "> write b 1\n"
     "> quiet\n"
     "> calm\n"
     "> finish b writes\n"
     "> run 1\n"
     "A DISCONNECT\n"
     "> read a 1\n"
     "> run 1\n"
     "A DISCONNECT\n"},

    {"ending_ones_own_writing",
     "> unix a b\n"
     "> watch A a READABLE\n"
     "> finish a writes\n"
     "> quiet\n"
     "> write b 1\n"
     "> run 1\n"
     "A READABLE\n"
     "> read a 1\n"
     "> quiet\n"},

    {"both_end_their_writing_one_by_one",
     "> unix a b\n"
     "> watch A a READABLE|DISCONNECT\n"
     "> finish a writes\n"
     "> quiet\n"
     "> finish b writes\n"
     "> run 1\n"
     "A READABLE|DISCONNECT\n"
     "> read a 1\n"
     "end\n"
     "> want A WRITABLE\n"
     "> run 1\n"
     "A WRITABLE\n"},

    {"a_hangup_frees_the_one_who_waits_to_write",
     "> unix a b\n"
     "> fill a\n"
     "> watch A a WRITABLE\n"
     "> quiet\n"
     "> close b\n"
     "> run 1\n"
     "A WRITABLE\n"
     "> write a 1\n"
     "EPIPE\n"},

    {"the_peer_goes",
     "> unix a b\n"
     "> watch A a READABLE\n"
     "> watch B a WRITABLE\n"
     "> run 1\n"
     "B WRITABLE\n"
     "> close b\n"
     "> run 2\n"
     "A READABLE\n"
     "B WRITABLE\n"
     "> read a 1\n"
     "end\n"
     "> run 2\n"
     "A READABLE\n"
     "B WRITABLE\n"},

    {"the_peer_goes_with_data_pending",
     "> unix a b\n"
     "> watch A a READABLE|WRITABLE|DISCONNECT\n"
     "> write b 3\n"
     "> run 1\n"
     "A READABLE|WRITABLE\n"
     "> close b\n"
     "> run 1\n"
     "A READABLE|WRITABLE|DISCONNECT\n"
     "> read a 3\n"
     "> read a 3\n"
     "end\n"
     "> run 1\n"
     "A READABLE|WRITABLE|DISCONNECT\n"},

    {"the_peer_goes_and_nobody_wants_to_know",
     "> unix a b\n"
     "> watch A a READABLE\n"
     "> quiet\n"
     "> stop A\n"
     "> close b\n"
     "> quiet\n"
     "> calm\n"
     "> want A READABLE\n"
     "> run 1\n"
     "A READABLE\n"},

    {"a_listening_socket_is_readable_for_each_caller",
     "> listen-unix l\n"
     "> watch A l READABLE|WRITABLE\n"
     "> quiet\n"
     "> dial c l\n"
     "> dial d l\n"
     "> run 1\n"
     "A READABLE\n"
     "> accept a l\n"
     "> run 1\n"
     "A READABLE\n"
     "> accept b l\n"
     "> quiet\n"
     "> write c 1\n"
     "> read a 1\n"
     "> quiet\n"},

    {"datagrams_are_read_one_by_one",
     "> unix a b dgram\n"
     "> watch A a READABLE\n"
     "> quiet\n"
     "> write b 3\n"
     "> write b 4\n"
     "> run 1\n"
     "A READABLE\n"
     "> receive a\n"
     "3 bytes\n"
     "> run 1\n"
     "A READABLE\n"
     "> receive a\n"
     "4 bytes\n"
     "> quiet\n"},
};

int main(void)
{
    return conformance(transcripts, sizeof(transcripts) / sizeof(*transcripts));
}
