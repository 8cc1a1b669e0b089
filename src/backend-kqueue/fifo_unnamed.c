/* SPDX-License-Identifier: MIT */
/*
 * A kernel that never tells the end of a named pipe's last writer. It knows
 * the path of those that have one.
 */
#include "system.h"

#include <fcntl.h>
#include <sys/param.h>

bool eddy__kqueue_watches_fifo(int fd)
{
    char path[MAXPATHLEN];

    return fcntl(fd, F_GETPATH, path) != 0;
}
