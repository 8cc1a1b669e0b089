/* SPDX-License-Identifier: MIT */
/*
 * Making sockets and pipes in the way that this build chose.
 */
#include "support/socket_checks.h"

int main(void)
{
    return socket_checks_run();
}
