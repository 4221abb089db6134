/* SPDX-License-Identifier: MIT */
/* The daemon counter_client: see client.c. */
#ifndef CRAFT_CLIENT_H
#define CRAFT_CLIENT_H

#include "caller.h"

#include <steelmill/factory.h>

struct counter_client {
    struct craft_caller caller;
    sm_time think_ns;
    int64_t total; /* of what it has added and was acknowledged */
    int64_t value; /* of the counter, as last seen */
};

SM_DAEMON_DECLARE(counter_client)

#endif
