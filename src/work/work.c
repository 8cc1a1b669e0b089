/* SPDX-License-Identifier: MIT */
/*
 * Work as a request of its loop: submitted on the loop's thread, run on one of
 * a pool, and brought back as a task. From the post on, the request is the
 * loop's again and no thread of the pool may touch it.
 */
#include <eddy/work.h>

#include "core/loop.h"
#include "core/messages.h"
#include "core/request.h"
#include "work/pool.h"

static eddy_work *work_of(eddy_req *req)
{
    return EDDY__CONTAINER(req, eddy_work, req);
}

/* The pool has heard of the end before the callback, which may close it. */
static void call_back(eddy_req *req)
{
    eddy_work *work = work_of(req);

    __atomic_fetch_add(&work->pool->called_back, 1, __ATOMIC_RELEASE);
    if (work->done_cb != NULL)
        work->done_cb(work, req->status);
}

/* In a forked child the pool's threads do not exist. Work that came back to
 * the loop before the fork has its task there; no other will ever end. */
static int cancel_inherited(eddy_work *work)
{
    if (work->posted)
        return EDDY_EBUSY;
    eddy__req_end(&work->req, EDDY_ECANCELED);
    return 0;
}

static int cancel(eddy_req *req)
{
    eddy_work *work = work_of(req);
    int err;

    if (eddy__pool_inherited(work->pool))
        return cancel_inherited(work);
    err = eddy__pool_withdraw(work->pool, work);
    if (err == 0)
        eddy__req_end(req, EDDY_ECANCELED);
    return err;
}

static const struct eddy__req_class work_class = {
    .done = call_back,
    .cancel = cancel,
};

static void come_home(eddy_task *task, int status)
{
    eddy_work *work = EDDY__CONTAINER(task, eddy_work, task);

    eddy__req_finish(&work->req, status);
}

/* The post cannot fail: the task is not queued elsewhere, and a loop with a
 * request in flight does not close. Should it not get through to a loop that
 * sleeps, the task is on the loop's list all the same. */
void eddy__work_return(eddy_work *work)
{
    work->posted = 1;
    eddy__task_return(work->req.loop, &work->task, come_home);
}

static int misused(const eddy_loop *loop, const eddy_work *work,
                   eddy_work_cb work_cb)
{
    if (loop == NULL || work == NULL || work_cb == NULL)
        return EDDY_EINVAL;
    if (eddy__req_in_flight(&work->req))
        return EDDY_EBUSY;
    if (eddy__loop_inherited(loop))
        return EDDY_EPERM;
    return eddy__loop_misused(loop);
}

static int submit(struct eddy__pool_state *pool, eddy_loop *loop,
                  eddy_work *work, eddy_work_cb work_cb,
                  eddy_work_done_cb done_cb)
{
    int err;

    work->pool = pool;
    work->work_cb = work_cb;
    work->done_cb = done_cb;
    work->posted = 0;
    eddy__req_begin(loop, &work->req, &work_class);
    err = eddy__pool_push(pool, work);
    if (err < 0)
        eddy__req_abandon(&work->req);
    return err;
}

int eddy_work_submit(eddy_loop *loop, eddy_work *work, eddy_work_cb work_cb,
                     eddy_work_done_cb done_cb)
{
    int err = misused(loop, work, work_cb);
    struct eddy__pool_state *pool;

    if (err < 0)
        return err;
    pool = eddy__default_pool();
    if (pool == NULL)
        return EDDY_ENOMEM;
    return submit(pool, loop, work, work_cb, done_cb);
}

int eddy_pool_submit(eddy_pool *pool, eddy_loop *loop, eddy_work *work,
                     eddy_work_cb work_cb, eddy_work_done_cb done_cb)
{
    int err = misused(loop, work, work_cb);

    if (err < 0)
        return err;
    if (pool == NULL || pool->state == NULL)
        return EDDY_EINVAL;
    if (eddy__pool_inherited(pool->state))
        return EDDY_EPERM;
    return submit(pool->state, loop, work, work_cb, done_cb);
}
