/* SPDX-License-Identifier: MIT */
/*
 * kqueue(2) and kevent(2) themselves: the double's calls, its kqueues and the
 * one lock over them, which no sleep holds. (KQUEUE.md, sections 2, 8 and 9)
 */
#include "knote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kq *kqueues;

void double_lock(void)
{
    (void) pthread_mutex_lock(&lock);
}

void double_unlock(void)
{
    (void) pthread_mutex_unlock(&lock);
}

/* --- kqueues ------------------------------------------------------------- */

/* The numbers of a kqueue's helpers; -1 for those that are not open. */
static void close_helpers(struct kq *kq)
{
    for (int kind = KIND_WRITE; kind < KIND_TIMER; kind++) {
        if (kq->sets[kind] >= 0)
            (void) double_real_close(kq->sets[kind]);
    }
    if (kq->count_fd >= 0)
        (void) double_real_close(kq->count_fd);
}

static void free_kq(struct kq *kq)
{
    for (size_t fd = 0; fd < kq->by_fd_count; fd++)
        double_drop_fd(kq, (int) fd);
    while (kq->timers != NULL)
        double_detach(kq, kq->timers);
    close_helpers(kq);
    free(kq->by_fd);
    free(kq);
}

/* No child inherits a kqueue (section 9): its numbers are free there. */
static void leave_child_none(void)
{
    while (kqueues != NULL) {
        struct kq *kq = kqueues;
        int fd = kq->fd;

        kqueues = kq->next;
        for (size_t i = 0; i < kq->by_fd_count; i++) {
            while (kq->by_fd[i] != NULL) {
                struct knote *knote = kq->by_fd[i];

                kq->by_fd[i] = knote->sibling;
                free(knote);
            }
        }
        while (kq->timers != NULL) {
            struct knote *knote = kq->timers;

            kq->timers = knote->sibling;
            (void) double_real_close(knote->fd);
            free(knote);
        }
        close_helpers(kq);
        free(kq->by_fd);
        free(kq);
        (void) double_real_close(fd);
    }
    double_unlock();
}

static void watch_forks(void)
{
    (void) pthread_atfork(double_lock, double_unlock, leave_child_none);
}

static struct kq *find(int fd)
{
    struct kq *kq = kqueues;

    while (kq != NULL && kq->fd != fd)
        kq = kq->next;
    return kq;
}

void double_closing(int fd)
{
    double_lock();
    for (struct kq **link = &kqueues; *link != NULL; link = &(*link)->next) {
        struct kq *kq = *link;

        if (kq->fd == fd) {
            *link = kq->next;
            free_kq(kq);
            break;
        }
    }
    for (struct kq *kq = kqueues; kq != NULL && fd >= 0; kq = kq->next)
        double_drop_fd(kq, fd);
    double_unlock();
}

static struct kq *open_kq(int flags)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
    struct kq *kq = calloc(1, sizeof(*kq));

    if (kq == NULL)
        return NULL;
    kq->fd = epoll_create1(flags & O_CLOEXEC ? EPOLL_CLOEXEC : 0);
    kq->count_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    kq->sets[KIND_READ] = kq->fd;
    kq->sets[KIND_WRITE] = -1;
    kq->sets[KIND_EXCEPT] = -1;
    if (kq->fd >= 0 && kq->count_fd >= 0 &&
        epoll_ctl(kq->fd, EPOLL_CTL_ADD, kq->count_fd, &event) == 0)
        return kq;
    if (kq->fd >= 0)
        (void) double_real_close(kq->fd);
    free_kq(kq);
    return NULL;
}

static int create(int flags)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct kq *kq = NULL;
    int error = 0;

    (void) pthread_once(&once, watch_forks);
    double_lock();
    if (!double_fails(DOUBLE_KQUEUE, &error)) {
        kq = open_kq(flags);
        error = errno;
    }
    if (kq != NULL) {
        kq->next = kqueues;
        kqueues = kq;
    }
    double_unlock();
    if (kq == NULL)
        errno = error;
    return kq == NULL ? -1 : kq->fd;
}

int kqueue(void)
{
    return create(0);
}

#ifdef KQUEUE_DOUBLE_NETBSD9
int kqueue1(int flags)
{
    return create(flags);
}
#endif

size_t double_knotes(int fd)
{
    size_t count = 0;

    double_lock();
    for (struct kq *kq = kqueues; kq != NULL; kq = kq->next) {
        struct knote *knote = NULL;

        if (fd >= 0 && (size_t) fd < kq->by_fd_count)
            knote = kq->by_fd[fd];
        for (; knote != NULL; knote = knote->sibling)
            count++;
    }
    double_unlock();
    return count;
}

/* --- the call ------------------------------------------------------------ */

static struct kevent entry_of(const struct kevent *change, int error)
{
    struct kevent entry = *change;
    unsigned flags = EV_ERROR;

    if (double_kernel() == DOUBLE_XNU)
        flags |= change->flags;
    entry.flags = (__typeof__(entry.flags)) flags;
    entry.data = error;
    return entry;
}

/* Returns how many entries, or -1 with errno: an error without room. `ended`
 * says that a receipt found none, which ends the call in some kernels. */
static int apply(struct kq *kq, const struct kevent *changes, size_t nchanges,
                 struct kevent *events, size_t nevents, bool *ended)
{
    bool receipts = double_kernel() != DOUBLE_DRAGONFLY;
    size_t count = 0;

    for (size_t i = 0; i < nchanges; i++) {
        struct kevent change = changes[i];
        int error = double_change(kq, &change);

        if (error == 0 && !(receipts && (change.flags & EV_RECEIPT)))
            continue;
        if (count < nevents) {
            events[count++] = entry_of(&change, error);
        } else if (error != 0) {
            errno = error;
            return -1;
        } else if (double_kernel() != DOUBLE_XNU) {
            *ended = true;
            break;
        }
    }
    return (int) count;
}

/* Section 8. A very long time is for ever to some, an error to others. */
static int check_time(const struct timespec *time)
{
    static const int64_t longest[] = {INT64_MAX, INT64_MAX, 100000000,
                                      INT32_MAX, INT64_MAX};
    long most = double_kernel() == DOUBLE_XNU ? 1000000000 : 999999999;

    if (time != NULL &&
        (time->tv_nsec < 0 || time->tv_nsec > most || time->tv_sec < 0 ||
         time->tv_sec > longest[double_kernel()]))
        return EINVAL;
    return 0;
}

static struct timespec now(void)
{
    struct timespec time;

    (void) clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

static struct timespec deadline_after(const struct timespec *timeout)
{
    struct timespec end = now();
    const time_t forever = INT32_MAX;

    end.tv_sec += timeout->tv_sec < forever ? timeout->tv_sec : forever;
    end.tv_nsec += timeout->tv_nsec;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    return end;
}

static struct timespec time_left(const struct timespec *deadline)
{
    struct timespec left = now();

    left.tv_sec = deadline->tv_sec - left.tv_sec;
    left.tv_nsec = deadline->tv_nsec - left.tv_nsec;
    if (left.tv_nsec < 0) {
        left.tv_sec--;
        left.tv_nsec += 1000000000;
    }
    if (left.tv_sec < 0)
        left = (struct timespec){.tv_sec = 0};
    return left;
}

/* Sleeps until the kqueue polls readable. 1, 0 for the time-out, -1. */
static int sleep_on(int fd, const struct timespec *deadline)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    struct timespec left;

    if (deadline == NULL)
        return ppoll(&polled, 1, NULL, NULL);
    left = time_left(deadline);
    return ppoll(&polled, 1, &left, NULL);
}

/* Takes events, and sleeps while there are none: called with the lock held,
 * which is not while it sleeps. */
static int collect(int fd, struct kevent *events, size_t nevents,
                   const struct timespec *timeout)
{
    bool sleeps =
        timeout == NULL || timeout->tv_sec != 0 || timeout->tv_nsec != 0;
    struct timespec deadline = {.tv_sec = 0};

    if (timeout != NULL)
        deadline = deadline_after(timeout);
    for (;;) {
        struct kq *kq = find(fd);
        size_t count;
        int ready;

        if (kq == NULL) {
            errno = EBADF;
            return -1;
        }
        count = double_scan(kq, events, double_most(nevents));
        if (count > 0 || !sleeps)
            return (int) count;
        double_unlock();
        ready = sleep_on(fd, timeout == NULL ? NULL : &deadline);
        double_lock();
        if (ready < 0)
            return -1;
        sleeps = ready > 0;
    }
}

static int call(int fd, const struct kevent *changes, size_t nchanges,
                struct kevent *events, size_t nevents,
                const struct timespec *timeout)
{
    struct kq *kq = find(fd);
    bool ended = false;
    int error = kq == NULL ? EBADF : 0;
    int count;

    if (kq == NULL || double_fails(DOUBLE_KEVENT, &error)) {
        errno = error;
        return -1;
    }
    count = apply(kq, changes, nchanges, events, nevents, &ended);
    double_mirror(kq);
    if (count == 0 && double_fails(DOUBLE_KEVENT_LATE, &error)) {
        errno = error;
        return -1;
    }
    if (count != 0 || nevents == 0 || ended)
        return count;
    errno = check_time(timeout);
    if (errno != 0)
        return -1;
    return collect(fd, events, nevents, timeout);
}

int kevent(int kq, const struct kevent *changes, kqueue_double_count nchanges,
           struct kevent *events, kqueue_double_count nevents,
           const struct timespec *timeout)
{
    int saved = errno;
    int count;

    double_lock();
    count =
        call(kq, changes, (size_t) nchanges, events, (size_t) nevents, timeout);
    double_unlock();
    if (count >= 0)
        errno = saved;
    return count;
}
