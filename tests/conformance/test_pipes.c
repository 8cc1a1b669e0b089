/* SPDX-License-Identifier: MIT */
/*
 * Pipes, FIFOs and terminals: data, room, and the end of either side.
 */
#include "conformance/script.h"

static const struct transcript transcripts[] = {
    {
        .name = "a_pipe_is_readable_until_it_is_read",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> write w 3\n"
                "> run 1\n"
                "A READABLE\n"
                "> run 1\n"
                "A READABLE\n"
                "> read r 2\n"
                "> run 1\n"
                "A READABLE\n"
                "> read r 1\n"
                "> quiet\n",
    },
    {
        .name = "data_that_comes_ends_the_sleep",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> thread write w\n"
                "> once\n"
                "A READABLE\n",
    },
    {
        .name = "a_pipe_is_writable_until_it_is_full",
        .text = "> pipe r w\n"
                "> watch A w WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> fill w\n"
                "> quiet\n"
                "> drain r\n"
                "> run 1\n"
                "A WRITABLE\n",
    },
    {
        .name = "a_full_pipe_stays_quiet_while_it_is_watched_anew",
        .text = "> pipe r w\n"
                "> fill w\n"
                "> watch A w WRITABLE\n"
                "> quiet\n"
                "> stop A\n"
                "> quiet\n"
                "> want A WRITABLE\n"
                "> quiet\n"
                "> drain r\n"
                "> run 1\n"
                "A WRITABLE\n",
    },
    {
        .name = "both_ends_of_a_pipe_in_one_loop",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> watch B w WRITABLE\n"
                "> run 1\n"
                "B WRITABLE\n"
                "> write w 1\n"
                "> run 2\n"
                "A READABLE\n"
                "B WRITABLE\n"
                "> fill w\n"
                "> run 1\n"
                "A READABLE\n"
                "> drain r\n"
                "> run 1\n"
                "B WRITABLE\n",
    },
    {
        .name = "the_last_writer_goes",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> close w\n"
                "> run 1\n"
                "A READABLE\n"
                "> read r 1\n"
                "end\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "the_last_writer_went_before",
        .text = "> pipe r w\n"
                "> close w\n"
                "> watch A r READABLE\n"
                "> run 1\n"
                "A READABLE\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "the_last_writer_goes_with_data_pending",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> write w 3\n"
                "> close w\n"
                "> run 1\n"
                "A READABLE\n"
                "> read r 3\n"
                "> run 1\n"
                "A READABLE\n"
                "> read r 3\n"
                "end\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "the_last_but_one_writer_goes",
        .text = "> pipe r w\n"
                "> dup v w\n"
                "> watch A r READABLE\n"
                "> close w\n"
                "> quiet\n"
                "> write v 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> read r 1\n"
                "> quiet\n"
                "> close v\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "a_hangup_is_every_event_that_is_wanted",
        .text = "> pipe r w\n"
                "> watch A r READABLE|DISCONNECT\n"
                "> write w 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> close w\n"
                "> run 1\n"
                "A READABLE|DISCONNECT\n"
                "> read r 1\n"
                "> run 1\n"
                "A READABLE|DISCONNECT\n",
    },
    {
        .name = "a_hangup_is_the_disconnect_that_is_wanted_alone",
        .text = "> needs DISCONNECT\n"
                "> pipe r w\n"
                "> watch A r DISCONNECT\n"
                "> write w 1\n"
                "> quiet\n"
                "> read r 1\n"
                "> write w 1\n"
                "> quiet\n"
                "> close w\n"
                "> run 1\n"
                "A DISCONNECT\n"
                "> run 1\n"
                "A DISCONNECT\n",
    },
    {
        .name = "the_last_reader_goes",
        .text = "> pipe r w\n"
                "> watch A w WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> close r\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> write w 1\n"
                "EPIPE\n"
                "> run 1\n"
                "A WRITABLE\n",
    },
    {
        .name = "the_last_reader_of_a_full_pipe_goes",
        .text = "> pipe r w\n"
                "> fill w\n"
                "> watch A w WRITABLE\n"
                "> quiet\n"
                "> close r\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> write w 1\n"
                "EPIPE\n"
                "> run 1\n"
                "A WRITABLE\n",
    },
    {
        .name = "the_last_reader_went_before",
        .text = "> pipe r w\n"
                "> close r\n"
                "> watch A w WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> stop A\n"
                "> quiet\n",
    },
    {
        .name = "a_writing_end_that_is_watched_for_reading",
        .text = "> pipe r w\n"
                "> watch A w READABLE\n"
                "> quiet\n"
                "> write w 1\n"
                "> quiet\n"
                "> close r\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "a_hangup_with_nothing_wanted_lets_the_loop_sleep",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> stop A\n"
                "> close w\n"
                "> quiet\n"
                "> calm\n"
                "> want A READABLE\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "a_hangup_is_stopped_in_its_callback",
        .text = "> pipe r w\n"
                "> watch A r READABLE\n"
                "> on A stop A\n"
                "> close w\n"
                "> run 1\n"
                "A READABLE\n"
                "  stop A\n"
                "> quiet\n"
                "> calm\n",
    },
    {
        .name = "a_fifo_waits_for_its_writers",
        .text = "> needs FIFO\n"
                "> fifo r\n"
                "> watch A r READABLE\n"
                "> quiet\n"
                "> writer w\n"
                "> quiet\n"
                "> write w 2\n"
                "> run 1\n"
                "A READABLE\n"
                "> read r 2\n"
                "> quiet\n"
                "> close w\n"
                "> run 1\n"
                "A READABLE\n"
                "> read r 1\n"
                "end\n",
    },
    {
        .name = "a_fifo_that_ended_is_quiet_for_a_new_writer",
        .text = "> needs FIFO\n"
                "> fifo r\n"
                "> watch A r READABLE\n"
                "> writer w\n"
                "> close w\n"
                "> run 1\n"
                "A READABLE\n"
                "> writer v\n"
                "> quiet\n"
                "> write v 1\n"
                "> run 1\n"
                "A READABLE\n"
                "> read r 1\n"
                "> quiet\n"
                "> close v\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "the_reader_of_a_fifo_goes",
        .text = "> needs FIFO\n"
                "> fifo r\n"
                "> writer w\n"
                "> fill w\n"
                "> watch A w WRITABLE\n"
                "> quiet\n"
                "> drain r\n"
                "> run 1\n"
                "A WRITABLE\n"
                "> fill w\n"
                "> quiet\n"
                "> close r\n"
                "> run 1\n"
                "A WRITABLE\n",
    },
    {
        .name = "the_master_of_a_terminal_reads",
        .text = "> needs TERMINAL\n"
                "> terminal m s\n"
                "> watch A m READABLE\n"
                "> quiet\n"
                "> write s 3\n"
                "> await A READABLE\n"
                "> drain m\n"
                "> quiet\n",
    },
    {
        .name = "the_slave_of_a_terminal_goes",
        .text = "> needs TERMINAL\n"
                "> terminal m s\n"
                "> watch A m READABLE\n"
                "> quiet\n"
                "> close s\n"
                "> await A READABLE\n"
                "> run 1\n"
                "A READABLE\n",
    },
    {
        .name = "the_master_of_a_terminal_goes",
        .text = "> needs TERMINAL\n"
                "> terminal m s\n"
                "> watch A s READABLE\n"
                "> quiet\n"
                "> close m\n"
                "> await A READABLE\n"
                "> run 1\n"
                "A READABLE\n",
    },
};

int main(void)
{
    return conformance(transcripts, sizeof(transcripts) / sizeof(*transcripts));
}
