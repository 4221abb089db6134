/* SPDX-License-Identifier: MIT */
/* The kernel of the simulation: order, time, digests, machines' lives. */
#include "tests/core/world.h"
#include "tests/suite.h"

#include <steelmill/steelmill.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* ---- digests ---- */

struct chatter {
    struct sm_channel *channel;
    int left;
};

static int chat(void *arg)
{
    struct chatter *chatter = arg;
    struct sm_random random;

    sm_random_init(&random, "chat");
    while (chatter->left-- > 0) {
        uint64_t word = sm_random_u64(&random);
        sm_sleep((sm_time)(word % 1000));
        sm_channel_send(chatter->channel, &word, SM_FOREVER);
    }
    return 0;
}

static int chatting(void *arg, struct sim_machine *machine)
{
    struct chatter chatter = {.left = 400};
    struct sm_task *tasks[8];
    uint64_t word;

    (void)arg, (void)machine;
    sm_channel_create(&chatter.channel, 4, sizeof word);
    for (int i = 0; i < 8; i++)
        sm_task_spawn(&tasks[i], "chat", chat, &chatter);
    for (int i = 0; i < 400; i++)
        sm_channel_receive(chatter.channel, &word, SM_FOREVER);
    for (int i = 0; i < 8; i++)
        sm_task_join(tasks[i], NULL, SM_FOREVER);
    sm_channel_destroy(chatter.channel);
    return 0;
}

static uint64_t digest_of(const struct sim_options *options)
{
    static struct tw tw;

    tw_create(&tw, 3, options, chatting, NULL);
    ck_assert_int_eq(tw_run(&tw, 3600 * SM_S), SIM_IDLE);
    const uint64_t digest = sim_world_digest(tw.world);
    tw_destroy(&tw);
    return digest;
}

/* The same seed gives the same digest, first and later in a process; another seed another one. */
START_TEST(seed_decides)
{
    const struct sim_options one = {.seed = 1}, two = {.seed = 2};
    const uint64_t digest = digest_of(&one);

    ck_assert_uint_ne(digest, digest_of(&two));
    for (int i = 0; i < 20; i++)
        ck_assert_uint_eq(digest, digest_of(&one));
}
END_TEST

/* Each policy is deterministic, and they differ from each other. */
START_TEST(policies)
{
    uint64_t digests[3];

    for (int policy = 0; policy < 3; policy++) {
        const struct sim_options options = {.seed = 5, .policy = (enum sim_policy)policy};
        digests[policy] = digest_of(&options);
        ck_assert_uint_eq(digests[policy], digest_of(&options));
    }
    ck_assert_uint_ne(digests[0], digests[1]);
    ck_assert_uint_ne(digests[1], digests[2]);
}
END_TEST

/* ---- time ---- */

static int sleeps_long(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    ck_assert_int_eq(sm_sleep(3599 * SM_S), 0);
    return 0;
}

/* An hour of idle time costs a handful of steps. */
START_TEST(idle_time_is_free)
{
    static struct tw tw;

    tw_create(&tw, 1, NULL, sleeps_long, NULL);
    ck_assert_int_eq(tw_run(&tw, 3600 * SM_S), SIM_IDLE);
    ck_assert_uint_lt(tw.world->seq, 6);
    ck_assert_int_eq(tw.world->now, 3599 * SM_S);
    tw_destroy(&tw);
}
END_TEST

static int rearms(void *arg, struct sim_machine *machine)
{
    struct sm_event never;

    (void)arg, (void)machine;
    sm_event_init(&never);
    /* later, earlier, and at the same time as what is pending */
    ck_assert_int_eq(sm_event_wait(&never, 10), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), 10);
    struct sm_task *task = sm_task_self();
    (void)task;
    for (sm_time at = 20; at < 2000; at += 10) {
        ck_assert_int_eq(sm_event_wait(&never, at), -ETIMEDOUT);
        ck_assert_int_eq(sm_now(), at);
    }
    return 0;
}

/* Deadlines fire exactly when due, however timers are re-armed. */
START_TEST(timers_are_exact)
{
    tw_once(rearms, NULL);
}
END_TEST

struct signal_after {
    struct sm_event event;
    sm_time after;
};

static int signal_later(void *arg)
{
    struct signal_after *s = arg;
    sm_sleep(s->after);
    sm_event_set(&s->event);
    return 0;
}

static int lazily(void *arg, struct sim_machine *machine)
{
    struct signal_after s = {.after = 5};

    (void)arg, (void)machine;
    sm_event_init(&s.event);
    /* Armed for 1000 and woken at 5: the pending entry is reused for 2000, and not for 100. */
    sm_task_spawn(NULL, NULL, signal_later, &s);
    ck_assert_int_eq(sm_event_wait(&s.event, 1000), 0);
    ck_assert_int_eq(sm_now(), 5);
    sm_event_clear(&s.event);
    ck_assert_int_eq(sm_event_wait(&s.event, 2000), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), 2000);
    s.after = 1;
    sm_task_spawn(NULL, NULL, signal_later, &s);
    ck_assert_int_eq(sm_event_wait(&s.event, 9000), 0);
    sm_event_clear(&s.event);
    ck_assert_int_eq(sm_event_wait(&s.event, 3000), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), 3000);
    ck_assert_int_eq(sm_sleep(7000), 0);
    ck_assert_int_eq(sm_now(), 10000);
    return 0;
}

/* A timer that was cleared and set again, later or earlier, fires once and when due. */
START_TEST(timers_are_reused)
{
    tw_once(lazily, NULL);
}
END_TEST

static int spins_in_place(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    for (;;)
        sm_yield();
    return 0;
}

/* Events without end at one instant are a failure, not a hang. */
START_TEST(stuck_instant)
{
    static struct tw tw;
    const struct sim_options options = {.instant_events_max = 10000};

    tw_create(&tw, 1, &options, spins_in_place, NULL);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_FAILED);
    ck_assert_int_eq(tw.failure.kind, SIM_FAILURE_STUCK);
    tw_destroy(&tw);
}
END_TEST

/* ---- machines ---- */

static int counts_seconds(void *arg, struct sim_machine *machine)
{
    int *counts = arg;

    for (;;) {
        char *memory = malloc(1000); /* lost at a crash */
        ck_assert_ptr_nonnull(memory);
        memset(memory, 1, 1000);
        if (sm_sleep(SM_S))
            return 0;
        counts[machine->index - 1]++;
    }
}

/* A crash drops tasks and memory at once and leaves other machines alone; a start begins anew. */
START_TEST(crash_and_restart)
{
    static struct tw tw;
    int counts[2] = {0, 0};

    tw_create(&tw, 2, NULL, counts_seconds, counts);
    tw_run(&tw, 10 * SM_S + 1);
    ck_assert_int_eq(counts[0], 10);
    struct sim_machine *first = tw.world->machines[0];
    sim_machine_crash(first);
    ck_assert_uint_eq(first->heap.used_bytes, 0);
    tw_run(&tw, 15 * SM_S + 1);
    ck_assert_int_eq(counts[0], 10);
    ck_assert_int_eq(counts[1], 15);
    sim_machine_start(first);
    ck_assert_uint_eq(first->incarnation, 2);
    tw_run(&tw, 20 * SM_S + 2);
    ck_assert_int_eq(counts[0], 15);
    ck_assert_int_eq(tw.failure.kind, 0);
    tw_destroy(&tw);
}
END_TEST

/* A paused machine runs nothing while time goes on; its timers are late, not lost. */
START_TEST(pause_and_resume)
{
    static struct tw tw;
    int counts[2] = {0, 0};

    tw_create(&tw, 2, NULL, counts_seconds, counts);
    tw_run(&tw, 10 * SM_S + 1);
    sim_machine_pause(tw.world->machines[0]);
    tw_run(&tw, 20 * SM_S + 1);
    ck_assert_int_eq(counts[0], 10);
    ck_assert_int_eq(counts[1], 20);
    sim_machine_resume(tw.world->machines[0]);
    tw_run(&tw, 25 * SM_S + 2);
    ck_assert_int_eq(counts[0], 16);
    sim_machine_pause(tw.world->machines[0]);
    tw_run(&tw, 30 * SM_S);
    sim_machine_crash(tw.world->machines[0]);
    sim_machine_start(tw.world->machines[0]);
    tw_run(&tw, 32 * SM_S);
    ck_assert_int_eq(counts[0], 18);
    tw_destroy(&tw);
}
END_TEST

/* Ten thousand crashes and restarts leave no task, no event and no memory behind. */
START_TEST(crash_cycles)
{
    static struct tw tw;
    int counts[2] = {0, 0};

    tw_create(&tw, 2, NULL, counts_seconds, counts);
    for (int i = 0; i < 10000; i++) {
        tw_run(&tw, tw.world->now + SM_S + 1);
        sim_machine_crash(tw.world->machines[i % 2]);
        sim_machine_start(tw.world->machines[i % 2]);
    }
    ck_assert_uint_le(tw.world->tasks_peak, 4);
    ck_assert_uint_lt(tw.world->events.fresh, 10);
    tw_destroy(&tw);
}
END_TEST

/* ---- properties ---- */

static int evaluates(void *arg, struct sim_machine *machine)
{
    (void)arg;
    sm_always(true, "holds");
    sm_sometimes(machine->index == 2, "second");
    sm_eventually(false, "settles");
    sm_sleep(SM_S);
    sm_eventually(machine->index == 1, "settles");
    sm_sleep(SM_S);
    sm_always(machine->index != 2, "not two", sm_u64("machine", machine->index));
    return 0;
}

/* Properties count evaluations; `eventually` is pending per machine; a violated one ends the run.
 */
START_TEST(properties_are_judged)
{
    static struct tw tw;
    size_t count;

    tw_create(&tw, 2, NULL, evaluates, NULL);
    tw_run(&tw, SM_S / 2);
    ck_assert_uint_eq(sim_property_pending(tw.world, "settles"), 2);
    tw_run(&tw, SM_S + SM_MS);
    ck_assert_uint_eq(sim_property_pending(tw.world, "settles"), 1);
    ck_assert_uint_eq(sim_property_pending(tw.world, "unknown"), UINT32_MAX);
    ck_assert_int_eq(tw_run(&tw, 3 * SM_S), SIM_FAILED);
    ck_assert_int_eq(tw.failure.kind, SIM_FAILURE_PROPERTY);
    ck_assert_str_eq(tw.failure.subject, "not two");
    ck_assert_str_eq(tw.failure.text, "always 'not two' violated: machine=2");
    ck_assert_str_eq(tw.failure.machine->name, "m2");
    const struct sim_property *properties = sim_properties(tw.world, &count);
    ck_assert_uint_eq(count, 4);
    ck_assert_str_eq(properties[0].name, "holds");
    ck_assert_uint_eq(properties[0].hit_count, 2);
    ck_assert_str_eq(properties[2].name, "second");
    ck_assert_uint_eq(properties[2].true_count, 1);
    tw_destroy(&tw);
}
END_TEST

static int buggifies(void *arg, struct sim_machine *machine)
{
    int *fired = arg;

    (void)machine;
    for (int i = 0; i < 1000; i++)
        *fired += sm_buggify("slow path");
    return 0;
}

/* A buggify point is chosen in about a quarter of the runs, fires in about a quarter of the cases
 * of such a run, and never where buggify is off. */
START_TEST(buggify)
{
    static struct tw tw;
    int runs = 0;

    for (uint64_t seed = 0; seed < 200; seed++) {
        const struct sim_options options = {.seed = seed, .buggify = seed % 2 == 0};
        int fired = 0;
        tw_create(&tw, 1, &options, buggifies, &fired);
        tw_run(&tw, SM_S);
        tw_destroy(&tw);
        ck_assert(seed % 2 == 0 || fired == 0);
        ck_assert(fired == 0 || (fired > 150 && fired < 350));
        runs += fired > 0;
    }
    ck_assert_int_ge(runs, 10);
    ck_assert_int_le(runs, 45);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernel");
    TCase *tc = tcase_create("kernel");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, seed_decides);
    tcase_add_test(tc, policies);
    tcase_add_test(tc, idle_time_is_free);
    tcase_add_test(tc, timers_are_exact);
    tcase_add_test(tc, timers_are_reused);
    tcase_add_test(tc, stuck_instant);
    tcase_add_test(tc, crash_and_restart);
    tcase_add_test(tc, pause_and_resume);
    tcase_add_test(tc, crash_cycles);
    tcase_add_test(tc, properties_are_judged);
    tcase_add_test(tc, buggify);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
