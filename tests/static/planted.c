/* SPDX-License-Identifier: MIT */
/*
 * A bug that check.py wants each of its tools to find: memory that is neither
 * asked whether it was there nor given back. No build compiles this file.
 */
#include <stdlib.h>

int planted(int value);

int planted(int value)
{
    int *memory = malloc(sizeof *memory);

    *memory = value;
    return *memory;
}
