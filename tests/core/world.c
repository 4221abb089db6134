/* SPDX-License-Identifier: MIT */
#include "tests/core/world.h"

#include "sim/libc/libc.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int start(void *arg, struct sim_machine *machine)
{
    struct tw *tw = arg;
    return tw->body(tw->arg, machine);
}

static int stop(void *arg, struct sim_machine *machine, sm_time deadline)
{
    (void)arg;
    (void)machine;
    (void)deadline;
    return 0;
}

static void failed(void *arg, struct sim_world *world, const struct sim_failure *failure)
{
    struct tw *tw = arg;

    (void)world;
    tw->failure = *failure;
}

static void take_log(void *arg, const char *text, size_t size)
{
    struct tw *tw = arg;

    if (size > sizeof tw->log - 1 - tw->log_size)
        size = sizeof tw->log - 1 - tw->log_size;
    memcpy(tw->log + tw->log_size, text, size);
    tw->log_size += size;
    tw->log[tw->log_size] = '\0';
}

void tw_create(struct tw *tw, uint32_t machine_count, const struct sim_options *given, tw_body body,
               void *arg)
{
    struct sim_options options = {.seed = 1, .log_level = SM_LOG_TRACE};

    memset(tw, 0, sizeof *tw);
    if (given)
        options = *given;
    if (getenv("TW_STACKS_MAX"))
        options.stack_count_max = (uint32_t)strtoul(getenv("TW_STACKS_MAX"), NULL, 10);
    options.machine_count_max = machine_count;
    options.failed = failed;
    options.log = take_log;
    options.arg = tw;
    ck_assert_int_eq(sim_world_create(&tw->world, &options), 0);
    sim_libc_attach(tw->world);
    tw->body = body;
    tw->arg = arg;
    tw->world->program = (struct sim_program){.arg = tw, .start = start, .stop = stop};
    for (uint32_t i = 1; i <= machine_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "m%u", i);
        sim_machine_add(tw->world, name, 0);
    }
}

enum sim_outcome tw_run(struct tw *tw, sm_time until)
{
    for (uint32_t i = 0; i < tw->world->machine_count; i++) {
        if (tw->world->machines[i]->incarnation == 0)
            sim_machine_start(tw->world->machines[i]);
    }
    return sim_world_run(tw->world, until);
}

void tw_destroy(struct tw *tw)
{
    sim_world_destroy(tw->world);
    sim_libc_detach();
}

uint64_t tw_once(tw_body body, void *arg)
{
    static struct tw tw;

    tw_create(&tw, 1, NULL, body, arg);
    tw_run(&tw, 3600 * SM_S);
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    ck_assert_msg(tw.world->tasks_alive == 0, "%u tasks wait for ever", tw.world->tasks_alive);
    const uint64_t digest = sim_world_digest(tw.world);
    tw_destroy(&tw);
    return digest;
}
