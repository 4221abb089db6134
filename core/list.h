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

/*
 * Lists that other threads read inside read sections (<steelmill/read.h>) while their one writer
 * changes them. What is withdrawn keeps its `next`, on which a reader may be standing: its memory
 * has to stay for as long (sm__free_later), and it is not withdrawn twice.
 */
static inline void sm__list_publish(struct sm__list *head, struct sm__list *link)
{
    struct sm__list *last = head->prev;

    link->prev = last;
    link->next = head;
    __atomic_store_n(&last->next, link, __ATOMIC_RELEASE);
    head->prev = link;
}

static inline void sm__list_withdraw(struct sm__list *link)
{
    __atomic_store_n(&link->prev->next, link->next, __ATOMIC_RELEASE);
    link->next->prev = link->prev;
}

static inline struct sm__list *sm__list_next(const struct sm__list *link)
{
    return __atomic_load_n(&link->next, __ATOMIC_ACQUIRE);
}

#endif
