/* SPDX-License-Identifier: MIT */
/* Names, addresses, ports. */
#include "tests/net/fixture.h"

#include <stdio.h>

static struct nf nf;

static uint32_t resolve(struct sm_net *net, const char *name)
{
    uint32_t ip = 1;
    const int error = sm_net_resolve(net, name, &ip, SM_FOREVER);

    ck_assert(error == 0 || error == -ENOENT);
    return error ? 0 : ip;
}

static int names(struct nf *f, struct sm_net *net)
{
    (void)f;
    ck_assert_uint_eq(sm_net_ip(net), 0x7f010002);
    ck_assert_uint_eq(resolve(net, "m1"), 0x7f010001);
    ck_assert_uint_eq(resolve(net, "m3"), 0x7f010003);
    ck_assert_uint_eq(resolve(net, "localhost"), sm_net_ip(net));
    ck_assert_uint_eq(resolve(net, "127.0.0.1"), sm_net_ip(net));
    ck_assert_uint_eq(resolve(net, "10.1.2.255"), 0x0a0102ff);
    const char *const wrong[] = {"m4",     "",           "1.2.3",    "1.2.3.4.5", "1.2.3.256",
                                 "1..2.3", "1.2.3.0004", " 1.2.3.4", "m1 ",       "M1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_uint_eq(resolve(net, wrong[i]), 0);
    return 0;
}

/* A machine is found by its name, by its dotted address, and finds itself as localhost. */
START_TEST(resolving)
{
    nf_create(&nf, 3, NULL);
    nf.bodies[1] = names;
    nf_run(&nf, SM_S);
    nf_finish(&nf);
}
END_TEST

static uint16_t picked[2][300];

static int ports(struct nf *f, struct sm_net *net)
{
    static struct sm_datagram *sockets[300], *extra;
    struct sm_listener *listener, *second;
    uint16_t *own = picked[*(int *)f->arg];

    for (int i = 0; i < 300; i++) {
        ck_assert_int_eq(sm_datagram_open(net, &sockets[i], 0), 0);
        own[i] = sm_datagram_port(sockets[i]);
        ck_assert(own[i] >= 32768 && own[i] <= 60999);
        for (int j = 0; j < i; j++)
            ck_assert(own[i] != own[j]);
    }
    ck_assert_int_eq(sm_datagram_open(net, &extra, own[7]), -EADDRINUSE);
    ck_assert_ptr_null(extra);
    ck_assert_int_eq(sm_listener_open(net, &listener, own[7], 1), 0); /* streams have their own */
    ck_assert_int_eq(sm_listener_open(net, &second, own[7], 1), -EADDRINUSE);
    sm_listener_close(listener);
    ck_assert_int_eq(sm_listener_open(net, &listener, own[7], 1), 0);
    ck_assert_int_eq(sm_listener_open(net, &second, 80, 0), -EINVAL);
    ck_assert_int_eq(sm_listener_open(net, &second, 80, 4097), -EINVAL);
    sm_listener_close(listener);
    for (int i = 0; i < 300; i += 2)
        sm_datagram_close(sockets[i]);
    for (int i = 0; i < 300; i += 2)
        ck_assert_int_eq(sm_datagram_open(net, &sockets[i], own[i]), 0);
    for (int i = 0; i < 300; i++)
        sm_datagram_close(sockets[i]);
    sm_datagram_close(NULL);
    sm_listener_close(NULL);
    return 0;
}

/* Free ports are the run's own, each is held once, and a closed one is free again. */
START_TEST(free_ports)
{
    for (int run = 0; run < 2; run++) {
        nf_create(&nf, 1, NULL);
        nf.bodies[0] = ports;
        nf.arg = &run;
        nf_run(&nf, SM_S);
        nf_finish(&nf);
    }
    ck_assert_mem_eq(picked[0], picked[1], sizeof picked[0]);
}
END_TEST

/* Options that make no sense are refused, and nothing is left behind. */
START_TEST(bad_options)
{
    static struct tw tw;
    struct lo_net *net;
    struct lo_options options = {.link_default = {.set = LO_LINK_LOSS, .loss_ppm = 1000001}};

    tw_create(&tw, 2, NULL, NULL, NULL);
    ck_assert_int_eq(lo_net_create(&net, tw.world, &options), -EINVAL);
    options = (struct lo_options){.stream_buffer_bytes = 100};
    ck_assert_int_eq(lo_net_create(&net, tw.world, &options), -EINVAL);
    options = (struct lo_options){.queue_limit_ns = -1};
    ck_assert_int_eq(lo_net_create(&net, tw.world, &options), -EINVAL);
    ck_assert_ptr_null(net);
    tw_destroy(&tw);
}
END_TEST

SUITE_MAIN("address", resolving, free_ports, bad_options)
