/* SPDX-License-Identifier: MIT */
/* What no machine answers: each of these ends the run. */
#include "asks.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void *thread_main(void *arg)
{
    return arg;
}

static void ask_pthread_create(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, thread_main, NULL);
}

static void ask_fork(void)
{
    fork();
}

static void ask_system(void)
{
    expect(system("true") == 0);
}

static void ask_popen(void)
{
    popen("true", "r");
}

static void ask_execl(void)
{
    execl("/bin/true", "true", (char *)NULL);
}

static void ask_socket(void)
{
    socket(AF_INET, SOCK_STREAM, 0);
}

static void ask_signal(void)
{
    signal(SIGUSR1, SIG_IGN);
}

static void ask_kill(void)
{
    kill(getpid(), SIGTERM);
}

static void ask_epoll_create1(void)
{
    epoll_create1(0);
}

static void ask_open(void)
{
    open("/tmp/steelmill-escape", O_CREAT | O_WRONLY, 0600);
}

static void ask_fopen(void)
{
    fopen("/tmp/steelmill-escape", "w");
}

static void ask_mkdir(void)
{
    mkdir("/tmp/steelmill-escape", 0700);
}

static void ask_mmap(void)
{
    const int fd = open("/etc/hosts", O_RDONLY);

    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
}

/* Code that is made at run time is no part of what each machine has a copy of. */
static void ask_mprotect(void)
{
    void *start = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    mprotect(start, 4096, PROT_READ | PROT_EXEC);
}

static void ask_dlopen(void)
{
    dlopen("libz.so.1", RTLD_NOW);
}

static void ask_syscall(void)
{
    syscall(SYS_membarrier, 0, 0, 0);
}

/* No machine answers it, and no function of ours stands before it: the kernel stops it. */
static void ask_personality(void)
{
    (void)personality(0xffffffff);
}

#define QUESTION(name)    \
    {                     \
#name, ask_##name \
    }

const struct question escape_questions[] = {
    QUESTION(pthread_create), QUESTION(fork),    QUESTION(system),      QUESTION(popen),
    QUESTION(execl),          QUESTION(socket),  QUESTION(signal),      QUESTION(kill),
    QUESTION(epoll_create1),  QUESTION(open),    QUESTION(fopen),       QUESTION(mkdir),
    QUESTION(dlopen),         QUESTION(syscall), QUESTION(personality), QUESTION(mmap),
    QUESTION(mprotect),       {NULL, NULL},
};
