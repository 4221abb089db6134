/* SPDX-License-Identifier: MIT */
/* Prints a resolved scenario: everything that counts, defaults included, as YAML. */
#include "scenarios/file/bind.h"

#include <string.h>

static bool is_printed(const struct bind_table *table, const struct bind_field *field,
                       const char *source)
{
    if (field->when)
        return field->when(source);
    uint32_t set = 0;
    if (field->bit)
        memcpy(&set, source + table->set_offset, sizeof set);
    return !field->bit || (set & field->bit);
}

static void begin_line(struct scn_output *out)
{
    for (uint32_t i = 0; i < out->indent; i++)
        scn_output_text(out, "  ");
}

static void print_map(struct scn_output *out, const struct bind_table *table, const char *source,
                      bool in_list);

/* A part of what is printed, one level deeper. */
static void print_deeper(struct scn_output *out, uint32_t levels, const struct bind_table *table,
                         const char *source, bool in_list)
{
    out->indent += levels;
    print_map(out, table, source, in_list);
    out->indent -= levels;
}

static void print_list(struct scn_output *out, const struct bind_field *field, const char *source)
{
    const char *elements;
    uint32_t count;
    memcpy(&elements, source + field->offset, sizeof elements);
    memcpy(&count, source + field->second, sizeof count);
    for (uint32_t i = 0; i < count; i++)
        print_deeper(out, 2, field->table, elements + i * field->table->size, true);
}

static void print_machines(struct scn_output *out, const struct bind_field *field)
{
    for (uint32_t i = 0; i < out->scn->group_count; i++) {
        const struct scn_group *group = &out->scn->groups[i];
        scn_outputf(out, "  %s:\n", group->name);
        print_deeper(out, 2, field->table, (const char *)group, false);
    }
}

static void print_faults(struct scn_output *out, const struct bind_field *field)
{
    for (uint32_t i = 0; i < out->scn->fault_count; i++) {
        const struct scn_fault *fault = &out->scn->faults[i];
        const struct bind_field *kind = &field->table->fields[fault->kind];
        scn_outputf(out, "  - %s:\n", kind->key);
        print_deeper(out, 3, kind->table, (const char *)fault, false);
    }
}

static void print_field(struct scn_output *out, const struct bind_field *field, const char *source)
{
    bool on_one_line = field->type->shape == BIND_VALUE;
    scn_outputf(out, "%s:%s", field->key, on_one_line ? " " : "\n");
    switch (field->type->shape) {
    case BIND_VALUE:
        field->type->print(out, field, source);
        scn_output_text(out, "\n");
        break;
    case BIND_MAP:
        print_deeper(out, 1, field->table, source + field->offset, false);
        break;
    case BIND_LIST:
        print_list(out, field, source);
        break;
    case BIND_NAMED:
        print_machines(out, field);
        break;
    case BIND_ONE_OF:
        print_faults(out, field);
        break;
    }
}

/* in_list: the first line takes the dash that begins an element. */
static void print_map(struct scn_output *out, const struct bind_table *table, const char *source,
                      bool in_list)
{
    for (size_t i = 0; i < table->count; i++) {
        if (!is_printed(table, &table->fields[i], source))
            continue;
        out->indent -= in_list;
        begin_line(out);
        scn_output_text(out, in_list ? "- " : "");
        out->indent += in_list;
        in_list = false;
        print_field(out, &table->fields[i], source);
    }
}

int scn_print(const struct scn *scn, int (*write)(void *arg, const char *text, size_t size),
              void *arg)
{
    struct scn_output out = {.write = write, .arg = arg, .scn = scn};
    print_map(&out, &bind_scenario, (const char *)scn, false);
    return out.error;
}
