/* SPDX-License-Identifier: MIT */
/*
 * The kinds of calls that can fail, and with what: every member of the system
 * table and of the backend's, the allocator, and the starting of a thread.
 *
 * The errors of a kind are those of the manual page that is named with it, as
 * far as they can come of something else than a mistake in the library, and
 * results that are no errors but rare: a short read, an early connection.
 * Harmless is what the library has to get over by itself: the program is not
 * told, and all goes on as if nothing had happened.
 */
#ifndef TESTS_FAULTS_KINDS_H
#define TESTS_FAULTS_KINDS_H

#include <eddy.h>

enum kind {
    KIND_NOW,
    KIND_WAKEUP_OPEN,
    KIND_WAKEUP_WRITE,
    KIND_WAKEUP_DRAIN,
    KIND_SOCKET,
    KIND_ACCEPT,
    KIND_BIND,
    KIND_LISTEN,
    KIND_CONNECT,
    KIND_SHUTDOWN,
    KIND_GETSOCKOPT,
    KIND_SETSOCKOPT,
    KIND_GETSOCKNAME,
    KIND_GETPEERNAME,
    KIND_RECV,
    KIND_SENDMSG,
    KIND_SET_NONBLOCKING,
    KIND_CLOSE,
    KIND_RESERVE,
    KIND_IS_OPEN,
    KIND_OUTCOME, /* of a connect, as SO_ERROR tells it */
    KIND_MEMORY,
    KIND_CREATE,  /* of the backend */
    KIND_UPDATE,  /* to watch, refused at once */
    KIND_RECEIPT, /* the same, refused in the next wait */
    KIND_REMOVE,  /* an update that ends the watching */
    KIND_WAIT,
    KIND_FD,
    KIND_THREAD,
    KINDS
};

/* Results that are no errors, numbered beyond all errnos. */
enum {
    FAULT_PART = 5001, /* a short read or write, one event of several */
    FAULT_END,         /* a read finds the end */
    FAULT_DONE,        /* a connect succeeds at once */
    FAULT_GONE,        /* an accept finds that the caller has hung up */
    FAULT_JUMP         /* the clock goes on by an hour */
};

enum { MAX_ERRORS = 24 };

struct kind_facts {
    const char *name;
    const char *manual;      /* where the errors stand */
    int harmful[MAX_ERRORS]; /* as errno or FAULT_…; they end with 0 */
    int harmless[MAX_ERRORS];
};

extern const struct kind_facts kind_facts[KINDS];

/* How many ways to fail a kind has, and the n-th of them. */
int kind_errors(enum kind kind);
int kind_error(enum kind kind, int n);
bool kind_harmless(enum kind kind, int error);

/* KINDS and 0 for names that there are not. */
enum kind kind_named(const char *name);
int error_named(const char *name);
const char *error_name(int error);

#endif
