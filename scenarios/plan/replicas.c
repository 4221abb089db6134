/* SPDX-License-Identifier: MIT */
/*
 * Which machines may lose their data: of each group that `replicas:` names, as many as it
 * tolerates, and for a whole run the same ones. They are drawn from the seed and the group's name
 * alone, so that no fault changes what another one does.
 */
#include "scenarios/plan/parts.h"

#include "core/random.h"

bool plan_destroys(const struct scn_fault *fault)
{
    return (fault->kind == SCN_FAULT_CRASH && fault->wipe) ||
           (fault->kind == SCN_FAULT_DISK &&
            (fault->disk.lost_write_ppm > 0 || fault->disk.misdirected_ppm > 0 ||
             fault->disk.bit_rot_ppm > 0));
}

/* The entry that a machine's group is in, and that restricts. NULL: there is none. */
static const struct scn_replicas *replicas_of(const struct scn *scn, uint32_t machine)
{
    const uint32_t group = scn_machine_group(scn, machine);

    for (uint32_t i = 0; i < scn->replicas_count; i++) {
        if (scn->replicas[i].of.group == group && !scn->replicas[i].unrestricted)
            return &scn->replicas[i];
    }
    return NULL;
}

/* The place of a machine in a random order of its group. */
static uint32_t place_of(const struct scn *scn, uint64_t seed, uint32_t machine)
{
    const struct scn_group *group = &scn->groups[scn_machine_group(scn, machine)];
    const uint64_t key = plan_key(seed, "replicas", group->name);
    const uint32_t index = machine - group->first_machine;
    const uint64_t own = sm__random_draw(key, index);
    uint32_t place = 0;

    for (uint32_t i = 0; i < group->count; i++) {
        const uint64_t other = sm__random_draw(key, i);
        place += other < own || (other == own && i < index);
    }
    return place;
}

bool plan_may_destroy(const struct scn *scn, uint64_t seed, uint32_t machine)
{
    const struct scn_replicas *replicas = replicas_of(scn, machine);
    return !replicas || place_of(scn, seed, machine) < replicas->tolerate;
}

uint32_t plan_replica_at(const struct scn *scn, uint64_t seed, uint32_t machine, uint64_t draw)
{
    const struct scn_group *group = &scn->groups[scn_machine_group(scn, machine)];
    const struct scn_replicas *replicas = replicas_of(scn, machine);

    if (!replicas || replicas->tolerate == 0)
        return machine;
    const uint32_t place = (uint32_t)sm__random_scale(draw, replicas->tolerate);
    for (uint32_t i = 0; i < group->count; i++) {
        if (place_of(scn, seed, group->first_machine + i) == place)
            return group->first_machine + i;
    }
    return machine;
}
