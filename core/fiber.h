/* SPDX-License-Identifier: MIT */
/*
 * Fibers: a stack and a saved context. Nothing here knows of tasks or schedulers.
 *
 * Stacks come from one reservation, at an address that is the same in every run of a build (the
 * kernel allows 65,530 mappings; a mapping per stack would end there). Each has a guard below it:
 * MADV_GUARD_INSTALL where the kernel has it (Linux 6.13), else PROT_NONE pages for the first
 * thousands of stacks and a canary for the rest.
 */
#ifndef STEELMILL_CORE_FIBER_H
#define STEELMILL_CORE_FIBER_H

#include "core/sanitize.h"

#include <steelmill/base.h>

struct sm__fiber {
    void *sp; /* saved stack pointer; callee-saved registers lie on the stack */
#if SM__ASAN
    void *asan_fake_stack;
    const void *asan_bottom;
    size_t asan_size;
#endif
#if SM__TSAN
    void *tsan;
#endif
};

typedef void (*sm__fiber_main)(void *arg);

struct sm__stack_pool;

/*
 * base: where to reserve; stack_bytes: per stack, guard included, a power of two, 16 KiB or more;
 * count_max: how many. Returns 0, -ENOMEM, -EINVAL, -EEXIST (something else lies at base).
 */
int sm__stack_pool_create(struct sm__stack_pool **out, void *base, size_t stack_bytes,
                          uint32_t count_max);
void sm__stack_pool_destroy(struct sm__stack_pool *pool);
/*
 * As it was after its creation: what has been on its stacks is gone, their guards stay. No stack
 * may be in use; neither filled nor mirrored. False: the kernel refuses, and it is to be destroyed.
 */
bool sm__stack_pool_renew(struct sm__stack_pool *pool);
/* True if creating one with these parameters would make the same. */
bool sm__stack_pool_is(const struct sm__stack_pool *pool, const void *base, size_t stack_bytes,
                       uint32_t count_max);
/*
 * Takes a stack: the most recently returned, else a fresh one. Returns 0 or -ENOMEM.
 * `*low` is the lowest usable address, `*high` the end.
 */
int sm__stack_take(struct sm__stack_pool *pool, uint32_t *index, char **low, char **high);
void sm__stack_give(struct sm__stack_pool *pool, uint32_t index);
/* Which stack an address lies in, guard included. False: none. *in_guard: it is the guard. */
bool sm__stack_find(const struct sm__stack_pool *pool, const void *address, uint32_t *index,
                    bool *in_guard);
void sm__stack_bounds(const struct sm__stack_pool *pool, uint32_t index, char **low, char **high);
/*
 * From now on stacks are filled before use, so that what reads them uninitialised shows: the upper
 * 32 KiB, which calls usually reach. fill: 0x100 | byte, or a byte other than 0; 0: off. With
 * SM__STACK_FILL_QUICK most refills take it that calls leave no large gaps untouched.
 */
#define SM__STACK_FILL_QUICK 0x200u
void sm__stack_fill(struct sm__stack_pool *pool, uint32_t fill);
/*
 * Fills what lies below `sp` of a stack that is not running: what calls have left there is gone, if
 * no more than 9 KiB lie untouched above it (quick: 1 KiB, but for one refill in eight).
 */
void sm__stack_refill(struct sm__stack_pool *pool, uint32_t index, void *sp);
/*
 * Before the first stack is taken: they lie in the opposite order, in other colours. With another
 * base, that shows whatever depends on their addresses.
 */
void sm__stack_mirror(struct sm__stack_pool *pool);
uint32_t sm__stack_peak(const struct sm__stack_pool *pool); /* stacks ever in use at once */

/* Prepares a fiber that runs main(arg) on [low, high) when first entered. main never returns. */
void sm__fiber_init(struct sm__fiber *fiber, char *low, char *high, sm__fiber_main main, void *arg);
/*
 * Saves the running context in `from` and continues `to`. `dying`: `from` will not be resumed.
 *
 * It is no call: processors predict where a function returns to by counting calls and returns. A
 * fiber that was left in the same functions in which another one goes on finds its way out of them
 * predicted, as long as the switch itself counts as neither.
 */
#if defined(__x86_64__) && !SM__ASAN && !SM__TSAN
void sm__fiber_swap(void **save_sp, void *next_sp) __attribute__((visibility("hidden")));

#ifdef __AVX512F__
#define SM__FIBER_CLOBBERS_AVX512                                                                 \
    "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",     \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", \
        "k7",
#else
#define SM__FIBER_CLOBBERS_AVX512
#endif

static inline __attribute__((always_inline)) void sm__fiber_switch(struct sm__fiber *from,
                                                                   struct sm__fiber *to, bool dying)
{
    void **save_sp = &from->sp;
    void *next_sp = to->sp;

    (void)dying;
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t" /* the compiler may have something there */
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "jmp %P[swap]\n"
                     "1:\tsubq $-128, %%rsp"
                     : "+D"(save_sp), "+S"(next_sp)
                     : [swap] "i"(sm__fiber_swap)
                     : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "st", "st(1)", "st(2)",
                       "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "xmm0", "xmm1", "xmm2", "xmm3",
                       "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
                       "xmm13", "xmm14", "xmm15", SM__FIBER_CLOBBERS_AVX512 "memory", "cc");
}
#else
void sm__fiber_switch(struct sm__fiber *from, struct sm__fiber *to, bool dying);
#endif
/* Where a fiber that is not running goes on, and its frame pointer there: for backtraces. */
void sm__fiber_saved(const struct sm__fiber *fiber, uint64_t *instruction, uint64_t *frame);
/* First thing in a fresh fiber: completes the switch for the sanitizers. */
void sm__fiber_arrived(struct sm__fiber *self);
/* It will not run again, and does not run now. */
static inline void sm__fiber_finish(struct sm__fiber *fiber)
{
#if SM__TSAN
    __tsan_destroy_fiber(fiber->tsan);
#else
    (void)fiber;
#endif
}
/* Makes the thread's own stack a fiber that can be switched from. */
void sm__fiber_adopt_thread(struct sm__fiber *fiber);

#endif
