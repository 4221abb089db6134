/* SPDX-License-Identifier: MIT */
/* pthread's once, and what core/libc asks of a world. */
#include "core/os/libc/park.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#define EXPORT SM__LIBC_EXPORT

/* ---- the world ---- */

SM__LIBC_BARE bool sm__libc_inside(void)
{
    return sm__current != NULL;
}

SM__LIBC_BARE void *sm__libc_next(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    SM_ASSERT_MSG(function, "the C library has no %s", name);
    return function;
}

/* One set for the process, as with threads: its workers share what makes them. */
struct sm__libc_keys *sm__libc_keys(void)
{
    static struct sm__libc_keys keys;

    return &keys;
}

void *sm__libc_alloc(size_t size)
{
    void *memory = calloc(1, size);

    SM_ASSERT_MSG(memory, "there is no memory for a lock");
    return memory;
}

void sm__libc_free(void *memory)
{
    free(memory);
}

/* ---- once ---- */

#define DONE 2 /* of libc's */

/* On its stack. */
struct os_once {
    struct os_once *next;
    pthread_once_t *once;
};

static bool is_running(const pthread_once_t *once)
{
    const struct os_once *at = os_worker_of(sm__current->home)->onces;

    while (at && at->once != once)
        at = at->next;
    return at;
}

static void run(pthread_once_t *once, void (*function)(void))
{
    struct os_once **link = &os_worker_of(sm__current->home)->onces;
    struct os_once self = {*link, once};

    *link = &self;
    (void)SM__LIBC_REAL(pthread_once)(once, function);
    while (*link != &self)
        link = &(*link)->next;
    *link = self.next;
    (void)os_parked_wake(once, true);
}

EXPORT int pthread_once(pthread_once_t *once, void (*function)(void))
{
    if (__atomic_load_n(once, __ATOMIC_ACQUIRE) == DONE)
        return 0;
    if (!sm__current)
        return SM__LIBC_REAL(pthread_once)(once, function);
    while (is_running(once))
        (void)os_parked_wait(os_parked_begin(once), SM_FOREVER);
    run(once, function);
    return 0;
}
