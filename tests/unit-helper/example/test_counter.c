/* SPDX-License-Identifier: MIT */
/* Tests of the counter, each a simulation over many seeds. All of them pass. */
#include "counter.h"

#include <steelmill/sim.h>

#define ADDS 10

static uint64_t sum_of(const char *machine)
{
    uint64_t sum = 0;

    while (counter_add(sm_net_get(sm_factory_self()), machine, 0, &sum, sm_now() + SM_S) != 0)
        sm_sleep(100 * SM_MS);
    return sum;
}

static int cut_power(void *env)
{
    sm_sleep(sm_random_range(NULL, 0, 200 * SM_MS));
    sim_restart(env, "server");
    return 0;
}

/* What was answered is there after a power cut at any moment. */
SIM_TEST(no_add_is_lost, .machines = {{"server", .daemons = {&counter_server_daemon}}},
         .sometimes = {"an add fails"})
{
    struct sm_net *net = sm_net_get(sm_factory_self());
    uint64_t answered = 0, sum;

    ck_assert_int_eq(sm_task_spawn(NULL, "cut power", cut_power, env), 0);
    for (int i = 0; i < ADDS; i++) {
        const int error = counter_add(net, "server", 1, &sum, sm_now() + 500 * SM_MS);
        sm_sometimes(error != 0, "an add fails");
        answered += error == 0;
    }
    sum = sum_of("server");
    ck_assert_uint_ge(sum, answered);
    ck_assert_uint_le(sum, ADDS);
}

/* Streams get late in a bad network, but nothing is lost or added twice. */
SIM_TEST(bad_links_do_no_harm, .machines = {{"server", .daemons = {&counter_server_daemon}}},
         .network = {.latency_min_ns = SM_MS, .latency_max_ns = 50 * SM_MS, .loss_ppm = 50000})
{
    uint64_t sum = 0;

    for (int i = 0; i < ADDS; i++)
        ck_assert_int_eq(
            counter_add(sm_net_get(sm_factory_self()), "server", 1, &sum, sm_now() + 60 * SM_S), 0);
    ck_assert_uint_eq(sum, ADDS);
}

/* A client that is cut off learns nothing; when the network is whole again, it goes on. */
SIM_TEST(partition_delays, .machines = {{"server", .daemons = {&counter_server_daemon}}})
{
    struct sm_net *net = sm_net_get(sm_factory_self());
    uint64_t sum;

    sim_partition(env, "server", NULL);
    ck_assert_int_eq(counter_add(net, "server", 1, &sum, sm_now() + SM_S), -ETIMEDOUT);
    sim_heal(env);
    ck_assert_uint_le(sum_of("server"), 1);
}

SIM_MAIN(no_add_is_lost, bad_links_do_no_harm, partition_delays)
