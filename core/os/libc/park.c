/* SPDX-License-Identifier: MIT */
#include "core/os/libc/park.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 *   begin --> LISTED --wake--> on its way, to another worker --> WOKEN
 *               |  \--wake by its own worker ------------------> WOKEN
 *            deadline --> (free)
 *
 * What is on its way is freed by who comes last.
 */
struct os_parked {
    struct os_parked *next;
    const void *address;
    struct os_worker *worker;
    /* The worker's own. */
    struct sm_waitable waitable;
    bool woken, abandoned;
};

_Atomic uint32_t os_parked_count;
__thread bool os_parked_is_busy;

static struct {
    atomic_flag lock; /* no mutex: those wake who waits here */
    struct os_parked *first;
} all = {.lock = ATOMIC_FLAG_INIT};

static void lock_all(void)
{
    while (atomic_flag_test_and_set_explicit(&all.lock, memory_order_acquire))
        (void)syscall(SYS_sched_yield); /* by its name, the task's */
}

static void unlock_all(void)
{
    atomic_flag_clear_explicit(&all.lock, memory_order_release);
}

struct os_parked *os_parked_begin(const void *address)
{
    struct os_parked *parked = calloc(1, sizeof *parked);

    SM_ASSERT_MSG(parked, "there is no memory to wait for a lock");
    parked->address = address;
    parked->worker = os_worker_of(sm__current->home);
    sm__waitable_init(&parked->waitable, NULL);
    lock_all();
    struct os_parked **end = &all.first;
    while (*end)
        end = &(*end)->next;
    *end = parked;
    os_parked_count++;
    unlock_all();
    return parked;
}

/* Locked. Returns who stood there. */
static struct os_parked *take_out(struct os_parked **link)
{
    struct os_parked *parked = *link;

    *link = parked->next;
    os_parked_count--;
    return parked;
}

/* False: it has been woken. */
static bool unlist(struct os_parked *parked)
{
    lock_all();
    struct os_parked **link = &all.first;
    while (*link && *link != parked)
        link = &(*link)->next;
    const bool found = *link;
    if (found)
        (void)take_out(link);
    unlock_all();
    return found;
}

/* On its worker. */
static void arrive(void *arg)
{
    struct os_parked *parked = arg;

    if (parked->abandoned) {
        free(parked);
        return;
    }
    parked->woken = true;
    sm__wake_all(&parked->waitable);
}

/* It has been woken: lets it go, now or when the news arrives. */
static void let_go(struct os_parked *parked)
{
    if (parked->woken)
        free(parked);
    else
        parked->abandoned = true;
}

int os_parked_wait(struct os_parked *parked, sm_time deadline)
{
    struct sm_task *task = sm__current;
    const bool shielded = task->shielded;
    int error = 0;

    task->shielded = true;
    while (!parked->woken && !error)
        error = sm__wait(&parked->waitable, false, deadline);
    task->shielded = shielded;
    if (!parked->woken && unlist(parked)) {
        free(parked);
        return error;
    }
    let_go(parked);
    return 0;
}

void os_parked_end(struct os_parked *parked)
{
    const void *address = parked->address;

    if (unlist(parked)) {
        free(parked);
        return;
    }
    let_go(parked);
    (void)os_parked_wake(address, false);
}

bool os_parked_wake_any(const void *address, bool everybody)
{
    struct os_worker *here = sm__current ? os_worker_of(sm__current->home) : NULL;
    bool found = false;

    if (os_parked_is_busy)
        return false; /* it is a lock of the worker's that this thread posts to */
    os_parked_is_busy = true;
    lock_all();
    for (struct os_parked **link = &all.first; *link && (everybody || !found);) {
        if ((*link)->address != address) {
            link = &(*link)->next;
            continue;
        }
        struct os_parked *parked = take_out(link);
        found = true;
        /* Inside the lock: its worker may end next. */
        if (parked->worker == here)
            arrive(parked);
        else
            SM_ASSERT(os_worker_post(parked->worker, arrive, parked) == 0);
    }
    unlock_all();
    os_parked_is_busy = false;
    return found;
}

void os_parked_forget(struct os_worker *worker)
{
    lock_all();
    for (struct os_parked **link = &all.first; *link;) {
        if ((*link)->worker == worker)
            free(take_out(link));
        else
            link = &(*link)->next;
    }
    unlock_all();
}
