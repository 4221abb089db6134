/* SPDX-License-Identifier: MIT */
/* Tasks: spawn, join, cancel, sleep, yield, owners. */
#include "tests/core/world.h"
#include "tests/suite.h"

#include <steelmill/steelmill.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_one(void *arg)
{
    ++*(int *)arg;
    return 7;
}

static int spawn_and_join(void *arg, struct sim_machine *machine)
{
    int value = 0, result = 0;
    struct sm_task *task;

    (void)arg, (void)machine;
    ck_assert_int_eq(sm_task_spawn(&task, "adder", add_one, &value), 0);
    ck_assert_str_eq(sm_task_name(task), "adder");
    ck_assert_int_eq(value, 0);
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(value, 1);
    ck_assert_int_eq(result, 7);
    return 0;
}

/* A spawned task runs after its spawner parks, and join hands its result over. */
START_TEST(spawn_join)
{
    tw_once(spawn_and_join, NULL);
}
END_TEST

static int sleep_for(void *arg)
{
    return sm_sleep(*(sm_time *)arg);
}

static int join_late(void *arg, struct sim_machine *machine)
{
    sm_time second = SM_S;
    struct sm_task *task;

    (void)arg, (void)machine;
    ck_assert_int_eq(sm_task_spawn(&task, NULL, sleep_for, &second), 0);
    ck_assert_int_eq(sm_task_join(task, NULL, SM_MS), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), SM_MS);
    ck_assert_int_eq(sm_task_join(task, NULL, 2 * SM_S), 0);
    ck_assert_int_eq(sm_now(), SM_S);
    return 0;
}

/* A join that times out leaves the handle valid, and deadlines are exact in virtual time. */
START_TEST(join_deadline)
{
    tw_once(join_late, NULL);
}
END_TEST

static int cancel_sleeper(void *arg, struct sim_machine *machine)
{
    sm_time for_ever = SM_FOREVER;
    struct sm_task *task;
    int result = 0;

    (void)arg, (void)machine;
    ck_assert_int_eq(sm_task_spawn(&task, NULL, sleep_for, &for_ever), 0);
    ck_assert_int_eq(sm_sleep(SM_S), 0);
    sm_task_cancel(task);
    sm_task_cancel(task);
    ck_assert_int_eq(sm_task_join(task, &result, SM_FOREVER), 0);
    ck_assert_int_eq(result, -ECANCELED);
    ck_assert_int_eq(sm_now(), SM_S);
    return 0;
}

/* Cancelling wakes a parked task at once with -ECANCELED; twice is harmless. */
START_TEST(cancel_parked)
{
    tw_once(cancel_sleeper, NULL);
}
END_TEST

static int keeps_calling(void *arg)
{
    struct sm_event event;

    sm_event_init(&event);
    sm_event_set(&event);
    ck_assert_int_eq(sm_sleep(SM_S), -ECANCELED);
    ck_assert(sm_task_cancelled());
    ck_assert_int_eq(sm_sleep(SM_S), -ECANCELED);
    ck_assert_int_eq(sm_yield(), -ECANCELED);
    ck_assert_int_eq(sm_event_wait(&event, SM_FOREVER), -ECANCELED);
    *(bool *)arg = true;
    return 0;
}

static int cancel_sticks(void *arg, struct sim_machine *machine)
{
    bool reached = false;
    struct sm_task *task;

    (void)arg, (void)machine;
    ck_assert_int_eq(sm_task_spawn(&task, NULL, keeps_calling, &reached), 0);
    sm_task_cancel(task);
    ck_assert_int_eq(sm_task_join(task, NULL, SM_FOREVER), 0);
    ck_assert(reached);
    return 0;
}

/* Once cancelled, every later blocking call fails, even one that would not have had to wait. */
START_TEST(cancel_is_sticky)
{
    tw_once(cancel_sticks, NULL);
}
END_TEST

static int yielder(void *arg)
{
    char *text = *(char **)arg;
    for (int i = 0; i < 3; i++) {
        text[strlen(text)] = 'a';
        sm_yield();
    }
    return 0;
}

static int yields(void *arg, struct sim_machine *machine)
{
    char text[16] = "", *where = text;
    struct sm_task *task;

    (void)arg, (void)machine;
    sm_task_spawn(&task, NULL, yielder, &where);
    for (int i = 0; i < 3; i++) {
        text[strlen(text)] = 'b';
        sm_yield();
    }
    sm_task_join(task, NULL, SM_FOREVER);
    ck_assert_int_eq(strlen(text), 6);
    ck_assert_int_eq(sm_now(), 0);
    return 0;
}

/* Yielding lets others run and takes no virtual time. */
START_TEST(yield_takes_no_time)
{
    tw_once(yields, NULL);
}
END_TEST

static int deep(void *arg)
{
    volatile char frame[1024];
    int depth = *(int *)arg;

    memset((void *)frame, depth, sizeof frame);
    if (depth-- > 0)
        deep(&depth);
    return frame[0];
}

static int many(void *arg, struct sim_machine *machine)
{
    enum { COUNT = 10000 };
    struct sm_task **tasks = malloc(COUNT * sizeof *tasks);
    int depth = 100, sum = 0;

    (void)arg, (void)machine;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++)
            ck_assert_int_eq(
                sm_task_spawn(&tasks[i], NULL, i % 100 ? add_one : deep, i % 100 ? &sum : &depth),
                0);
        for (int i = 0; i < COUNT; i++)
            ck_assert_int_eq(sm_task_join(tasks[i], NULL, SM_FOREVER), 0);
    }
    free(tasks);
    return 0;
}

/* Ten thousand tasks at once, stacks reused, deep frames in some. */
START_TEST(many_tasks)
{
    tw_once(many, NULL);
}
END_TEST

static int rounding(void *arg)
{
    unsigned *mode = arg;
    unsigned word = *mode;

#if defined(__x86_64__)
    __asm__ volatile("ldmxcsr %0" : : "m"(word));
    sm_yield();
    __asm__ volatile("stmxcsr %0" : "=m"(word));
#endif
    return word == *mode ? 0 : -1;
}

static int keeps_rounding(void *arg, struct sim_machine *machine)
{
    unsigned down = 0x3f80, nearest = 0x1f80;
    struct sm_task *a, *b;
    int result_a = 1, result_b = 1;

    (void)arg, (void)machine;
    sm_task_spawn(&a, NULL, rounding, &down);
    sm_task_spawn(&b, NULL, rounding, &nearest);
    sm_task_join(a, &result_a, SM_FOREVER);
    sm_task_join(b, &result_b, SM_FOREVER);
    ck_assert_int_eq(result_a, 0);
    ck_assert_int_eq(result_b, 0);
    return 0;
}

/* The floating-point control word belongs to the task. */
START_TEST(float_control_is_kept)
{
    tw_once(keeps_rounding, NULL);
}
END_TEST

static int owned(void *arg)
{
    ++*(int *)arg;
    const int error = sm_sleep(SM_S);
    --*(int *)arg;
    return error;
}

static int owners(void *arg, struct sim_machine *machine)
{
    struct sm__owner owner;
    int alive = 0;
    struct sm_task *kept;

    (void)arg;
    sm__owner_init(&owner, NULL, "d");
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(
            sm__task_spawn(i ? NULL : &kept, &machine->home, &owner, "t", owned, &alive), 0);
    sm_yield();
    while (alive < 5)
        sm_yield();
    ck_assert_int_eq(sm__owner_wait(&owner, sm_now() + SM_MS), -ETIMEDOUT);
    sm__owner_close(&owner);
    ck_assert_int_eq(sm__task_spawn(NULL, &machine->home, &owner, "t", owned, &alive), -ECANCELED);
    ck_assert_int_eq(sm__owner_wait(&owner, SM_FOREVER), 0);
    ck_assert_int_eq(alive, 0);
    ck_assert_int_eq(sm_now(), SM_MS);
    sm__owner_finish(&owner);
    return 0;
}

/* Closing an owner cancels all of its tasks, refuses new ones, and frees unclaimed results. */
START_TEST(owner_close)
{
    tw_once(owners, NULL);
}
END_TEST

/* ---- rest ---- */

struct rester {
    bool rests; /* else it parks */
    struct sm_waitable object;
    struct sm__waiter waiter;
    struct sm_task task;
    int woken, error;
    uint32_t stack; /* that it was on at its latest */
};

static uint32_t own_stack(void)
{
    uint32_t index = UINT32_MAX;
    bool in_guard = true;

    ck_assert(sm__stack_find(sm__current->home->stacks, &index, &index, &in_guard));
    ck_assert(!in_guard);
    return index;
}

static int rester_goes_on(void *arg)
{
    struct rester *rester = arg;

    ck_assert_ptr_eq(sm__current, &rester->task);
    rester->stack = own_stack();
    rester->woken++;
    rester->error = sm__current->wake_error;
    if (!rester->error)
        rester->error = sm__task_rest(&rester->object, &rester->waiter, rester_goes_on);
    return rester->error;
}

static int rester_begins(void *arg)
{
    struct rester *rester = arg;

    rester->stack = own_stack();
    if (rester->rests)
        return sm__task_rest(&rester->object, &rester->waiter, rester_goes_on);
    while (!rester->error) {
        rester->error = sm__wait(&rester->object, false, SM_FOREVER);
        rester->woken++;
    }
    return rester->error;
}

static int note_stack(void *stack)
{
    *(uint32_t *)stack = own_stack();
    return 0;
}

static int wake_rester(void *arg, struct sim_machine *machine)
{
    struct rester *rester = arg;
    uint32_t stack;

    sm__waitable_init(&rester->object, NULL);
    ck_assert_int_eq(sm__task_spawn_in(&rester->task, &machine->home, sm__current->owner, "rester",
                                       rester_begins, rester),
                     0);
    sm_sleep(SM_MS);
    for (int i = 1; i <= 3; i++) {
        ck_assert_int_eq(sm_task_spawn(NULL, "noting", note_stack, &stack), 0);
        sm_sleep(SM_MS);
        ck_assert_int_eq(stack == rester->stack, rester->rests);
        sm__wake_all(&rester->object);
        sm_sleep(SM_MS);
        ck_assert_int_eq(rester->woken, i);
        ck_assert_int_eq(rester->error, 0);
    }
    sm_task_cancel(&rester->task);
    sm_sleep(SM_MS);
    ck_assert_int_eq(rester->woken, 4);
    ck_assert_int_eq(rester->error, -ECANCELED);
    return 0;
}

/* While a task rests, others use its stack; its steps are those of a task that parks. */
START_TEST(rest)
{
    static struct rester rests = {.rests = true}, parks;
    const uint64_t digest = tw_once(wake_rester, &rests);

    ck_assert_uint_eq(tw_once(wake_rester, &parks), digest);
}
END_TEST

static int crash_rester(void *arg, struct sim_machine *machine)
{
    struct rester *rester = arg;

    sm__waitable_init(&rester->object, NULL);
    sm__task_spawn_in(&rester->task, &machine->home, sm__current->owner, "rester", rester_begins,
                      rester);
    return sm_sleep(SM_S);
}

/* A crash while a task rests finds no stack to give back, and its place is free for another. */
START_TEST(crash_at_rest)
{
    static struct rester rester = {.rests = true};
    static struct tw tw;

    tw_create(&tw, 1, NULL, crash_rester, &rester);
    for (int i = 1; i <= 3; i++) {
        tw_run(&tw, i * SM_MS);
        ck_assert_uint_eq(tw.world->tasks_alive, 2);
        sim_machine_crash(tw.world->machines[0]);
        ck_assert_uint_eq(tw.world->tasks_alive, 0);
        ck_assert_ptr_null(rester.object.first);
        sim_machine_start(tw.world->machines[0]);
    }
    ck_assert_uint_eq(sm__stack_peak(tw.world->stacks), 2);
    tw_destroy(&tw);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("task");
    TCase *tc = tcase_create("task");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, spawn_join);
    tcase_add_test(tc, join_deadline);
    tcase_add_test(tc, cancel_parked);
    tcase_add_test(tc, cancel_is_sticky);
    tcase_add_test(tc, yield_takes_no_time);
    tcase_add_test(tc, many_tasks);
    tcase_add_test(tc, float_control_is_kept);
    tcase_add_test(tc, owner_close);
    tcase_add_test(tc, rest);
    tcase_add_test(tc, crash_at_rest);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
