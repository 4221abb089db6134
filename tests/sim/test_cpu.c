/* SPDX-License-Identifier: MIT */
/* Processors: what a step costs, who waits, and what overload does. */
#include "tests/core/suite.h"

#include <steelmill/steelmill.h>

#include <stdio.h>

static char story[4096];

static void tell(const char *what, const struct sim_machine *machine)
{
    char line[64];

    snprintf(line, sizeof line, "%s at %lld us\n", what, (long long)(machine->world->now / SM_US));
    strncat(story, line, sizeof story - strlen(story) - 1);
}

static const struct sim_options fifo = {.seed = 1, .policy = SIM_POLICY_FIFO};

static void create(struct tw *tw, tw_body body, sm_time per_event_ns, sm_time per_byte_ns)
{
    story[0] = '\0';
    tw_create(tw, 1, &fifo, body, NULL);
    sim_machine_cpu_set(tw->world->machines[0], per_event_ns, per_byte_ns);
}

static void finish(struct tw *tw)
{
    ck_assert_msg(tw->failure.kind == 0, "%s", tw->failure.text);
    ck_assert_uint_eq(tw->world->tasks_alive, 0);
    tw_destroy(tw);
}

/* ---- steps take time ---- */

static int works_twice(void *arg)
{
    tell(sm_task_name(sm_task_self()), arg);
    (void)sm_yield();
    tell(sm_task_name(sm_task_self()), arg);
    return 0;
}

static int spawns_two(void *arg, struct sim_machine *machine)
{
    (void)arg;
    sm_task_spawn(NULL, "a", works_twice, machine);
    sm_task_spawn(NULL, "b", works_twice, machine);
    return 0;
}

/* Each step of a machine's tasks begins when the one before it is paid for, in the order in which
 * they got ready; nothing happens in between. */
START_TEST(steps_take_turns)
{
    static struct tw tw;

    create(&tw, spawns_two, 20 * SM_US, 0);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    ck_assert_str_eq(story, "a at 20 us\nb at 40 us\na at 60 us\nb at 80 us\n");
    ck_assert_uint_eq(tw.world->seq, 6); /* start, boot, and the four: no ticks */
    finish(&tw);
}
END_TEST

/* A machine without costs does all of it at once. */
START_TEST(free_by_default)
{
    static struct tw tw;

    create(&tw, spawns_two, 0, 0);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    ck_assert_str_eq(story, "a at 0 us\nb at 0 us\na at 0 us\nb at 0 us\n");
    ck_assert(!tw.world->machines[0]->home.is_held);
    finish(&tw);
}
END_TEST

static int moves_bytes(void *arg)
{
    struct sim_machine *machine = arg;

    sim_cpu_count(&machine->home, 1000);
    (void)sm_yield();
    tell("sent", machine);
    return 0;
}

static int spawns_mover(void *arg, struct sim_machine *machine)
{
    (void)arg;
    return sm_task_spawn(NULL, "mover", moves_bytes, machine);
}

/* Bytes that a step has moved make it longer. */
START_TEST(bytes_cost)
{
    static struct tw tw;

    create(&tw, spawns_mover, 5 * SM_US, 10);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    ck_assert_str_eq(story, "sent at 20 us\n"); /* boot 5, 5 + 1000 * 10 ns */
    finish(&tw);
}
END_TEST

/* ---- timers ---- */

static int wakes_at_100_us(void *arg)
{
    (void)sm_sleep_until(100 * SM_US);
    tell(sm_task_name(sm_task_self()), arg);
    return 0;
}

static int spawns_three_timers(void *arg, struct sim_machine *machine)
{
    (void)arg;
    sm_task_spawn(NULL, "a", wakes_at_100_us, machine);
    sm_task_spawn(NULL, "b", wakes_at_100_us, machine);
    sm_task_spawn(NULL, "c", wakes_at_100_us, machine);
    return 0;
}

/* Timers fire on time, also while the machine is busy; the tasks that they wake wait. */
START_TEST(timers_wait_too)
{
    static struct tw tw;

    create(&tw, spawns_three_timers, 10 * SM_US, 0);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    ck_assert_str_eq(story, "a at 100 us\nb at 110 us\nc at 120 us\n");
    finish(&tw);
}
END_TEST

/* ---- overload ---- */

#define REQUESTS 200

static int served, late;

/* One request: due at its time, late if it is served a millisecond after that or more. */
static int serves(void *arg)
{
    const sm_time due = 100 * SM_MS + (intptr_t)arg * 100 * SM_US;

    (void)sm_sleep_until(due);
    served++;
    late += sm_now() - due >= SM_MS;
    return 0;
}

static int offers_load(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    served = late = 0;
    for (intptr_t i = 0; i < REQUESTS; i++)
        sm_task_spawn(NULL, "request", serves, (void *)i);
    return 0;
}

static int late_with_cost(sm_time per_event_ns)
{
    static struct tw tw;

    create(&tw, offers_load, per_event_ns, 0);
    ck_assert_int_eq(tw_run(&tw, 10 * SM_S), SIM_IDLE);
    ck_assert_int_eq(served, REQUESTS);
    finish(&tw);
    return late;
}

/* Below its capacity a machine answers in time; above it requests pile up and come late. */
START_TEST(overload)
{
    ck_assert_int_eq(late_with_cost(0), 0);
    ck_assert_int_eq(late_with_cost(90 * SM_US), 0);
    ck_assert_int_eq(late_with_cost(150 * SM_US), REQUESTS - 20); /* 50 us later each */
}
END_TEST

/* ---- slow ---- */

static int ticks(void *arg, struct sim_machine *machine)
{
    (void)arg;
    for (int i = 0; i < 6; i++) {
        tell("tick", machine);
        (void)sm_yield();
    }
    return 0;
}

static void slows(struct sim_world *world, struct sim_event *event)
{
    if (event->number)
        sim_machine_slow_begin(world->machines[0], (uint32_t)event->number);
    else
        sim_machine_slow_end(world->machines[0], 10);
}

/* While something slows a machine, steps cost a multiple; afterwards, as much as before. */
START_TEST(slow)
{
    static struct tw tw;

    create(&tw, ticks, 10 * SM_US, 0);
    sim_event_at(tw.world, 15 * SM_US, SIM_CALLBACK, 0, slows)->number = 10;
    sim_event_at(tw.world, 250 * SM_US, SIM_CALLBACK, 0, slows);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    ck_assert_str_eq(story, "tick at 0 us\ntick at 10 us\ntick at 20 us\n"
                            "tick at 120 us\ntick at 220 us\ntick at 320 us\n");
    ck_assert_uint_eq(tw.world->machines[0]->cpu.slow_steps, 3);
    finish(&tw);
}
END_TEST

/* A machine without costs of its own has some while it is slow; what is held when that ends goes on
 * at once. */
START_TEST(slow_without_costs)
{
    static struct tw tw;

    create(&tw, ticks, 0, 0);
    sim_machine_slow_begin(tw.world->machines[0], 10);
    sim_event_at(tw.world, 450 * SM_US, SIM_CALLBACK, 0, slows);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    ck_assert_str_eq(story, "tick at 0 us\ntick at 200 us\ntick at 400 us\n"
                            "tick at 450 us\ntick at 450 us\ntick at 450 us\n");
    finish(&tw);
}
END_TEST

/* ---- pauses and crashes ---- */

static void pauses(struct sim_world *world, struct sim_event *event)
{
    if (event->number)
        sim_machine_pause(world->machines[0]);
    else
        sim_machine_resume(world->machines[0]);
}

/* A pause of a busy machine holds its tasks until the end of the pause, not of the work. */
START_TEST(pause_while_busy)
{
    static struct tw tw;

    create(&tw, spawns_two, 20 * SM_US, 0);
    sim_event_at(tw.world, 30 * SM_US, SIM_CALLBACK, 0, pauses)->number = 1;
    sim_event_at(tw.world, 300 * SM_US, SIM_CALLBACK, 0, pauses);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    ck_assert_str_eq(story, "a at 20 us\nb at 300 us\na at 320 us\nb at 340 us\n");
    finish(&tw);
}
END_TEST

static void restarts(struct sim_world *world, struct sim_event *event)
{
    (void)event;
    sim_machine_crash(world->machines[0]);
    sim_machine_start(world->machines[0]);
}

/* A crash drops what a busy machine holds; it begins anew at once, and its costs stay. */
START_TEST(crash_while_busy)
{
    static struct tw tw;

    create(&tw, spawns_two, 20 * SM_US, 0);
    sim_event_at(tw.world, 30 * SM_US, SIM_CALLBACK, 0, restarts);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    ck_assert_str_eq(story, "a at 20 us\na at 50 us\nb at 70 us\na at 90 us\nb at 110 us\n");
    finish(&tw);
}
END_TEST

/* ---- determinism ---- */

static int many_tasks(void *arg, struct sim_machine *machine)
{
    (void)arg;
    for (int i = 0; i < 50; i++) {
        sm_task_spawn(NULL, "a", works_twice, machine);
        (void)sm_sleep(sm_random_range(NULL, 0, 50 * SM_US));
    }
    return 0;
}

static uint64_t digest_of(const struct sim_options *options)
{
    static struct tw tw;

    story[0] = '\0';
    tw_create(&tw, 3, options, many_tasks, NULL);
    for (uint32_t i = 0; i < 3; i++)
        sim_machine_cpu_set(tw.world->machines[i], (i + 1) * 7 * SM_US, 0);
    for (sm_time at = 0; at < SM_MS; at += 100 * SM_US) {
        sim_event_at(tw.world, at + 1, SIM_CALLBACK, 0, pauses)->number = 1;
        sim_event_at(tw.world, at + 60 * SM_US, SIM_CALLBACK, 0, pauses);
    }
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    const uint64_t digest = sim_world_digest(tw.world);
    finish(&tw);
    return digest;
}

/* Under every policy, with busy and paused machines, no task is lost and a run repeats. */
START_TEST(repeats)
{
    for (int policy = 0; policy < 3; policy++) {
        for (uint64_t seed = 1; seed <= 20; seed++) {
            const struct sim_options options = {
                .seed = seed, .policy = (enum sim_policy)policy, .slack_ns = seed % 2 * SM_US};
            ck_assert_uint_eq(digest_of(&options), digest_of(&options));
        }
    }
}
END_TEST

SUITE_MAIN("cpu", steps_take_turns, free_by_default, bytes_cost, timers_wait_too, overload, slow,
           slow_without_costs, pause_while_busy, crash_while_busy, repeats)
