/* SPDX-License-Identifier: MIT */
#include <steelmill/sim.h>
#include <steelmill/steelmill.h>

static int echo_run(void *self) /* a daemon: it sends each datagram back */
{
    struct sm_datagram *socket = self;
    struct sm_address from;
    char byte;
    int got = sm_datagram_open(sm_net_get(sm_factory_self()), &socket, 7);
    while (got >= 0 && (got = sm_datagram_receive(socket, &byte, 1, &from, SM_FOREVER)) >= 0)
        sm_datagram_send(socket, &from, &byte, 1);
    return got;
}
static const struct sm_daemon_type echo = {sizeof echo, .name = "echo", .run = echo_run};

SIM_TEST(survives_a_power_cut, .seeds = 100, .machines = {{"server", .daemons = {&echo}}})
{
    struct sm_net *net = sm_net_get(sm_factory_self());
    struct sm_address to = {.port = 7};
    struct sm_datagram *socket;
    char byte = 0;

    ck_assert(!sm_net_resolve(net, "server", &to.ip, SM_S) && !sm_datagram_open(net, &socket, 0));
    sim_restart(env, "server"); /* in the middle of the test, from one instant to the next */
    sm_datagram_send(socket, &to, "x", 1);
    ck_assert_int_eq(sm_datagram_receive(socket, &byte, 1, NULL, sm_now() + SM_S), 1);
    ck_assert_int_eq(byte, 'x');
}
SIM_MAIN(survives_a_power_cut)
