/* SPDX-License-Identifier: MIT */
/*
 * Names and sizes of the handle types. Only public headers are needed, so that
 * asking for a size links none of the types' code.
 */
#include <eddy/async.h>
#include <eddy/phase.h>
#include <eddy/tcp.h>
#include <eddy/timer.h>

struct type {
    const char *name;
    size_t size;
};

static const struct type types[EDDY_HANDLE_TYPES] = {
    [EDDY_HANDLE_IO] = {"io", sizeof(eddy_io)},
    [EDDY_HANDLE_ASYNC] = {"async", sizeof(eddy_async)},
    [EDDY_HANDLE_TIMER] = {"timer", sizeof(eddy_timer)},
    [EDDY_HANDLE_IDLE] = {"idle", sizeof(eddy_idle)},
    [EDDY_HANDLE_PREPARE] = {"prepare", sizeof(eddy_prepare)},
    [EDDY_HANDLE_CHECK] = {"check", sizeof(eddy_check)},
    [EDDY_HANDLE_TCP] = {"tcp", sizeof(eddy_tcp)},
};

static const struct type *find(eddy_handle_type type)
{
    static const struct type unknown = {"unknown", 0};

    if ((unsigned) type >= EDDY_HANDLE_TYPES || types[type].name == NULL)
        return &unknown;
    return &types[type];
}

const char *eddy_handle_type_name(eddy_handle_type type)
{
    return find(type)->name;
}

size_t eddy_handle_size(eddy_handle_type type)
{
    return find(type)->size;
}
