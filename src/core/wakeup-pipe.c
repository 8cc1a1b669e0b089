/* SPDX-License-Identifier: MIT */
/*
 * The wakeup as a pipe: a byte in it makes the loop's end readable until it is
 * drained. A full pipe is readable already, so that a refused write is as good
 * as one that was taken.
 */
#include "core/wakeup.h"

#include "core/os.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

int eddy__wakeup_open(void *context, int fds[2])
{
    int err = eddy__os_pipe(fds);

    (void) context;
    return err < 0 ? err : EDDY_READABLE;
}

/* write() is a cancellation point, which a send must not be: a thread that
 * ended in it would leave the send half done. Changing the state is legal in a
 * signal handler. */
int eddy__wakeup_write(void *context, int fd)
{
    int saved = errno;
    int cancel_state;
    ssize_t written;
    int err;

    (void) context;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    do
        written = write(fd, "", 1);
    while (written < 0 && errno == EINTR);
    err = written < 0 && errno != EAGAIN ? -errno : 0;
    pthread_setcancelstate(cancel_state, &cancel_state);
    errno = saved;
    return err;
}

int eddy__wakeup_drain(void *context, int fd)
{
    char bytes[4096];
    ssize_t taken;

    (void) context;
    do
        taken = read(fd, bytes, sizeof(bytes));
    while (taken == (ssize_t) sizeof(bytes) || (taken < 0 && errno == EINTR));
    return taken < 0 && errno != EAGAIN ? -errno : 0;
}
