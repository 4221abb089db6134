/* SPDX-License-Identifier: MIT */
/*
 * For each thing that a disk may do there is a tiny program that copes, and one that does not
 * (disk_programs.c). The power goes three times, at random moments. The wrong program is found
 * within 1,000 seeds; the right one never fails.
 *
 * Environment: DISK_SEEDS, how many seeds the right ones get; 300 if not given.
 */
#include "core/random.h"
#include "tests/core/world.h"
#include "tests/sim/disk_programs.h"
#include "tests/suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRONG_SEEDS_MAX 1000u
#define RIGHT_SEEDS     300u
#define LIVES           3u
#define STEP_NS         SM_MS

struct trial {
    struct tw tw;
    const struct disk_program *program;
    struct life life;
    struct sim_disk_fault fault;
    sm_time clock; /* the world's stands still while nothing is left to do */
    uint64_t effects;
};
static struct trial trial;

static int live(void *arg, struct sim_machine *machine)
{
    struct trial *t = arg;

    t->life.disk = sim_disk_of(machine);
    t->program->run(&t->life);
    return 0;
}

static void begin_or_end(struct trial *t, struct sm_disk *disk)
{
    const sm_time before = t->clock - STEP_NS, now = t->clock;
    const struct disk_program *program = t->program;

    if (before < program->begins_ns && program->begins_ns <= now)
        sim_disk_fault_begin(disk, &t->fault);
    if (before < program->ends_ns && program->ends_ns <= now)
        sim_disk_fault_end(disk, &t->fault);
}

static void pass(struct trial *t, struct sm_disk *disk, sm_time span)
{
    for (const sm_time until = t->clock + span; t->clock < until;) {
        t->clock += STEP_NS;
        tw_run(&t->tw, t->clock);
        ck_assert_msg(t->tw.failure.kind == 0, "%s", t->tw.failure.text);
        begin_or_end(t, disk);
    }
}

/* One run: lives that end by a loss of power, and a last one to look. False: a promise is broken.
 */
static bool survives(const struct disk_program *program, uint64_t seed, bool is_right)
{
    const struct sim_options options = {.seed = seed, .log_level = -1};
    const sm_time life_ns = program->life_ns > 0 ? program->life_ns : 60 * SM_MS;
    struct trial *t = &trial;

    t->program = program;
    t->clock = 0;
    t->life = (struct life){.is_right = is_right};
    t->fault = program->fault;
    t->fault.key = sm__random_key(seed, 0, 1, 0);
    t->fault.files = program->files ? program->files : "";
    tw_create(&t->tw, 1, &options, live, t);
    struct sim_disks *disks = sim_disk_create(t->tw.world);
    struct sim_machine *machine = t->tw.world->machines[0];
    if (program->begins_ns == 0)
        sim_disk_fault_begin(sim_disk_of(machine), &t->fault);
    for (uint64_t i = 0; i < LIVES && !t->life.is_broken; i++) {
        const uint64_t draw = sm__random_draw(sm__random_key(seed, 0, 2, 0), i);
        pass(t, sim_disk_of(machine), SM_MS + (sm_time)sm__random_scale(draw, (uint64_t)life_ns));
        sim_machine_crash(machine);
        sim_machine_start(machine);
    }
    pass(t, sim_disk_of(machine), 50 * SM_MS);
    t->effects += sim_disk_fault_effects(&t->fault);
    tw_destroy(&t->tw);
    sim_disk_destroy(disks);
    return !t->life.is_broken;
}

static uint64_t right_seeds(void)
{
    const char *given = getenv("DISK_SEEDS");
    return given ? strtoull(given, NULL, 10) : RIGHT_SEEDS;
}

static bool has_fault(const struct disk_program *program)
{
    const struct sim_disk_fault none = {0};
    return memcmp(&program->fault, &none, sizeof none) != 0;
}

/* The wrong program breaks its promise, and soon. */
START_TEST(wrong_is_found)
{
    const struct disk_program *program = &disk_programs[_i];
    uint64_t seed = 1;

    while (seed <= WRONG_SEEDS_MAX && survives(program, seed, false))
        seed++;
    ck_assert_msg(seed <= WRONG_SEEDS_MAX, "who %s is not found", program->mistake);
    fprintf(stderr, "who %s is found by seed %" PRIu64 "\n", program->mistake, seed);
}
END_TEST

/* The right program keeps it, whatever the disk does; and the disk does it. */
START_TEST(right_survives)
{
    const struct disk_program *program = &disk_programs[_i];

    trial.effects = 0;
    for (uint64_t seed = 1; seed <= right_seeds(); seed++)
        ck_assert_msg(survives(program, seed, true),
                      "who does not (%s) fails all the same, by seed %" PRIu64, program->mistake,
                      seed);
    ck_assert(!has_fault(program) || trial.effects > 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("disk programs");
    TCase *tc = tcase_create("programs");

    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, wrong_is_found, 0, (int)disk_program_count);
    tcase_add_loop_test(tc, right_survives, 0, (int)disk_program_count);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
