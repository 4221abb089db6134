/* SPDX-License-Identifier: MIT */
/* What belongs to a thread, and so to a task: its number, once, keys and their values. */
#include "sim/libc/libc.h"

#include "core/sanitize.h"
#include "sim/host.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <threads.h>

#define EXPORT SIM_LIBC_EXPORT

/* ---- the calling thread ---- */

#if !SM__ASAN /* which asks libc for the stack of this thread */
EXPORT pthread_t pthread_self(void)
{
    return sim_libc_inside() ? sm__current->id : SIM_LIBC_REAL(pthread_self)();
}
#endif

EXPORT int pthread_setname_np(pthread_t thread, const char *name)
{
    return sim_libc_inside() ? 0 : SIM_LIBC_REAL(pthread_setname_np)(thread, name);
}

/* A machine has no signals that could be masked. */
EXPORT int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(pthread_sigmask)(how, set, old);
    return old ? sigemptyset(old) : 0;
}

EXPORT int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(sigprocmask)(how, set, old);
    return old ? sigemptyset(old) : 0;
}

/* Nothing of a machine's is run when the process forks or ends. */

extern int __register_atfork(void (*before)(void), void (*parent)(void), void (*child)(void),
                             void *object);
extern int __cxa_atexit(void (*function)(void *), void *arg, void *object);

EXPORT int __register_atfork(void (*before)(void), void (*parent)(void), void (*child)(void),
                             void *object)
{
    return sim_libc_inside() ? 0 : SIM_LIBC_REAL(__register_atfork)(before, parent, child, object);
}

EXPORT int __cxa_atexit(void (*function)(void *), void *arg, void *object)
{
    return sim_libc_inside() ? 0 : SIM_LIBC_REAL(__cxa_atexit)(function, arg, object);
}

/* ---- once ---- */

#define ONCE_RUNS 1
#define ONCE_DONE 2 /* as libc has it */

static void run_once(int *state, void (*function)(void))
{
    while (*state == ONCE_RUNS)
        (void)sim_libc_queue_wait(state, SM_FOREVER);
    if (*state == ONCE_DONE)
        return;
    *state = ONCE_RUNS;
    function();
    *state = ONCE_DONE;
    sim_libc_queue_wake(state, true);
}

EXPORT int pthread_once(pthread_once_t *once, void (*function)(void))
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(pthread_once)(once, function);
    run_once(once, function);
    return 0;
}

EXPORT void call_once(once_flag *once, void (*function)(void))
{
    if (sim_libc_inside())
        run_once((int *)(void *)once, function);
    else
        SIM_LIBC_REAL(call_once)(once, function);
}

/* ---- keys ---- */

/* A task's values. */
struct sim_libc_values {
    struct sim_libc_values *next;
    struct sim_libc *libc;
    void *values[SIM_LIBC_KEYS_MAX];
};

void sim_libc_values_finish(struct sim_libc *libc)
{
    while (libc->values) {
        struct sim_libc_values *values = libc->values;
        libc->values = values->next;
        sim_host_free(values);
    }
}

/* True if a destructor was called, which may have set other values. */
static bool destroy_values(struct sim_libc_values *values)
{
    bool called = false;

    for (unsigned key = 0; key < SIM_LIBC_KEYS_MAX; key++) {
        void *value = values->values[key];
        void (*destructor)(void *) = values->libc->destructors[key];
        values->values[key] = NULL;
        if (value && destructor) {
            destructor(value);
            called = true;
        }
    }
    return called;
}

/* In the task, at its end. */
static void leave_task(struct sm_task *task)
{
    struct sim_libc_values *values = task->locals;
    struct sim_libc_values **link = &values->libc->values;

    for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS && destroy_values(values); round++)
        ;
    while (*link != values)
        link = &(*link)->next;
    *link = values->next;
    sim_host_free(values);
}

static struct sim_libc_values *values_here(void)
{
    struct sm_task *task = sm__current;

    if (!task->locals) {
        struct sim_libc *libc = sim_libc_here();
        struct sim_libc_values *values = sim_host_alloc(sizeof *values);
        values->libc = libc;
        values->next = libc->values;
        libc->values = values;
        task->locals = values;
        task->leave = leave_task;
    }
    return task->locals;
}

/*
 * A machine's keys are numbered far above libc's (PTHREAD_KEYS_MAX, 1024), so that a key from
 * outside of machines, such as a sanitizer's own, keeps its value while a machine's task runs.
 */
#define FIRST_KEY 1048576u

EXPORT int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    if (!sim_libc_inside())
        return SIM_LIBC_REAL(pthread_key_create)(key, destructor);
    struct sim_libc *libc = sim_libc_here();
    for (pthread_key_t i = 0; i < SIM_LIBC_KEYS_MAX; i++) {
        if (libc->keys_used[i])
            continue;
        libc->keys_used[i] = true;
        libc->destructors[i] = destructor;
        *key = FIRST_KEY + i;
        return 0;
    }
    return EAGAIN;
}

EXPORT int pthread_key_delete(pthread_key_t key)
{
    if (key < FIRST_KEY || !sim_libc_inside())
        return SIM_LIBC_REAL(pthread_key_delete)(key);
    struct sim_libc *libc = sim_libc_here();
    key -= FIRST_KEY;
    if (key >= SIM_LIBC_KEYS_MAX || !libc->keys_used[key])
        return EINVAL;
    libc->keys_used[key] = false;
    libc->destructors[key] = NULL;
    for (struct sim_libc_values *values = libc->values; values; values = values->next)
        values->values[key] = NULL;
    return 0;
}

EXPORT void *pthread_getspecific(pthread_key_t key)
{
    if (key < FIRST_KEY || !sim_libc_inside())
        return SIM_LIBC_REAL(pthread_getspecific)(key);
    key -= FIRST_KEY;
    const struct sim_libc_values *values = sm__current->locals;
    return values && key < SIM_LIBC_KEYS_MAX ? values->values[key] : NULL;
}

EXPORT int pthread_setspecific(pthread_key_t key, const void *value)
{
    if (key < FIRST_KEY || !sim_libc_inside())
        return SIM_LIBC_REAL(pthread_setspecific)(key, value);
    key -= FIRST_KEY;
    if (key >= SIM_LIBC_KEYS_MAX || !sim_libc_here()->keys_used[key])
        return EINVAL;
    values_here()->values[key] = (void *)(uintptr_t)value;
    return 0;
}

EXPORT int tss_create(tss_t *key, tss_dtor_t destructor)
{
    return pthread_key_create(key, destructor) ? thrd_error : thrd_success;
}

EXPORT void tss_delete(tss_t key)
{
    (void)pthread_key_delete(key);
}

EXPORT void *tss_get(tss_t key)
{
    return pthread_getspecific(key);
}

EXPORT int tss_set(tss_t key, void *value)
{
    return pthread_setspecific(key, value) ? thrd_error : thrd_success;
}
