/* SPDX-License-Identifier: MIT */
/*
 * What must hold of the files that make sockets and pipes: each of them is
 * linked into a test of its own, which runs these.
 */
#ifndef TESTS_SUPPORT_SOCKET_CHECKS_H
#define TESTS_SUPPORT_SOCKET_CHECKS_H

/* Runs the tests; returns what main shall return. */
int socket_checks_run(void);

#endif
