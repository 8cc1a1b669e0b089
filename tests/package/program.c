/* SPDX-License-Identifier: MIT */
/*
 * An outside program, in what C and C++ have in common: a timer sends an
 * async, whose callback closes both; then the loop ends by itself.
 */
#include <eddy.h>

#include <stdio.h>
#include <string.h>

static eddy_timer timer;
static eddy_async async;
static int closed;

static void on_close(eddy_handle *handle)
{
    (void) handle;
    closed++;
}

static void on_timer(eddy_timer *fired)
{
    (void) fired;
    eddy_async_send(&async);
}

static void on_async(eddy_async *sent)
{
    eddy_close(&sent->handle, on_close);
    eddy_close(&timer.handle, on_close);
}

static int same_version(void)
{
    char headers[32];

    snprintf(headers, sizeof(headers), "%d.%d.%d", EDDY_VERSION_MAJOR,
             EDDY_VERSION_MINOR, EDDY_VERSION_PATCH);
    return strcmp(headers, eddy_version_string()) == 0;
}

int main(void)
{
    eddy_loop *loop = eddy_loop_default();

    if (!loop || !same_version() || eddy_timer_init(loop, &timer) ||
        eddy_async_init(loop, &async, on_async) ||
        eddy_timer_start(&timer, on_timer, EDDY_MS(1), EDDY_SEC(1)))
        return 1;
    if (eddy_run(loop, EDDY_RUN_DEFAULT) != 0 || closed != 2)
        return 2;
    if (eddy_loop_close(loop) != 0)
        return 3;
    puts("ok");
    return 0;
}
