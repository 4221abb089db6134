/* SPDX-License-Identifier: MIT */
/* Bad disks, and crashes that leave each state in turn. */
#include "sim/disk.h"
#include "core/random.h"
#include "scenarios/unit/unit.h"

#include <inttypes.h>
#include <string.h>

/* ---- bad disks ---- */

static bool mend(struct sim_env *env, struct sim_machine *machine)
{
    struct unit_machine *unit = &env->machines[machine->index - 1];

    if (!unit->is_spoiled)
        return false;
    sim_disk_fault_end(sim_disk_of(machine), &unit->disk);
    unit->is_spoiled = false;
    return true;
}

static bool spoil(struct sim_env *env, struct sim_machine *machine)
{
    struct unit_machine *unit = &env->machines[machine->index - 1];
    const struct sim_bad_disk *how = env->bad_disk;

    mend(env, machine);
    snprintf(unit->files, sizeof unit->files, "%s", how->files ? how->files : "");
    unit->disk = (struct sim_disk_fault){
        .key = sm__random_draw(sim_stream_key(env->run.world, "bad disk", machine->index),
                               env->act_count),
        .files = unit->files,
        .read_error_ppm = how->read_error_ppm,
        .write_error_ppm = how->write_error_ppm,
        .sync_error_ppm = how->sync_error_ppm,
        .short_ppm = how->short_ppm,
        .lost_write_ppm = how->lost_write_ppm,
        .misdirected_ppm = how->misdirected_ppm,
        .bit_rot_ppm = how->bit_rot_ppm,
        .latency_min_ns = how->latency_min_ns,
        .latency_max_ns =
            how->latency_max_ns > how->latency_min_ns ? how->latency_max_ns : how->latency_min_ns,
        .stall = how->stall,
        .is_full = how->full,
        .is_read_only = how->read_only,
    };
    sim_disk_fault_begin(sim_disk_of(machine), &unit->disk);
    unit->is_spoiled = true;
    return true;
}

static void check_share(struct sim_env *env, uint32_t share_ppm)
{
    if (share_ppm > 1000000)
        unit_misuse(env, "sim_spoil: a share of %" PRIu32 " of a million", share_ppm);
}

void sim_spoil(struct sim_env *env, const char *machines, const struct sim_bad_disk *how)
{
    check_share(env, how->read_error_ppm);
    check_share(env, how->write_error_ppm);
    check_share(env, how->sync_error_ppm);
    check_share(env, how->short_ppm);
    check_share(env, how->lost_write_ppm);
    check_share(env, how->misdirected_ppm);
    check_share(env, how->bit_rot_ppm);
    if (how->files && strlen(how->files) >= UNIT_FILES_BYTES)
        unit_misuse(env, "sim_spoil: the pattern of files is too long");
    env->bad_disk = how;
    unit_inject(env, "sim_spoil", machines, spoil, false);
    env->bad_disk = NULL;
}

void sim_mend(struct sim_env *env, const char *machines)
{
    unit_inject(env, "sim_mend", machines, mend, true);
}

/* ---- each state ---- */

/* The state of this run. More states than runs: the first, the last, and any in between. */
static uint64_t choose_state(const struct sim_env *env, uint64_t states)
{
    const uint64_t run = env->shared->crash_state, most = unit_crash_states_max(env->system->test);

    if (states <= most)
        return run % states;
    return run == 0 ? 0 : run == 1 ? states - 1 : sm__random_scale(sm__random_mix(run), states);
}

static bool crash_into(struct sim_env *env, struct sim_machine *machine)
{
    struct sm_disk *disk = sim_disk_of(machine);
    const uint64_t states = sim_image_crash_states(sim_disk_image(disk));

    env->shared->crash_states = states;
    sim_disk_crash_into(disk, choose_state(env, states));
    return unit_crash(env, machine);
}

void sim_crash_each(struct sim_env *env, const char *machine)
{
    const unit_set set = unit_find_others(env, "sim_crash_each", machine);

    if (set & (set - 1))
        unit_misuse(env, "sim_crash_each: '%s' is more than one machine", machine);
    if (env->shared->crash_states > 0)
        unit_misuse(env, "sim_crash_each: called twice in one run");
    unit_inject(env, "sim_crash_each", machine, crash_into, false);
}

uint32_t unit_crash_states_max(const struct sim_test *test)
{
    return test->crash_states ? test->crash_states : UNIT_CRASH_STATES;
}
