/* SPDX-License-Identifier: MIT */
/* A plugin that comes and goes. config: guest (fails: its prepare does; else it runs) */
#include <steelmill/steelmill.h>

#include <string.h>

struct guest {
    struct sm_log *log;
    bool fails;
};

static int guest_construct(void *self, struct sm_factory *factory)
{
    struct guest *guest = self;
    const char *how = sm_factory_config(factory, "guest");

    guest->log = sm_log_get(factory);
    guest->fails = how && strcmp(how, "fails") == 0;
    return 0;
}

static int guest_prepare(void *self)
{
    const struct guest *guest = self;
    return guest->fails ? -EIO : 0;
}

static int guest_run(void *self)
{
    const struct guest *guest = self;
    int error = 0;

    sm_log_info(guest->log, "guest runs");
    while (!error)
        error = sm_sleep(SM_MS);
    return error;
}

static int guest_stop(void *self, sm_time deadline)
{
    const struct guest *guest = self;

    (void)deadline;
    sm_log_info(guest->log, "guest stops");
    return 0;
}

static const struct sm_daemon_type guest_daemon = {
    SM_DAEMON_HEAD(guest), .construct = guest_construct, .prepare = guest_prepare, .run = guest_run,
    .stop = guest_stop};
SM_PLUGIN("A guest.", &guest_daemon)
