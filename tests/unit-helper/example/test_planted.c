/* SPDX-License-Identifier: MIT */
/*
 * A test that fails on purpose, on some of its seeds: the server answers before the new value is on
 * disk, which only a power cut in the middle can show.
 */
#include "counter.h"

#include <steelmill/sim.h>

SIM_TEST(careless_server, .machines = {{"server", .daemons = {&counter_server_daemon},
                                        .config = {{"careless", "true"}}}})
{
    struct sm_net *net = sm_net_get(sm_factory_self());
    uint64_t answered = 0, sum = 0;

    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(counter_add(net, "server", 1, &answered, sm_now() + SM_S), 0);
    sim_restart(env, "server");
    ck_assert_int_eq(counter_add(net, "server", 0, &sum, sm_now() + SM_S), 0);
    ck_assert_uint_eq(sum, answered);
}

/* Passes, and is not run when a line that replays the other is pasted. */
SIM_TEST(careful_server, .machines = {{"server", .daemons = {&counter_server_daemon}}})
{
    struct sm_net *net = sm_net_get(sm_factory_self());
    uint64_t answered = 0, sum = 0;

    ck_assert_int_eq(counter_add(net, "server", 1, &answered, sm_now() + SM_S), 0);
    sim_restart(env, "server");
    ck_assert_int_eq(counter_add(net, "server", 0, &sum, sm_now() + SM_S), 0);
    ck_assert_uint_eq(sum, answered);
}

SIM_MAIN(careless_server, careful_server)
