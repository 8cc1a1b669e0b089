/* SPDX-License-Identifier: MIT */
/*
 * The descriptor that ends a loop's sleep.
 */
#ifndef EDDY_CORE_WAKEUP_H
#define EDDY_CORE_WAKEUP_H

#include "core/watcher.h"
#include <eddy/loop.h>

/* The wakeup calls of the default eddy_os, in the file that CMake picked. */
int eddy__wakeup_open(void *context, int fds[2]);
int eddy__wakeup_write(void *context, int fd);
int eddy__wakeup_drain(void *context, int fd);

/* Opens the loop's wakeup and its watcher; closes both. */
int eddy__wakeup_init(eddy_loop *loop);
void eddy__wakeup_close(eddy_loop *loop);

#endif
