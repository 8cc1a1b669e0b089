/* SPDX-License-Identifier: MIT */
/*
 * The wakeup as a pipe.
 */
#include "support/wakeup_checks.h"

int main(void)
{
    return wakeup_checks_run();
}
