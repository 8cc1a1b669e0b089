/* SPDX-License-Identifier: MIT */
/*
 * Making sockets and pipes where that takes several calls.
 */
#include "support/socket_checks.h"

int main(void)
{
    return socket_checks_run();
}
