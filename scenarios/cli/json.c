/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/json.h"

#include <inttypes.h>

void cli_json_begin(struct cli_json *json, FILE *file)
{
    *json = (struct cli_json){.file = file};
}

/* Length of the UTF-8 sequence at `text`; 0: it is not one. */
static int sequence_length(const unsigned char *text)
{
    int length = text[0] < 0x80                      ? 1
                 : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
                 : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                 : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                     : 0;
    for (int i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool beyond = (text[0] == 0xed && text[1] >= 0xa0) || (text[0] == 0xf4 && text[1] >= 0x90);
    return overlong || beyond ? 0 : length;
}

static void print_string(FILE *file, const char *string)
{
    const unsigned char *text = (const unsigned char *)string;
    fputc('"', file);
    while (*text != '\0') {
        int length = sequence_length(text);
        if (length == 0)
            fputs("\\ufffd", file);
        else if (*text == '"' || *text == '\\')
            fprintf(file, "\\%c", *text);
        else if (*text == '\n')
            fputs("\\n", file);
        else if (*text < 0x20 || *text == 0x7f)
            fprintf(file, "\\u%04x", *text);
        else
            fwrite(text, 1, (size_t)length, file);
        text += length > 0 ? length : 1;
    }
    fputc('"', file);
}

void cli_json_name(struct cli_json *json, const char *name)
{
    if (json->comma)
        fputc(',', json->file);
    json->comma = true;
    if (name == NULL)
        return;
    print_string(json->file, name);
    fputc(':', json->file);
}

void cli_json_open(struct cli_json *json, const char *name, char bracket)
{
    cli_json_name(json, name);
    fputc(bracket, json->file);
    json->comma = false;
}

void cli_json_close(struct cli_json *json, char bracket)
{
    fputc(bracket, json->file);
    json->comma = true;
}

void cli_json_i64(struct cli_json *json, const char *name, int64_t value)
{
    cli_json_name(json, name);
    fprintf(json->file, "%" PRId64, value);
}

void cli_json_u64(struct cli_json *json, const char *name, uint64_t value)
{
    cli_json_name(json, name);
    fprintf(json->file, "%" PRIu64, value);
}

void cli_json_bool(struct cli_json *json, const char *name, bool value)
{
    cli_json_name(json, name);
    fputs(value ? "true" : "false", json->file);
}

void cli_json_hex(struct cli_json *json, const char *name, uint64_t value)
{
    cli_json_name(json, name);
    fprintf(json->file, "\"%016" PRIx64 "\"", value);
}

void cli_json_text(struct cli_json *json, const char *name, const char *text)
{
    cli_json_name(json, name);
    print_string(json->file, text);
}
