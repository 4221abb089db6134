/* SPDX-License-Identifier: MIT */
/*
 * Properties: what must hold, stated where the code knows it. And buggify points.
 *
 *   sm_always(cond, "name", fields...)      holds at every evaluation; a violation ends the run as
 * a finding (production: logs and counts, or aborts) sm_sometimes(cond, "name")              holds
 * at least once in a sweep sm_reachable("name")                    is executed at least once in a
 * sweep sm_unreachable("name", fields...)       is never executed sm_eventually(cond, "name") at
 * the end of the run, after the faults have healed, the last evaluation on every machine that made
 * one was true sm_buggify("name")                      true now and then in simulation, where the
 * run has chosen this point; false in production
 *
 * A name belongs to one kind. The sites are listed in a section of the object file, so that one
 * that is never executed is known, too. Fields are those of log.h and are printed with a violation.
 * Context: a task or a hook. Blocks? never. Randomness: buggify alone, from its own stream per
 * point.
 */
#ifndef STEELMILL_PROPERTY_H
#define STEELMILL_PROPERTY_H

#include <steelmill/base.h>
#include <steelmill/log.h>

SM_C_BEGIN

enum sm_site_kind {
    SM_SITE_ALWAYS,
    SM_SITE_SOMETIMES,
    SM_SITE_REACHABLE,
    SM_SITE_UNREACHABLE,
    SM_SITE_EVENTUALLY,
    SM_SITE_BUGGIFY,
    SM_SITE_KIND_COUNT
};

/* One place in the code. Filled by the macros; the last two belong to the host program. */
struct sm_site {
    const char *name;
    const char *file;
    uint32_t line;
    uint32_t kind; /* enum sm_site_kind */
    uint32_t slot;
    uint32_t table; /* 0: not yet known to the host */
};

/* The functions behind the macros. `fields` may be NULL. */
SM_API void sm_property_check(struct sm_site *site, bool holds, const struct sm_field *fields);
SM_API bool sm_buggify_fires(struct sm_site *site);

/* Sites are 32 bytes, in one array per object: section sm_sites. */
#define SM_SITE_(kind_, name_)                                                                 \
    __extension__({                                                                            \
        static struct sm_site site_ __attribute__((section("sm_sites"), used, aligned(8))) = { \
            (name_), __FILE_NAME__, __LINE__, (kind_), 0, 0};                                  \
        &site_;                                                                                \
    })
#define SM_CHECK_(kind_, holds_, name_, ...)            \
    sm_property_check(SM_SITE_(kind_, name_), (holds_), \
                      (const struct sm_field[]){__VA_ARGS__ __VA_OPT__(, ) sm__field_end()})

#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif

#define sm_always(cond, ...)     SM_CHECK_(SM_SITE_ALWAYS, !!(cond), __VA_ARGS__)
#define sm_sometimes(cond, ...)  SM_CHECK_(SM_SITE_SOMETIMES, !!(cond), __VA_ARGS__)
#define sm_reachable(...)        SM_CHECK_(SM_SITE_REACHABLE, true, __VA_ARGS__)
#define sm_unreachable(...)      SM_CHECK_(SM_SITE_UNREACHABLE, false, __VA_ARGS__)
#define sm_eventually(cond, ...) SM_CHECK_(SM_SITE_EVENTUALLY, !!(cond), __VA_ARGS__)
#define sm_buggify(name_)        sm_buggify_fires(SM_SITE_(SM_SITE_BUGGIFY, name_))

/*
 * Publishes that the calling task's machine holds a role, or no longer does, so that faults can aim
 * at it (`of: leader`). A crash ends all roles of a machine. In production a role is a metric.
 *   role: copied; at most 31 bytes
 */
SM_API void sm_role_set(const char *role, bool held);

/* The name of the calling task's machine ("client2"); "" where there is none. */
SM_API const char *sm_machine_name(void);

SM_C_END
#endif
