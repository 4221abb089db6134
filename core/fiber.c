/* SPDX-License-Identifier: MIT */
#include "core/fiber.h"

#include "core/assert.h"
#include "core/sanitize.h"

#include <string.h>

void sm__fiber_swap(void **save_sp, void *next_sp);
void sm__fiber_entry(void);

#if defined(__x86_64__)
/* As sm__fiber_swap leaves a stack: control words, r15 r14 r13 r12 rbx rbp, where to go on. */
static void *first_frame(char *high, sm__fiber_main main, void *arg)
{
    uint64_t *sp = (uint64_t *)(void *)high - 2; /* the ABI wants rsp 16-aligned before a call */

    *--sp = (uint64_t)(uintptr_t)sm__fiber_entry;
    *--sp = 0;                           /* rbp */
    *--sp = 0;                           /* rbx */
    *--sp = (uint64_t)(uintptr_t)main;   /* r12 */
    *--sp = (uint64_t)(uintptr_t)arg;    /* r13 */
    *--sp = 0;                           /* r14 */
    *--sp = 0;                           /* r15 */
    *--sp = 0x1f80u | (0x037full << 32); /* mxcsr, x87 control word: the ABI's defaults */
    return sp;
}

enum { SAVED_FRAME = 6, SAVED_INSTRUCTION = 7 }; /* words from sp on */
#elif defined(__aarch64__)
static void *first_frame(char *high, sm__fiber_main main, void *arg)
{
    uint64_t *sp = (uint64_t *)(void *)(high - 176);

    memset(sp, 0, 176);
    sp[0] = (uint64_t)(uintptr_t)main;             /* x19 */
    sp[1] = (uint64_t)(uintptr_t)arg;              /* x20 */
    sp[11] = (uint64_t)(uintptr_t)sm__fiber_entry; /* x30 */
    return sp;
}

enum { SAVED_FRAME = 10, SAVED_INSTRUCTION = 11 }; /* words from sp on */
#else
#error "steelmill has fibers for x86-64 and aarch64"
#endif

void sm__fiber_init(struct sm__fiber *fiber, char *low, char *high, sm__fiber_main main, void *arg)
{
    SM_ASSERT((uintptr_t)high % 16 == 0);
    ASAN_UNPOISON_MEMORY_REGION(low, (size_t)(high - low));
    fiber->sp = first_frame(high, main, arg);
#if SM__TSAN
    fiber->tsan = __tsan_create_fiber(0);
#endif
#if SM__ASAN
    fiber->asan_fake_stack = NULL;
    fiber->asan_bottom = low;
    fiber->asan_size = (size_t)(high - low);
#endif
}

void sm__fiber_saved(const struct sm__fiber *fiber, uint64_t *instruction, uint64_t *frame)
{
    const uint64_t *sp = fiber->sp;

    *instruction = sp[SAVED_INSTRUCTION];
    *frame = sp[SAVED_FRAME];
}

void sm__fiber_adopt_thread(struct sm__fiber *fiber)
{
    memset(fiber, 0, sizeof *fiber);
#if SM__TSAN
    fiber->tsan = __tsan_get_current_fiber();
#endif
}

#if SM__ASAN
/* The fiber that was just left: the one place where the other side's stack bounds are learnt. */
static __thread struct sm__fiber *left;

void sm__fiber_arrived(struct sm__fiber *self)
{
    const void *bottom = NULL;
    size_t size = 0;

    __sanitizer_finish_switch_fiber(self->asan_fake_stack, &bottom, &size);
    if (left && !left->asan_bottom) {
        left->asan_bottom = bottom;
        left->asan_size = size;
    }
}

void sm__fiber_switch(struct sm__fiber *from, struct sm__fiber *to, bool dying)
{
    __sanitizer_start_switch_fiber(dying ? NULL : &from->asan_fake_stack, to->asan_bottom,
                                   to->asan_size);
    left = from;
    sm__fiber_swap(&from->sp, to->sp);
    sm__fiber_arrived(from);
}
#else
void sm__fiber_arrived(struct sm__fiber *self)
{
    (void)self;
}

#if SM__TSAN || !defined(__x86_64__)
void sm__fiber_switch(struct sm__fiber *from, struct sm__fiber *to, bool dying)
{
    (void)dying;
#if SM__TSAN
    __tsan_switch_to_fiber(to->tsan, 0);
#endif
    sm__fiber_swap(&from->sp, to->sp);
}
#endif
#endif
