/* SPDX-License-Identifier: MIT */
/*
 * The wakeup that this build chose.
 */
#include "support/wakeup_checks.h"

int main(void)
{
    return wakeup_checks_run();
}
