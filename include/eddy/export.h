/* SPDX-License-Identifier: MIT */
/*
 * What every public header starts and ends with: C linkage for C++, the
 * visibility of a public function, and the types that all headers share.
 */
#ifndef EDDY_EXPORT_H
#define EDDY_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define EDDY_BEGIN_DECLS extern "C" {
#define EDDY_END_DECLS }
#else
#define EDDY_BEGIN_DECLS
#define EDDY_END_DECLS
#endif

#if defined(__GNUC__) || defined(__clang__)
#define EDDY_EXTERN __attribute__((visibility("default")))
#else
#define EDDY_EXTERN
#endif

/* Times are unsigned nanoseconds everywhere: EDDY_MS(5), EDDY_SEC(1). */
#define EDDY_US(n) ((uint64_t) (n) *1000U)
#define EDDY_MS(n) ((uint64_t) (n) *1000000U)
#define EDDY_SEC(n) ((uint64_t) (n) *1000000000U)

#endif
