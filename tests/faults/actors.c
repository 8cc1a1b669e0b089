/* SPDX-License-Identifier: MIT */
/*
 * Actors: handles that are watched themselves. Their memory is poisoned when
 * the library has given it back, so that whoever writes to it is found out.
 */
#include "faults/scene.h"

#include "support/test.h"

#include <string.h>

struct actor *actor_of(eddy_handle *handle)
{
    struct actor *actor = (struct actor *) (void *) handle;

    REQUIRE(actor->life == ACTOR_OPEN);
    return actor;
}

struct actor *actor_new(void)
{
    for (int i = 0; i < SCENE_ACTORS; i++) {
        struct actor *actor = &scene.actors[i];

        if (actor->life == ACTOR_FREE) {
            memset(actor, 0, sizeof(*actor));
            return actor;
        }
    }
    tally_fail(__FILE__, __LINE__, "too many actors");
}

struct actor *actor_io(int fd)
{
    struct actor *actor = actor_new();

    INSIST(eddy_io_init(&scene.loop, &actor->as.io, fd));
    actor->life = ACTOR_OPEN;
    return actor;
}

struct actor *actor_timer(void)
{
    struct actor *actor = actor_new();

    INSIST(eddy_timer_init(&scene.loop, &actor->as.timer));
    actor->life = ACTOR_OPEN;
    return actor;
}

struct actor *actor_async(void)
{
    struct actor *actor = actor_new();

    INSIST(eddy_async_init(&scene.loop, &actor->as.async, actor_on_async));
    actor->life = ACTOR_OPEN;
    return actor;
}

struct actor *actor_tcp(void)
{
    struct actor *actor = actor_new();

    INSIST(eddy_tcp_init(&scene.loop, &actor->as.tcp));
    actor->life = ACTOR_OPEN;
    return actor;
}

/* That it is the program's as long as the call fails, it shows by being there
 * for the next. */
struct actor *actor_stream(int fd)
{
    struct actor *actor = actor_tcp();

    INSIST(eddy_tcp_open(&actor->as.tcp, fd));
    forget_fd(fd);
    return actor;
}

void actor_finish(struct actor *actor)
{
    actor->life = ACTOR_CLOSED;
    test_poison(&actor->as, sizeof(actor->as));
}

void actor_closed(eddy_handle *handle)
{
    struct actor *actor = (struct actor *) (void *) handle;

    REQUIRE(actor->life == ACTOR_CLOSING);
    actor_finish(actor);
}

/* Its callback is for orders to see that they came before it. */
void actor_close(struct actor *actor)
{
    REQUIRE(actor->life == ACTOR_OPEN);
    actor->life = ACTOR_CLOSING;
    REQUIRE(eddy_close(&actor->as.handle, actor_closed) == 1);
}

/* Only for those whose memory comes back at once. */
void actor_close_quietly(struct actor *actor)
{
    REQUIRE(actor->life == ACTOR_OPEN);
    REQUIRE(eddy_close(&actor->as.handle, NULL) == 0);
    actor_finish(actor);
}

static void act(struct actor *actor)
{
    if (actor->act != NULL)
        actor->act(actor);
    REQUIRE(eddy_loop_check(&scene.loop) == 0);
}

void actor_on_io(eddy_io *io, int status, unsigned events)
{
    struct actor *actor = actor_of(&io->handle);

    actor->status = status;
    hear(status);
    actor->events = events;
    if (status < 0)
        actor->refusals++;
    else
        actor->calls++;
    if (status < 0) {
        REQUIRE(events == 0 && !eddy_is_active(&io->handle));
        REQUIRE(actor->refusals <= tally->struck || actor->limit < 0);
    }
    act(actor);
}

void actor_on_timer(eddy_timer *timer)
{
    struct actor *actor = actor_of(&timer->handle);

    actor->calls++;
    act(actor);
}

void actor_on_async(eddy_async *async)
{
    struct actor *actor = actor_of(&async->handle);

    actor->calls++;
    act(actor);
}

static void compare(const struct actor *actor, const eddy_buf *buf, size_t size)
{
    eddy_buf sent = pattern(actor->bytes, size);

    REQUIRE(memcmp(sent.base, buf->base, size) == 0);
}

void actor_on_read(eddy_stream *stream, ssize_t nread, const eddy_buf *buf)
{
    struct actor *actor = actor_of(&stream->handle);

    REQUIRE(!actor->ended);
    actor->calls++;
    if (nread > 0) {
        compare(actor, buf, (size_t) nread);
        actor->bytes += (size_t) nread;
    } else if (nread == EDDY_EOF) {
        actor->ended = true;
        if (actor->bytes < actor->wanted)
            (void) tell(EDDY_EOF);
    } else if (nread < 0) {
        actor->ended = true;
        actor->status = (int) nread;
        (void) tell((int) nread);
    }
    act(actor);
}
