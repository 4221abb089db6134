/* SPDX-License-Identifier: MIT */
#include "tests/net/fixture.h"

#include "sim/host.h"

#include <stdarg.h>
#include <stdio.h>

static int run_body(void *arg, struct sim_machine *machine)
{
    struct nf *nf = arg;
    const nf_body body = nf->bodies[machine->index - 1];

    nf->incarnation = machine->incarnation;
    return body ? body(nf, lo_net_capability(machine)) : 0;
}

void nf_create_with(struct nf *nf, uint32_t machine_count, const struct sim_options *world,
                    const struct lo_options *options)
{
    memset(nf, 0, sizeof *nf);
    tw_create(&nf->tw, machine_count, world, run_body, nf);
    ck_assert_int_eq(lo_net_create(&nf->net, nf->tw.world, options), 0);
}

void nf_create(struct nf *nf, uint32_t machine_count, const struct lo_link *link)
{
    const struct lo_link constant = {.set = LO_LINK_LATENCY,
                                     .latency = {.a_ns = SM_MS, .b_ns = SM_MS}};
    const struct lo_options options = {.link_default = link ? *link : constant};

    nf_create_with(nf, machine_count, NULL, &options);
}

void nf_pair(struct nf *nf, nf_body m1, nf_body m2)
{
    nf_create(nf, 2, NULL);
    nf->bodies[0] = m1;
    nf->bodies[1] = m2;
}

enum sim_outcome nf_run(struct nf *nf, sm_time until)
{
    const enum sim_outcome outcome = tw_run(&nf->tw, until);

    ck_assert_msg(outcome != SIM_FAILED, "%s", nf->tw.failure.text);
    return outcome;
}

uint64_t nf_lost(const struct nf *nf)
{
    uint64_t lost = 0;

    for (int i = 0; i < LO_LOST_COUNT; i++)
        lost += lo_net_counters(nf->net)->lost[i];
    return lost;
}

void nf_finish(struct nf *nf)
{
    const struct lo_counters *counters = lo_net_counters(nf->net);

    ck_assert_uint_eq(lo_net_live_objects(nf->net), 0);
    ck_assert_uint_eq(counters->sent + counters->duplicated, counters->delivered + nf_lost(nf));
    tw_destroy(&nf->tw);
    lo_net_destroy(nf->net);
}

/* ---- what happens at a time ---- */

struct appointment {
    struct nf *nf;
    void (*fn)(struct nf *nf, uint64_t number);
    uint64_t number;
};

static void happens(struct sim_world *world, struct sim_event *event)
{
    struct appointment *appointment = event->object;

    (void)world;
    appointment->fn(appointment->nf, appointment->number);
    sim_host_free(appointment);
}

void nf_at(struct nf *nf, sm_time at, void (*fn)(struct nf *nf, uint64_t number), uint64_t number)
{
    struct appointment *appointment = sim_host_alloc(sizeof *appointment);

    *appointment = (struct appointment){nf, fn, number};
    sim_event_at(nf->tw.world, at, SIM_CALLBACK, 0, happens)->object = appointment;
}

void nf_crash(struct nf *nf, uint64_t number)
{
    sim_machine_crash(nf->tw.world->machines[number - 1]);
}

void nf_start(struct nf *nf, uint64_t number)
{
    sim_machine_start(nf->tw.world->machines[number - 1]);
}

void nf_stop(struct nf *nf, uint64_t number)
{
    sim_machine_stop(nf->tw.world->machines[number - 1], SM_FOREVER);
}

void nf_kill(struct nf *nf, uint64_t number)
{
    sim_machine_kill(nf->tw.world->machines[number - 1]);
}

void nf_add_rule(struct nf *nf, uint64_t number)
{
    (void)number;
    lo_rule_add(nf->net, &nf->rule);
}

void nf_remove_rule(struct nf *nf, uint64_t id)
{
    lo_rule_remove(nf->net, (uint32_t)id);
}

/* ---- connections ---- */

struct sm_stream *nf_dial(struct sm_net *net)
{
    struct sm_stream *stream;

    ck_assert_int_eq(sm_stream_dial(net, &stream, "m2", NF_PORT, SM_FOREVER), 0);
    return stream;
}

struct sm_stream *nf_accept(struct sm_net *net)
{
    struct sm_listener *listener;
    struct sm_stream *stream;

    ck_assert_int_eq(sm_listener_open(net, &listener, NF_PORT, 1), 0);
    ck_assert_int_eq(sm_listener_accept(listener, &stream, NULL, SM_FOREVER), 0);
    sm_listener_close(listener);
    return stream;
}

/* ---- words ---- */

void nf_say(struct nf *nf, const char *format, ...)
{
    const size_t used = strlen(nf->trace);
    char *text = nf->trace + used;
    const size_t left = sizeof nf->trace - used;
    va_list args;
    const int stamp =
        snprintf(text, left, "%s%lldms ", used ? ", " : "", (long long)(nf->tw.world->now / SM_MS));

    va_start(args, format);
    vsnprintf(text + stamp, left - (size_t)stamp, format, args);
    va_end(args);
}
