/* SPDX-License-Identifier: MIT */
/*
 * A circular doubly linked list through nodes that its elements contain. The
 * head is a node too, so nothing is special at the ends; an element that is
 * on no list has a NULL next.
 */
#ifndef EDDY_CORE_LIST_H
#define EDDY_CORE_LIST_H

#include <eddy/handle.h>

#include <assert.h>

/* The structure that contains a member, from the member's address. */
#define EDDY__CONTAINER(pointer, type, member)                                 \
    ((type *) (void *) ((char *) (pointer) -offsetof(type, member)))

static inline void eddy__list_init(struct eddy__link *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool eddy__list_empty(const struct eddy__link *head)
{
    return head->next == head;
}

static inline bool eddy__link_linked(const struct eddy__link *link)
{
    return link->next != NULL;
}

static inline void eddy__list_append(struct eddy__link *head,
                                     struct eddy__link *link)
{
    assert(head->prev->next == head);
    link->next = head;
    link->prev = head->prev;
    head->prev->next = link;
    head->prev = link;
}

static inline void eddy__list_remove(struct eddy__link *link)
{
    /* clang-tidy does not see that a list's first link has the head before it,
     * and finds the link that was removed in the list still.
     * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    assert(link->next->prev == link && link->prev->next == link);
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = NULL;
}

/* Whether each link of the list points back to the one before it. */
static inline bool eddy__list_whole(const struct eddy__link *head)
{
    const struct eddy__link *link = head;

    do {
        if (link->next == NULL || link->next->prev != link)
            return false;
        link = link->next;
    } while (link != head);
    return true;
}

/* Moves all of `from`, which is left empty, behind what `to` holds. */
static inline void eddy__list_splice(struct eddy__link *to,
                                     struct eddy__link *from)
{
    if (eddy__list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    eddy__list_init(from);
}

#endif
