/* SPDX-License-Identifier: MIT */
/* The daemon makes use of one library, by the name in its configuration. */
#include "uses.h"

#include <errno.h>
#include <string.h>

struct uses {
    struct sm_factory *factory;
    const char *what;
};

static int uses_construct(void *self, struct sm_factory *factory)
{
    struct uses *uses = self;

    uses->factory = factory;
    uses->what = sm_factory_config(factory, "what");
    return 0;
}

static int uses_run(void *self)
{
    static const struct use *const lists[] = {sqlite_uses, hiredis_uses, uv_uses};
    const struct uses *uses = self;

    if (sm_sleep(1500 * SM_MS))
        return 0;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (const struct use *use = lists[i]; use->name; use++) {
            if (strcmp(use->name, uses->what) != 0)
                continue;
            use->use();
            sm_sometimes(true, "used");
            return 0;
        }
    }
    return sm_factory_fail(uses->factory, -EINVAL, "no use '%s'", uses->what);
}

const struct sm_daemon_type uses_daemon = {
    SM_DAEMON_HEAD(uses),
    .about = "uses the library that its configuration names",
    .construct = uses_construct,
    .run = uses_run,
};

SM_PLUGIN("Uses libraries that ask libc for things by themselves.", &uses_daemon)
