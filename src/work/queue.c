/* SPDX-License-Identifier: MIT */
/*
 * The queue of a pool and the threads that serve it. Work begins in the order
 * of submission. One lock is taken once to submit and once to take the next
 * piece of work; nobody is woken while somebody is on the way to the queue
 * already: see pool.h for the rule and what it guarantees.
 */
#include "work/pool.h"

#include <eddy/error.h>
#include <eddy/os.h>

static struct eddy__worker *free_place(struct eddy__pool_state *pool)
{
    for (unsigned i = 0; i < pool->limit; i++)
        if (pool->places[i].life == EDDY__WORKER_NONE)
            return &pool->places[i];
    return NULL;
}

/* Under the lock: the new thread waits for it. */
static int add_thread(struct eddy__pool_state *pool)
{
    struct eddy__worker *place = free_place(pool);
    int err;

    if (place == NULL)
        return EDDY_EAGAIN;
    place->pool = pool;
    err = eddy__worker_start(place);
    if (err < 0)
        return err;
    place->life = EDDY__WORKER_RUNS;
    pool->threads++;
    pool->seeking = true;
    return 0;
}

/* Has one more thread look at the queue; true if the caller is to signal it
 * once the lock is free, so that it does not wake up to wait for that. No
 * thread to be had is no error here: there is one at least, and it will come
 * to this work in time. */
static bool call_thread(struct eddy__pool_state *pool)
{
    if (pool->seeking)
        return false;
    if (pool->asleep > 0) {
        pool->seeking = true;
        return true;
    }
    if (pool->threads < pool->limit)
        (void) add_thread(pool);
    return false;
}

static void set_waiting(struct eddy__pool_state *pool)
{
    int waiting = !eddy__list_empty(&pool->queue);

    if (pool->waiting != waiting)
        __atomic_store_n(&pool->waiting, waiting, __ATOMIC_RELAXED);
}

int eddy__pool_push(struct eddy__pool_state *pool, eddy_work *work)
{
    bool signal = false;
    int err = 0;

    pthread_mutex_lock(&pool->lock);
    if (pool->threads == 0)
        err = add_thread(pool);
    if (err == 0) {
        eddy__list_append(&pool->queue, &work->queued);
        set_waiting(pool);
        pool->submitted++;
        signal = call_thread(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    if (signal)
        pthread_cond_signal(&pool->work_came);
    return err;
}

int eddy__pool_withdraw(struct eddy__pool_state *pool, eddy_work *work)
{
    int err = EDDY_EBUSY;

    pthread_mutex_lock(&pool->lock);
    if (eddy__link_linked(&work->queued)) {
        eddy__list_remove(&work->queued);
        set_waiting(pool);
        err = 0;
    }
    pthread_mutex_unlock(&pool->lock);
    return err;
}

/* Looks at the queue for a while without the lock: work that comes now is
 * begun at once, and costs the one who submits it no system call. */
static void spin(struct eddy__pool_state *pool)
{
    uint64_t end;

    pool->seeking = true;
    pthread_mutex_unlock(&pool->lock);
    end = eddy_hrtime() + pool->spin_ns;
    while (!__atomic_load_n(&pool->waiting, __ATOMIC_RELAXED) &&
           !__atomic_load_n(&pool->leaving, __ATOMIC_RELAXED) &&
           eddy_hrtime() < end)
        continue;
    pthread_mutex_lock(&pool->lock);
    pool->seeking = false;
}

static void sleep_until_called(struct eddy__pool_state *pool)
{
    pool->asleep++;
    pthread_cond_wait(&pool->work_came, &pool->lock);
    pool->asleep--;
    pool->seeking = false;
}

/* The next piece of work, or NULL when the thread is to end. One thread spins
 * at a time, and only after work: an idle pool sleeps. */
static eddy_work *take(struct eddy__pool_state *pool, bool may_spin)
{
    struct eddy__link *first;

    while (eddy__list_empty(&pool->queue) && !pool->leaving) {
        if (may_spin && !pool->seeking)
            spin(pool);
        else
            sleep_until_called(pool);
        may_spin = false;
    }
    if (pool->leaving)
        return NULL;
    first = pool->queue.next;
    eddy__list_remove(first);
    set_waiting(pool);
    return EDDY__CONTAINER(first, eddy_work, queued);
}

/* Runs the work without the lock, after seeing to it that what waits behind it
 * is begun as well. Once the loop hears of the end, the thread is known to be
 * back: whoever then waits for it waits only for our own code. */
static void run(struct eddy__worker *self, eddy_work *work)
{
    struct eddy__pool_state *pool = self->pool;
    bool signal = pool->waiting && call_thread(pool);

    __atomic_store_n(&self->working, 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&pool->lock);
    if (signal)
        pthread_cond_signal(&pool->work_came);
    work->work_cb(work);
    __atomic_store_n(&self->working, 0, __ATOMIC_RELAXED);
    eddy__work_return(work);
    pthread_mutex_lock(&pool->lock);
}

void eddy__pool_serve(struct eddy__worker *self)
{
    struct eddy__pool_state *pool = self->pool;
    eddy_work *work;

    pthread_mutex_lock(&pool->lock);
    pool->seeking = false;
    work = take(pool, false);
    while (work != NULL) {
        run(self, work);
        work = take(pool, pool->spin_ns > 0);
    }
    self->life = EDDY__WORKER_LEFT;
    pool->threads--;
    pthread_cond_signal(&pool->thread_left);
    pthread_mutex_unlock(&pool->lock);
}
