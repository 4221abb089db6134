/* SPDX-License-Identifier: MIT */
/* A circular doubly linked list, embedded in what it links. */
#ifndef STEELMILL_CORE_LIST_H
#define STEELMILL_CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct sm__list {
    struct sm__list *next, *prev;
};

#define sm__container(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void sm__list_init(struct sm__list *head)
{
    head->next = head->prev = head;
}

static inline bool sm__list_empty(const struct sm__list *head)
{
    return head->next == head;
}

static inline void sm__list_append(struct sm__list *head, struct sm__list *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

/* Leaves the link pointing at itself, so that removing twice is harmless. */
static inline void sm__list_remove(struct sm__list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = link->prev = link;
}

#endif
