/* SPDX-License-Identifier: MIT */
/* A plugin without variables: constants, properties, and tables of pointers only. */
#include <steelmill/steelmill.h>

struct shares {
    struct sm_factory *factory;
};

static const char *const words[] = {"one", "two"};

static int shares_construct(void *self, struct sm_factory *factory)
{
    struct shares *shares = self;

    shares->factory = factory;
    return 0;
}

static int shares_run(void *self)
{
    (void)self;
    sm_always(words[0] != words[1], "words differ");
    return 0;
}

const struct sm_daemon_type shares_daemon = {SM_DAEMON_HEAD(shares), .construct = shares_construct,
                                             .run = shares_run};

SM_PLUGIN("Keeps nothing.", &shares_daemon)
