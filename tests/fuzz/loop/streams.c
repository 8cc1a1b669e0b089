/* SPDX-License-Identifier: MIT */
/*
 * Streams over socket pairs: what is read is what was fed, in order, and told
 * once; reading goes on until it is stopped, or the end. Writing stands in
 * requests.c.
 */
#include "fuzz/loop/world.h"

#include <stdlib.h>

enum { ALLOCATED = 16, BYTES_FED = 3 };

static eddy_tcp *tcp_of(const struct item *item)
{
    return (eddy_tcp *) (void *) item->handle;
}

struct item *stream_on(const struct slot *slot)
{
    for (struct item *item = world.items; item < world.items + ITEMS; item++)
        if (item->kind == KIND_STREAM && item->life == OPEN &&
            item->slot == slot)
            return item;
    return NULL;
}

/* What it wants follows from what it does. */
void stream_want(struct item *item)
{
    item->want = item->reading ? EDDY_READABLE : 0U;
    if (item->first != NULL)
        item->want |= EDDY_WRITABLE;
    item->since &= item->want;
    item->must &= item->want;
    if (item->want != 0)
        item->slot->unwanted = 0;
    item->active = item->want != 0;
}

int stream_init(struct item *item)
{
    eddy_tcp *tcp = malloc(sizeof(*tcp));
    struct slot *slot = &world.slots[SLOTS - 2 + item->made % 2];

    HOLDS(tcp != NULL);
    if (stream_on(slot) != NULL)
        slot = &world.slots[SLOTS - 2 + (item->made + 1) % 2];
    if (slot->fd >= 0)
        world.registered[slot->fd].slot = NULL;
    slot_renew(slot);
    item->handle = &tcp->handle;
    item->slot = slot;
    HOLDS(eddy_tcp_init(&world.loop, tcp) == 0);
    return eddy_tcp_open(tcp, slot->fd);
}

/* Bytes: both counts go round. */
static unsigned left_in(const struct slot *slot)
{
    return (unsigned char) (slot->fed - slot->taken);
}

/* Without an alloc callback nobody is told that there was nothing. */
void stream_received(struct item *item, const void *buffer, ssize_t result)
{
    const unsigned char *bytes = buffer;
    struct slot *slot = item->slot;

    item->must &= ~(unsigned) EDDY_READABLE;
    for (ssize_t i = 0; i < result; i++)
        HOLDS(bytes[i] == slot->taken++);
    if (result > 0)
        slot->in = (left_in(slot) + BYTES_FED - 1) / BYTES_FED;
    HOLDS(!item->has_received);
    item->received = result;
    item->has_received = result != EDDY_EAGAIN || item->allocates;
}

static void on_alloc(eddy_handle *handle, size_t suggested, eddy_buf *out)
{
    struct item *item = handle_of(handle);

    HOLDS(item->life == OPEN && item->reading && item->allocates);
    HOLDS(suggested > 0 && item->buffer == NULL);
    item->buffer = malloc(ALLOCATED);
    HOLDS(item->buffer != NULL);
    *out = (eddy_buf){.base = item->buffer, .len = ALLOCATED};
}

static void on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    struct item *item = handle_of(&stream->handle);
    ssize_t received = item->received;

    fuzz_trace("stream %td reads: %zd", item - world.items, nread);
    HOLDS(world.phase == DISPATCH);
    HOLDS(item->life == OPEN && item->reading && item->has_received);
    HOLDS(item->slot->reported & EDDY_READABLE);
    if (received == 0)
        HOLDS(nread < 0);
    else
        HOLDS(nread == (received == EDDY_EAGAIN ? 0 : received));
    HOLDS(buf->base == item->buffer || item->buffer == NULL);
    free(item->buffer);
    item->buffer = NULL;
    item->has_received = false;
    world.telling = item->slot;
    if (nread < 0)
        item->reading = false;
    stream_want(item);
    world.told++;
    world.called++;
    program_callback();
}

static void read_start(struct item *item, bool allocates)
{
    item->reading = true;
    item->allocates = allocates;
    HOLDS(eddy_read_start(&tcp_of(item)->stream, allocates ? on_alloc : NULL,
                          on_read) == 0);
    stream_want(item);
    fuzz_trace("stream %td: read", item - world.items);
}

static void read_stop(struct item *item)
{
    item->reading = false;
    HOLDS(eddy_read_stop(&tcp_of(item)->stream) == 0);
    stream_want(item);
}

/* The library has closed the descriptor, and nobody is told but by requests. */
void stream_closing(struct item *item)
{
    HOLDS(item->slot->fd < 0);
    HOLDS(!item->has_received);
    item->reading = false;
    stream_fail(item, EDDY_ECANCELED);
    item->closable = item->requests == 0;
}

static void refuse_all(struct item *item)
{
    eddy_stream *stream = &tcp_of(item)->stream;

    HOLDS(eddy_read_start(stream, NULL, on_read) == EDDY_EINVAL);
    HOLDS(eddy_read_stop(stream) == EDDY_EINVAL);
    HOLDS(eddy_try_write(stream, NULL, 0) == EDDY_EINVAL);
}

void stream_touch(struct item *item, unsigned action)
{
    if (item->life == CLOSING) {
        refuse_all(item);
        return;
    }
    switch (action % 16) {
    case 0:
    case 1:
    case 2:
        read_start(item, action % 2);
        break;
    case 3:
        read_stop(item);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        stream_write(item, action / 16);
        break;
    case 8:
        stream_try_write(item);
        break;
    case 9:
        stream_shutdown(item);
        break;
    case 10:
    case 11:
        stream_cancel(item, action / 16);
        break;
    default:
        slot_touch(item->slot, action / 16);
        break;
    }
}
