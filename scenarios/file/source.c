/* SPDX-License-Identifier: MIT */
#include "scenarios/file/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading ---- */

static int fail_whole(const struct scn_source *source, struct scn_error *error, int code,
                      const char *message)
{
    scn_source_fail(source, (struct scn_place){0}, error, "%s", message);
    return code;
}

static int fail_errno(const struct scn_source *source, struct scn_error *error, int code)
{
    scn_source_fail(source, (struct scn_place){0}, error, "cannot be read: %s", strerror(code));
    return -code;
}

/* Reads until the end or one byte more than is allowed. Returns 0, -errno. */
static int read_all(int fd, struct scn_source *source)
{
    while (source->size <= SCN_FILE_BYTES_MAX) {
        ssize_t count =
            read(fd, source->text + source->size, SCN_FILE_BYTES_MAX + 1 - source->size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        if (count == 0)
            return 0;
        source->size += (size_t)count;
    }
    return 0;
}

static int read_open(int fd, struct scn_source *source, struct scn_error *error)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return fail_errno(source, error, errno);
    if (S_ISDIR(status.st_mode))
        return fail_whole(source, error, -EISDIR, "is a folder, not a scenario file");
    source->text = malloc(SCN_FILE_BYTES_MAX + 2);
    if (!source->text)
        return fail_whole(source, error, -ENOMEM, "cannot be read: out of memory");
    int code = read_all(fd, source);
    if (code)
        return fail_errno(source, error, -code);
    if (source->size > SCN_FILE_BYTES_MAX)
        return fail_whole(source, error, -E2BIG, "is larger than 4 MiB: not a scenario file");
    source->text[source->size] = '\0';
    return 0;
}

int scn_source_read(struct scn_source *source, const char *path, struct scn_error *error)
{
    *source = (struct scn_source){.name = path};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(source, error, errno);
    int code = read_open(fd, source, error);
    close(fd);
    return code;
}

/* ---- checking that it is a text ---- */

/*
 * Decodes one character. Returns its length in bytes, 0 if it is not UTF-8 (overlong forms and
 * surrogates included).
 */
static size_t decode(const unsigned char *at, size_t left, uint32_t *out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (at[0] < 0x80) {
        *out = at[0];
        return 1;
    }
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || length > left)
        return 0;
    uint32_t value = at[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (at[i] & 0x3fu);
    }
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *out = value;
    return length;
}

/* What YAML allows, without the line separators that only YAML counts as such. */
static bool is_printable(uint32_t value)
{
    if (value < 0x20)
        return value == '\t' || value == '\n' || value == '\r';
    if (value >= 0x7f && value < 0xa0)
        return false;
    return value != 0x2028 && value != 0x2029 && value != 0xfeff && value != 0xfffe &&
           value != 0xffff;
}

static void drop_byte_order_mark(struct scn_source *source)
{
    if (source->size < 3 || memcmp(source->text, "\xef\xbb\xbf", 3) != 0)
        return;
    source->size -= 3;
    memmove(source->text, source->text + 3, source->size + 1);
}

int scn_source_check(struct scn_source *source, struct scn_error *error)
{
    drop_byte_order_mark(source);
    struct scn_place place = {.line = 1, .column = 1};
    const unsigned char *text = (const unsigned char *)source->text;
    for (size_t i = 0; i < source->size;) {
        uint32_t value = 0;
        size_t length = decode(text + i, source->size - i, &value);
        if (!length)
            return scn_source_fail(source, place, error,
                                   "byte 0x%02x is not UTF-8: this is no text file", text[i]);
        if (!is_printable(value))
            return scn_source_fail(source, place, error,
                                   "character U+%04X is not allowed in a scenario%s", value,
                                   value == 0 ? ": this is no text file" : "");
        bool ends_line = value == '\n' || (value == '\r' && text[i + 1] != '\n');
        place.line += ends_line;
        place.column = ends_line ? 1 : place.column + 1;
        i += length;
    }
    return 0;
}

/* ---- messages ---- */

#define EXCERPT_CHARACTERS 90u

/* The longest part of a message that a user can be made to see: paths keep their ends. */
#define NAME_BYTES_MAX 300u

/* The text of line `line`, without its end. */
static const char *find_line(const struct scn_source *source, uint32_t line, size_t *size)
{
    const char *at = source->text, *end = source->text + source->size;
    for (uint32_t i = 1; i < line && at < end;) {
        bool ends = *at == '\n' || (*at == '\r' && at[1] != '\n');
        i += ends;
        at++;
    }
    *size = 0;
    while (at + *size < end && at[*size] != '\n' && at[*size] != '\r')
        ++*size;
    return at;
}

static bool begins_character(char byte)
{
    return (byte & 0xc0) != 0x80;
}

/* Skips `count` characters. */
static const char *skip(const char *at, const char *end, uint32_t count)
{
    while (at < end && count > 0) {
        at++;
        while (at < end && !begins_character(*at))
            at++;
        count--;
    }
    return at;
}

/* Prints one character, or '?' for what a terminal cannot show or would act upon. */
static size_t print_character(FILE *out, const char *at, size_t left)
{
    uint32_t value = 0;
    size_t length = decode((const unsigned char *)at, left, &value);
    if (!length || !is_printable(value))
        fputc('?', out);
    else if (value == '\t')
        fputc(' ', out);
    else
        fwrite(at, 1, length, out);
    return length ? length : 1;
}

/* Prints the part of the line around the column. */
static void print_excerpt(FILE *out, const struct scn_source *source, struct scn_place place)
{
    size_t size = 0;
    const char *line = find_line(source, place.line, &size);
    const char *end = line + size;
    uint32_t before = place.column - 1;
    uint32_t cut = before > EXCERPT_CHARACTERS * 2 / 3 ? before - EXCERPT_CHARACTERS / 2 : 0;
    const char *from = skip(line, end, cut);
    const char *to = skip(from, end, EXCERPT_CHARACTERS);
    fprintf(out, "\n%5u | %s", place.line, cut ? "..." : "");
    for (const char *at = from; at < to;)
        at += print_character(out, at, (size_t)(end - at));
    fprintf(out, "%s\n      | %*s^", to < end ? "..." : "", (int)(before - cut + (cut ? 3 : 0)),
            "");
}

static void print_place(FILE *out, const struct scn_source *source, struct scn_place place)
{
    if (place.set) {
        fprintf(out, "--set %.*s: ", (int)NAME_BYTES_MAX, place.set);
        return;
    }
    size_t length = strlen(source->name);
    bool cut = length > NAME_BYTES_MAX;
    fprintf(out, "%s%s:", cut ? "..." : "", source->name + (cut ? length - NAME_BYTES_MAX : 0));
    if (place.line)
        fprintf(out, "%u:%u:", place.line, place.column);
    fputc(' ', out);
}

int scn_source_vfail(const struct scn_source *source, struct scn_place place,
                     struct scn_error *error, const char *format, va_list args)
{
    FILE *out = fmemopen(error->text, sizeof error->text, "w");
    if (!out) { /* out of memory: the bare message */
        vsnprintf(error->text, sizeof error->text, format, args);
        return -EINVAL;
    }
    print_place(out, source, place);
    vfprintf(out, format, args);
    if (!place.set && place.line && source->text)
        print_excerpt(out, source, place);
    fclose(out); /* ends the text with a NUL, where it is full, too */
    error->text[sizeof error->text - 1] = '\0';
    return -EINVAL;
}

int scn_source_fail(const struct scn_source *source, struct scn_place place,
                    struct scn_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int code = scn_source_vfail(source, place, error, format, args);
    va_end(args);
    return code;
}
