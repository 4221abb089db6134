/* SPDX-License-Identifier: MIT */
#include "scenarios/worker/worker.h"
#include "sim/host.h"

#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

/* Taken once: dl_iterate_phdr is not for signal handlers. */
static struct job_module *modules;
static uint32_t module_count, module_capacity;

static void name_module(struct job_module *module, const char *name)
{
    snprintf(module->path, sizeof module->path, "%s", name);
    if (!module->path[0]) {
        const ssize_t length = readlink("/proc/self/exe", module->path, sizeof module->path - 1);
        module->path[length < 0 ? 0 : length] = '\0';
    }
}

static int add_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size, (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
            continue;
        if (module_count == module_capacity) {
            module_capacity = module_capacity ? module_capacity * 2 : 64;
            modules = sim_host_resize(modules, module_capacity * sizeof *modules);
        }
        struct job_module *module = &modules[module_count++];
        module->begin = info->dlpi_addr + p->p_vaddr;
        module->end = module->begin + p->p_memsz;
        module->bias = info->dlpi_addr;
        name_module(module, info->dlpi_name);
    }
    return 0;
}

/* A stack that is too deep keeps its innermost and its outermost frames. */
#define INNERMOST (JOB_FRAMES_MAX / 2)
#define OUTERMOST (JOB_FRAMES_MAX - INNERMOST)
#define DEPTH_MAX 100000u

struct walk {
    uint64_t from; /* frames before this address are left out; 0: none */
    uint32_t count;
    uint64_t first[INNERMOST], last[OUTERMOST]; /* `last` is a ring */
};

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *arg)
{
    struct walk *walk = arg;
    int before_instruction = 0;
    const uint64_t address = _Unwind_GetIPInfo(context, &before_instruction);

    if (walk->from && address != walk->from)
        return _URC_NO_REASON;
    walk->from = 0;
    if (address == 0 || walk->count == DEPTH_MAX)
        return _URC_END_OF_STACK;
    if (walk->count < INNERMOST)
        walk->first[walk->count] = address;
    else
        walk->last[walk->count % OUTERMOST] = address;
    walk->count++;
    return _URC_NO_REASON;
}

void backtrace_prepare(void)
{
    struct walk walk = {.from = 0};

    module_count = 0;
    dl_iterate_phdr(add_module, NULL);
    _Unwind_Backtrace(visit, &walk); /* its first call allocates */
}

static bool holds_frame(const struct job_module *module, const struct job_result *result)
{
    for (uint32_t i = 0; i < result->frame_count; i++) {
        if (result->frames[i] >= module->begin && result->frames[i] <= module->end)
            return true;
    }
    return false;
}

/* Those that the frames lie in. */
void backtrace_modules(struct job_result *result)
{
    result->module_count = 0;
    for (uint32_t i = 0; i < module_count && result->module_count < JOB_MODULES_MAX; i++) {
        if (holds_frame(&modules[i], result))
            result->modules[result->module_count++] = modules[i];
    }
}

static void add_frame(struct job_result *result, uint64_t address)
{
    if (result->frame_count < JOB_FRAMES_MAX)
        result->frames[result->frame_count++] = address;
}

/* Return addresses along the frame pointers of one stack: also where no unwind table helps. */
static void follow_frame_pointers(struct job_result *result, uint64_t frame, uint32_t index,
                                  const struct sm__stack_pool *stacks)
{
    uint32_t other;
    bool in_guard;

    while (frame % sizeof frame == 0 &&
           sm__stack_find(stacks, (void *)(uintptr_t)frame, &other, &in_guard) && other == index &&
           !in_guard && result->frame_count < JOB_FRAMES_MAX) {
        const uint64_t *pair = (const uint64_t *)(uintptr_t)frame;
        if (pair[0] <= frame || pair[1] == 0)
            break;
        add_frame(result, pair[1]);
        frame = pair[0];
    }
}

/*
 * A jump to nowhere: no unwind table covers the address. The caller has just pushed its return
 * address (or left it in the link register); from there on follow the frame pointers.
 */
static void walk_from_nowhere(struct job_result *result,
                              const struct backtrace_registers *registers,
                              const struct sm__stack_pool *stacks)
{
    uint32_t index;
    bool in_guard;

    add_frame(result, registers->instruction);
    if (!sm__stack_find(stacks, (void *)(uintptr_t)registers->stack_pointer, &index, &in_guard))
        return;
    add_frame(result,
              registers->link ? registers->link : *(uint64_t *)(uintptr_t)registers->stack_pointer);
    follow_frame_pointers(result, registers->frame_pointer, index, stacks);
}

void backtrace_take_parked(struct job_result *result, const struct sm_task *task,
                           const struct sm__stack_pool *stacks)
{
    uint64_t instruction, frame;

    result->frame_count = 0;
    result->frames_skipped = 0;
    sm__fiber_saved(&task->fiber, &instruction, &frame);
    add_frame(result, instruction);
    follow_frame_pointers(result, frame, task->stack_index, stacks);
    backtrace_modules(result);
}

static void keep_frames(struct job_result *result, const struct walk *walk)
{
    const uint32_t kept = walk->count < JOB_FRAMES_MAX ? walk->count : JOB_FRAMES_MAX;

    result->frames_skipped = walk->count - kept;
    for (uint32_t i = 0; i < INNERMOST && i < walk->count; i++)
        add_frame(result, walk->first[i]);
    for (uint32_t i = INNERMOST + result->frames_skipped; i < walk->count; i++)
        add_frame(result, walk->last[i % OUTERMOST]);
}

void backtrace_take(struct job_result *result)
{
    struct walk walk = {.from = 0};

    result->frame_count = 0;
    _Unwind_Backtrace(visit, &walk);
    keep_frames(result, &walk);
    backtrace_modules(result);
}

static bool in_sanitizer(const struct job_result *result, uint64_t address)
{
    for (uint32_t i = 0; i < result->module_count; i++) {
        const struct job_module *module = &result->modules[i];
        if (address >= module->begin && address < module->end)
            return strstr(module->path, "/libasan.") || strstr(module->path, "/libubsan.");
    }
    return false;
}

void backtrace_skip_sanitizer(struct job_result *result)
{
    uint32_t skipped = 0;

    for (uint32_t i = 0; i < result->frame_count && i < INNERMOST; i++) {
        if (in_sanitizer(result, result->frames[i]))
            skipped = i + 1;
    }
    result->frame_count -= skipped;
    memmove(result->frames, result->frames + skipped, result->frame_count * sizeof *result->frames);
}

void backtrace_take_at(struct job_result *result, const struct backtrace_registers *registers,
                       const struct sm__stack_pool *stacks)
{
    struct walk walk = {.from = registers->instruction};

    result->frame_count = 0;
    if (walk.from)
        _Unwind_Backtrace(visit, &walk);
    if (walk.count > 0)
        keep_frames(result, &walk);
    else
        walk_from_nowhere(result, registers, stacks);
    backtrace_modules(result);
}
