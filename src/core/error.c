/* SPDX-License-Identifier: MIT */
/*
 * Names and messages of the error codes. They are our own text, so that they
 * are the same on every system and need no lock: strerror may use a buffer.
 */
#include <eddy/error.h>

struct entry {
    int code;
    const char *name;
    const char *message;
};

#define ENTRY(name, message)                                                   \
    {                                                                          \
        EDDY_##name, #name, message                                            \
    }

static const struct entry entries[] = {
    ENTRY(E2BIG, "argument list too long"),
    ENTRY(EACCES, "permission denied"),
    ENTRY(EADDRINUSE, "address already in use"),
    ENTRY(EADDRNOTAVAIL, "address not available"),
    ENTRY(EAFNOSUPPORT, "address family not supported"),
    ENTRY(EAGAIN, "resource temporarily unavailable"),
    ENTRY(EALREADY, "operation already in progress"),
    ENTRY(EBADF, "bad file descriptor"),
    ENTRY(EBUSY, "resource busy"),
    ENTRY(ECANCELED, "operation canceled"),
    ENTRY(ECHILD, "no child processes"),
    ENTRY(ECONNABORTED, "connection aborted"),
    ENTRY(ECONNREFUSED, "connection refused"),
    ENTRY(ECONNRESET, "connection reset by peer"),
    ENTRY(EDESTADDRREQ, "destination address required"),
    ENTRY(EEXIST, "file already exists"),
    ENTRY(EFAULT, "bad address"),
    ENTRY(EFBIG, "file too large"),
    ENTRY(EHOSTDOWN, "host is down"),
    ENTRY(EHOSTUNREACH, "host is unreachable"),
    ENTRY(EINTR, "interrupted system call"),
    ENTRY(EINVAL, "invalid argument"),
    ENTRY(EIO, "input or output error"),
    ENTRY(EISCONN, "socket is connected already"),
    ENTRY(EISDIR, "is a directory"),
    ENTRY(ELOOP, "too many symbolic links"),
    ENTRY(EMFILE, "too many open files"),
    ENTRY(EMLINK, "too many links"),
    ENTRY(EMSGSIZE, "message too long"),
    ENTRY(ENAMETOOLONG, "name too long"),
    ENTRY(ENETDOWN, "network is down"),
    ENTRY(ENETUNREACH, "network is unreachable"),
    ENTRY(ENFILE, "too many open files in the system"),
    ENTRY(ENOBUFS, "no buffer space available"),
    ENTRY(ENODEV, "no such device"),
    ENTRY(ENOENT, "no such file or directory"),
    ENTRY(ENOMEM, "out of memory"),
    ENTRY(ENOPROTOOPT, "protocol option not available"),
    ENTRY(ENOSPC, "no space left"),
    ENTRY(ENOSYS, "function not implemented"),
    ENTRY(ENOTCONN, "socket is not connected"),
    ENTRY(ENOTDIR, "not a directory"),
    ENTRY(ENOTEMPTY, "directory not empty"),
    ENTRY(ENOTSOCK, "not a socket"),
    ENTRY(ENOTSUP, "operation not supported"),
    ENTRY(ENOTTY, "not a terminal"),
    ENTRY(ENXIO, "no such device or address"),
    ENTRY(EOVERFLOW, "value too large"),
    ENTRY(EPERM, "operation not permitted"),
    ENTRY(EPIPE, "broken pipe"),
    ENTRY(EPROTO, "protocol error"),
    ENTRY(EPROTONOSUPPORT, "protocol not supported"),
    ENTRY(EPROTOTYPE, "wrong protocol type for socket"),
    ENTRY(ERANGE, "result out of range"),
    ENTRY(EROFS, "read-only file system"),
    ENTRY(ESHUTDOWN, "cannot send after shutdown"),
    ENTRY(ESPIPE, "cannot seek"),
    ENTRY(ESRCH, "no such process"),
    ENTRY(ESTALE, "stale handle"),
    ENTRY(ETIMEDOUT, "timed out"),
    ENTRY(ETXTBSY, "text file busy"),
    ENTRY(EXDEV, "cross-device link"),
    ENTRY(EOF, "end of file"),
};

static const struct entry *find(int code)
{
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        if (entries[i].code == code)
            return &entries[i];
    return NULL;
}

const char *eddy_strerror(int error)
{
    const struct entry *entry = find(error);

    if (error == 0)
        return "success";
    return entry != NULL ? entry->message : "unknown error";
}

const char *eddy_err_name(int error)
{
    const struct entry *entry = find(error);

    if (error == 0)
        return "OK";
    return entry != NULL ? entry->name : "UNKNOWN";
}

int eddy_from_errno(int number)
{
    return number > 0 ? -number : number;
}
