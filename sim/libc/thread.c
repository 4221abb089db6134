/* SPDX-License-Identifier: MIT */
/* What belongs to a thread, and so to a task: its number, and once. */
#include "sim/libc/libc.h"

#include "core/sanitize.h"

#include <pthread.h>
#include <signal.h>

#define EXPORT SM__LIBC_EXPORT

/* ---- the calling thread ---- */

#if !SM__ASAN /* which asks libc for the stack of this thread */
EXPORT pthread_t pthread_self(void)
{
    return sim_libc_inside() ? sm__current->id : SM__LIBC_REAL(pthread_self)();
}
#endif

EXPORT int pthread_setname_np(pthread_t thread, const char *name)
{
    return sim_libc_inside() ? 0 : SM__LIBC_REAL(pthread_setname_np)(thread, name);
}

/* A machine has no signals that could be masked. */
EXPORT int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(pthread_sigmask)(how, set, old);
    return old ? sigemptyset(old) : 0;
}

EXPORT int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(sigprocmask)(how, set, old);
    return old ? sigemptyset(old) : 0;
}

/* Nothing of a machine's is run when the process forks or ends. */

extern int __register_atfork(void (*before)(void), void (*parent)(void), void (*child)(void),
                             void *object);
extern int __cxa_atexit(void (*function)(void *), void *arg, void *object);

EXPORT int __register_atfork(void (*before)(void), void (*parent)(void), void (*child)(void),
                             void *object)
{
    return sim_libc_inside() ? 0 : SM__LIBC_REAL(__register_atfork)(before, parent, child, object);
}

EXPORT int __cxa_atexit(void (*function)(void *), void *arg, void *object)
{
    return sim_libc_inside() ? 0 : SM__LIBC_REAL(__cxa_atexit)(function, arg, object);
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
        return SM__LIBC_REAL(pthread_once)(once, function);
    run_once(once, function);
    return 0;
}
