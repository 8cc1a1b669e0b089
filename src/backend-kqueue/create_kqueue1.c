/* SPDX-License-Identifier: MIT */
/* A kqueue that is born close-on-exec. */
#include "system.h"

#include <errno.h>
#include <fcntl.h>

int eddy__kqueue_create(void)
{
    int fd = kqueue1(O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}
