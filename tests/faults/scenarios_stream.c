/* SPDX-License-Identifier: MIT */
/*
 * Reading from a stream, and its ends. The other side is a plain socket of the
 * scenario's.
 */
#include "faults/scenarios.h"
#include "faults/scene.h"

#include <unistd.h>

enum { SIZE = 3000 };

static void send_pattern(int fd, size_t offset, size_t size)
{
    eddy_buf buf = pattern(offset, size);

    REQUIRE(write(fd, buf.base, buf.len) == (ssize_t) size);
}

static void reading(void)
{
    struct actor *actor;
    int fds[2];

    scene_pair(fds);
    actor = actor_stream(fds[0]);
    actor->wanted = SIZE;
    INSIST(eddy_read_start(&actor->as.tcp.stream, NULL, actor_on_read));
    send_pattern(fds[1], 0, SIZE);
    drive_until_bytes(&actor->bytes, SIZE);
    EXPECT(actor->bytes == SIZE);
    drop_fd(fds[1]);
    drive();
    EXPECT(actor->ended && actor->status == 0);
}

static char own_memory[128];
static int lent; /* buffers that have not come back */

static void lend(eddy_handle *handle, size_t suggested, eddy_buf *out)
{
    (void) actor_of(handle);
    (void) suggested;
    REQUIRE(lent == 0);
    lent++;
    *out = (eddy_buf){own_memory, sizeof(own_memory)};
}

static void take_back(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    if (buf->base != NULL) { /* none, if the kernel would not watch it */
        REQUIRE(lent == 1 && buf->base == own_memory);
        lent--;
    }
    if (nread != 0)
        actor_on_read(stream, nread, buf);
}

/* Into the program's own memory: each buffer that was lent comes back. */
static void own_buffer(void)
{
    struct actor *actor;
    int fds[2];

    lent = 0;
    scene_pair(fds);
    actor = actor_stream(fds[0]);
    actor->wanted = 300;
    INSIST(eddy_read_start(&actor->as.tcp.stream, lend, take_back));
    send_pattern(fds[1], 0, 300);
    drop_fd(fds[1]);
    drive();
    REQUIRE(lent == 0);
    EXPECT(actor->bytes == 300 && actor->ended);
}

static void lend_nothing(eddy_handle *handle, size_t suggested, eddy_buf *out)
{
    (void) actor_of(handle);
    (void) suggested;
    (void) out;
}

static void expect_no_buffer(eddy_stream *stream, ssize_t nread,
                             const eddy_buf *buf)
{
    struct actor *actor = actor_of(&stream->handle);

    (void) buf;
    actor->calls++;
    if (nread != EDDY_ENOBUFS)
        (void) tell((int) nread);
}

static void no_buffer(void)
{
    struct actor *actor;
    int fds[2];

    scene_pair(fds);
    actor = actor_stream(fds[0]);
    INSIST(
        eddy_read_start(&actor->as.tcp.stream, lend_nothing, expect_no_buffer));
    write_byte(fds[1]);
    drive();
    EXPECT(actor->calls == 1);
    REQUIRE(actor->calls == 1);
}

static void stop_reading(struct actor *actor)
{
    if (actor->ended)
        return;
    INSIST(eddy_read_stop(&actor->as.tcp.stream));
}

/* Stopped in each callback, and started again from outside. */
static void stop_and_go(void)
{
    struct actor *actor;
    int fds[2];

    scene_pair(fds);
    actor = actor_stream(fds[0]);
    actor->act = stop_reading;
    actor->wanted = 300;
    for (size_t i = 0; i < 3; i++) {
        send_pattern(fds[1], i * 100, 100);
        while (scene.told == 0 && actor->bytes < (i + 1) * 100) {
            INSIST(eddy_read_start(&actor->as.tcp.stream, NULL, actor_on_read));
            drive();
        }
        REQUIRE(!eddy_is_active(&actor->as.handle) || scene.told != 0);
    }
    EXPECT(actor->bytes == 300 && !actor->ended);
}

static void close_when_read(struct actor *actor)
{
    actor_close(actor);
}

static void close_in_callback(void)
{
    struct actor *actor;
    int fds[2];

    scene_pair(fds);
    actor = actor_stream(fds[0]);
    actor->act = close_when_read;
    INSIST(eddy_read_start(&actor->as.tcp.stream, NULL, actor_on_read));
    send_pattern(fds[1], 0, 10);
    drive();
    EXPECT(actor->calls == 1 && actor->life == ACTOR_CLOSED);
}

/* The peer ends its side, and still reads what is written. */
static void half_close(void)
{
    struct order *order = order_new();
    eddy_buf buf = pattern(0, 100);
    struct actor *actor;
    int fds[2];

    scene_pair(fds);
    actor = actor_stream(fds[0]);
    INSIST(eddy_read_start(&actor->as.tcp.stream, NULL, actor_on_read));
    REQUIRE(shutdown(fds[1], SHUT_WR) == 0);
    drive();
    EXPECT(actor->ended);
    if (scene.told != 0)
        return;
    INSIST(order_write(order, actor, &buf, 1));
    drive();
    (void) tell(order->status);
    EXPECT(drain(fds[1]) == 100);
}

/* The loop's table has to grow for it. */
static void open_grows(void)
{
    crowd(63);
    reading();
}

/* What is not a stream socket is refused, and stays the program's. */
static void open_wrong(void)
{
    struct actor *actor = actor_tcp();
    int fds[2];
    int rc;

    scene_pipe(fds);
    rc = eddy_tcp_open(&actor->as.tcp, fds[0]);
    REQUIRE(rc < 0);
    hear(rc);
    REQUIRE(eddy_tcp_open(&actor->as.tcp, -1) == EDDY_EINVAL);
    write_byte(fds[1]);
    read_byte(fds[0]);
    scene_pair(fds);
    INSIST(eddy_tcp_open(&actor->as.tcp, fds[0]));
    forget_fd(fds[0]);
    REQUIRE(eddy_tcp_open(&actor->as.tcp, fds[1]) == EDDY_EBUSY);
}

const struct scenario scenarios_stream[] = {
    {"stream-read", reading},
    {"stream-open-grows", open_grows},
    {"stream-own-buffer", own_buffer},
    {"stream-no-buffer", no_buffer},
    {"stream-stop-and-go", stop_and_go},
    {"stream-close-in-callback", close_in_callback},
    {"stream-half-close", half_close},
    {"stream-open-wrong", open_wrong},
    {NULL, NULL},
};
