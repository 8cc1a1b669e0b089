/* SPDX-License-Identifier: MIT */
/*
 * The backend on poll(2), which every system of POSIX has: an array of what is
 * watched, handed to the kernel whole at each wait. A table by descriptor says
 * where in the array each one is, so a change is O(1); a wait is O(watched).
 *
 * poll itself forgets nothing and refuses nothing. So that it behaves like a
 * kernel queue, files and directories, which it calls ready for ever, are
 * refused when they come; and one that was closed while it was watched is
 * found at the next wait, reported as an error, and taken out.
 *
 * An edge is never reported: EDDY_EDGE in what is wanted is only a permission.
 */
#include "sleep.h"

#include <eddy/backend.h>

#include <fcntl.h>
#include <sys/stat.h>

extern const eddy_backend_ops eddy_backend_poll;

/* Not every system tells of a peer that will send no more. */
#ifdef POLLRDHUP
enum { DISCONNECT_EVENT = POLLRDHUP, NOT_WATCHED = 0 };
#else
enum { DISCONNECT_EVENT = 0, NOT_WATCHED = EDDY_DISCONNECT };
#endif

/* polled[i] and tokens[i] are one descriptor's, for i < count. Before `next`
 * are those that had their turn in this round of reports, or came after it
 * began; from there on those that shall have theirs before any has another.
 * place[fd] is 1 + that i, and 0 for the descriptors that are not watched. */
struct eddy_backend {
    const eddy_allocator *allocator;
    struct pollfd *polled;
    uint64_t *tokens;
    size_t *place;
    size_t count;
    size_t next;        /* <= count: where the next wait looks first */
    size_t polled_size; /* of each array, in elements */
    size_t tokens_size;
    size_t place_size;
};

static int create(const eddy_allocator *allocator, eddy_backend **out)
{
    eddy_backend *be =
        allocator->resize(allocator->context, NULL, 0, sizeof *be);

    if (be == NULL)
        return EDDY_ENOMEM;
    *be = (eddy_backend){.allocator = allocator};
    *out = be;
    return 0;
}

static void release(const eddy_allocator *allocator, void *block, size_t size)
{
    if (block != NULL)
        (void) allocator->resize(allocator->context, block, size, 0);
}

/* Nothing here is shared with a parent but memory that was copied. */
static void destroy(eddy_backend *be, bool inherited)
{
    const eddy_allocator *allocator = be->allocator;

    (void) inherited;
    release(allocator, be->place, be->place_size * sizeof *be->place);
    release(allocator, be->tokens, be->tokens_size * sizeof *be->tokens);
    release(allocator, be->polled, be->polled_size * sizeof *be->polled);
    release(allocator, be, sizeof *be);
}

static size_t grown_size(size_t size, size_t needed)
{
#ifdef EDDY_STRESS
    (void) size;
    return needed;
#else
    size = size < 16 ? 16 : 2 * size;
    return size < needed ? needed : size;
#endif
}

/* The array with room for `needed` elements, or NULL: then it is as it was. */
static void *grow(const eddy_backend *be, void *array, size_t *size,
                  size_t needed, size_t element)
{
    size_t wanted = grown_size(*size, needed);
    void *grown;

    if (wanted > SIZE_MAX / element)
        return NULL; /* GCOV_EXCL_LINE: not with a size_t of 64 bits */
    grown = be->allocator->resize(be->allocator->context, array,
                                  *size * element, wanted * element);
    if (grown != NULL)
        *size = wanted;
    return grown;
}

/* Makes room for one more. The arrays grow one by one, each with a size of its
 * own: what one got before another failed is there for the next time. */
static int make_room(eddy_backend *be)
{
    void *array;

    if (be->count == be->polled_size) {
        array = grow(be, be->polled, &be->polled_size, be->count + 1,
                     sizeof *be->polled);
        if (array == NULL)
            return EDDY_ENOMEM;
        be->polled = array;
    }
    if (be->count == be->tokens_size) {
        array = grow(be, be->tokens, &be->tokens_size, be->count + 1,
                     sizeof *be->tokens);
        if (array == NULL)
            return EDDY_ENOMEM;
        be->tokens = array;
    }
    return 0;
}

static int make_place(eddy_backend *be, size_t fd)
{
    size_t old_size = be->place_size;
    size_t *place;

    if (fd < old_size)
        return 0;
    place = grow(be, be->place, &be->place_size, fd + 1, sizeof *place);
    if (place == NULL)
        return EDDY_ENOMEM;
    for (size_t i = old_size; i < be->place_size; i++)
        place[i] = 0;
    be->place = place;
    return 0;
}

/* 0 also for a negative number, which is a huge one here. */
static size_t place_of(const eddy_backend *be, int fd)
{
    return (size_t) fd < be->place_size ? be->place[fd] : 0;
}

static void move(eddy_backend *be, size_t from, size_t to)
{
    be->polled[to] = be->polled[from];
    be->tokens[to] = be->tokens[from];
    be->place[be->polled[to].fd] = to + 1;
}

/* One that comes has its turn in the next round. Else those that come and go
 * could keep the others waiting for ever. */
static void insert(eddy_backend *be, int fd)
{
    if (be->next != be->count)
        move(be, be->next, be->count);
    be->polled[be->next] = (struct pollfd){.fd = fd};
    be->place[fd] = ++be->next;
    be->count++;
}

/* The gap is closed in two steps, so that those before `next` stay before it,
 * and those behind it behind. */
static void remove_at(eddy_backend *be, size_t at)
{
    be->place[be->polled[at].fd] = 0;
    if (at < be->next) {
        be->next--;
        if (at != be->next)
            move(be, be->next, at);
        at = be->next;
    }
    be->count--;
    if (at != be->count)
        move(be, be->count, at);
}

/* Like a kernel queue, which refuses what is always ready. */
static int check_kind(int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return -errno;
    if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
        return EDDY_EPERM;
    return 0;
}

static short to_poll(unsigned want)
{
    unsigned events = 0;

    if (want & EDDY_READABLE)
        events |= POLLIN;
    if (want & EDDY_WRITABLE)
        events |= POLLOUT;
    if (want & EDDY_DISCONNECT)
        events |= DISCONNECT_EVENT;
    if (want & EDDY_PRIORITY)
        events |= POLLPRI;
    return (short) events;
}

static unsigned from_poll(short revents)
{
    unsigned happened = 0;

    if (revents & (POLLERR | POLLHUP))
        return EDDY_ANY_EVENT;
    if (revents & POLLIN)
        happened |= EDDY_READABLE;
    if (revents & POLLOUT)
        happened |= EDDY_WRITABLE;
    if (revents & DISCONNECT_EVENT)
        happened |= EDDY_DISCONNECT;
    if (revents & POLLPRI)
        happened |= EDDY_PRIORITY;
    return happened;
}

static int forget(eddy_backend *be, int fd)
{
    size_t place = place_of(be, fd);

    if (place != 0) {
        remove_at(be, place - 1);
        return 0;
    }
    return fcntl(fd, F_GETFD) < 0 ? -errno : EDDY_ENOENT;
}

static int enter(eddy_backend *be, int fd)
{
    int error = check_kind(fd);

    if (error == 0)
        error = make_place(be, (size_t) fd);
    if (error == 0)
        error = make_room(be);
    if (error == 0)
        insert(be, fd);
    return error;
}

static int update(eddy_backend *be, uint64_t token, int fd, unsigned known,
                  unsigned want)
{
    int error = 0;
    size_t at;

    if (want == 0)
        return forget(be, fd);

    /* With nothing known, what is here is of a file that had the number
     * before: this one is looked at anew. */
    if (known == 0 && place_of(be, fd) != 0)
        remove_at(be, be->place[fd] - 1);
    if (place_of(be, fd) == 0)
        error = enter(be, fd);
    if (error != 0)
        return error;

    at = be->place[fd] - 1;
    be->polled[at].events = to_poll(want);
    be->tokens[at] = token;
    return 0;
}

/* The next with something to report at or after `from`, around the end of the
 * array if need be; or the count of all. */
static size_t find_ready(const eddy_backend *be, size_t from)
{
    for (size_t i = from; i < be->count; i++) {
        if (be->polled[i].revents != 0)
            return i;
    }
    for (size_t i = 0; i < from; i++) {
        if (be->polled[i].revents != 0)
            return i;
    }
    return be->count; /* GCOV_EXCL_LINE: the kernel counts what it marks */
}

/* The number is closed, or it is open and of a kind that this system's poll
 * does not take. */
static int refusal(int fd)
{
    return fcntl(fd, F_GETFD) < 0 ? EDDY_EBADF : EDDY_EPERM;
}

/* The descriptor's turn is over; a refused one is taken out. */
static eddy_ready report(eddy_backend *be, size_t at)
{
    struct pollfd *polled = &be->polled[at];
    eddy_ready ready = {.token = be->tokens[at]};

    be->next = at + 1;
    if (polled->revents & POLLNVAL) {
        ready.error = refusal(polled->fd);
        remove_at(be, at);
    } else {
        ready.events = from_poll(polled->revents);
        polled->revents = 0;
    }
    return ready;
}

static int wait_ready(eddy_backend *be, int64_t timeout_ns, eddy_ready *ready,
                      int capacity)
{
    int left = eddy__poll_sleep(be->polled, (nfds_t) be->count, timeout_ns);
    int filled = 0;

    if (left < capacity)
        capacity = left;
    while (filled < capacity) {
        size_t at = find_ready(be, be->next);

        if (at == be->count)
            break; /* GCOV_EXCL_LINE: the kernel counts what it marks */
        ready[filled++] = report(be, at);
    }
    return left < 0 ? left : filled;
}

static int pollable_fd(eddy_backend *be, uint64_t deadline_ns)
{
    (void) be;
    (void) deadline_ns;
    return EDDY_ENOTSUP;
}

const eddy_backend_ops eddy_backend_poll = {
    .name = "poll",
    .events = EDDY_ANY_EVENT & ~(unsigned) NOT_WATCHED,
    .create = create,
    .destroy = destroy,
    .update = update,
    .wait = wait_ready,
    .fd = pollable_fd,
};
