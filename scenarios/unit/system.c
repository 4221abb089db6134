/* SPDX-License-Identifier: MIT */
/* A test becomes a scenario without faults, and a plugin that holds its daemon types. */
#include "scenarios/unit/unit.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define TIME_LIMIT_DEFAULT_NS (60 * SM_S)
/* As in scenario files. */
#define SPIN_LIMIT_NS      (2 * SM_S)
#define INSTANT_EVENTS_MAX 1000000u
#define STACK_BYTES        (256u << 10)

static int refuse(char *text, const char *format, ...) SM_PRINTF(2, 3);

static int refuse(char *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(text, UNIT_TEXT_BYTES, format, args);
    va_end(args);
    return -EINVAL;
}

/* ---- machines ---- */

static int add_type(struct unit_system *system, const struct sm_daemon_type *type, char *text)
{
    for (uint32_t i = 0; i < system->type_count; i++) {
        if (system->types[i] == type)
            return 0;
        if (strcmp(system->types[i]->name, type->name) == 0)
            return refuse(text, "two daemon types are called '%s'", type->name);
    }
    system->types[system->type_count++] = type;
    return 0;
}

static bool name_fits(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    return strchr(letters, name[0]) && strspn(name, others) == strlen(name) &&
           strlen(name) < JOB_NAME_BYTES - 8; /* room for the number */
}

static int add_group(struct unit_system *system, const struct sim_group *from, char *text)
{
    const uint32_t place = system->scn.group_count++;
    struct scn_group *group = &system->groups[place];
    const uint32_t count = from->count ? from->count : 1;
    int error = 0;

    if (!name_fits(from->name))
        return refuse(text, "machine '%s': a name is a letter, then letters, digits, '_' or '-'",
                      from->name);
    if (system->scn.machine_count + count > SIM_MACHINES_MAX + 1u)
        return refuse(text, "machine '%s': there are more than %d machines", from->name,
                      SIM_MACHINES_MAX);
    *group = (struct scn_group){.name = from->name,
                                .counted = from->count > 0,
                                .count = count,
                                .first_machine = system->scn.machine_count,
                                .daemons = system->daemons[place],
                                .plugin = "",
                                .config = system->config[place]};
    system->scn.machine_count += count;
    for (uint32_t i = 0; i < SIM_DAEMONS_MAX && from->daemons[i] && !error; i++) {
        system->daemons[place][group->daemon_count++] = from->daemons[i]->name;
        error = add_type(system, from->daemons[i], text);
    }
    for (uint32_t i = 0; i < SIM_CONFIG_MAX && from->config[i].key && !error; i++) {
        if (!from->config[i].value)
            return refuse(text, "machine '%s': config '%s' has no value", from->name,
                          from->config[i].key);
        system->config[place][group->config_count++] =
            (struct scn_pair){from->config[i].key, from->config[i].value};
    }
    return error;
}

static int check_names(const struct unit_system *system, char *text)
{
    char a[JOB_NAME_BYTES], b[JOB_NAME_BYTES];
    const struct scn *scn = &system->scn;

    for (uint32_t i = 0; i < scn->machine_count; i++) {
        scn_machine_name(scn, i, a, sizeof a);
        for (uint32_t k = i + 1; k < scn->machine_count; k++) {
            scn_machine_name(scn, k, b, sizeof b);
            if (strcmp(a, b) == 0)
                return refuse(text, "two machines are called '%s'%s", a,
                              strcmp(a, UNIT_BODY_MACHINE) == 0 ? ": one of them runs the body"
                                                                : "");
        }
    }
    return 0;
}

static int add_machines(struct unit_system *system, char *text)
{
    static const struct sim_group body = {.name = UNIT_BODY_MACHINE,
                                          .daemons = {&unit_body_daemon}};
    int error = 0;

    for (uint32_t i = 0; i < SIM_GROUPS_MAX && system->test->machines[i].name && !error; i++)
        error = add_group(system, &system->test->machines[i], text);
    if (!error) /* the last one: the addresses of the others do not depend on it */
        error = add_group(system, &body, text);
    return error ? error : check_names(system, text);
}

/* ---- the whole ---- */

static uint32_t count_names(const char *const *names)
{
    uint32_t count = 0;

    while (count < SIM_NAMES_MAX && names[count])
        count++;
    return count;
}

static int check_values(const struct sim_test *test, char *text)
{
    const char *why;

    if (!test->body)
        return refuse(text, "the test has no body");
    if (!unit_link_valid(&test->network, &why))
        return refuse(text, "network: %s", why);
    if (test->time_limit_ns < 0 || test->wall_limit_ns < 0)
        return refuse(text, "a time limit is negative");
    if (test->linearizable && strcmp(test->linearizable, "register") != 0)
        return refuse(text, "linearizable: there is no model '%s' (there is: register)",
                      test->linearizable);
    return 0;
}

int unit_system_init(struct unit_system *system, const struct sim_test *test, char *text)
{
    int error = check_values(test, text);

    memset(system, 0, sizeof *system);
    system->test = test;
    system->scn = (struct scn){
        .time_ns = test->time_limit_ns ? test->time_limit_ns : TIME_LIMIT_DEFAULT_NS,
        .groups = system->groups,
        .link_default = unit_scn_link(&test->network),
        .eventually_count = count_names(test->eventually),
        .eventually = (const char **)(uintptr_t)test->eventually,
        .linearizable = test->linearizable ? test->linearizable : "",
        .buggify = test->buggify,
        .policy = SCN_POLICY_RANDOM,
        .spin_limit_ns = SPIN_LIMIT_NS,
        .instant_events_max = INSTANT_EVENTS_MAX,
        .stack_bytes = STACK_BYTES,
    };
    if (!error)
        error = add_machines(system, text);
    system->plugin = (struct sm_plugin){.contract_version = SM_CONTRACT_VERSION,
                                        .size_bytes = sizeof system->plugin,
                                        .about = "",
                                        .types = system->types,
                                        .sites_begin = __start_sm_sites,
                                        .sites_end = __stop_sm_sites};
    return error;
}
