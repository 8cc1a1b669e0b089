/* SPDX-License-Identifier: MIT */
/*
 * The table of descriptors and its queues: see slots.h.
 */
#include "slots.h"

static size_t grown_size(size_t size, size_t needed)
{
#ifdef EDDY_STRESS
    (void) size;
    return needed;
#else
    size = size < 64 ? 64 : 2 * size;
    return size < needed ? needed : size;
#endif
}

int eddy__kqueue_make_slot(eddy_backend *be, int fd)
{
    const eddy_allocator *allocator = be->allocator;
    size_t size = grown_size(be->slot_count, (size_t) fd + 1);
    struct slot *slots;

    if ((size_t) fd < be->slot_count)
        return 0;
    if (size > SIZE_MAX / sizeof *slots)
        return EDDY_ENOMEM; /* GCOV_EXCL_LINE: not with a size_t of 64 bits */
    slots =
        allocator->resize(allocator->context, be->slots,
                          be->slot_count * sizeof *slots, size * sizeof *slots);
    if (slots == NULL)
        return EDDY_ENOMEM;
    for (size_t i = be->slot_count; i < size; i++)
        slots[i] = (struct slot){.generation = 1};
    be->slots = slots;
    be->slot_count = size;
    return 0;
}

void eddy__kqueue_free_slots(eddy_backend *be)
{
    const eddy_allocator *allocator = be->allocator;

    if (be->slots != NULL)
        (void) allocator->resize(allocator->context, be->slots,
                                 be->slot_count * sizeof *be->slots, 0);
}

void eddy__kqueue_push(eddy_backend *be, enum slot_queue queue, int fd)
{
    struct slot *slot = &be->slots[fd];

    if (slot->queued & (1U << queue))
        return;
    slot->queued = (unsigned char) (slot->queued | 1U << queue);
    slot->next[queue] = -1;
    if (be->first[queue] < 0)
        be->first[queue] = fd;
    else
        be->slots[be->last[queue]].next[queue] = fd;
    be->last[queue] = fd;
}

int eddy__kqueue_pop(eddy_backend *be, enum slot_queue queue)
{
    int fd = be->first[queue];

    if (fd >= 0) {
        struct slot *slot = &be->slots[fd];

        slot->queued = (unsigned char) (slot->queued & ~(1U << queue));
        be->first[queue] = slot->next[queue];
    }
    return fd;
}

void eddy__kqueue_report(eddy_backend *be, int fd, unsigned happened, int error)
{
    struct slot *slot = &be->slots[fd];

    if (slot->happened == 0 && slot->error == 0)
        be->live++;
    slot->happened = (unsigned char) (slot->happened | happened);
    slot->error = error;
    eddy__kqueue_push(be, REPORTED, fd);
}

void eddy__kqueue_withdraw(eddy_backend *be, int fd)
{
    struct slot *slot = &be->slots[fd];

    if (slot->happened != 0 || slot->error != 0)
        be->live--;
    slot->happened = 0;
    slot->seen = 0;
    slot->error = 0;
}

void eddy__kqueue_renew(struct slot *slot)
{
    slot->generation++;
    if (slot->generation == 0)
        slot->generation = 1;
}
