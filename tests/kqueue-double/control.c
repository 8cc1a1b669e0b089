/* SPDX-License-Identifier: MIT */
/*
 * What the double was told: which kernel it plays, which call is to fail.
 */
#include "knote.h"

#include <stdlib.h>
#include <string.h>

static struct {
    bool chosen;
    enum double_kernel kernel;
    unsigned fail_at[DOUBLE_CALLS]; /* calls to go; 0: none fails */
    int fail_error[DOUBLE_CALLS];
    int refuse_fd;
    unsigned refuse_operation;
    enum knote_kind refuse_kind;
    int refuse_error;
    size_t most;
    size_t calls[DOUBLE_CALLS];
    size_t changes;
} told;

static enum double_kernel from_environment(void)
{
    static const char *const names[] = {"freebsd", "netbsd", "openbsd", "xnu",
                                        "dragonfly"};
    const char *name = getenv("KQUEUE_DOUBLE");

    for (unsigned i = 0; name != NULL && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return (enum double_kernel) i;
    return DOUBLE_FREEBSD;
}

enum double_kernel double_kernel(void)
{
    if (!told.chosen)
        told.kernel = from_environment();
    told.chosen = true;
    return told.kernel;
}

void double_behave_as(enum double_kernel kernel)
{
    double_lock();
    told.kernel = kernel;
    told.chosen = true;
    double_unlock();
}

void double_fail(enum double_call call, unsigned nth, int error)
{
    double_lock();
    told.fail_at[call] = nth;
    told.fail_error[call] = error;
    double_unlock();
}

bool double_fails(enum double_call call, int *error)
{
    told.calls[call]++;
    if (told.fail_at[call] == 0 || --told.fail_at[call] > 0)
        return false;
    *error = told.fail_error[call];
    return true;
}

void double_refuse(int fd, unsigned operation, char way, int error)
{
    double_lock();
    told.refuse_fd = fd;
    told.refuse_operation = operation;
    told.refuse_kind = way == 'r' ? KIND_READ : KIND_WRITE;
    told.refuse_error = error;
    double_unlock();
}

int double_refused(const struct kevent *change)
{
    told.changes++;
    if (told.refuse_error == 0 || change->ident != (unsigned) told.refuse_fd ||
        !(change->flags & told.refuse_operation) ||
        double_kind_of(change) != told.refuse_kind)
        return 0;
    return told.refuse_error;
}

void double_shorten(size_t most)
{
    double_lock();
    told.most = most;
    double_unlock();
}

size_t double_most(size_t room)
{
    return told.most > 0 && told.most < room ? told.most : room;
}

void double_reset(void)
{
    double_lock();
    memset(&told, 0, sizeof told);
    double_unlock();
}

size_t double_calls(enum double_call call)
{
    size_t count;

    double_lock();
    count = told.calls[call];
    double_unlock();
    return count;
}

size_t double_changes(void)
{
    size_t count;

    double_lock();
    count = told.changes;
    double_unlock();
    return count;
}
