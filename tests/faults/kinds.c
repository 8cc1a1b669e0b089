/* SPDX-License-Identifier: MIT */
/*
 * The table of what can fail, and how. EFAULT is left out everywhere, as are
 * errors that say that an argument makes no sense where the library never
 * passes such a one. So are ENOTCONN and EINVAL of getpeername(), which are an
 * answer and no failure. EINTR is in for all but close() and the clock, because
 * eddy/os.h allows it. A dead network's errors come from tcp(7) and ip(7).
 */
#include "faults/kinds.h"

#include <string.h>

const struct kind_facts kind_facts[KINDS] = {
    [KIND_NOW] = {"now", "clock_gettime(2)", .harmful = {FAULT_JUMP}},
    [KIND_WAKEUP_OPEN] = {"wakeup_open", "eventfd(2), pipe(2)",
                          .harmful = {EMFILE, ENFILE, ENODEV, ENOMEM},
                          .harmless = {EINTR}},
    [KIND_WAKEUP_WRITE] = {"wakeup_write", "write(2)",
                           .harmful = {EBADF, EIO, ENOSPC},
                           .harmless = {EINTR}},
    [KIND_WAKEUP_DRAIN] = {"wakeup_drain", "read(2)",
                           .harmless = {EINTR, EAGAIN, EBADF, EIO}},
    [KIND_SOCKET] = {"socket", "socket(2)",
                     .harmful = {EACCES, EAFNOSUPPORT, EINVAL, EMFILE, ENFILE,
                                 ENOBUFS, ENOMEM, EPROTONOSUPPORT},
                     .harmless = {EINTR}},
    [KIND_ACCEPT] = {"accept", "accept(2)",
                     .harmful = {FAULT_GONE, EBADF, EINVAL, EMFILE, ENFILE,
                                 ENOBUFS, ENOMEM, ENOTSOCK, ENOTSUP,
                                 EPROTONOSUPPORT, ETIMEDOUT},
                     .harmless = {EAGAIN, EINTR, ECONNABORTED, EPERM, EPROTO,
                                  ENETDOWN, ENETUNREACH, EHOSTDOWN,
                                  EHOSTUNREACH, ENOPROTOOPT}},
    [KIND_BIND] = {"bind", "bind(2)",
                   .harmful = {EACCES, EADDRINUSE, EADDRNOTAVAIL, EBADF, EINVAL,
                               ENOTSOCK, ENOMEM},
                   .harmless = {EINTR}},
    [KIND_LISTEN] = {"listen", "listen(2)",
                     .harmful = {EADDRINUSE, EBADF, ENOTSOCK, ENOTSUP},
                     .harmless = {EINTR}},
    [KIND_CONNECT] = {"connect", "connect(2)",
                      .harmful = {EACCES, EPERM, EADDRINUSE, EADDRNOTAVAIL,
                                  EAFNOSUPPORT, EAGAIN, EALREADY, EBADF,
                                  ECONNREFUSED, EISCONN, ENETUNREACH, ENOTSOCK,
                                  EPROTOTYPE, ETIMEDOUT},
                      .harmless = {EINTR, FAULT_DONE}},
    [KIND_SHUTDOWN] = {"shutdown", "shutdown(2)",
                       .harmful = {EBADF, EINVAL, ENOTCONN, ENOTSOCK},
                       .harmless = {EINTR}},
    [KIND_GETSOCKOPT] = {"getsockopt", "getsockopt(2)",
                         .harmful = {EBADF, EINVAL, ENOPROTOOPT, ENOTSOCK},
                         .harmless = {EINTR}},
    [KIND_SETSOCKOPT] = {"setsockopt", "setsockopt(2)",
                         .harmful = {EBADF, EINVAL, ENOPROTOOPT, ENOTSOCK},
                         .harmless = {EINTR}},
    [KIND_GETSOCKNAME] = {"getsockname", "getsockname(2)",
                          .harmful = {EBADF, EINVAL, ENOBUFS, ENOTSOCK},
                          .harmless = {EINTR}},
    [KIND_GETPEERNAME] = {"getpeername", "getpeername(2)",
                          .harmful = {EBADF, ENOBUFS, ENOTSOCK},
                          .harmless = {EINTR}},
    [KIND_RECV] = {"recv", "recv(2), tcp(7)",
                   .harmful = {FAULT_END, EBADF, ECONNREFUSED, EINVAL, ENOMEM,
                               ENOTCONN, ENOTSOCK, ECONNRESET, ETIMEDOUT},
                   .harmless = {EAGAIN, EINTR, FAULT_PART}},
    [KIND_SENDMSG] = {"sendmsg", "sendmsg(2), tcp(7), ip(7)",
                      .harmful = {EACCES, EALREADY, EBADF, ECONNRESET,
                                  EDESTADDRREQ, EINVAL, EISCONN, EMSGSIZE,
                                  ENOMEM, ENOTCONN, ENOTSOCK, ENOTSUP, EPIPE,
                                  ETIMEDOUT, EHOSTUNREACH, ENETUNREACH},
                      .harmless = {EAGAIN, EINTR, ENOBUFS, FAULT_PART}},
    [KIND_SET_NONBLOCKING] = {"set_nonblocking", "fcntl(2)",
                              .harmful = {EBADF, EACCES, EINVAL, EPERM},
                              .harmless = {EINTR}},
    [KIND_CLOSE] = {"close", "close(2)", .harmless = {EBADF, EIO, ENOSPC}},
    [KIND_RESERVE] = {"reserve", "open(2)",
                      .harmless = {EACCES, EINTR, EMFILE, ENFILE, ENODEV,
                                   ENOENT, ENOMEM, EPERM}},
    [KIND_IS_OPEN] = {"is_open", "fcntl(2)", .harmless = {EBADF, EINTR}},
    [KIND_OUTCOME] = {"outcome", "getsockopt(2), connect(2), tcp(7), ip(7)",
                      .harmful = {EACCES, EADDRNOTAVAIL, ECONNREFUSED,
                                  ECONNRESET, EHOSTUNREACH, ENETUNREACH,
                                  ETIMEDOUT}},
    [KIND_MEMORY] = {"memory", "malloc(3)", .harmful = {ENOMEM}},
    [KIND_CREATE] = {"create", "epoll_create1(2)",
                     .harmful = {EMFILE, ENFILE, ENOMEM}},
    [KIND_UPDATE] = {"update", "epoll_ctl(2)",
                     .harmful = {EBADF, ELOOP, ENOMEM, ENOSPC, EPERM}},
    [KIND_RECEIPT] = {"receipt", "epoll_ctl(2)",
                      .harmful = {EBADF, ELOOP, ENOMEM, ENOSPC, EPERM}},
    [KIND_REMOVE] = {"remove", "epoll_ctl(2)", .harmless = {EBADF, ENOENT}},
    [KIND_WAIT] = {"wait", "epoll_wait(2), poll(2)",
                   .harmful = {EBADF, EINVAL, EAGAIN, ENOMEM},
                   .harmless = {EINTR, FAULT_PART}},
    [KIND_FD] = {"fd", "timerfd_create(2), epoll_ctl(2)",
                 .harmful = {EMFILE, ENFILE, ENODEV, ENOMEM, ENOSPC}},
    [KIND_THREAD] = {"thread", "pthread_create(3)",
                     .harmful = {EAGAIN, EINVAL, EPERM}},
};

static int length(const int *errors)
{
    int count = 0;

    while (errors[count] != 0)
        count++;
    return count;
}

int kind_errors(enum kind kind)
{
    return length(kind_facts[kind].harmful) + length(kind_facts[kind].harmless);
}

int kind_error(enum kind kind, int n)
{
    int harmful = length(kind_facts[kind].harmful);

    return n < harmful ? kind_facts[kind].harmful[n]
                       : kind_facts[kind].harmless[n - harmful];
}

bool kind_harmless(enum kind kind, int error)
{
    const int *harmless = kind_facts[kind].harmless;

    for (int i = 0; harmless[i] != 0; i++)
        if (harmless[i] == error)
            return true;
    return false;
}

enum kind kind_named(const char *name)
{
    int kind = 0;

    while (kind < KINDS && strcmp(kind_facts[kind].name, name) != 0)
        kind++;
    return (enum kind) kind;
}

static const struct {
    const char *name;
    int error;
} rarities[] = {
    {"PART", FAULT_PART}, {"END", FAULT_END},   {"DONE", FAULT_DONE},
    {"GONE", FAULT_GONE}, {"JUMP", FAULT_JUMP},
};

enum { RARITIES = sizeof(rarities) / sizeof(rarities[0]), LAST_ERRNO = 4095 };

const char *error_name(int error)
{
    for (int i = 0; i < RARITIES; i++)
        if (rarities[i].error == error)
            return rarities[i].name;
    return eddy_err_name(-error);
}

int error_named(const char *name)
{
    for (int i = 0; i < RARITIES; i++)
        if (strcmp(rarities[i].name, name) == 0)
            return rarities[i].error;
    for (int error = 1; error < LAST_ERRNO; error++)
        if (strcmp(eddy_err_name(-error), name) == 0 &&
            strcmp(name, "UNKNOWN") != 0)
            return error;
    return 0;
}
