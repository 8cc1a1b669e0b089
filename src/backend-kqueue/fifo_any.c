/* SPDX-License-Identifier: MIT */
/* A kernel that watches pipes with a name like those without. */
#include "system.h"

bool eddy__kqueue_watches_fifo(int fd)
{
    (void) fd;
    return true;
}
