/* SPDX-License-Identifier: MIT */
/*
 * Unix-domain sockets: two directions, each of which ends by itself.
 */
#include "conformance/script.h"

static const struct transcript transcripts[] = {
    {
        .name = "both_directions_are_one_report",
        .text = "> unix a b\n"
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
                "A WRITABLE\n",
    },
    {
        .name = "the_peer_ends_its_writing",
        .text = "> unix a b\n"
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
                "> read b 1\n",
    },
    {
        .name = "the_peer_ends_its_writing_with_data_pending",
        .text = "> unix a b\n"
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
                "end\n",
    },
    {
        .name = "a_half_close_leaves_a_full_socket_full",
        .text = "> unix a b\n"
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
                "B WRITABLE\n",
    },
    {
        .name = "a_half_close_for_one_who_writes_alone",
        .text = "> unix a b\n"
                "> finish b writes\n"
                "> watch A a WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> fill a\n"
                "> quiet\n"
                "> calm\n",
    },
    {
        .name = "a_half_close_for_one_who_wants_the_disconnect_alone",
        .text = "> needs DISCONNECT\n"
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
                "A DISCONNECT\n",
    },
    {
        .name = "ending_ones_own_writing",
        .text = "> unix a b\n"
                "> watch A a READABLE\n"
                "> finish a writes\n"
                "> quiet\n"
                "> write b 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> read a 1\n"
                "> quiet\n",
    },
    {
        .name = "both_end_their_writing_one_by_one",
        .text = "> unix a b\n"
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
                "A WRITABLE\n",
    },
    {
        .name = "a_hangup_frees_the_one_who_waits_to_write",
        .text = "> unix a b\n"
                "> fill a\n"
                "> watch A a WRITABLE\n"
                "> quiet\n"
                "> close b\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> write a 1\n"
                "EPIPE\n",
    },
    {
        .name = "the_peer_goes",
        .text = "> unix a b\n"
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
                "B WRITABLE\n",
    },
    {
        .name = "the_peer_goes_with_data_pending",
        .text = "> unix a b\n"
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
                "A READABLE|WRITABLE|DISCONNECT\n",
    },
    {
        .name = "the_peer_goes_and_nobody_wants_to_know",
        .text = "> unix a b\n"
                "> watch A a READABLE\n"
                "> quiet\n"
                "> stop A\n"
                "> close b\n"
                "> quiet\n"
                "> calm\n"
                "> want A READABLE\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "a_listening_socket_is_readable_for_each_caller",
        .text = "> listen-unix l\n"
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
                "> quiet\n",
    },
    {
        .name = "datagrams_are_read_one_by_one",
        .text = "> unix a b dgram\n"
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
                "> quiet\n",
    },
};

int main(void)
{
    return conformance(transcripts, sizeof(transcripts) / sizeof(*transcripts));
}
