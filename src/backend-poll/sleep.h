/* SPDX-License-Identifier: MIT */
/*
 * The system call of the poll backend, in its exact form or the old one:
 * CMake picks the file.
 */
#ifndef EDDY_BACKEND_POLL_SLEEP_H
#define EDDY_BACKEND_POLL_SLEEP_H

#include <poll.h>
#include <stdint.h>

/* How many have something in revents, or a negative errno. Never returns 0
 * before timeout_ns has passed; negative is for ever. */
int eddy__poll_sleep(struct pollfd *fds, nfds_t count, int64_t timeout_ns);

#endif
