/* SPDX-License-Identifier: MIT */
/*
 * Changes, as kernels apply them (KQUEUE.md, sections 2 to 4), and the queue
 * of active knotes.
 */
#include "knote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>

enum knote_kind double_kind_of(const struct kevent *kev)
{
    if (kev->filter == EVFILT_READ)
        return KIND_READ;
    if (kev->filter == EVFILT_WRITE)
        return KIND_WRITE;
    if (kev->filter == EVFILT_TIMER)
        return KIND_TIMER;
#ifdef EVFILT_EXCEPT
    if (kev->filter == EVFILT_EXCEPT)
        return KIND_EXCEPT;
#endif
    return KINDS;
}

struct knote *double_find(const struct kq *kq, uintptr_t ident,
                          enum knote_kind kind)
{
    struct knote *knote = kq->timers;

    if (kind != KIND_TIMER)
        knote = ident < kq->by_fd_count ? kq->by_fd[ident] : NULL;
    while (knote != NULL && (knote->ident != ident || knote->kind != kind))
        knote = knote->sibling;
    return knote;
}

/* --- the queue ----------------------------------------------------------- */

/* What happens to a disabled knote waits for it to be enabled. */
void double_activate(struct kq *kq, struct knote *knote)
{
    if (!knote->enabled)
        knote->signalled = true;
    if (knote->active || !knote->enabled)
        return;
    knote->active = true;
    knote->next = NULL;
    knote->prev = kq->last;
    if (kq->last != NULL)
        kq->last->next = knote;
    else
        kq->first = knote;
    kq->last = knote;
}

void double_deactivate(struct kq *kq, struct knote *knote)
{
    if (!knote->active)
        return;
    knote->active = false;
    if (knote->prev != NULL)
        knote->prev->next = knote->next;
    else
        kq->first = knote->next;
    if (knote->next != NULL)
        knote->next->prev = knote->prev;
    else
        kq->last = knote->prev;
}

/* --- attaching and detaching --------------------------------------------- */

/* The instance that tells of this kind, opened when it is first needed. */
static int set_for(struct kq *kq, enum knote_kind kind)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = UINT64_MAX};

    if (kind == KIND_TIMER)
        return kq->fd;
    if (kq->sets[kind] < 0) {
        kq->sets[kind] = epoll_create1(EPOLL_CLOEXEC);
        if (kq->sets[kind] >= 0)
            (void) epoll_ctl(kq->fd, EPOLL_CTL_ADD, kq->sets[kind], &event);
    }
    return kq->sets[kind];
}

/* What Linux cannot poll, kernels refuse in ways of their own. */
static int unwatchable(const struct kevent *change)
{
    if (double_kernel() == DOUBLE_XNU)
        return (change->fflags & NOTE_LOWAT) ? ENODEV : EINVAL;
    return double_kernel() == DOUBLE_NETBSD ? EOPNOTSUPP : ENODEV;
}

static int enter_set(struct kq *kq, const struct knote *knote)
{
    static const uint32_t wanted[] = {EPOLLIN | EPOLLRDHUP, EPOLLOUT, EPOLLPRI,
                                      EPOLLIN};
    int set = set_for(kq, knote->kind);
    struct epoll_event event = {
        .events = wanted[knote->kind] | EPOLLET,
        .data.u64 = (uint64_t) knote->fd << 2 | knote->kind,
    };

    if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, knote->fd, &event) != 0)
        return errno;
    return 0;
}

static int reach(struct kq *kq, uintptr_t fd)
{
    size_t size = kq->by_fd_count < 64 ? 64 : kq->by_fd_count;
    struct knote **table;

    if (fd < kq->by_fd_count)
        return 0;
    while (size <= fd)
        size *= 2;
    table = realloc(kq->by_fd, size * sizeof(*table));
    if (table == NULL)
        return ENOMEM;
    for (size_t i = kq->by_fd_count; i < size; i++)
        table[i] = NULL;
    kq->by_fd = table;
    kq->by_fd_count = size;
    return 0;
}

static bool is_device(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode);
}

/* Whether the kernel takes it: the reader of a pipe may be gone (section 6),
 * a device may want a mark. */
static int check_file(const struct knote *knote)
{
    enum double_kernel kernel = double_kernel();

    if (knote->kind == KIND_EXCEPT && knote->file != FILE_SOCKET)
        return EINVAL;
    if (kernel == DOUBLE_XNU && is_device(knote->fd) &&
        !(knote->fflags & NOTE_LOWAT))
        return EINVAL;
    if (knote->kind == KIND_WRITE && knote->file == FILE_FIFO &&
        kernel != DOUBLE_XNU && double_pipe_broken(knote->fd))
        return kernel == DOUBLE_NETBSD ? EBADF : EPIPE;
    return 0;
}

static int open_file(struct kq *kq, struct knote *knote,
                     const struct kevent *change)
{
    int error;

    if (knote->kind == KIND_TIMER)
        error = double_timer_open(knote);
    else
        error = check_file(knote);
    if (error == 0 && knote->kind != KIND_TIMER)
        error = reach(kq, knote->ident);
    if (error == 0)
        error = enter_set(kq, knote);
    return error == EPERM ? unwatchable(change) : error;
}

static struct knote *new_knote(const struct kevent *change,
                               enum knote_kind kind)
{
    struct knote *knote = calloc(1, sizeof(*knote));

    if (knote == NULL)
        return NULL;
    knote->kind = kind;
    knote->ident = change->ident;
    knote->fd = kind == KIND_TIMER ? -1 : (int) change->ident;
    knote->enabled = !(change->flags & EV_DISABLE);
    knote->flags = change->flags;
    knote->fflags = change->fflags;
    knote->data = change->data;
    knote->udata = change->udata;
    if (kind == KIND_TIMER) {
        knote->flags |= EV_CLEAR;
    } else {
        knote->file = double_file_kind(knote->fd);
        knote->connected = double_file_connected(knote->fd);
    }
    return knote;
}

static struct knote **list_of(struct kq *kq, const struct knote *knote)
{
    return knote->kind == KIND_TIMER ? &kq->timers : &kq->by_fd[knote->ident];
}

static int attach(struct kq *kq, const struct kevent *change,
                  enum knote_kind kind)
{
    struct knote *knote = new_knote(change, kind);
    int error;

    if (knote == NULL)
        return ENOMEM;
    error = open_file(kq, knote, change);
    if (error != 0) {
        if (kind == KIND_TIMER && knote->fd >= 0)
            (void) double_real_close(knote->fd);
        free(knote);
        return error;
    }
    knote->sibling = *list_of(kq, knote);
    *list_of(kq, knote) = knote;
    if (double_evaluate(knote).fires)
        double_activate(kq, knote);
    return 0;
}

void double_detach(struct kq *kq, struct knote *knote)
{
    struct knote **link = list_of(kq, knote);
    struct epoll_event unused = {.events = 0};

    double_deactivate(kq, knote);
    (void) epoll_ctl(set_for(kq, knote->kind), EPOLL_CTL_DEL, knote->fd,
                     &unused);
    if (knote->kind == KIND_TIMER)
        (void) double_real_close(knote->fd);
    while (*link != knote)
        link = &(*link)->sibling;
    *link = knote->sibling;
    free(knote);
}

void double_drop_fd(struct kq *kq, int fd)
{
    while ((size_t) fd < kq->by_fd_count && kq->by_fd[fd] != NULL)
        double_detach(kq, kq->by_fd[fd]);
}

/* --- changes ------------------------------------------------------------- */

static int check_fd(const struct kq *kq, const struct kevent *change)
{
    if (change->ident > INT_MAX || fcntl((int) change->ident, F_GETFD) < 0) {
        bool knote_first = double_kernel() == DOUBLE_XNU;

        return knote_first && (change->flags & EV_DELETE) ? ENOENT : EBADF;
    }
    return (int) change->ident == kq->fd ? EINVAL : 0;
}

/* Adding again changes what is asked for and what comes back with it, but not
 * the mode, and enables nothing (section 4). */
static int touch(struct kq *kq, struct knote *knote,
                 const struct kevent *change)
{
    enum double_kernel kernel = double_kernel();
    bool enables = change->flags & EV_ENABLE;
    bool tests = change->flags & EV_ADD;

    if (kernel != DOUBLE_NETBSD && kernel != DOUBLE_DRAGONFLY)
        tests |= enables;
    if (change->flags & EV_ADD) {
        knote->udata = change->udata;
        knote->fflags = change->fflags;
        knote->data = change->data;
        knote->flags |= change->flags & EV_RECEIPT;
        if (knote->kind == KIND_TIMER)
            return double_timer_open(knote);
    }
    if (change->flags & EV_DISABLE) {
        knote->signalled |= knote->active;
        double_deactivate(kq, knote);
        knote->enabled = false;
    }
    knote->enabled |= enables;
    if ((enables && knote->signalled) ||
        (tests && double_evaluate(knote).fires))
        double_activate(kq, knote);
    return 0;
}

int double_change(struct kq *kq, const struct kevent *change)
{
    enum knote_kind kind = double_kind_of(change);
    int error = double_refused(change);
    struct knote *knote;

    if (error != 0)
        return error;
    if (change->filter == 0 && kind == KINDS &&
        double_kernel() == DOUBLE_FREEBSD)
        return 0; /* skipped (section 1) */
    if (kind == KINDS ||
        (change->flags & EV_ENABLE && change->flags & EV_DISABLE))
        return EINVAL;
    if (kind != KIND_TIMER)
        error = check_fd(kq, change);
    if (error != 0)
        return error;
    knote = double_find(kq, change->ident, kind);
    if (knote == NULL)
        return change->flags & EV_ADD ? attach(kq, change, kind) : ENOENT;
    if (!(change->flags & EV_DELETE))
        return touch(kq, knote, change);
    double_detach(kq, knote);
    return 0;
}
