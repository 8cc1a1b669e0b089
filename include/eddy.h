/* SPDX-License-Identifier: MIT */
/*
 * eddy: a portable event loop. This header includes all others; each of them
 * is the manual of its subject.
 */
#ifndef EDDY_H
#define EDDY_H

#include <eddy/allocator.h>
#include <eddy/async.h>
#include <eddy/backend.h>
#include <eddy/error.h>
#include <eddy/handle.h>
#include <eddy/io.h>
#include <eddy/loop.h>
#include <eddy/os.h>
#include <eddy/phase.h>
#include <eddy/request.h>
#include <eddy/stream.h>
#include <eddy/task.h>
#include <eddy/tcp.h>
#include <eddy/timer.h>
#include <eddy/version.h>
#include <eddy/work.h>

#endif
