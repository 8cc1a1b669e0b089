/* SPDX-License-Identifier: MIT */
/*
 * Sorting of timers that are queued on lists.
 */
#ifndef EDDY_CORE_TIMERSORT_H
#define EDDY_CORE_TIMERSORT_H

#include "core/list.h"

/* Brings a list into firing order, in O(n log n) and O(n) if it is already. */
void eddy__timers_sort(struct eddy__link *list);

#endif
