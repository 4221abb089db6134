/* SPDX-License-Identifier: MIT */
#include "core/os/graph.h"

#include "core/assert.h"
#include "core/sanitize.h"
#include "core/seam.h"

#include <pthread.h>
#include <urcu-qsbr.h>

_Static_assert(sizeof(struct rcu_head) <= sizeof(((struct sm__later *)0)->world),
               "the graph's memory has room for liburcu's link");

/* liburcu is not instrumented: this is what ThreadSanitizer has to know of it. Whoever said that it
 * holds nothing comes before what is freed then. */
static char grace_order __attribute__((unused));

/* ---- readers ---- */

void os_graph_join(void)
{
    rcu_register_thread();
}

void os_graph_leave(void)
{
    SM__TSAN_RELEASE(&grace_order);
    rcu_unregister_thread();
}

void os_graph_quiet(void)
{
    SM__TSAN_RELEASE(&grace_order);
    rcu_quiescent_state();
}

void os_graph_offline(void)
{
    SM__TSAN_RELEASE(&grace_order);
    rcu_thread_offline();
}

void os_graph_online(void)
{
    rcu_thread_online();
}

bool sm__thread_may_read(void)
{
    return rcu_read_ongoing();
}

/* ---- writers ---- */

static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;

void sm__graph_take(void)
{
    pthread_mutex_lock(&writers);
}

void sm__graph_give(void)
{
    pthread_mutex_unlock(&writers);
}

/* ---- memory ---- */

static void grace_is_over(struct rcu_head *head)
{
    struct sm__later *later = sm__container(head, struct sm__later, world);

    SM__TSAN_ACQUIRE(&grace_order);
    later->fn(later);
}

void sm__free_later(struct sm__later *later, void (*fn)(struct sm__later *later))
{
    later->fn = fn;
    SM__TSAN_RELEASE(&grace_order);
    call_rcu((struct rcu_head *)(void *)later->world, grace_is_over);
}

void os_graph_settle(void)
{
    SM_ASSERT_MSG(!rcu_read_ongoing(), "a reader waits for itself");
    rcu_barrier();
}
