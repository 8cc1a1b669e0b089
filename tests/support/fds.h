/* SPDX-License-Identifier: MIT */
/*
 * Descriptors in tests: a census that finds leaks on any system, and pairs to
 * watch, non-blocking and close-on-exec. The helpers assert; they return only
 * when they succeeded.
 */
#ifndef TESTS_SUPPORT_FDS_H
#define TESTS_SUPPORT_FDS_H

#include <stddef.h>

/* How many descriptors are open. */
int test_fds_open(void);

void test_pipe(int fds[2]);

/* Two connected Unix-domain stream sockets. */
void test_socketpair(int fds[2]);

void test_close_pair(const int fds[2]);

void test_write_byte(int fd);
void test_read_byte(int fd);

/* Writes until the descriptor would block; reads until it would. */
void test_fill(int fd);
void test_drain(int fd);

/* Lets at least this many descriptors be open; 0 if that cannot be. */
int test_allow_fds(size_t count);

#endif
