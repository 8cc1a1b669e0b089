/* SPDX-License-Identifier: MIT */
/*
 * Writes and shutdowns: what the stream has the system send is what is first in
 * its queue, each request ends when all of it went out, and calls back once, in
 * the order of ending. The system's answers are the hooks': they say how much
 * went out.
 */
#include "fuzz/loop/world.h"

#include <stdlib.h>

enum { MAX_IN_FLIGHT = 8 };

static eddy_stream *stream_of(const struct item *item)
{
    return &((eddy_tcp *) (void *) item->handle)->stream;
}

static eddy_req *req_of(struct request *request)
{
    return request->is_shutdown ? &request->as.shutdown.req
                                : &request->as.write.req;
}

static size_t queued(const struct item *item)
{
    size_t bytes = 0;

    for (const struct request *r = item->first; r != NULL; r = r->next)
        bytes += r->size - r->sent;
    return bytes;
}

static void enqueue(struct item *item, struct request *request)
{
    struct request **end = &item->first;

    while (*end != NULL)
        end = &(*end)->next;
    *end = request;
    item->requests++;
}

/* Its callback is the next after those of the ended ones. */
static void end(struct request *request, int status)
{
    request->next = NULL;
    request->status = status;
    if (world.ended.count++ == 0)
        world.ended.first = request;
    else
        world.ended.last->next = request;
    world.ended.last = request;
}

static void take_out(struct item *item, struct request *request, int status)
{
    struct request **at = &item->first;

    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    if (request->is_shutdown && status < 0)
        item->shut = false;
    end(request, status);
}

/* Work has no request of the model's until it is cancelled. */
void request_cancelled(struct job *job)
{
    struct request *request = calloc(1, sizeof(*request));

    HOLDS(request != NULL);
    request->work = job;
    end(request, EDDY_ECANCELED);
}

void stream_fail(struct item *item, int error)
{
    while (item->first != NULL) {
        take_out(item, item->first, error);
        error = EDDY_ECANCELED;
    }
}

/* It is the one that the loop must call back now. */
void request_ended(struct request *request, const struct job *work, int status)
{
    struct request *first;

    phase_reach_requests();
    first = world.ended.first;
    HOLDS(world.ending > 0 && first != NULL && first->status == status);
    HOLDS(work != NULL ? first->work == work : first == request);
    world.ended.first = first->next;
    world.ended.count--;
    world.ending--;
    world.due += world.phase == PENDING;
    world.called++;
    if (work != NULL)
        free(first);
}

static void called_back(struct request *request, int status)
{
    struct item *stream = request->stream;

    request_ended(request, NULL, status);
    HOLDS(request->is_shutdown || request->as.write.nwritten == request->sent);
    stream->requests--;
    if (stream->life == CLOSING && stream->requests == 0)
        stream->closable = true;
    free(request);
    program_callback();
}

static void on_write(eddy_write_req *write, int status)
{
    fuzz_trace("write is done: %d", status);
    called_back(write->data, status);
}

static void on_shutdown(eddy_shutdown_req *shutdown, int status)
{
    fuzz_trace("shutdown is done: %d", status);
    called_back(shutdown->data, status);
}

static struct request *new_request(struct item *item, bool is_shutdown)
{
    struct request *request = calloc(1, sizeof(*request));

    HOLDS(request != NULL);
    request->stream = item;
    request->is_shutdown = is_shutdown;
    req_of(request)->data = request;
    return request;
}

/* In up to two pieces, one of which may be empty. */
static int write_request(struct item *item, struct request *request)
{
    size_t half = request->size / 2;
    eddy_buf bufs[] = {{request->bytes, half},
                       {request->bytes + half, request->size - half}};

    return eddy_write(&request->as.write, stream_of(item), bufs, 2, on_write);
}

/* An empty one only where it ends at once: when the loop finds another is not
 * to be seen from outside. */
void stream_write(struct item *item, unsigned size)
{
    struct request *request;

    if (item->requests >= MAX_IN_FLIGHT || (size == 0 && item->first != NULL))
        return;
    request = new_request(item, false);
    request->size = size;
    fuzz_trace("stream %td: write %u", item - world.items, size);
    if (item->shut) {
        HOLDS(write_request(item, request) == EDDY_EPIPE);
        free(request);
        return;
    }
    enqueue(item, request);
    HOLDS(write_request(item, request) == 0);
    if (size == 0)
        take_out(item, request, 0);
    stream_want(item);
    HOLDS(eddy_stream_queued(stream_of(item)) == queued(item));
}

void stream_try_write(struct item *item)
{
    char byte = 'x';
    eddy_buf buf = {&byte, 1};
    ssize_t wanted = item->shut            ? EDDY_EPIPE
                     : item->first != NULL ? EDDY_EAGAIN
                                           : 0;
    ssize_t result;

    world.trying = true;
    world.tried = 0;
    result = eddy_try_write(stream_of(item), &buf, 1);
    world.trying = false;
    HOLDS(result == (wanted < 0 ? wanted : world.tried));
}

void stream_shutdown(struct item *item)
{
    struct request *request;

    if (item->requests >= MAX_IN_FLIGHT)
        return;
    request = new_request(item, true);
    fuzz_trace("stream %td: shutdown", item - world.items);
    if (item->shut) {
        HOLDS(eddy_shutdown(&request->as.shutdown, stream_of(item),
                            on_shutdown) == EDDY_EPIPE);
        free(request);
        return;
    }
    item->shut = true;
    enqueue(item, request);
    HOLDS(eddy_shutdown(&request->as.shutdown, stream_of(item), on_shutdown) ==
          0);
    stream_want(item);
}

void stream_cancel(struct item *item, unsigned nth)
{
    struct request *request = item->first;

    if (world.ended.first != NULL && world.ended.first->work == NULL)
        HOLDS(eddy_cancel(req_of(world.ended.first)) == EDDY_EBUSY);
    for (; request != NULL && nth > 0; nth--)
        request = request->next;
    if (request == NULL)
        return;
    fuzz_trace("stream %td: cancel", item - world.items);
    if (request->sent > 0) {
        HOLDS(eddy_cancel(req_of(request)) == EDDY_EBUSY);
        return;
    }
    HOLDS(eddy_cancel(req_of(request)) == 0);
    take_out(item, request, EDDY_ECANCELED);
    stream_want(item);
    HOLDS(eddy_stream_queued(stream_of(item)) == queued(item));
}

/* --- what the system is asked, and says -------------------------------------
 */

/* All that is queued before a shutdown, in order and nothing else. */
void stream_offered(struct item *item, const struct msghdr *message)
{
    size_t offered = 0;
    const char *base = message->msg_iov[0].iov_base;

    if (world.trying)
        return;
    for (size_t i = 0; i < (size_t) message->msg_iovlen; i++)
        offered += message->msg_iov[i].iov_len;
    HOLDS(item->first != NULL && !item->first->is_shutdown);
    HOLDS(offered > 0 && offered <= queued(item));
    HOLDS(FUZZ_STRESS || offered == queued(item));
    HOLDS(base == item->first->bytes + item->first->sent);
}

static void consume(struct item *item, size_t sent)
{
    while (item->first != NULL && !item->first->is_shutdown) {
        struct request *request = item->first;
        size_t left = request->size - request->sent;
        size_t part = left < sent ? left : sent;

        request->sent += part;
        sent -= part;
        if (part < left)
            break;
        take_out(item, request, 0);
    }
    HOLDS(sent == 0);
}

void stream_sent(struct item *item, ssize_t result)
{
    item->must &= ~(unsigned) EDDY_WRITABLE;
    if (world.trying) {
        world.tried = result;
        return;
    }
    if (result > 0)
        consume(item, (size_t) result);
    else if (result != EDDY_EAGAIN && result != EDDY_ENOBUFS)
        stream_fail(item, (int) result);
    stream_want(item);
}

void stream_shut_down(struct item *item, int result)
{
    item->must &= ~(unsigned) EDDY_WRITABLE;
    HOLDS(item->first != NULL && item->first->is_shutdown);
    if (result == 0)
        item->slot->own_shut = true;
    take_out(item, item->first, result);
    stream_want(item);
}
