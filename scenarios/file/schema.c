/* SPDX-License-Identifier: MIT */
/* Prints the JSON Schema of scenario files, for editors. */
#include "scenarios/file/bind.h"

#include <inttypes.h>

static void begin_line(struct scn_output *out)
{
    scn_output_text(out, "\n");
    for (uint32_t i = 0; i < out->indent; i++)
        scn_output_text(out, "  ");
}

static void print_string(struct scn_output *out, const char *text)
{
    scn_output_text(out, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            scn_output_text(out, "\\");
        scn_output_bytes(out, text, 1);
    }
    scn_output_text(out, "\"");
}

static void open_brace(struct scn_output *out)
{
    scn_output_text(out, "{");
    out->indent++;
    begin_line(out);
}

static void close_brace(struct scn_output *out)
{
    out->indent--;
    begin_line(out);
    scn_output_text(out, "}");
}

/* Between two members of an object. */
static void next_member(struct scn_output *out)
{
    scn_output_text(out, ",");
    begin_line(out);
}

static void print_table(struct scn_output *out, const struct bind_table *table);

/* A list whose elements are maps of exactly one of the table's keys. */
static void print_one_of(struct scn_output *out, const struct bind_table *table)
{
    scn_output_text(out, "\"type\": \"array\"");
    next_member(out);
    scn_output_text(out, "\"items\": ");
    open_brace(out);
    scn_output_text(out, "\"minProperties\": 1");
    next_member(out);
    scn_output_text(out, "\"maxProperties\": 1");
    next_member(out);
    print_table(out, table);
    close_brace(out);
}

static void print_nested(struct scn_output *out, const char *type, const char *key,
                         const struct bind_table *table)
{
    scn_outputf(out, "\"type\": \"%s\"", type);
    next_member(out);
    scn_outputf(out, "\"%s\": ", key);
    open_brace(out);
    print_table(out, table);
    close_brace(out);
}

static void print_words(struct scn_output *out, const char *const *words)
{
    scn_output_text(out, "\"enum\": [");
    for (size_t i = 0; words[i]; i++) {
        scn_output_text(out, i ? ", " : "");
        print_string(out, words[i]);
    }
    scn_output_text(out, "]");
}

static void print_value_type(struct scn_output *out, const struct bind_field *field)
{
    if (field->type->schema)
        scn_output_text(out, field->type->schema);
    else if (field->words)
        print_words(out, field->words);
    else
        scn_outputf(out, "\"type\": \"integer\", \"minimum\": %" PRId64 ", \"maximum\": %" PRId64,
                    field->min, field->max);
}

static void print_type(struct scn_output *out, const struct bind_field *field)
{
    switch (field->type->shape) {
    case BIND_VALUE:
        print_value_type(out, field);
        break;
    case BIND_MAP:
        print_table(out, field->table);
        break;
    case BIND_LIST:
        print_nested(out, "array", "items", field->table);
        break;
    case BIND_NAMED:
        scn_output_text(out, "\"minProperties\": 1");
        next_member(out);
        print_nested(out, "object", "additionalProperties", field->table);
        break;
    case BIND_ONE_OF:
        print_one_of(out, field->table);
        break;
    }
}

static void print_field(struct scn_output *out, const struct bind_field *field)
{
    print_string(out, field->key);
    scn_output_text(out, ": ");
    open_brace(out);
    scn_output_text(out, "\"description\": ");
    print_string(out, field->about);
    next_member(out);
    if (field->fallback) {
        scn_output_text(out, "\"default\": ");
        if (field->type->fallback_is_json)
            scn_output_text(out, field->fallback);
        else
            print_string(out, field->fallback);
        next_member(out);
    }
    print_type(out, field);
    close_brace(out);
}

static void print_required(struct scn_output *out, const struct bind_table *table)
{
    bool any = false;
    for (size_t i = 0; i < table->count; i++) {
        if (!table->fields[i].required)
            continue;
        if (!any)
            next_member(out);
        scn_output_text(out, any ? ", " : "\"required\": [");
        print_string(out, table->fields[i].key);
        any = true;
    }
    scn_output_text(out, any ? "]" : "");
}

/* The members that describe a map, without the braces around them. */
static void print_table(struct scn_output *out, const struct bind_table *table)
{
    scn_output_text(out, "\"type\": \"object\"");
    next_member(out);
    scn_output_text(out, "\"additionalProperties\": false");
    print_required(out, table);
    if (table->schema) {
        next_member(out);
        scn_output_text(out, table->schema);
    }
    next_member(out);
    scn_output_text(out, "\"properties\": ");
    open_brace(out);
    for (size_t i = 0; i < table->count; i++) {
        if (i)
            next_member(out);
        print_field(out, &table->fields[i]);
    }
    close_brace(out);
}

int scn_print_schema(int (*write)(void *arg, const char *text, size_t size), void *arg)
{
    struct scn_output out = {.write = write, .arg = arg};
    open_brace(&out);
    scn_output_text(&out, "\"$schema\": \"http://json-schema.org/draft-07/schema#\"");
    next_member(&out);
    scn_output_text(&out, "\"title\": \"steelmill scenario\"");
    next_member(&out);
    print_table(&out, &bind_scenario);
    close_brace(&out);
    scn_output_text(&out, "\n");
    return out.error;
}
