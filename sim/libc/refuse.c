/* SPDX-License-Identifier: MIT */
/*
 * What the simulation has no answer to: the run ends with a finding that names the call, and whose
 * backtrace leads to the caller. Outside of machines all of it is libc's.
 */
#include "sim/libc/libc.h"

#include "core/sanitize.h"
#include "sim/trap.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <threads.h>
#include <ucontext.h>
#include <unistd.h>

#define TASKS   "tasks are started with sm_task_spawn"
#define NETWORK "machines talk by sm_stream_open and sm_datagram_send"
#define DISK    "files are on the machine's disk: sm_file_open, sm_disk_rename"
#define SIGNALS "a machine has no signals; timers are tasks that sleep"
#define ONE     "a machine is one process"

#define REFUSE(type, name, parameters, arguments, advice) \
    SM__LIBC_EXPORT type name parameters                  \
    {                                                     \
        if (sim_libc_inside())                            \
            sim_libc_refuse(#name, advice);               \
        return SM__LIBC_REAL(name) arguments;             \
    }

/* ---- threads ---- */
REFUSE(int, pthread_create,
       (pthread_t *restrict t, const pthread_attr_t *restrict a, void *(*f)(void *),
        void *restrict g),
       (t, a, f, g), TASKS)
REFUSE(int, pthread_join, (pthread_t t, void **r), (t, r), TASKS)
REFUSE(int, pthread_detach, (pthread_t t), (t), TASKS)
REFUSE(int, pthread_cancel, (pthread_t t), (t), TASKS)
REFUSE(int, pthread_kill, (pthread_t t, int s), (t, s), SIGNALS)
REFUSE(int, thrd_create, (thrd_t * t, thrd_start_t f, void *a), (t, f, a), TASKS)
REFUSE(int, thrd_join, (thrd_t t, int *r), (t, r), TASKS)
REFUSE(sem_t *, sem_open, (const char *n, int f, ...), (n, f), ONE)
REFUSE(int, swapcontext, (ucontext_t *restrict a, const ucontext_t *restrict b), (a, b), TASKS)

/* ---- processes ---- */
REFUSE(pid_t, fork, (void), (), ONE)
REFUSE(int, system, (const char *c), (c), ONE)
REFUSE(FILE *, popen, (const char *c, const char *m), (c, m), ONE)
REFUSE(int, execve, (const char *p, char *const a[], char *const e[]), (p, a, e), ONE)
REFUSE(int, execv, (const char *p, char *const a[]), (p, a), ONE)
REFUSE(int, execvp, (const char *p, char *const a[]), (p, a), ONE)
REFUSE(int, execvpe, (const char *p, char *const a[], char *const e[]), (p, a, e), ONE)
REFUSE(int, fexecve, (int f, char *const a[], char *const e[]), (f, a, e), ONE)
REFUSE(int, posix_spawn,
       (pid_t *restrict i, const char *restrict p, const posix_spawn_file_actions_t *restrict f,
        const posix_spawnattr_t *restrict t, char *const a[restrict], char *const e[restrict]),
       (i, p, f, t, a, e), ONE)
REFUSE(int, posix_spawnp,
       (pid_t *restrict i, const char *restrict p, const posix_spawn_file_actions_t *restrict f,
        const posix_spawnattr_t *restrict t, char *const a[restrict], char *const e[restrict]),
       (i, p, f, t, a, e), ONE)
REFUSE(pid_t, wait, (int *s), (s), ONE)
REFUSE(pid_t, waitpid, (pid_t p, int *s, int o), (p, s, o), ONE)
REFUSE(int, daemon, (int c, int r), (c, r), ONE)
REFUSE(int, unshare, (int f), (f), ONE)
REFUSE(void *, dlopen, (const char *p, int f), (p, f), "link the plugin with the library")

/* ---- signals and timers ---- */
REFUSE(__sighandler_t, signal, (int s, __sighandler_t h), (s, h), SIGNALS)
REFUSE(int, sigaction, (int s, const struct sigaction *restrict a, struct sigaction *restrict o),
       (s, a, o), SIGNALS)
REFUSE(int, sigwait, (const sigset_t *restrict s, int *restrict n), (s, n), SIGNALS)
REFUSE(int, sigsuspend, (const sigset_t *s), (s), SIGNALS)
REFUSE(int, pause, (void), (), SIGNALS)
REFUSE(int, kill, (pid_t p, int s), (p, s), SIGNALS)
REFUSE(unsigned, alarm, (unsigned s), (s), SIGNALS)
REFUSE(int, setitimer,
       (__itimer_which_t w, const struct itimerval *restrict n, struct itimerval *restrict o),
       (w, n, o), SIGNALS)
REFUSE(int, timer_create, (clockid_t c, struct sigevent *restrict e, timer_t *restrict t),
       (c, e, t), SIGNALS)
#if !SM__ASAN /* whose own code calls it now and then */
REFUSE(int, sigaltstack, (const stack_t *restrict s, stack_t *restrict o), (s, o), SIGNALS)
#endif

/* ---- sockets and what waits for them ---- */
REFUSE(int, socket, (int d, int t, int p), (d, t, p), NETWORK)
REFUSE(int, socketpair, (int d, int t, int p, int s[2]), (d, t, p, s), NETWORK)
REFUSE(int, pipe, (int p[2]), (p), "use a channel: sm_channel_create")
REFUSE(int, pipe2, (int p[2], int f), (p, f), "use a channel: sm_channel_create")
REFUSE(int, epoll_create, (int s), (s), "wait with sm_wait_any")
REFUSE(int, epoll_create1, (int f), (f), "wait with sm_wait_any")
REFUSE(int, eventfd, (unsigned c, int f), (c, f), "use sm_event")
REFUSE(int, timerfd_create, (clockid_t c, int f), (c, f), SIGNALS)
REFUSE(int, signalfd, (int f, const sigset_t *s, int g), (f, s, g), SIGNALS)
REFUSE(int, inotify_init, (void), (), DISK)
REFUSE(int, inotify_init1, (int f), (f), DISK)
REFUSE(int, ppoll, (struct pollfd * p, nfds_t n, const struct timespec *t, const sigset_t *s),
       (p, n, t, s), "wait with sm_wait_any")
REFUSE(int, pselect,
       (int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e,
        const struct timespec *restrict t, const sigset_t *restrict s),
       (n, r, w, e, t, s), "wait with sm_wait_any")

/* ---- files ---- */
REFUSE(FILE *, freopen, (const char *restrict p, const char *restrict m, FILE *restrict s),
       (p, m, s), DISK)
REFUSE(FILE *, freopen64, (const char *restrict p, const char *restrict m, FILE *restrict s),
       (p, m, s), DISK)
REFUSE(FILE *, tmpfile, (void), (), DISK)
REFUSE(FILE *, tmpfile64, (void), (), DISK)
REFUSE(int, mkstemp, (char *t), (t), DISK)
REFUSE(int, mkstemp64, (char *t), (t), DISK)
REFUSE(char *, mkdtemp, (char *t), (t), DISK)
REFUSE(int, mkdir, (const char *p, mode_t m), (p, m), DISK)
REFUSE(int, rmdir, (const char *p), (p), DISK)
REFUSE(int, unlink, (const char *p), (p), DISK)
REFUSE(int, remove, (const char *p), (p), DISK)
REFUSE(int, rename, (const char *p, const char *q), (p, q), DISK)
REFUSE(int, link, (const char *p, const char *q), (p, q), DISK)
REFUSE(int, symlink, (const char *p, const char *q), (p, q), DISK)
REFUSE(int, truncate, (const char *p, off_t s), (p, s), DISK)
REFUSE(int, truncate64, (const char *p, off64_t s), (p, s), DISK)
REFUSE(int, chdir, (const char *p), (p), DISK)
REFUSE(int, chmod, (const char *p, mode_t m), (p, m), DISK)
REFUSE(char *, realpath, (const char *restrict p, char *restrict r), (p, r), DISK)
REFUSE(int, dup, (int f), (f), NULL)
REFUSE(int, dup2, (int f, int g), (f, g), NULL)
REFUSE(int, shm_open, (const char *n, int f, mode_t m), (n, f, m), ONE)
REFUSE(int, memfd_create, (const char *n, unsigned f), (n, f), DISK)
REFUSE(int, shmget, (key_t k, size_t s, int f), (k, s, f), ONE)

/* ---- what takes any number of arguments: nobody outside of machines calls it ---- */

#define ARGUMENTS \
    (const char *p __attribute__((unused)), const char *a __attribute__((unused)), ...)
#define REFUSE_ALWAYS(type, name, parameters) \
    SM__LIBC_EXPORT type name parameters      \
    {                                         \
        SM_ASSERT(sim_libc_inside());         \
        sim_libc_refuse(#name, ONE);          \
    }

REFUSE_ALWAYS(int, execl, ARGUMENTS)
REFUSE_ALWAYS(int, execlp, ARGUMENTS)
REFUSE_ALWAYS(int, execle, ARGUMENTS)
REFUSE_ALWAYS(pid_t, vfork, (void))

/* What programs ask for by number: libc long had no names for some of it. False: none of that. */
static bool answer_syscall(long number, const long a[6], long *result)
{
    switch (number) {
    case SYS_getpid:
        *result = getpid();
        return true;
    case SYS_gettid:
        *result = gettid();
        return true;
    case SYS_getrandom:
        *result = getrandom((void *)a[0], (size_t)a[1], (unsigned)a[2]);
        return true;
    case SYS_clock_gettime:
        *result = clock_gettime((clockid_t)a[0], (struct timespec *)a[1]);
        return true;
    default:
        return false;
    }
}

/* A system call by its number, past libc's names. */
SM__LIBC_EXPORT long syscall(long number, ...)
{
    long a[6], result;
    va_list args;
    char call[64];

    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (!sim_libc_inside())
        return SM__LIBC_REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (answer_syscall(number, a, &result))
        return result;
    snprintf(call, sizeof call, "syscall(%s)", sim_trap_name(number));
    sim_libc_refuse(call, "libc's own names are answered by the machine");
}
