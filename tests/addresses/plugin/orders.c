/* SPDX-License-Identifier: MIT */
/* A daemon that orders by heap pointers: reproducible within a build, and found by verify. */
#include "table.h"

#include <steelmill/steelmill.h>

struct orders {
    struct sm_factory *factory;
};

static int orders_construct(void *self, struct sm_factory *factory)
{
    ((struct orders *)self)->factory = factory;
    return 0;
}

static int orders_run(void *self)
{
    int error = 0;

    (void)self;
    for (int i = 0; i < 20 && !error; i++)
        error = table_walk();
    return 0;
}

const struct sm_daemon_type orders_daemon = {
    SM_DAEMON_HEAD(orders),
    .about = "orders by heap pointers",
    .construct = orders_construct,
    .run = orders_run,
};

SM_PLUGIN("Orders a hash table by heap pointers.", &orders_daemon)
