/* SPDX-License-Identifier: MIT */
/*
 * Idle, prepare and check handles: three types that differ in their name, in
 * the list they are on, and in the type that their callback takes.
 */
#include "core/phase.h"

#include "core/handle.h"
#include "core/list.h"
#include <eddy/phase.h>

static void start(eddy_handle *handle, struct eddy__link *queued,
                  enum eddy__phase phase)
{
    if (handle->flags & EDDY__ACTIVE)
        return;
    eddy__list_append(&handle->loop->phases[phase], queued);
    handle->loop->phase_handles++;
    eddy__handle_activate(handle);
    eddy__loop_touched(handle->loop);
}

static void stop(eddy_handle *handle, struct eddy__link *queued)
{
    if (!(handle->flags & EDDY__ACTIVE))
        return;
    eddy__list_remove(queued);
    handle->loop->phase_handles--;
    eddy__handle_deactivate(handle);
}

/* Two marks in the list itself keep the place, whatever the callbacks start and
 * stop: behind `end` is what was started since the phase began, and `here` goes
 * before the next to be called. */
static unsigned run(eddy_loop *loop, enum eddy__phase phase,
                    void (*call)(struct eddy__link *queued))
{
    struct eddy__link *list = &loop->phases[phase];
    struct eddy__link *queued;
    struct eddy__link here;
    struct eddy__link end;
    unsigned called = 0;

    eddy__list_append(list, &end);
    for (queued = list->next; queued != &end; queued = here.next) {
        if (called++ > 0)
            eddy__list_remove(&here);
        eddy__list_append(queued->next, &here);
        call(queued);
    }
    if (called > 0)
        eddy__list_remove(&here);
    eddy__list_remove(&end);
    return called;
}

static enum eddy__close close_idle(eddy_handle *handle)
{
    stop(handle, &((eddy_idle *) (void *) handle)->queued);
    return EDDY__CLOSE_NOW;
}

static enum eddy__close close_prepare(eddy_handle *handle)
{
    stop(handle, &((eddy_prepare *) (void *) handle)->queued);
    return EDDY__CLOSE_NOW;
}

static enum eddy__close close_check(eddy_handle *handle)
{
    stop(handle, &((eddy_check *) (void *) handle)->queued);
    return EDDY__CLOSE_NOW;
}

static const struct eddy__handle_class idle_class = {
    .type = EDDY_HANDLE_IDLE,
    .close = close_idle,
};

static const struct eddy__handle_class prepare_class = {
    .type = EDDY_HANDLE_PREPARE,
    .close = close_prepare,
};

static const struct eddy__handle_class check_class = {
    .type = EDDY_HANDLE_CHECK,
    .close = close_check,
};

static int init(eddy_loop *loop, eddy_handle *handle,
                const struct eddy__handle_class *kind)
{
    int err;

    if (loop == NULL || handle == NULL)
        return EDDY_EINVAL;
    err = eddy__loop_misused(loop);
    if (err == 0)
        eddy__handle_init(loop, handle, kind);
    return err;
}

int eddy_idle_init(eddy_loop *loop, eddy_idle *idle)
{
    return init(loop, idle == NULL ? NULL : &idle->handle, &idle_class);
}

int eddy_prepare_init(eddy_loop *loop, eddy_prepare *prepare)
{
    return init(loop, prepare == NULL ? NULL : &prepare->handle,
                &prepare_class);
}

int eddy_check_init(eddy_loop *loop, eddy_check *check)
{
    return init(loop, check == NULL ? NULL : &check->handle, &check_class);
}

int eddy_idle_start(eddy_idle *idle, eddy_idle_cb cb)
{
    int err = idle == NULL || cb == NULL ? EDDY_EINVAL
                                         : eddy__handle_misused(&idle->handle);

    if (err < 0)
        return err;
    idle->cb = cb;
    start(&idle->handle, &idle->queued, EDDY__IDLE);
    return 0;
}

int eddy_prepare_start(eddy_prepare *prepare, eddy_prepare_cb cb)
{
    int err = prepare == NULL || cb == NULL
                  ? EDDY_EINVAL
                  : eddy__handle_misused(&prepare->handle);

    if (err < 0)
        return err;
    prepare->cb = cb;
    start(&prepare->handle, &prepare->queued, EDDY__PREPARE);
    return 0;
}

int eddy_check_start(eddy_check *check, eddy_check_cb cb)
{
    int err = check == NULL || cb == NULL
                  ? EDDY_EINVAL
                  : eddy__handle_misused(&check->handle);

    if (err < 0)
        return err;
    check->cb = cb;
    start(&check->handle, &check->queued, EDDY__CHECK);
    return 0;
}

int eddy_idle_stop(eddy_idle *idle)
{
    int err = idle == NULL ? EDDY_EINVAL : eddy__handle_misused(&idle->handle);

    if (err == 0)
        stop(&idle->handle, &idle->queued);
    return err;
}

int eddy_prepare_stop(eddy_prepare *prepare)
{
    int err =
        prepare == NULL ? EDDY_EINVAL : eddy__handle_misused(&prepare->handle);

    if (err == 0)
        stop(&prepare->handle, &prepare->queued);
    return err;
}

int eddy_check_stop(eddy_check *check)
{
    int err =
        check == NULL ? EDDY_EINVAL : eddy__handle_misused(&check->handle);

    if (err == 0)
        stop(&check->handle, &check->queued);
    return err;
}

static void call_idle(struct eddy__link *queued)
{
    eddy_idle *idle = EDDY__CONTAINER(queued, eddy_idle, queued);

    idle->cb(idle);
}

static void call_prepare(struct eddy__link *queued)
{
    eddy_prepare *prepare = EDDY__CONTAINER(queued, eddy_prepare, queued);

    prepare->cb(prepare);
}

static void call_check(struct eddy__link *queued)
{
    eddy_check *check = EDDY__CONTAINER(queued, eddy_check, queued);

    check->cb(check);
}

unsigned eddy__phase_call(eddy_loop *loop, enum eddy__phase phase)
{
    static void (*const call[])(struct eddy__link *) = {
        [EDDY__IDLE] = call_idle,
        [EDDY__PREPARE] = call_prepare,
        [EDDY__CHECK] = call_check,
    };

    return run(loop, phase, call[phase]);
}
