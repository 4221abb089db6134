/* SPDX-License-Identifier: MIT */
#include "tests/scenarios/support.h"

#include "scenarios/file/reader.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loaded load(const char *file, const char *const *sets, size_t set_count)
{
    struct loaded loaded;
    struct scn_error error;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", SCENARIO_TESTS, file);
    int code = scn_read(path, sets, set_count, &loaded.arena, &loaded.scn, &error);
    ck_assert_msg(code == 0, "%s", error.text);
    return loaded;
}

struct loaded load_text(const char *text)
{
    struct loaded loaded;
    struct scn_error error;
    int code =
        scn_read_text("text.yaml", text, strlen(text), NULL, 0, &loaded.arena, &loaded.scn, &error);
    ck_assert_msg(code == 0, "%s", error.text);
    return loaded;
}

void unload(struct loaded *loaded)
{
    scn_arena_destroy(loaded->arena);
    *loaded = (struct loaded){0};
}

int text_append(void *arg, const char *bytes, size_t size)
{
    struct text *text = arg;
    if (text->size + size >= text->capacity) {
        text->capacity = 2 * (text->size + size) + 64;
        text->bytes = realloc(text->bytes, text->capacity);
        ck_assert_ptr_nonnull(text->bytes);
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
    return 0;
}

char *printed(const struct scn *scn)
{
    struct text text = {0};
    ck_assert_int_eq(scn_print(scn, text_append, &text), 0);
    return text.bytes;
}

struct text read_file(const char *file)
{
    char path[4096], buffer[4096];
    struct text text = {0};
    snprintf(path, sizeof path, "%s/%s", SCENARIO_TESTS, file);
    FILE *in = fopen(path, "r");
    ck_assert_msg(in != NULL, "%s is missing", path);
    text_append(&text, "", 0);
    for (size_t count; (count = fread(buffer, 1, sizeof buffer, in)) > 0;)
        text_append(&text, buffer, count);
    fclose(in);
    return text;
}
