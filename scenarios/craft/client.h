/* SPDX-License-Identifier: MIT */
/* The daemon counter_client: see client.c. */
#ifndef CRAFT_CLIENT_H
#define CRAFT_CLIENT_H

#include "counter.h"

#include <steelmill/factory.h>
#include <steelmill/net.h>

struct counter_client {
    struct sm_net *net;
    const char *cluster; /* what the nodes' names begin with */
    int64_t nodes;
    sm_time think_ns, timeout_ns;
    uint64_t node; /* that it talks to, from 1 */
    struct sm_stream *stream;
    int64_t total; /* of what it has added and was acknowledged */
    int64_t value; /* of the counter, as last seen */
};

SM_DAEMON_DECLARE(counter_client)

#endif
