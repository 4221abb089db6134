/* SPDX-License-Identifier: MIT */
/*
 * The soak: machines that connect, transfer, half-close, quit and crash at random, while every
 * fault of the network and of machines happens at random.
 *
 *   soak_traffic.c  the programs, and what they check
 *   soak_faults.c   the faults, and what is counted of them
 *   test_soak.c     the runs, and what must be left in the end
 */
#ifndef STEELMILL_TESTS_NET_SOAK_H
#define STEELMILL_TESTS_NET_SOAK_H

#include "tests/net/fixture.h"

#define SOAK_MACHINES  4
#define SOAK_FLOWS_MAX 65536u

/* The time of a run. */
#define SOAK_FAULTS_NS  (100 * SM_S)                  /* faults begin until then, and last 10 s */
#define SOAK_HEALED_NS  (SOAK_FAULTS_NS + 15 * SM_S)  /* all machines are up, all is well */
#define SOAK_TRAFFIC_NS (SOAK_HEALED_NS + 20 * SM_S)  /* no new connections from then on */
#define SOAK_IDLE_NS    (30 * SM_S)                   /* deadline of a read or a write */
#define SOAK_ENDED_NS   (SOAK_TRAFFIC_NS + 60 * SM_S) /* every connection has ended */
#define SOAK_GONE_NS    (SOAK_ENDED_NS + 250 * SM_S)  /* and nothing is left of it, nowhere */

/* One direction of a connection, as the test knows it; outside of all machines. */
struct soak_flow {
    uint64_t key;     /* its bytes are a function of key and position */
    uint64_t written; /* bytes that a write has taken */
    bool must_end_well;
};

struct soak {
    struct nf nf; /* first: programs find the soak by it */
    uint64_t seed;
    bool alters;                            /* some faults alter bytes of streams, on purpose */
    struct soak_flow flows[SOAK_FLOWS_MAX]; /* of connection n: 2n from the client, 2n + 1 back */
    uint32_t flow_count;
    uint64_t altered; /* bytes of streams that were read otherwise than they were written */
    uint64_t garbled; /* datagrams */
};

/* Over all runs. */
struct soak_totals {
    uint64_t runs, connections, refused; /* refused: or unanswered, or their name was not found */
    uint64_t ended_well, broken, quit, unknown; /* directions; unknown: the opening was altered */
    uint64_t bytes_checked, altered, datagrams_checked, garbled;
};
extern struct soak_totals soak_totals;

/* ---- soak_traffic.c ---- */
int soak_program(struct nf *nf, struct sm_net *net);

/* ---- soak_faults.c ---- */
/* Makes appointments for all faults of a run. */
void soak_plan_faults(struct soak *soak);
/* Prints how often each kind has fired and was observed, and fails if one never was. */
void soak_judge_faults(void);

#endif
