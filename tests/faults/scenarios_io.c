/* SPDX-License-Identifier: MIT */
/*
 * Watching descriptors. Whoever is refused by the kernel starts again: the
 * next time it is watched.
 */
#include "faults/scenarios.h"
#include "faults/scene.h"

#include <fcntl.h>
#include <unistd.h>

static bool again(struct actor *actor, unsigned events)
{
    if (actor->status == 0)
        return false;
    actor->status = 0;
    INSIST(eddy_io_start(&actor->as.io, events, actor_on_io));
    return true;
}

static void read_and_close(struct actor *actor)
{
    if (again(actor, EDDY_READABLE))
        return;
    REQUIRE(actor->events & EDDY_READABLE);
    read_byte(eddy_io_fd(&actor->as.io));
    actor_close_quietly(actor);
}

static struct actor *listen_to(int fd, unsigned events,
                               void (*act)(struct actor *))
{
    struct actor *actor = actor_io(fd);

    actor->act = act;
    INSIST(eddy_io_start(&actor->as.io, events, actor_on_io));
    return actor;
}

static void reading(void)
{
    struct actor *actor;
    int fds[2];

    scene_pipe(fds);
    actor = listen_to(fds[0], EDDY_READABLE, read_and_close);
    write_byte(fds[1]);
    drive();
    EXPECT(actor->calls == 1);
}

static void write_later(void *arg)
{
    write_byte(*(const int *) arg);
}

static void asleep(void)
{
    struct actor *actor;
    int fds[2];

    scene_pipe(fds);
    actor = listen_to(fds[0], EDDY_READABLE, read_and_close);
    world_meanwhile(write_later, &fds[1]);
    drive();
    EXPECT(actor->calls == 1);
}

static void close_writer(struct actor *actor)
{
    if (!again(actor, EDDY_WRITABLE))
        actor_close(actor);
}

/* Two watchers of one descriptor want different things. */
static void shared(void)
{
    struct actor *reader;
    struct actor *writer;
    int fds[2];

    scene_pair(fds);
    reader = listen_to(fds[0], EDDY_READABLE, read_and_close);
    writer = listen_to(fds[0], EDDY_WRITABLE, close_writer);
    drive_until(&writer->calls, 1);
    EXPECT(writer->calls == 1);
    REQUIRE(reader->calls == 0);
    write_byte(fds[1]);
    drive();
    EXPECT(reader->calls == 1);
}

/* Back and forth, and left as it was. */
static void toggle(void)
{
    struct actor *actor;
    int fds[2];

    scene_pair(fds);
    actor = listen_to(fds[0], EDDY_READABLE, read_and_close);
    for (int i = 0; i < 4; i++) {
        INSIST(eddy_io_stop(&actor->as.io));
        INSIST(eddy_io_start(&actor->as.io, EDDY_READABLE | EDDY_WRITABLE,
                             actor_on_io));
        INSIST(eddy_io_start(&actor->as.io, EDDY_READABLE, actor_on_io));
        INSIST(eddy_run(&scene.loop, EDDY_RUN_NOWAIT));
    }
    REQUIRE(actor->calls == 0);
    write_byte(fds[1]);
    drive();
    EXPECT(actor->calls == 1);
}

/* An interest that was dropped lingers until an event comes. */
static void lingering(void)
{
    struct actor *actor;
    int fds[2];

    scene_pair(fds);
    actor = listen_to(fds[0], EDDY_READABLE, read_and_close);
    INSIST(eddy_run(&scene.loop, EDDY_RUN_NOWAIT));
    INSIST(eddy_io_stop(&actor->as.io));
    write_byte(fds[1]);
    for (int i = 0; i < 3; i++)
        INSIST(eddy_run(&scene.loop, EDDY_RUN_NOWAIT));
    REQUIRE(actor->calls == 0);
    INSIST(eddy_io_start(&actor->as.io, EDDY_READABLE, actor_on_io));
    drive();
    EXPECT(actor->calls == 1);
}

static void close_at_hangup(struct actor *actor)
{
    if (!again(actor, EDDY_READABLE | EDDY_WRITABLE))
        actor_close(actor);
}

static void hangup(void)
{
    struct actor *actor;
    int fds[2];

    scene_pair(fds);
    drop_fd(fds[1]);
    actor = listen_to(fds[0], EDDY_READABLE | EDDY_WRITABLE, close_at_hangup);
    drive();
    EXPECT(actor->calls == 1);
    EXPECT(actor->events == (EDDY_READABLE | EDDY_WRITABLE));
}

enum { MANY = 12, FAR_APART = 15, FIRST_FAR = 64 };

/* On duplicates with large numbers, so that tables grow. */
static void many(void)
{
    struct actor *actors[MANY];
    int fds[2];

    scene_pipe(fds);
    for (int i = 0; i < MANY; i++) {
        int fd = fcntl(fds[0], F_DUPFD_CLOEXEC, FIRST_FAR + i * FAR_APART);

        keep_fd(fd);
        actors[i] = listen_to(fd, EDDY_READABLE, read_and_close);
        write_byte(fds[1]);
    }
    drive();
    for (int i = 0; i < MANY; i++)
        EXPECT(actors[i]->calls == 1);
}

/* Closed, and its number used anew, within one callback. */
static void reuse_number(struct actor *actor)
{
    struct actor *next;
    int fd = eddy_io_fd(&actor->as.io);
    int other = actor->limit;

    if (again(actor, EDDY_READABLE))
        return;
    read_byte(fd);
    actor_close(actor);
    REQUIRE(dup2(other, fd) == fd);
    next = listen_to(fd, EDDY_READABLE, read_and_close);
    actor->other = next;
}

static void reuse(void)
{
    struct actor *actor;
    int first[2];
    int second[2];

    scene_pipe(first);
    scene_pipe(second);
    actor = listen_to(first[0], EDDY_READABLE, reuse_number);
    actor->limit = second[0];
    write_byte(first[1]);
    write_byte(first[1]);
    drive_until(&actor->calls, 1);
    for (int i = 0; i < 2; i++)
        INSIST(eddy_run(&scene.loop, EDDY_RUN_NOWAIT));
    REQUIRE(actor->other->calls == 0);
    write_byte(second[1]);
    drive();
    EXPECT(actor->other->calls == 1);
}

static void stay_refused(struct actor *actor)
{
    REQUIRE(actor->status < 0 && actor->calls == 0);
}

static void close_refused(struct actor *actor)
{
    stay_refused(actor);
    actor_close(actor);
}

/* What cannot be watched says so once; its neighbour is unharmed. */
static void refused(void)
{
    struct actor *file;
    struct actor *actor;
    int fds[2];
    int fd = open("/", O_RDONLY | O_CLOEXEC);

    keep_fd(fd);
    scene_pipe(fds);
    file = actor_io(fd);
    file->limit = -1; /* refused without any fault */
    file->act = stay_refused;
    INSIST(eddy_io_start(&file->as.io, EDDY_READABLE, actor_on_io));
    actor = listen_to(fds[0], EDDY_READABLE, read_and_close);
    write_byte(fds[1]);
    drive();
    for (int i = 0; i < 2; i++)
        INSIST(eddy_run(&scene.loop, EDDY_RUN_NOWAIT));
    EXPECT(file->refusals == 1);
    EXPECT(actor->calls == 1);
}

/* A number that is open in no process of this kind. */
static void huge(void)
{
    struct actor *actor = actor_new();

    REQUIRE(eddy_io_init(&scene.loop, &actor->as.io, (1 << 20) + 1) ==
            EDDY_EBADF);
    REQUIRE(eddy_io_init(&scene.loop, &actor->as.io, -1) == EDDY_EINVAL);
}

static void close_neighbour(struct actor *actor)
{
    if (again(actor, EDDY_READABLE))
        return;
    if (actor->other->life == ACTOR_OPEN)
        actor_close_quietly(actor->other);
    actor_close(actor);
}

/* Two are ready at once, and the first closes both. */
static void close_both(void)
{
    struct actor *first;
    struct actor *second;
    int fds[2];

    scene_pipe(fds);
    first = listen_to(fds[0], EDDY_READABLE, close_neighbour);
    second = listen_to(fds[0], EDDY_READABLE, close_neighbour);
    first->other = second;
    second->other = first;
    write_byte(fds[1]);
    drive();
    EXPECT(first->calls + second->calls == 1);
}

/* Closed under a duplicate, which keeps it alive in the kernel: the stale
 * registration is got rid of, by a new backend if there is no other way. */
static void stale(void)
{
    struct actor *actor;
    int fds[2];
    int fd;

    scene_pipe(fds);
    fd = dup(fds[0]);
    REQUIRE(fd > 0);
    actor = listen_to(fd, EDDY_READABLE, close_refused);
    actor->limit = -1; /* poll(2) tells of it */
    INSIST(eddy_run(&scene.loop, EDDY_RUN_NOWAIT));
    REQUIRE(close(fd) == 0);
    if (actor->life == ACTOR_OPEN)
        actor_close(actor);
    write_byte(fds[1]);
    for (int i = 0; i < 4; i++)
        INSIST(eddy_run(&scene.loop, EDDY_RUN_NOWAIT));
    read_byte(fds[0]);
}

const struct scenario scenarios_io[] = {
    {"io-read", reading},
    {"io-asleep", asleep},
    {"io-shared", shared},
    {"io-toggle", toggle},
    {"io-linger", lingering},
    {"io-hangup", hangup},
    {"io-many", many},
    {"io-reuse", reuse},
    {"io-refused", refused},
    {"io-huge", huge},
    {"io-close-both", close_both},
    {"io-stale", stale},
    {NULL, NULL},
};
