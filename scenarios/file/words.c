/* SPDX-License-Identifier: MIT */
/* Types of texts: names, words of a list, free text, and lists and maps of them. */
#include "scenarios/file/values.h"

#include "scenarios/file/quote.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES_MAX 48u

/* ---- single texts ---- */

static int store_text(struct bind *b, const struct bind_field *field, const char *text,
                      char *target)
{
    const char *copy = bind_text_copy(b, text);
    if (!copy)
        return -E2BIG;
    STORE(field, target, copy);
    return 0;
}

static int read_text(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     char *target)
{
    const char *text = value_scalar(b, field, node);
    if (!text)
        return -EINVAL;
    if (field->required && !*text)
        return bind_fail(b, node, "'%s' must not be empty", field->key);
    return store_text(b, field, text, target);
}

/* True for a text that YAML reads as it stands, within brackets, too. */
static bool is_plain(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./";
    const struct scn_node node = {.kind = SCN_NODE_SCALAR, .text = text};
    size_t length = strlen(text);
    if (!strchr(letters, *text) || scn_node_is_null(&node) || text[length - 1] == ' ')
        return false;
    for (const char *at = text; *at; at++)
        if (!strchr(letters, *at) && *at != '-' && *at != ' ' &&
            !(*at == '#' && at > text && at[-1] != ' '))
            return false;
    return strcmp(text, "...") != 0; /* would end the document */
}

void value_print_text(struct scn_output *out, const char *text)
{
    if (is_plain(text)) {
        scn_output_text(out, text);
        return;
    }
    scn_output_text(out, "\"");
    for (const char *at = text; *at; at++) {
        if (*at == '"' || *at == '\\')
            scn_outputf(out, "\\%c", *at);
        else if ((unsigned char)*at < 0x20 || *at == 0x7f)
            scn_outputf(out, "\\x%02x", (unsigned char)*at);
        else
            scn_output_bytes(out, at, 1);
    }
    scn_output_text(out, "\"");
}

static void print_text(struct scn_output *out, const struct bind_field *field, const char *source)
{
    const char *text;
    LOAD(field, source, text);
    value_print_text(out, text);
}

const struct bind_type bind_text = {
    .expected = "a text",
    .read = read_text,
    .print = print_text,
    .schema = "\"type\": \"string\"",
};

/* ---- names ---- */

bool bind_is_name(const char *text, const char *more, size_t size_max)
{
    size_t length = 0;
    for (; text[length]; length++) {
        char c = text[length];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool other = (c >= '0' && c <= '9') || c == '-' || c == '_' || strchr(more, c);
        if (length == size_max || !(letter || (other && length > 0)))
            return false;
    }
    return length > 0;
}

static int check_name(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                      const char *text)
{
    char quoted[SCN_QUOTE_BYTES];
    if (bind_is_name(text, ".#", NAME_BYTES_MAX))
        return 0;
    return bind_fail(b, node,
                     "'%s': %s is no name: a letter, then letters, digits, '-' and '_', at most "
                     "%u",
                     field->key, scn_quote(quoted, text), NAME_BYTES_MAX);
}

static int read_name(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     char *target)
{
    const char *text = value_scalar(b, field, node);
    if (!text || check_name(b, field, node, text) != 0)
        return -EINVAL;
    return store_text(b, field, text, target);
}

const struct bind_type bind_name = {
    .expected = "a name",
    .read = read_name,
    .print = print_text,
    .schema = "\"type\": \"string\", \"pattern\": \"^[A-Za-z][A-Za-z0-9_.#-]{0,47}$\"",
};

/* ---- words of a list ---- */

static size_t count_words(const struct bind_field *field)
{
    size_t count = 0;
    while (field->words[count])
        count++;
    return count;
}

/* Finds the index of a word, or fails with those that there are. */
static int find_word(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     uint32_t *index)
{
    const char *text = value_scalar(b, field, node);
    if (!text)
        return -EINVAL;
    size_t count = count_words(field), used = 0;
    for (*index = 0; *index < count; ++*index)
        if (strcmp(text, field->words[*index]) == 0)
            return 0;
    char quoted[SCN_QUOTE_BYTES], all[200] = "";
    for (size_t i = 0; i < count && used < sizeof all; i++)
        used +=
            (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", field->words[i]);
    const char *near = bind_suggest(text, field->words, count);
    if (near)
        return bind_fail(b, node, "'%s' knows no %s; did you mean '%s'?", field->key,
                         scn_quote(quoted, text), near);
    return bind_fail(b, node, "'%s' knows no %s; it can be: %s", field->key,
                     scn_quote(quoted, text), all);
}

static int read_word(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     char *target)
{
    uint32_t index;
    int error = find_word(b, field, node, &index);
    STORE(field, target, index);
    return error;
}

static int read_word_text(struct bind *b, const struct bind_field *field,
                          const struct scn_node *node, char *target)
{
    uint32_t index;
    int error = find_word(b, field, node, &index);
    return error ? error : store_text(b, field, node->text, target);
}

static void print_word(struct scn_output *out, const struct bind_field *field, const char *source)
{
    uint32_t index;
    LOAD(field, source, index);
    scn_output_text(out, field->words[index]);
}

const struct bind_type bind_word = {.expected = "a word", .read = read_word, .print = print_word};
const struct bind_type bind_word_text = {
    .expected = "a word", .read = read_word_text, .print = print_text};

/* ---- lists of texts ---- */

/* A single text counts as a list of one. */
static const struct scn_node *element(const struct scn_node *node, uint32_t index)
{
    return node->kind == SCN_NODE_LIST ? node->values[index] : node;
}

static int check_element(struct bind *b, const struct bind_field *field,
                         const struct scn_node *node)
{
    const char *text = value_scalar(b, field, node);
    if (!text)
        return -EINVAL;
    if (scn_node_is_null(node) || !*text)
        return bind_fail(b, node, "an entry of '%s' is empty", field->key);
    return field->type == &bind_names ? check_name(b, field, node, text) : 0;
}

static int check_length(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                        uint32_t count)
{
    if (count < field->min)
        return bind_fail(b, node, "'%s' is empty", field->key);
    if (count > field->max)
        return bind_fail(b, node, "'%s' has %u entries; %u is the limit", field->key, count,
                         (uint32_t)field->max);
    return 0;
}

static int read_texts(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                      char *target)
{
    if (node->kind == SCN_NODE_MAP)
        return bind_fail_type(b, field, node, "");
    uint32_t count = node->kind == SCN_NODE_LIST ? node->count : 1;
    int error = check_length(b, field, node, count);
    if (error)
        return error;
    const char **texts = bind_alloc(b, count * sizeof *texts);
    if (!texts)
        return -E2BIG;
    for (uint32_t i = 0; i < count; i++) {
        const struct scn_node *one = element(node, i);
        error = check_element(b, field, one);
        for (uint32_t j = 0; j < i && !error; j++)
            if (strcmp(texts[j], one->text) == 0)
                error = bind_fail(b, one, "'%s' is in '%s' twice", texts[j], field->key);
        if (error)
            return error;
        texts[i] = bind_text_copy(b, one->text);
        if (!texts[i])
            return -E2BIG;
    }
    STORE(field, target, texts);
    memcpy(target + field->second, &count, sizeof count);
    return 0;
}

static void print_texts(struct scn_output *out, const struct bind_field *field, const char *source)
{
    const char **texts;
    uint32_t count;
    LOAD(field, source, texts);
    memcpy(&count, source + field->second, sizeof count);
    scn_output_text(out, "[");
    for (uint32_t i = 0; i < count; i++) {
        scn_output_text(out, i ? ", " : "");
        value_print_text(out, texts[i]);
    }
    scn_output_text(out, "]");
}

#define TEXTS_SCHEMA(element_) \
    "\"anyOf\": [{" element_ "}, {\"type\": \"array\", \"items\": {" element_ "}}]"

const struct bind_type bind_names = {
    .expected = "a list of names",
    .read = read_texts,
    .print = print_texts,
    .schema = TEXTS_SCHEMA("\"type\": \"string\", \"pattern\": \"^[A-Za-z][A-Za-z0-9_-]*$\""),
};
const struct bind_type bind_texts = {
    .expected = "a list of texts",
    .read = read_texts,
    .print = print_texts,
    .schema = TEXTS_SCHEMA("\"type\": \"string\""),
};

/* ---- configuration: any keys, scalars as text ---- */

static int read_pair(struct bind *b, const struct scn_node *key, const struct scn_node *value,
                     struct scn_pair *out)
{
    char quoted[SCN_QUOTE_BYTES];
    if (!bind_is_name(key->text, ".", NAME_BYTES_MAX))
        return bind_fail(b, key,
                         "%s is no configuration key: a letter, then letters, digits, '-', '_' "
                         "and '.', at most %u",
                         scn_quote(quoted, key->text), NAME_BYTES_MAX);
    if (value->kind != SCN_NODE_SCALAR)
        return bind_fail(b, value, "configuration '%s' must be a text or number, not %s", key->text,
                         scn_node_kind_text(value));
    out->key = bind_text_copy(b, key->text);
    out->value = bind_text_copy(b, scn_node_is_null(value) ? "" : value->text);
    return out->key && out->value ? 0 : -E2BIG;
}

static int read_config(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                       char *target)
{
    if (node->kind != SCN_NODE_MAP)
        return bind_fail_type(b, field, node, "");
    struct scn_pair *pairs = bind_alloc(b, node->count * sizeof *pairs);
    if (!pairs)
        return -E2BIG;
    for (uint32_t i = 0; i < node->count; i++) {
        int error = read_pair(b, node->keys[i], node->values[i], &pairs[i]);
        if (error)
            return error;
    }
    STORE(field, target, pairs);
    memcpy(target + field->second, &node->count, sizeof node->count);
    return 0;
}

static void print_config(struct scn_output *out, const struct bind_field *field, const char *source)
{
    struct scn_pair *pairs;
    uint32_t count;
    LOAD(field, source, pairs);
    memcpy(&count, source + field->second, sizeof count);
    scn_output_text(out, "{");
    for (uint32_t i = 0; i < count; i++) {
        scn_outputf(out, "%s%s: ", i ? ", " : "", pairs[i].key);
        value_print_text(out, pairs[i].value);
    }
    scn_output_text(out, "}");
}

const struct bind_type bind_config = {
    .expected = "a map of texts and numbers",
    .read = read_config,
    .print = print_config,
    .schema = "\"type\": \"object\", \"additionalProperties\": "
              "{\"type\": [\"string\", \"number\", \"boolean\", \"null\"]}",
};
