/* SPDX-License-Identifier: MIT */
/*
 * The scenarios, each small enough for all its executions to be looked at.
 */
#include "scenarios.h"

#include "search.h"
#include "world.h"

/* --- senders -----------------------------------------------------------------
 */

static void send_once(int self)
{
    (void) self;
    world_send(0);
    world_finish();
}

static void send_twice(int self)
{
    (void) self;
    world_send(0);
    world_send(0);
    world_finish();
}

static void send_to_own(int self)
{
    world_send(self - 1);
    world_finish();
}

static void post_own(int self)
{
    world_post(self - 1);
    world_finish();
}

static void post_twice(int self)
{
    (void) self;
    world_post(0);
    world_post(1);
    world_finish();
}

static void send_and_post(int self)
{
    world_send(0);
    world_post(self);
    world_finish();
}

static void stop(int self)
{
    (void) self;
    eddy_stop(&world.loop);
    world_finish();
}

/* --- the loop ----------------------------------------------------------------
 */

static void run(int self)
{
    (void) self;
    world_run();
    world_close();
}

/* The senders are at work while the handle and the loop go away. */
static void close_at_once(int self)
{
    (void) self;
    world_close_async(0);
    world_close();
}

/* --- beginnings --------------------------------------------------------------
 */

static void one_sender(void)
{
    world_begin(1, 1);
}

static void two_senders(void)
{
    world_begin(2, 1);
}

static void two_senders_two_asyncs(void)
{
    world_begin(2, 2);
}

static void one_pipe(void)
{
    world_begin(1, 1);
    world.is_pipe = true;
}

static void one_failure(void)
{
    world_begin(1, 1);
    world.fails = 1;
}

/* A callback ends it all while the senders are still on their way out. */
static void one_sender_closed_in_callback(void)
{
    world_begin(1, 1);
    world.close_in = 1;
}

static void two_senders_closed_in_callback(void)
{
    world_begin(2, 1);
    world.close_in = 1;
}

static void one_poster(void)
{
    world_begin(1, 0);
    eddy_loop_ref(&world.loop);
    world.close_in = 1;
}

static void one_poster_of_two(void)
{
    world_begin(1, 0);
    eddy_loop_ref(&world.loop);
    world.tasks[1].after = &world.tasks[0];
    world.close_in = 2;
}

static void two_posters(void)
{
    world_begin(2, 0);
    eddy_loop_ref(&world.loop);
    world.close_in = 2;
}

const struct scenario scenarios[] = {
    {"send", "one send", true, {one_sender, {run, send_once}}},
    {"send-again", "two sends", true, {one_sender, {run, send_twice}}},
    {"sends", "two senders", false, {two_senders, {run, send_once, send_once}}},
    {"apart",
     "two senders, an async each",
     false,
     {two_senders_two_asyncs, {run, send_to_own, send_to_own}}},
    {"pipe", "two sends, by a pipe", true, {one_pipe, {run, send_twice}}},
    {"fails",
     "two sends, a write fails",
     true,
     {one_failure, {run, send_twice}}},
    {"close",
     "closed with a sender inside",
     true,
     {one_sender, {close_at_once, send_once}}},
    {"close-two",
     "closed with two senders inside",
     false,
     {two_senders, {close_at_once, send_once, send_once}}},
    {"callback",
     "closed in the callback",
     true,
     {one_sender_closed_in_callback, {run, send_twice}}},
    {"callback-two",
     "closed in the callback, two senders",
     false,
     {two_senders_closed_in_callback, {run, send_once, send_once}}},
    {"post", "one task", true, {one_poster, {run, post_own}}},
    {"post-again", "two tasks", true, {one_poster_of_two, {run, post_twice}}},
    {"posts",
     "two senders, a task each",
     false,
     {two_posters, {run, post_own, post_own}}},
    {"both", "send and post", true, {one_sender, {run, send_and_post}}},
    {"stop", "one stop", true, {one_sender, {run, stop}}},
    {"stop-send",
     "a stop and a send",
     false,
     {two_senders, {run, stop, send_once}}},
    {.name = 0},
};
