/* SPDX-License-Identifier: MIT */
/*
 * Properties in production: a violation is logged and counted, and the daemon goes on, or the
 * process aborts. The rest costs a comparison. Roles are for metrics.
 */
#include "core/counters.h"
#include "core/factory.h"
#include "core/os/process.h"
#include "core/os/tally.h"
#include "core/task.h"

#include <steelmill/property.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 16

struct os_tally os_tally_violated = {.lock = PTHREAD_MUTEX_INITIALIZER};
struct os_tally os_tally_roles = {.lock = PTHREAD_MUTEX_INITIALIZER};

static atomic_uint_least64_t violations;
static bool violations_abort; /* set before there are threads */

void os_property_abort(bool aborts)
{
    violations_abort = aborts;
}

uint64_t os_property_violations(void)
{
    return atomic_load(&violations);
}

static void report(const struct sm_site *site, const struct sm_field *fields)
{
    struct sm_factory *factory = sm_factory_self();
    struct sm_field line[FIELDS_MAX];
    size_t count = 0;

    if (!factory)
        return;
    line[count++] = sm_str("property", site->name);
    line[count++] = sm_str("file", site->file);
    line[count++] = sm_u64("line", site->line);
    for (; fields && fields->kind != SM_FIELD_END && count < FIELDS_MAX - 1; fields++)
        line[count++] = *fields;
    line[count] = sm__field_end();
    sm_log_write(sm_log_get(factory), SM_LOG_ERROR,
                 site->kind == SM_SITE_ALWAYS ? "always violated" : "unreachable reached", line);
}

void sm_property_check(struct sm_site *site, bool holds, const struct sm_field *fields)
{
    SM__COUNT(properties, 1);
    if (holds || (site->kind != SM_SITE_ALWAYS && site->kind != SM_SITE_UNREACHABLE))
        return;
    atomic_fetch_add(&violations, 1);
    os_tally_add(&os_tally_violated, site->name, 1);
    report(site, fields);
    if (violations_abort)
        abort();
}

bool sm_buggify_fires(struct sm_site *site)
{
    (void)site;
    return false;
}

void sm_role_set(const char *role, bool held)
{
    SM_ASSERT_MSG(sm__current, "sm_role_set outside of any task");
    os_tally_set(&os_tally_roles, role, held);
}

const char *sm_machine_name(void)
{
    return sm__current ? sm__current->home->name : "";
}
