/* SPDX-License-Identifier: MIT */
/* Machines by their names, and what the body can look at. */
#include "core/factory.h"
#include "core/units.h"
#include "scenarios/unit/unit.h"

#include <stdarg.h>
#include <string.h>

#define SEPARATORS ", \t\n"

_Noreturn void unit_misuse(struct sim_env *env, const char *format, ...)
{
    char text[UNIT_TEXT_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    SM_ASSERT_MSG(sm__current, "%s (outside of the body)", text);
    sim_failf(env->run.world, SIM_FAILURE_ASSERT, NULL, "assertion", "%s", text);
    __builtin_unreachable();
}

struct sim_machine *unit_machine_at(const struct sim_env *env, uint32_t place)
{
    return env->run.world->machines[place];
}

unit_set unit_all(const struct sim_env *env)
{
    return ~(unit_set)0 >> (64 - env->run.world->machine_count);
}

/* ---- names to machines ---- */

static bool is_word(const char *name, const char *word, size_t length)
{
    return strlen(name) == length && memcmp(name, word, length) == 0;
}

/* A machine of that name, or all of a group. */
static unit_set find_word(const struct sim_env *env, const char *word, size_t length)
{
    const struct scn *scn = &env->system->scn;
    unit_set set = 0;

    for (uint32_t i = 0; i < scn->machine_count; i++) {
        const struct scn_group *group = &scn->groups[scn_machine_group(scn, i)];
        if (is_word(unit_machine_at(env, i)->name, word, length) ||
            (group->counted && is_word(group->name, word, length)))
            set |= (unit_set)1 << i;
    }
    return set;
}

static _Noreturn void unknown_machine(struct sim_env *env, const char *call, const char *word,
                                      size_t length)
{
    const char *names[SIM_MACHINES_MAX + 1 + UNIT_GROUPS_MAX];
    char wrong[JOB_NAME_BYTES], all[512];
    size_t count = 0;

    for (; count < env->system->scn.machine_count; count++)
        names[count] = unit_machine_at(env, (uint32_t)count)->name;
    for (uint32_t i = 0; i < env->system->scn.group_count; i++)
        names[count++] = env->system->groups[i].name;
    snprintf(wrong, sizeof wrong, "%.*s", (int)length, word);
    const char *near = sm__suggest(wrong, names, count);
    unit_misuse(env, "%s: no machine '%s'%s%s%s (there are: %s)", call, wrong,
                near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "",
                unit_set_text(env, unit_all(env), all, sizeof all));
}

unit_set unit_find(struct sim_env *env, const char *call, const char *names)
{
    unit_set set = 0;

    for (const char *at = names + strspn(names, SEPARATORS); *at;) {
        const size_t length = strcspn(at, SEPARATORS);
        const unit_set found = find_word(env, at, length);
        if (!found)
            unknown_machine(env, call, at, length);
        set |= found;
        at += length;
        at += strspn(at, SEPARATORS);
    }
    if (!set)
        unit_misuse(env, "%s: no machine is named", call);
    return set;
}

unit_set unit_find_others(struct sim_env *env, const char *call, const char *names)
{
    const unit_set set = unit_find(env, call, names);

    if (set >> (env->system->scn.machine_count - 1))
        unit_misuse(env, "%s: machine '" UNIT_BODY_MACHINE "' runs the body", call);
    return set;
}

const char *unit_set_text(const struct sim_env *env, unit_set set, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < env->run.world->machine_count && used < size; i++) {
        if (set >> i & 1)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     unit_machine_at(env, i)->name);
    }
    return text;
}

/* ---- looking ---- */

static struct sim_machine *find_one(struct sim_env *env, const char *call, const char *name)
{
    const unit_set set = unit_find(env, call, name);

    if (set & (set - 1))
        unit_misuse(env, "%s: '%s' are several machines", call, name);
    return unit_machine_at(env, (uint32_t)__builtin_ctzll(set));
}

bool sim_is_up(struct sim_env *env, const char *machine)
{
    return find_one(env, "sim_is_up", machine)->state == SIM_MACHINE_UP;
}

const char *sim_role_holder(struct sim_env *env, const char *role)
{
    for (uint32_t i = 0; i < env->run.world->machine_count; i++) {
        if (sim_machine_has_role(unit_machine_at(env, i), role))
            return unit_machine_at(env, i)->name;
    }
    return NULL;
}

void *sim_daemon(struct sim_env *env, const char *machine, const struct sm_daemon_type *type)
{
    struct sm_factory *factory = find_one(env, "sim_daemon", machine)->factory;

    return factory ? sm_factory_find(factory, type->name) : NULL;
}

void *sim_arg(struct sim_env *env)
{
    return env->system->test->arg;
}

uint64_t sim_seed(struct sim_env *env)
{
    return env->run.command->seed;
}
