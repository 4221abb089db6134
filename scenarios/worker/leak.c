/* SPDX-License-Identifier: MIT */
/* What machines that have stopped properly had not freed: a note, or a finding where the scenario
 * says `leaks: none`. */
#include "scenarios/worker/worker.h"

#define NOTED_MAX 4u /* machines that are named one by one */

static void note_leaks(struct run *run)
{
    const struct sim_world *world = run->world;
    uint32_t count = 0;

    for (uint32_t i = 0; i < world->machine_count; i++) {
        const struct sim_heap_leak *leak = &world->machines[i]->leak;
        if (leak->block_count == 0 || ++count > NOTED_MAX)
            continue;
        worker_note(run, "machine '%s' has leaked: %zu block%s, %zu bytes",
                    world->machines[i]->name, leak->block_count, leak->block_count == 1 ? "" : "s",
                    leak->bytes);
    }
    if (count > NOTED_MAX)
        worker_note(run, "and %u more machines have leaked", count - NOTED_MAX);
}

/* The one that has leaked the most bytes; NULL: none has. */
static struct sim_machine *find_worst(const struct sim_world *world)
{
    struct sim_machine *worst = NULL;

    for (uint32_t i = 0; i < world->machine_count; i++) {
        struct sim_machine *machine = world->machines[i];
        if (machine->leak.block_count > 0 && (!worst || machine->leak.bytes > worst->leak.bytes))
            worst = machine;
    }
    return worst;
}

static void find_leak(struct run *run, struct sim_machine *machine)
{
    const struct sim_heap_leak *leak = &machine->leak;

    finding_of_judgement(
        run, JOB_FINDING_LEAK, "leak",
        "machine '%s' has stopped and leaked: %zu block%s, %zu bytes; %zu of them, "
        "%zu bytes, from one place",
        machine->name, leak->block_count, leak->block_count == 1 ? "" : "s", leak->bytes,
        leak->site_block_count, leak->site_bytes);
    finding_note_where(run, machine, NULL);
    run->result->frames[0] = leak->site - 1; /* the call, not what comes after it */
    run->result->frame_count = leak->site ? 1 : 0;
    backtrace_modules(run->result);
}

void worker_judge_leaks(struct run *run)
{
    struct sim_machine *worst = find_worst(run->world);

    if (!worst || run->over)
        return;
    if (run->scn->leaks == SCN_LEAKS_NONE)
        find_leak(run, worst);
    else
        note_leaks(run);
}
