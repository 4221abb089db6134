/* SPDX-License-Identifier: MIT */
/*
 * The log's lines, as text or as JSON.
 *
 * A line is composed on the stack and never allocates: it may be written from anywhere, also where
 * memory is out. What does not fit is cut in a way that shows.
 */
#include "core/log.h"

#include "core/factory_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 2048
/* Kept free for what ends a line: at most `..."},"truncated":true}` and the line feed. */
#define TAIL_BYTES 32
#define FIELDS_MAX 16

struct line {
    size_t used;
    bool cut; /* something did not fit: nothing more is added but the tail */
    char text[LINE_BYTES];
};

struct scope {
    sm_time time_ns;
    const char *machine, *daemon, *task; /* "" where there is none */
};

static const char *const level_words[] = {"ERROR", "WARN", "INFO", "DEBUG", "TRACE"};
static const char *const level_json[] = {"error", "warn", "info", "debug", "trace"};

/* ---- composing ---- */

/* What must not be missing even where the line was cut. */
static void put_tail(struct line *line, const char *text)
{
    size_t size = strlen(text);
    SM_ASSERT(line->used + size <= LINE_BYTES);
    memcpy(line->text + line->used, text, size);
    line->used += size;
}

/* All of it or nothing. */
static void put_bytes(struct line *line, const char *text, size_t size)
{
    if (line->cut || line->used + size > LINE_BYTES - TAIL_BYTES) {
        line->cut = true;
        return;
    }
    memcpy(line->text + line->used, text, size);
    line->used += size;
}

static void put(struct line *line, const char *text)
{
    put_bytes(line, text, strlen(text));
}

SM_PRINTF(2, 3) static void put_format(struct line *line, const char *format, ...)
{
    char text[64];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    SM_ASSERT(length >= 0 && (size_t)length < sizeof text);
    put_bytes(line, text, (size_t)length);
}

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The length of the valid UTF-8 sequence of two or more bytes that text begins with; 0: none. */
static size_t utf8_length(const char *text)
{
    const unsigned char *b = (const unsigned char *)text;
    if (b[0] >= 0xc2 && b[0] <= 0xdf)
        return is_continuation(b[1]) ? 2 : 0;
    if ((b[0] & 0xf0) == 0xe0) {
        bool overlong = b[0] == 0xe0 && b[1] < 0xa0;
        bool surrogate = b[0] == 0xed && b[1] >= 0xa0;
        return is_continuation(b[1]) && is_continuation(b[2]) && !overlong && !surrogate ? 3 : 0;
    }
    if (b[0] >= 0xf0 && b[0] <= 0xf4) {
        bool overlong = b[0] == 0xf0 && b[1] < 0x90;
        bool beyond = b[0] == 0xf4 && b[1] >= 0x90;
        return is_continuation(b[1]) && is_continuation(b[2]) && is_continuation(b[3]) &&
                       !overlong && !beyond
                   ? 4
                   : 0;
    }
    return 0;
}

static const char *short_escape(char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

/* Puts one character of a quoted text and returns its length. */
static size_t put_escaped(struct line *line, const char *text, bool json)
{
    unsigned char byte = (unsigned char)text[0];
    const char *escape = short_escape(text[0]);
    if (escape) {
        put(line, escape);
    } else if (byte >= 0x80) {
        size_t length = utf8_length(text);
        if (length) {
            put_bytes(line, text, length);
            return length;
        }
        put_format(line, json ? "\\ufffd" : "\\x%02x", byte);
    } else if (byte < 0x20 || byte == 0x7f) {
        put_format(line, json ? "\\u%04x" : "\\x%02x", byte);
    } else {
        put_bytes(line, text, 1);
    }
    return 1;
}

/* A text in quotes. If it does not fit, its beginning: `"like th..."`. */
static void put_quoted(struct line *line, const char *text, bool json)
{
    put(line, "\"");
    if (line->cut)
        return;
    while (*text && !line->cut)
        text += put_escaped(line, text, json);
    put_tail(line, line->cut ? "...\"" : "\"");
}

/* ---- text ---- */

static bool needs_quotes(const char *text)
{
    if (!*text || strcmp(text, "null") == 0)
        return true;
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f || strchr("\"\\=", *text))
            return true;
    return false;
}

static void put_text_value(struct line *line, const struct sm_field *field)
{
    if (field->kind == SM_FIELD_I64)
        put_format(line, "%" PRId64, field->value.i64);
    else if (field->kind == SM_FIELD_U64)
        put_format(line, "%" PRIu64, field->value.u64);
    else if (field->kind == SM_FIELD_HEX)
        put_format(line, "0x%" PRIx64, field->value.u64);
    else if (!field->value.str)
        put(line, "null");
    else if (needs_quotes(field->value.str))
        put_quoted(line, field->value.str, false);
    else
        put(line, field->value.str);
}

static void put_text_field(struct line *line, const struct sm_field *field)
{
    put(line, " ");
    put(line, field->name);
    put(line, "=");
    put_text_value(line, field);
}

static void compose_text(struct line *line, const struct scope *scope, enum sm_log_level level,
                         const char *message, const struct sm_field *fields)
{
    put_format(line, "%5" PRId64 ".%09" PRId64 " ", scope->time_ns / SM_S, scope->time_ns % SM_S);
    put(line, scope->machine);
    put(line, scope->machine[0] && scope->daemon[0] ? "/" : "");
    put(line, scope->daemon);
    put(line, scope->machine[0] || scope->daemon[0] ? "" : "-");
    put_format(line, " %-5s ", level_words[level]);
    put(line, message);
    for (int i = 0; i < FIELDS_MAX && fields[i].kind != SM_FIELD_END; i++)
        put_text_field(line, &fields[i]);
    put_tail(line, line->cut ? "...\n" : "\n");
}

size_t sm__log_fields_print(char *text, size_t size, const struct sm_field *fields)
{
    struct line line;
    size_t fits = 0;

    line.used = 0;
    line.cut = false;
    for (; fields && fields->kind != SM_FIELD_END && !line.cut && line.used < size; fields++) {
        fits = line.used;
        put_text_field(&line, fields);
    }
    if (!line.cut && line.used < size)
        fits = line.used;
    memcpy(text, line.text, fits);
    text[fits] = '\0';
    return fits;
}

/* ---- JSON ---- */

static void put_json_value(struct line *line, const struct sm_field *field)
{
    if (field->kind == SM_FIELD_I64)
        put_format(line, "%" PRId64, field->value.i64);
    else if (field->kind == SM_FIELD_U64)
        put_format(line, "%" PRIu64, field->value.u64);
    else if (field->kind == SM_FIELD_HEX)
        put_format(line, "\"0x%" PRIx64 "\"", field->value.u64);
    else if (field->value.str)
        put_quoted(line, field->value.str, true);
    else
        put(line, "null");
}

/* A member of an object, whole, or with a shortened text as its value, or not at all. */
static void put_member(struct line *line, const char *before, const struct sm_field *field)
{
    if (line->cut)
        return;
    size_t start = line->used;
    put(line, before);
    put_quoted(line, field->name, true);
    put(line, ":");
    size_t value = line->used;
    if (!line->cut)
        put_json_value(line, field);
    if (line->cut && line->used == value)
        line->used = start;
}

static void compose_json(struct line *line, const struct scope *scope, enum sm_log_level level,
                         const char *message, const struct sm_field *fields)
{
    const struct sm_field head[] = {
        sm_i64("time_ns", scope->time_ns),  sm_str("machine", scope->machine),
        sm_str("daemon", scope->daemon),    sm_str("task", scope->task),
        sm_str("level", level_json[level]), sm_str("message", message),
    };
    put(line, "{");
    for (size_t i = 0; i < sizeof head / sizeof(head[0]); i++)
        put_member(line, i ? "," : "", &head[i]);
    bool has_fields = !line->cut;
    put(line, ",\"fields\":{");
    has_fields = has_fields && !line->cut;
    for (int i = 0; i < FIELDS_MAX && fields[i].kind != SM_FIELD_END; i++)
        put_member(line, i ? "," : "", &fields[i]);
    put_tail(line, has_fields ? "}" : "");
    put_tail(line, line->cut ? ",\"truncated\":true}\n" : "}\n");
}

/* ---- the contract ---- */

bool sm_log_enabled(const struct sm_log *log, enum sm_log_level level)
{
    return log && level <= sm__log_level_max();
}

static struct scope scope_of(struct sm__home *home)
{
    const char *daemon = sm__hook_daemon_name();
    return (struct scope){
        .time_ns = home ? sm__clock_monotonic(home) : 0,
        .machine = home && home->name ? home->name : "",
        .daemon = daemon ? daemon : "",
        .task = sm__current ? sm__current->name : "",
    };
}

void sm_log_write(struct sm_log *log, enum sm_log_level level, const char *message,
                  const struct sm_field *fields)
{
    struct sm__home *home = log->factory->home;
    const struct scope scope = scope_of(home);
    struct line line;
    line.used = 0;
    line.cut = false;
    if (sm__log_json())
        compose_json(&line, &scope, level, message, fields);
    else
        compose_text(&line, &scope, level, message, fields);
    sm__log_emit(home, level, line.text, line.used);
}
