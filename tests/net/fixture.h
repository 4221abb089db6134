/* SPDX-License-Identifier: MIT */
/*
 * A small simulated network for tests: machines m1, m2, ... that run bodies, and things that happen
 * to them at given times.
 */
#ifndef STEELMILL_TESTS_NET_FIXTURE_H
#define STEELMILL_TESTS_NET_FIXTURE_H

#include "net-loopback/net.h"
#include "tests/core/suite.h"

#include <steelmill/steelmill.h>

struct nf;

/* A machine's program. Returns 0, or a failure. */
typedef int (*nf_body)(struct nf *nf, struct sm_net *net);

#define NF_MACHINES_MAX 8
#define NF_PORT         7000

struct nf {
    struct tw tw;
    struct lo_net *net;
    nf_body bodies[NF_MACHINES_MAX]; /* by machine index - 1; NULL: does nothing */
    uint32_t incarnation;            /* of the machine whose body runs */
    void *arg;                       /* the test's own */
    struct lo_rule rule;             /* for nf_add_rule */
    char trace[4096];                /* nf_say */
};

/* link: NULL for a constant latency of 1 ms. */
void nf_create(struct nf *nf, uint32_t machine_count, const struct lo_link *link);
void nf_create_with(struct nf *nf, uint32_t machine_count, const struct sim_options *world,
                    const struct lo_options *options);
/* Two of them, with a constant latency of 1 ms. */
void nf_pair(struct nf *nf, nf_body m1, nf_body m2);
/* Starts the machines and runs for so long in all; a failure fails the test. */
enum sim_outcome nf_run(struct nf *nf, sm_time until);
/* Checks that nothing is left behind and that the counters add up, and ends the world. */
void nf_finish(struct nf *nf);

/* Calls `fn` at a time, as a fault would be. */
void nf_at(struct nf *nf, sm_time at, void (*fn)(struct nf *nf, uint64_t number), uint64_t number);
/* For nf_at: number is the machine. */
void nf_crash(struct nf *nf, uint64_t number);
void nf_start(struct nf *nf, uint64_t number);
void nf_stop(struct nf *nf, uint64_t number);
void nf_kill(struct nf *nf, uint64_t number); /* its program dies, the host goes on */
/* For nf_at: puts nf->rule in force; ends the rule with this id. */
void nf_add_rule(struct nf *nf, uint64_t number);
void nf_remove_rule(struct nf *nf, uint64_t id);

/* In a body: a connection to m2 at NF_PORT, and its other end there. */
struct sm_stream *nf_dial(struct sm_net *net);
struct sm_stream *nf_accept(struct sm_net *net);

/* Writes down "12ms words, " for comparison with what a reader expects. */
void nf_say(struct nf *nf, const char *format, ...) SM_PRINTF(2, 3);
#define nf_said(nf, expected)                    \
    do {                                         \
        ck_assert_str_eq((nf)->trace, expected); \
        (nf)->trace[0] = '\0';                   \
    } while (0)

static inline struct sm_address nf_address(uint32_t machine_index, uint16_t port)
{
    return (struct sm_address){.ip = 0x7f010000u + machine_index, .port = port};
}

/* The set of one machine. */
static inline const uint64_t *nf_only(uint64_t *word, uint32_t machine_index)
{
    *word = 0;
    lo_set_add(word, machine_index);
    return word;
}

uint64_t nf_lost(const struct nf *nf); /* of all reasons */

#endif
