/* SPDX-License-Identifier: MIT */
#include "sim/trap.h"

#include "core/assert.h"
#include "core/sanitize.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <ucontext.h>
#include <unistd.h>

/* Since Linux 5.11; older headers have no names for them. */
#define SET_DISPATCH 59
#define DISPATCH_OFF 0ul
#define DISPATCH_ON  1ul
#define BY_DISPATCH  2 /* si_code */

#define SYSCALL_BYTES 2u   /* of the instruction */
#define RETURN_BYTES  16ul /* of libc's way out of a signal handler */
#define SIGSET_BYTES  8ul  /* the kernel's */

static unsigned armed;
static uint64_t libc_begin, libc_end; /* its code */

/* ---- the process ---- */

/* A tool that runs the program in another way than the kernel does. */
static bool is_tool(const char *path)
{
    return strstr(path, "/vgpreload") || strstr(path, "/libasan.") || strstr(path, "/libtsan.") ||
           strstr(path, "/libubsan.");
}

static int look_at(struct dl_phdr_info *info, size_t size, void *has_tool)
{
    const bool is_libc = strstr(info->dlpi_name, "/libc.so") != NULL;

    (void)size;
    *(bool *)has_tool |= is_tool(info->dlpi_name);
    for (int i = 0; is_libc && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
            continue;
        libc_begin = info->dlpi_addr + p->p_vaddr;
        libc_end = libc_begin + p->p_memsz;
    }
    return 0;
}

/* Looked up once: the modules do not change between runs. */
static bool may_arm(void)
{
    static bool has_looked, has_tool;

    if (!has_looked)
        dl_iterate_phdr(look_at, &has_tool);
    has_looked = true;
    return !SM__ASAN && !has_tool && libc_end != 0;
}

/* The way out of a handler is a system call, too, and made before the context is entered again. */
static uint64_t return_from_handler(void)
{
    struct {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        uint64_t mask;
    } action;

    if (syscall(SYS_rt_sigaction, SIGSYS, NULL, &action, SIGSET_BYTES) != 0)
        return 0;
    return (uintptr_t)action.restorer;
}

unsigned sim_trap_arm(void)
{
    armed = 0;
    if (!may_arm())
        return 0;
    sim_trap_selector = 0;
    const uint64_t way_out = return_from_handler();
    if (way_out && prctl(SET_DISPATCH, DISPATCH_ON, way_out, RETURN_BYTES, &sim_trap_selector) == 0)
        armed |= SIM_TRAP_CALLS;
    if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) == 0)
        armed |= SIM_TRAP_COUNTER;
    return armed;
}

void sim_trap_disarm(void)
{
    if (armed & SIM_TRAP_CALLS)
        prctl(SET_DISPATCH, DISPATCH_OFF, 0, 0, 0);
    if (armed & SIM_TRAP_COUNTER)
        prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
    armed = 0;
}

/* ---- system calls ---- */

/* A machine has no signals: its mask is empty, and stays so. */
static int64_t answer_sigprocmask(const greg_t *r)
{
    if (r[REG_RDX])
        memset((void *)(uintptr_t)r[REG_RDX], 0, SIGSET_BYTES); // NOLINT
    return 0;
}

/* qsort asks once how much memory there is, for all machines. */
static int64_t answer_sysinfo(const greg_t *r)
{
    const struct sysinfo answer = {.totalram = 1ul << 20, .freeram = 1ul << 20, .mem_unit = 4096};

    memcpy((void *)(uintptr_t)r[REG_RDI], &answer, sizeof answer); // NOLINT
    return 0;
}

/*
 * What libc calls by itself inside of functions that machines may use: sigsetjmp, qsort, and abort
 * on its way out. False: nothing of that.
 */
static bool answer_libc(greg_t *r)
{
    switch (r[REG_RAX]) {
    case SYS_rt_sigprocmask:
        r[REG_RAX] = answer_sigprocmask(r);
        return true;
    case SYS_sysinfo:
        r[REG_RAX] = answer_sysinfo(r);
        return true;
    case SYS_getpid:
    case SYS_gettid: /* whom abort sends its signal to */
        r[REG_RAX] = syscall(r[REG_RAX]);
        return true;
    case SYS_tgkill:
        if (r[REG_RDX] != SIGABRT)
            return false;
        r[REG_RAX] = syscall(SYS_tgkill, r[REG_RDI], r[REG_RSI], r[REG_RDX]);
        return true;
    default:
        return false;
    }
}

static enum sim_trap_verdict take_call(const siginfo_t *info, greg_t *r, struct sim_trap_catch *out)
{
    const uint64_t at = (uint64_t)r[REG_RIP];
    const bool by_libc = at >= libc_begin && at < libc_end;

    r[REG_RAX] = info->si_syscall;
    if (by_libc && answer_libc(r))
        return SIM_TRAP_ANSWERED;
    snprintf(out->what, sizeof out->what, "%s", sim_trap_name(info->si_syscall));
    if (by_libc)
        snprintf(out->text, sizeof out->text,
                 "the daemon called a function of libc's that is not simulated: it made the system "
                 "call %s",
                 out->what);
    else
        snprintf(out->text, sizeof out->text,
                 "the daemon made the system call %s by itself: libc's functions are answered by "
                 "the machine",
                 out->what);
    r[REG_RIP] -= SYSCALL_BYTES; /* there it is */
    return SIM_TRAP_CAUGHT;
}

/* ---- the counter ---- */

/* Bytes of the instruction; 0: it does not read the counter. */
static unsigned counter_bytes(const unsigned char *code)
{
    if (code[0] == 0x0f && code[1] == 0x31) /* rdtsc */
        return 2;
    return code[0] == 0x0f && code[1] == 0x01 && code[2] == 0xf9 ? 3 : 0; /* rdtscp */
}

/* The host's own: what it asks the kernel's page for the time with. */
static void answer_counter(greg_t *r, unsigned bytes)
{
    unsigned processor;

    prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
    const uint64_t value = __builtin_ia32_rdtscp(&processor);
    prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
    r[REG_RAX] = (greg_t)(value & UINT32_MAX);
    r[REG_RDX] = (greg_t)(value >> 32);
    if (bytes == 3)
        r[REG_RCX] = processor;
    r[REG_RIP] += bytes;
}

static enum sim_trap_verdict take_counter(greg_t *r, bool inside, struct sim_trap_catch *out)
{
    const unsigned bytes = counter_bytes((const unsigned char *)(uintptr_t)r[REG_RIP]); // NOLINT

    if (!bytes)
        return SIM_TRAP_OTHER;
    if (!inside) {
        answer_counter(r, bytes);
        return SIM_TRAP_ANSWERED;
    }
    snprintf(out->what, sizeof out->what, "%s", bytes == 2 ? "rdtsc" : "rdtscp");
    snprintf(out->text, sizeof out->text,
             "the daemon read the processor's time stamp counter (%s), which is real time: a "
             "machine's is sm_now",
             out->what);
    return SIM_TRAP_CAUGHT;
}

/* ---- signals ---- */

enum sim_trap_verdict sim_trap_take(int number, const siginfo_t *info, void *context,
                                    struct sim_trap_catch *out)
{
    struct sim_heap *heap = sim_context_leave();
    const int saved = errno;
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    enum sim_trap_verdict verdict = SIM_TRAP_OTHER;

    if (number == SIGSYS && info->si_code == BY_DISPATCH && armed & SIM_TRAP_CALLS)
        verdict = take_call(info, r, out);
    /* A general protection fault. Code that cannot be read is a fault with an address. */
    if (number == SIGSEGV && info->si_code == SI_KERNEL && armed & SIM_TRAP_COUNTER)
        verdict = take_counter(r, heap != NULL, out);
    if (verdict == SIM_TRAP_ANSWERED) {
        errno = saved;
        sim_context_enter(heap);
    }
    return verdict;
}
