/* SPDX-License-Identifier: MIT */
/* The step loop: runs in slices, ties, slack, causes, what is left behind. */
#include "core/random.h"
#include "tests/core/suite.h"

#include <steelmill/steelmill.h>

#include <stdio.h>

/* ---- work with timers that are set, cleared, re-armed early and late ---- */

static struct sm_event doorbells[2];

static int rings(void *arg)
{
    for (int i = 0; i < 100; i++) {
        (void)sm_sleep(sm_random_range(NULL, 0, 30));
        sm_event_set(arg);
        (void)sm_yield();
        sm_event_clear(arg);
    }
    return 0;
}

static int listens(void *arg)
{
    for (int i = 0; i < 200; i++) {
        const sm_time patience = sm_random_range(NULL, 1, 60);
        const sm_time before = sm_now();
        const int error = sm_event_wait(arg, before + patience);
        if (error == -ETIMEDOUT && sm_now() < before + patience)
            ck_abort_msg("a timer fired early");
        (void)sm_sleep(sm_random_range(NULL, 0, 3));
    }
    return 0;
}

static int works(void *arg, struct sim_machine *machine)
{
    struct sm_event *doorbell = &doorbells[machine->index - 1];

    (void)arg;
    sm_event_init(doorbell);
    for (int i = 0; i < 3; i++) {
        sm_task_spawn(NULL, "rings", rings, doorbell);
        sm_task_spawn(NULL, "listens", listens, doorbell);
    }
    return 0;
}

/* Runs the work in slices of random length (0: in one go) and returns the digest. */
static uint64_t digest_of(const struct sim_options *options, uint64_t slices)
{
    static struct tw tw;
    enum sim_outcome outcome = SIM_TIME_UP;
    sm_time until = slices ? 0 : SM_S;

    tw_create(&tw, 2, options, works, NULL);
    for (uint64_t i = 0; outcome == SIM_TIME_UP; i++) {
        outcome = tw_run(&tw, until);
        /* An instant that has opened is not cut: with slack it may end a little later. */
        ck_assert(outcome == SIM_IDLE ||
                  (tw.world->now >= until && tw.world->now <= until + options->slack_ns));
        until += slices ? (sm_time)(sm__random_draw(slices, i) % 40) : 0;
    }
    ck_assert_int_eq(outcome, SIM_IDLE);
    ck_assert_uint_eq(tw.world->tasks_alive, 0);
    const uint64_t digest = sim_world_digest(tw.world);
    tw_destroy(&tw);
    return digest;
}

/* A run that is stopped and continued anywhere is the same run. */
START_TEST(slices_are_invisible)
{
    for (int policy = 0; policy < 3; policy++) {
        for (sm_time slack_ns = 0; slack_ns <= 7; slack_ns += 7) {
            const struct sim_options options = {
                .seed = 3, .policy = (enum sim_policy)policy, .slack_ns = slack_ns};
            const uint64_t digest = digest_of(&options, 0);
            for (uint64_t slices = 1; slices < 6; slices++)
                ck_assert_uint_eq(digest_of(&options, slices), digest);
        }
    }
}
END_TEST

/* ---- ties and slack ---- */

static char letters[64];

static int writes_letter(void *arg)
{
    const int number = (int)(intptr_t)arg;

    (void)sm_sleep_until(100 + number);
    letters[strlen(letters)] = (char)('a' + number);
    return 0;
}

static int spawns_letters(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    memset(letters, 0, sizeof letters);
    for (intptr_t i = 0; i < 6; i++)
        sm_task_spawn(NULL, NULL, writes_letter, (void *)i);
    return 0;
}

static void run_letters(uint64_t seed, enum sim_policy policy, sm_time slack_ns)
{
    static struct tw tw;
    const struct sim_options options = {.seed = seed, .policy = policy, .slack_ns = slack_ns};

    tw_create(&tw, 1, &options, spawns_letters, NULL);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    tw_destroy(&tw);
}

/* Without slack, times decide; with it, what lies within one window may come in any order, and what
 * lies in different windows may not. */
START_TEST(slack)
{
    int changed = 0;

    for (uint64_t seed = 0; seed < 50; seed++) {
        run_letters(seed, SIM_POLICY_RANDOM, 0);
        ck_assert_str_eq(letters, "abcdef");
        run_letters(seed, SIM_POLICY_FIFO, 2);
        ck_assert_str_eq(letters, "abcdef");
        run_letters(seed, SIM_POLICY_RANDOM, 2);
        changed += strcmp(letters, "abcdef") != 0;
        for (int i = 0; i < 3; i++) {
            ck_assert(strchr("abc", letters[i]) != NULL);
            ck_assert(strchr("def", letters[3 + i]) != NULL);
        }
    }
    ck_assert_int_gt(changed, 40);
}
END_TEST

/* ---- causes ---- */

static struct sim_record records[200];
static size_t record_count;

static void keep_records(void *arg, const struct sim_record *block, size_t count)
{
    (void)arg;
    for (size_t i = 0; i < count && record_count < 200; i++)
        records[record_count++] = block[i];
}

/* Every record follows its cause, is numbered without a gap, and time never goes back. */
START_TEST(causes)
{
    static struct tw tw;
    const struct sim_options options = {.seed = 3, .trace = keep_records};

    record_count = 0;
    tw_create(&tw, 2, &options, works, NULL);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    ck_assert_uint_eq(record_count, 200);
    for (size_t i = 0; i < record_count; i++) {
        ck_assert_uint_eq(records[i].seq, i + 1);
        ck_assert_uint_lt(records[i].cause, records[i].seq);
        ck_assert(i == 0 || records[i].time_ns >= records[i - 1].time_ns);
    }
    tw_destroy(&tw);
}
END_TEST

static int rings_late(void *arg)
{
    (void)arg;
    (void)sm_sleep(10);
    sm_event_set(&doorbells[0]);
    return 0;
}

/* The timer for 1000 is pending still when the one for 2000 is set: the same queue entry serves. */
static int waits_and_sleeps(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    sm_event_init(&doorbells[0]);
    sm_task_spawn(NULL, "rings", rings_late, NULL);
    ck_assert_int_eq(sm_event_wait(&doorbells[0], 1000), 0);
    return sm_sleep_until(2000);
}

/* A record's cause is the step that brought it about: the spawn, the arming of the timer, the wake.
 */
START_TEST(cause_of_each)
{
    static struct tw tw;
    const struct sim_options options = {.policy = SIM_POLICY_FIFO, .trace = keep_records};
    char text[1024] = "";

    record_count = 0;
    tw_create(&tw, 1, &options, waits_and_sleeps, NULL);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_IDLE);
    sim_digest_flush_trace(&tw.world->digest);
    for (size_t i = 0; i < record_count; i++) {
        const struct sim_record *r = &records[i];
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d: %s of %u.%u at %d, by %d\n",
                 (int)r->seq, sim_kind_text(r->kind), r->machine, r->task, (int)r->time_ns,
                 (int)r->cause);
    }
    ck_assert_str_eq(text, "1: start of 1.0 at 0, by 0\n"
                           "2: run of 1.1 at 0, by 0\n"
                           "3: run of 1.2 at 0, by 2\n"
                           "4: timer of 1.2 at 10, by 3\n"
                           "5: run of 1.1 at 10, by 4\n"
                           "6: timer of 1.1 at 2000, by 5\n");
    tw_destroy(&tw);
}
END_TEST

/* ---- machines ---- */

static int sleeps(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    return sm_sleep(SM_FOREVER);
}

/* A machine that crashes while it stops, before its stop task ran or after, is off and starts anew;
 * a stop that ends properly leaves nothing either. */
START_TEST(crash_while_stopping)
{
    static struct tw tw;

    for (int when = 0; when < 3; when++) {
        tw_create(&tw, 1, NULL, sleeps, NULL);
        struct sim_machine *machine = tw.world->machines[0];
        tw_run(&tw, SM_S);
        sim_machine_stop(machine, 5 * SM_S);
        ck_assert_int_eq(machine->state, SIM_MACHINE_STOPPING);
        sim_machine_stop(machine, 5 * SM_S);
        if (when == 1)
            tw_run(&tw, 2 * SM_S);
        if (when < 2)
            sim_machine_crash(machine);
        else
            tw_run(&tw, 2 * SM_S);
        ck_assert_int_eq(machine->state, SIM_MACHINE_OFF);
        ck_assert_uint_eq(tw.world->tasks_alive, 0);
        sim_machine_start(machine);
        tw_run(&tw, 3 * SM_S);
        ck_assert_int_eq(machine->state, SIM_MACHINE_UP);
        ck_assert_uint_eq(machine->incarnation, 2);
        ck_assert_int_eq(tw.failure.kind, 0);
        tw_destroy(&tw);
    }
}
END_TEST

static int stops_counted;

static int counts_stops(void *arg, struct sim_machine *machine, sm_time deadline)
{
    (void)arg, (void)machine, (void)deadline;
    stops_counted++;
    return 0;
}

static void crash_start_stop(struct sim_world *world, struct sim_event *event)
{
    struct sim_machine *machine = event->object;

    (void)world;
    sim_machine_crash(machine);
    sim_machine_start(machine);
    sim_machine_stop(machine, SM_FOREVER);
}

static void stop_and_more(struct sim_world *world, struct sim_event *event)
{
    sim_machine_stop(event->object, SM_FOREVER);
    sim_event_at(world, world->now, SIM_CALLBACK, 0, crash_start_stop)->object = event->object;
}

/* The news that a machine has stopped comes too late where it has crashed, started and begun to
 * stop again meanwhile, all in one instant: the second stop is not cut short by the first. */
START_TEST(stale_stop)
{
    static struct tw tw;
    const struct sim_options options = {.policy = SIM_POLICY_FIFO};

    tw_create(&tw, 1, &options, sleeps, NULL);
    tw.world->program.stop = counts_stops;
    tw_run(&tw, SM_S);
    sim_event_at(tw.world, 2 * SM_S, SIM_CALLBACK, 0, stop_and_more)->object =
        tw.world->machines[0];
    tw_run(&tw, 3 * SM_S);
    ck_assert_int_eq(stops_counted, 2);
    ck_assert_int_eq(tw.world->machines[0]->state, SIM_MACHINE_OFF);
    tw_destroy(&tw);
}
END_TEST

SUITE_MAIN("sched", slices_are_invisible, slack, causes, cause_of_each, crash_while_stopping,
           stale_stop)
