/* SPDX-License-Identifier: MIT */
#include "scenarios/worker/worker.h"

#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

/* Taken once: dl_iterate_phdr is not for signal handlers. */
static struct job_module modules[JOB_MODULES_MAX];
static uint32_t module_count;

static int add_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size, (void)arg;
    for (int i = 0; i < info->dlpi_phnum && module_count < JOB_MODULES_MAX; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
            continue;
        struct job_module *module = &modules[module_count++];
        module->begin = info->dlpi_addr + p->p_vaddr;
        module->end = module->begin + p->p_memsz;
        module->bias = info->dlpi_addr;
        snprintf(module->path, sizeof module->path, "%s", info->dlpi_name);
        if (!module->path[0]) {
            const ssize_t length = readlink("/proc/self/exe", module->path, sizeof module->path - 1);
            module->path[length < 0 ? 0 : length] = '\0';
        }
    }
    return 0;
}

struct walk {
    uint64_t *frames;
    uint32_t count, max;
    uint64_t from; /* frames before this address are left out; 0: none */
};

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *arg)
{
    struct walk *walk = arg;
    int before_instruction = 0;
    const uint64_t address = _Unwind_GetIPInfo(context, &before_instruction);

    if (walk->from && address != walk->from)
        return _URC_NO_REASON;
    walk->from = 0;
    if (address == 0 || walk->count == walk->max)
        return _URC_END_OF_STACK;
    walk->frames[walk->count++] = address;
    return _URC_NO_REASON;
}

void backtrace_prepare(void)
{
    uint64_t frames[4];
    struct walk walk = {.frames = frames, .max = 4};

    module_count = 0;
    dl_iterate_phdr(add_module, NULL);
    _Unwind_Backtrace(visit, &walk); /* its first call allocates */
}

void backtrace_modules(struct job_result *result)
{
    result->module_count = module_count;
    memcpy(result->modules, modules, module_count * sizeof *modules);
}

void backtrace_take(struct job_result *result, uint64_t from)
{
    struct walk walk = {.frames = result->frames, .max = JOB_FRAMES_MAX, .from = from};

    _Unwind_Backtrace(visit, &walk);
    if (walk.count == 0 && from) { /* the address lies in no known frame: a jump to nowhere */
        result->frames[0] = from;
        walk = (struct walk){.frames = result->frames + 1, .max = JOB_FRAMES_MAX - 1};
        _Unwind_Backtrace(visit, &walk);
        walk.count++;
    }
    result->frame_count = walk.count;
    backtrace_modules(result);
}
