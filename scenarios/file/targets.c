/* SPDX-License-Identifier: MIT */
/*
 * Machines, and what names them: `machines:`, `of:`, `from:`, `to:`.
 *
 * A group with `count` has machines that are called by its name and a number: client1, client2. No
 * name may mean two things, so a group must not be called as a machine of another group is.
 * Machines of two groups cannot clash in another way: if client12 were the second machine of
 * `client1` and the twelfth of `client`, then client1 would be a machine of `client`, too.
 */
#include "scenarios/file/values.h"

#include "scenarios/file/quote.h"

#include "core/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MAX 48u
#define ROLE_BYTES_MAX 31u

/* ---- looking machines up ---- */

static int compare_groups(const void *left, const void *right)
{
    const struct scn_group *a = *(const struct scn_group *const *)left;
    const struct scn_group *b = *(const struct scn_group *const *)right;
    return strcmp(a->name, b->name);
}

static const struct scn_group *find_group(const struct bind *b, const char *name)
{
    const struct scn_group key = {.name = name}, *wanted = &key;
    const struct scn_group **found =
        bsearch(&wanted, b->by_name, b->scn->group_count, sizeof *b->by_name, compare_groups);
    return found ? *found : NULL;
}

/* A name taken as a machine of a counted group. */
struct instance {
    const struct scn_group *group; /* NULL: no group's */
    int64_t number;                /* from 1; may be more than there are */
};

/*
 * Finds the group that `name` may be an instance of. Every split into a name and a number is tried:
 * "client12" may be number 2 of `client1` or number 12 of `client`. One that exists is preferred.
 */
static struct instance find_instance(const struct bind *b, const char *name)
{
    struct instance found = {.group = NULL};
    char head[NAME_BYTES_MAX + 1];
    size_t length = strlen(name);
    for (size_t digits = 1; digits <= 7 && digits < length; digits++) {
        const char *number = name + length - digits;
        if (*number < '0' || *number > '9')
            break;
        size_t head_length = length - digits;
        if (*number == '0' || head_length > NAME_BYTES_MAX)
            continue;
        memcpy(head, name, head_length);
        head[head_length] = '\0';
        const struct scn_group *group = find_group(b, head);
        if (!group || !group->counted)
            continue;
        found = (struct instance){.group = group, .number = strtoll(number, NULL, 10)};
        if (found.number <= group->count)
            break;
    }
    return found;
}

static bool exists(const struct instance *instance)
{
    return instance->group && instance->number <= instance->group->count;
}

/* ---- `machines:` ---- */

static int check_machine_name(struct bind *b, const struct scn_node *key)
{
    char quoted[SCN_QUOTE_BYTES];
    if (strcmp(key->text, "any") == 0 || strcmp(key->text, "localhost") == 0)
        return bind_fail(b, key, "a machine must not be called '%s': that means something else",
                         key->text);
    if (bind_is_name(key->text, "", NAME_BYTES_MAX))
        return 0;
    return bind_fail(b, key,
                     "%s is no name for a machine: a letter, then letters, digits, '-' and '_', "
                     "at most %u",
                     scn_quote(quoted, key->text), NAME_BYTES_MAX);
}

static int read_group(struct bind *b, const struct bind_field *field, const struct scn_node *key,
                      const struct scn_node *node, struct scn_group *group)
{
    int error = check_machine_name(b, key);
    if (error)
        return error;
    group->name = bind_text_copy(b, key->text);
    group->plugin = b->empty;
    if (!group->name)
        return -E2BIG;
    error = bind_map(b, field->table, node, (char *)group);
    if (error)
        return error;
    group->counted = scn_node_get(node, "count") != NULL;
    group->first_machine = b->scn->machine_count;
    b->scn->machine_count += group->count; /* both are at most SCN_MACHINES_MAX: no overflow */
    if (b->scn->machine_count > SCN_MACHINES_MAX)
        return bind_fail(b, key, "more than %u machines in all", SCN_MACHINES_MAX);
    return 0;
}

/* Sorts the groups by name, to be found, and refuses names that mean two things. */
static int index_groups(struct bind *b, const struct scn_node *map)
{
    struct scn *scn = b->scn;
    b->by_name = malloc(scn->group_count * sizeof *b->by_name); /* freed by scn_read */
    if (!b->by_name)
        return scn_tree_fail(b->tree, (struct scn_place){0}, "out of memory");
    for (uint32_t i = 0; i < scn->group_count; i++)
        b->by_name[i] = &scn->groups[i];
    qsort(b->by_name, scn->group_count, sizeof *b->by_name, compare_groups);
    for (uint32_t i = 0; i < scn->group_count; i++) {
        struct instance other = find_instance(b, scn->groups[i].name);
        if (exists(&other))
            return bind_fail(b, map->keys[i], "'%s' is a machine of '%s' (%s1 to %s%u) already",
                             scn->groups[i].name, other.group->name, other.group->name,
                             other.group->name, other.group->count);
    }
    return 0;
}

static int read_machines(struct bind *b, const struct bind_field *field,
                         const struct scn_node *node, char *target)
{
    (void)target; /* the scenario itself */
    if (node->kind != SCN_NODE_MAP)
        return bind_fail_type(b, field, node, "");
    if (node->count == 0)
        return bind_fail(b, node, "'%s' is empty: a scenario needs a machine", field->key);
    b->scn->groups = bind_alloc(b, node->count * sizeof *b->scn->groups);
    if (!b->scn->groups)
        return -E2BIG;
    for (uint32_t i = 0; i < node->count; i++) {
        int error = read_group(b, field, node->keys[i], node->values[i], &b->scn->groups[i]);
        if (error)
            return error;
    }
    b->scn->group_count = node->count;
    return index_groups(b, node);
}

const struct bind_type bind_machines = {
    .shape = BIND_NAMED, .expected = "a map of machines by name", .read = read_machines};

/* ---- naming machines ---- */

/* "lock, store, client": the first few names, for a message. */
static const char *list_groups(const struct scn *scn, char *text, size_t size)
{
    size_t used = 0;
    uint32_t shown = scn->group_count < 6 ? scn->group_count : 6;
    for (uint32_t i = 0; i < shown && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", scn->groups[i].name);
    if (shown < scn->group_count && used < size)
        snprintf(text + used, size - used, ", ...");
    return text;
}

/* The nearest group; not worth it where there are thousands. */
static const char *suggest_group(const struct scn *scn, const char *name)
{
    const char *names[256];
    size_t count = 0;
    for (uint32_t i = 0; i < scn->group_count && count < sizeof names / sizeof *names; i++)
        names[count++] = scn->groups[i].name;
    return bind_suggest(name, names, count);
}

static int fail_target(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                       const struct instance *instance)
{
    char quoted[SCN_QUOTE_BYTES], names[400];
    scn_quote(quoted, node->text);
    if (instance->group)
        return bind_fail(b, node, "'%s': there is no %s: the machines of '%s' are %s1 to %s%u",
                         field->key, quoted, instance->group->name, instance->group->name,
                         instance->group->name, instance->group->count);
    const char *near = suggest_group(b->scn, node->text);
    if (near)
        return bind_fail(b, node, "'%s': no machine is called %s; did you mean '%s'?", field->key,
                         quoted, near);
    return bind_fail(b, node, "'%s': no machine is called %s; there are: %s", field->key, quoted,
                     list_groups(b->scn, names, sizeof names));
}

/* Resolves "any", a group, or a machine of a counted group. */
static int resolve(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                   uint32_t *group, uint32_t *index)
{
    const char *name = value_scalar(b, field, node);
    if (!name)
        return -EINVAL;
    *group = *index = SCN_NONE;
    if (strcmp(name, "any") == 0)
        return 0;
    const struct scn_group *whole = find_group(b, name);
    if (whole) {
        *group = (uint32_t)(whole - b->scn->groups);
        return 0;
    }
    struct instance instance = find_instance(b, name);
    if (!exists(&instance))
        return fail_target(b, field, node, &instance);
    *group = (uint32_t)(instance.group - b->scn->groups);
    *index = (uint32_t)instance.number - 1;
    return 0;
}

int bind_machine_number(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                        uint32_t *number)
{
    uint32_t group, index;
    int error = resolve(b, field, node, &group, &index);
    if (error)
        return error;
    if (group == SCN_NONE)
        return bind_fail(b, node, "'%s': '%s' is no machine", field->key, node->text);
    const struct scn_group *whole = &b->scn->groups[group];
    if (whole->counted && index == SCN_NONE)
        return bind_fail(b, node, "'%s': '%s' is a group; its machines are %s1 to %s%u", field->key,
                         node->text, node->text, node->text, whole->count);
    *number = whole->first_machine + (index == SCN_NONE ? 0 : index);
    return 0;
}

static int read_end(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                    char *target)
{
    struct scn_end end = {.role = b->empty};
    int error = resolve(b, field, node, &end.group, &end.index);
    if (error)
        return error;
    STORE(field, target, end);
    return 0;
}

static void print_target(struct scn_output *out, uint32_t group, uint32_t index, const char *role)
{
    char text[SCN_VALUE_BYTES];
    if (*role) {
        scn_outputf(out, "{role: %s}", role);
        return;
    }
    scn_format_target(text, sizeof text, out->scn, group, index);
    scn_output_text(out, text);
}

static void print_end(struct scn_output *out, const struct bind_field *field, const char *source)
{
    struct scn_end end;
    LOAD(field, source, end);
    print_target(out, end.group, end.index, end.role);
}

const struct bind_type bind_end = {
    .expected = "the name of a machine, or any",
    .read = read_end,
    .print = print_end,
    .schema = "\"type\": \"string\"",
};

/* ---- `of:`, `from:` and `to:` of a fault ---- */

static int read_role(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     const char **out)
{
    const struct scn_node *role = scn_node_get(node, "role");
    if (node->count != 1 || !role)
        return bind_fail(b, node, "'%s' must be { role: NAME } where it is a map", field->key);
    if (role->kind != SCN_NODE_SCALAR || !bind_is_name(role->text, "", ROLE_BYTES_MAX))
        return bind_fail(b, role,
                         "'role' must be a name: a letter, then letters, digits, '-' and '_', at "
                         "most %u",
                         ROLE_BYTES_MAX);
    const char *copy = bind_text_copy(b, role->text);
    if (!copy)
        return -E2BIG;
    *out = copy;
    return 0;
}

static int read_of(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                   char *target)
{
    struct scn_fault *fault = (struct scn_fault *)(void *)target;
    if (node->kind == SCN_NODE_MAP)
        return read_role(b, field, node, &fault->of_role);
    return resolve(b, field, node, &fault->of_group, &fault->of_index);
}

static void print_of(struct scn_output *out, const struct bind_field *field, const char *source)
{
    (void)field;
    const struct scn_fault *fault = (const struct scn_fault *)(const void *)source;
    print_target(out, fault->of_group, fault->of_index, fault->of_role);
}

#define TARGET_EXPECTED "the name of a machine, any, or { role: NAME }"
#define TARGET_SCHEMA                                                                       \
    "\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"object\", \"required\": [\"role\"], " \
    "\"additionalProperties\": false, \"properties\": {\"role\": {\"type\": \"string\"}}}]"

const struct bind_type bind_of = {
    .expected = TARGET_EXPECTED, .read = read_of, .print = print_of, .schema = TARGET_SCHEMA};

static int read_fault_end(struct bind *b, const struct bind_field *field,
                          const struct scn_node *node, char *target)
{
    struct scn_end end = {.group = SCN_NONE, .index = SCN_NONE, .role = b->empty};
    if (node->kind != SCN_NODE_MAP)
        return read_end(b, field, node, target);
    int error = read_role(b, field, node, &end.role);
    if (!error)
        STORE(field, target, end);
    return error;
}

const struct bind_type bind_fault_end = {.expected = TARGET_EXPECTED,
                                         .read = read_fault_end,
                                         .print = print_end,
                                         .schema = TARGET_SCHEMA};
