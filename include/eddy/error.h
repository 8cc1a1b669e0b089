/* SPDX-License-Identifier: MIT */
/*
 * Errors are negative errno values with names of our own, so that a message
 * or a switch reads the same on every system. Functions return 0 or a count
 * on success and one of these on failure; errno is never the interface.
 */
#ifndef EDDY_ERROR_H
#define EDDY_ERROR_H

#include <eddy/export.h>

#include <errno.h>

EDDY_BEGIN_DECLS

#define EDDY_E2BIG (-E2BIG)
#define EDDY_EACCES (-EACCES)
#define EDDY_EADDRINUSE (-EADDRINUSE)
#define EDDY_EADDRNOTAVAIL (-EADDRNOTAVAIL)
#define EDDY_EAFNOSUPPORT (-EAFNOSUPPORT)
#define EDDY_EAGAIN (-EAGAIN)
#define EDDY_EALREADY (-EALREADY)
#define EDDY_EBADF (-EBADF)
#define EDDY_EBUSY (-EBUSY)
#define EDDY_ECANCELED (-ECANCELED)
#define EDDY_ECHILD (-ECHILD)
#define EDDY_ECONNABORTED (-ECONNABORTED)
#define EDDY_ECONNREFUSED (-ECONNREFUSED)
#define EDDY_ECONNRESET (-ECONNRESET)
#define EDDY_EDESTADDRREQ (-EDESTADDRREQ)
#define EDDY_EEXIST (-EEXIST)
#define EDDY_EFAULT (-EFAULT)
#define EDDY_EFBIG (-EFBIG)
#define EDDY_EHOSTDOWN (-EHOSTDOWN)
#define EDDY_EHOSTUNREACH (-EHOSTUNREACH)
#define EDDY_EINTR (-EINTR)
#define EDDY_EINVAL (-EINVAL)
#define EDDY_EIO (-EIO)
#define EDDY_EISCONN (-EISCONN)
#define EDDY_EISDIR (-EISDIR)
#define EDDY_ELOOP (-ELOOP)
#define EDDY_EMFILE (-EMFILE)
#define EDDY_EMLINK (-EMLINK)
#define EDDY_EMSGSIZE (-EMSGSIZE)
#define EDDY_ENAMETOOLONG (-ENAMETOOLONG)
#define EDDY_ENETDOWN (-ENETDOWN)
#define EDDY_ENETUNREACH (-ENETUNREACH)
#define EDDY_ENFILE (-ENFILE)
#define EDDY_ENOBUFS (-ENOBUFS)
#define EDDY_ENODEV (-ENODEV)
#define EDDY_ENOENT (-ENOENT)
#define EDDY_ENOMEM (-ENOMEM)
#define EDDY_ENOPROTOOPT (-ENOPROTOOPT)
#define EDDY_ENOSPC (-ENOSPC)
#define EDDY_ENOSYS (-ENOSYS)
#define EDDY_ENOTCONN (-ENOTCONN)
#define EDDY_ENOTDIR (-ENOTDIR)
#define EDDY_ENOTEMPTY (-ENOTEMPTY)
#define EDDY_ENOTSOCK (-ENOTSOCK)
#define EDDY_ENOTSUP (-ENOTSUP)
#define EDDY_ENOTTY (-ENOTTY)
#define EDDY_ENXIO (-ENXIO)
#define EDDY_EOVERFLOW (-EOVERFLOW)
#define EDDY_EPERM (-EPERM)
#define EDDY_EPIPE (-EPIPE)
#define EDDY_EPROTO (-EPROTO)
#define EDDY_EPROTONOSUPPORT (-EPROTONOSUPPORT)
#define EDDY_EPROTOTYPE (-EPROTOTYPE)
#define EDDY_ERANGE (-ERANGE)
#define EDDY_EROFS (-EROFS)
#define EDDY_ESHUTDOWN (-ESHUTDOWN)
#define EDDY_ESPIPE (-ESPIPE)
#define EDDY_ESRCH (-ESRCH)
#define EDDY_ESTALE (-ESTALE)
#define EDDY_ETIMEDOUT (-ETIMEDOUT)
#define EDDY_ETXTBSY (-ETXTBSY)
#define EDDY_EXDEV (-EXDEV)

/* The end of a stream: no errno of any system has this value. */
#define EDDY_EOF (-4095)

/**
 * A short English message for an EDDY_E… code, "success" for 0, "unknown
 * error" for any other.
 * The string is static and never changes. Any thread, also a signal handler.
 */
EDDY_EXTERN const char *eddy_strerror(int error);

/**
 * The code's name without its prefix ("EINVAL", "EOF"), "OK" for 0, "UNKNOWN"
 * for any other. The string is static. Any thread, also a signal handler.
 */
EDDY_EXTERN const char *eddy_err_name(int error);

/**
 * The EDDY_E… code of an errno value: -number, whichever sign it came with,
 * and 0 for 0. Any thread.
 */
EDDY_EXTERN int eddy_from_errno(int number);

EDDY_END_DECLS

#endif
