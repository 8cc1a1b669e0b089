/* SPDX-License-Identifier: MIT */
/*
 * Prints the size of every public struct, a line each: name, bytes.
 */
#include <eddy.h>

#include <stdio.h>

#define SIZE(name)                                                             \
    {                                                                          \
#name, sizeof(name)                                                    \
    }

static const struct {
    const char *name;
    size_t size;
} sizes[] = {
    SIZE(eddy_loop),        SIZE(eddy_loop_options), SIZE(eddy_stats),
    SIZE(eddy_handle),      SIZE(eddy_io),           SIZE(eddy_async),
    SIZE(eddy_timer),       SIZE(eddy_idle),         SIZE(eddy_prepare),
    SIZE(eddy_check),       SIZE(eddy_stream),       SIZE(eddy_tcp),
    SIZE(eddy_task),        SIZE(eddy_req),          SIZE(eddy_write_req),
    SIZE(eddy_connect_req), SIZE(eddy_shutdown_req), SIZE(eddy_work),
    SIZE(eddy_pool),        SIZE(eddy_pool_options), SIZE(eddy_buf),
    SIZE(eddy_allocator),   SIZE(eddy_ready),        SIZE(eddy_backend_ops),
    SIZE(eddy_os),
};

int main(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        printf("%s %zu\n", sizes[i].name, sizes[i].size);
    return 0;
}
