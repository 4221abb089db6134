/* SPDX-License-Identifier: MIT */
/* Numbered datagrams from m1 to m2, and what became of each. */
#ifndef STEELMILL_TESTS_NET_FLOW_H
#define STEELMILL_TESTS_NET_FLOW_H

#include "tests/net/fixture.h"

#define FLOW_COUNT_MAX 20000

/* What the sender sends, and what the receiver got, by the number in it. */
struct flow {
    uint32_t count; /* to send */
    sm_time gap_ns; /* between two */
    uint32_t size;  /* bytes of each, 16 or more */
    uint32_t got;
    uint8_t times[FLOW_COUNT_MAX]; /* received so often */
    sm_time late[FLOW_COUNT_MAX];  /* first received so long after it was sent */
    uint32_t overtaken;            /* came after one with a higher number */
    uint32_t altered;              /* not as they were sent; those above are without them */
};
extern struct flow flow; /* of the latest run */

/* A world of three machines, of which the first sends; to be finished by nf_finish. */
void flow_run_with(struct nf *nf, const struct sim_options *world, const struct lo_options *options,
                   uint32_t count, sm_time gap_ns, uint32_t size);
/* The same, with one link for all. */
void flow_run(struct nf *nf, const struct lo_link *link, uint32_t count, sm_time gap_ns,
              uint32_t size);

#endif
