/* SPDX-License-Identifier: MIT */
/*
 * What is wrong is refused with one clear message. Each bad/NAME.yaml has its message in
 * bad/NAME.txt; UPDATE_GOLDEN=1 writes them anew, for review.
 */
#include "tests/scenarios/support.h"
#include "tests/suite.h"

#include "scenarios/file/reader.h"
#include "scenarios/file/source.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads what must fail; returns the code. */
static int fails(const char *path, const char *set, struct scn_error *error)
{
    struct scn_arena *arena = (struct scn_arena *)1;
    struct scn *scn = (struct scn *)1;
    int code = scn_read(path, &set, set ? 1 : 0, &arena, &scn, error);
    ck_assert_msg(code < 0, "%s was accepted", path);
    ck_assert_ptr_null(arena);
    ck_assert_ptr_null(scn);
    return code;
}

/* ---- files ---- */

static int is_yaml(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".yaml") == 0;
}

static void write_golden(const char *name, const char *text)
{
    FILE *out = fopen(name, "w");
    ck_assert_ptr_nonnull(out);
    fprintf(out, "%s\n", text);
    fclose(out);
}

static void check_bad_file(const char *name)
{
    struct scn_error error;
    char golden_name[300];
    fails(name, NULL, &error);
    snprintf(golden_name, sizeof golden_name, "bad/%.*s.txt", (int)strlen(name) - 5, name);
    if (getenv("UPDATE_GOLDEN"))
        write_golden(strchr(golden_name, '/') + 1, error.text);
    struct text golden = read_file(golden_name);
    strcat(error.text, "\n");
    ck_assert_msg(strcmp(golden.bytes, error.text) == 0, "%s:\n%s\nis not:\n%s", name, error.text,
                  golden.bytes);
    free(golden.bytes);
}

/* Every file of bad/ is refused with the message beside it. */
START_TEST(bad_files)
{
    struct dirent **names = NULL;
    ck_assert_int_eq(chdir(SCENARIO_TESTS "/bad"), 0);
    int count = scandir(".", &names, is_yaml, alphasort);
    ck_assert_int_gt(count, 100);
    for (int i = 0; i < count; i++) {
        check_bad_file(names[i]->d_name);
        free(names[i]);
    }
    free(names);
}
END_TEST

/* What is no readable file is named, with the reason. */
START_TEST(unreadable)
{
    struct scn_error error;
    ck_assert_int_eq(fails("/no/such/file.yaml", NULL, &error), -ENOENT);
    ck_assert_str_eq(error.text, "/no/such/file.yaml: cannot be read: No such file or directory");
    ck_assert_int_eq(fails("/", NULL, &error), -EISDIR);
    ck_assert_str_eq(error.text, "/: is a folder, not a scenario file");
    ck_assert_int_eq(fails("/dev/zero", NULL, &error), -E2BIG);
    ck_assert_str_eq(error.text, "/dev/zero: is larger than 4 MiB: not a scenario file");
    if (geteuid() != 0) {
        char path[] = "/tmp/steelmill-secret-XXXXXX";
        int fd = mkstemp(path);
        ck_assert_int_ge(fd, 0);
        fchmod(fd, 0);
        ck_assert_int_eq(fails(path, NULL, &error), -EACCES);
        close(fd);
        unlink(path);
    }
}
END_TEST

/* ---- --set ---- */

/* A mistake in --set is located in its argument, not in the file. */
START_TEST(bad_sets)
{
    static const char *const wanted[][2] = {
        {"machines.client.cuont=7", "unknown key 'cuont' in a machine; did you mean 'count'?"},
        {"machines.client.count=0", "'count' must be from 1 to 1000000, not '0'"},
        {"tmie=5s", "unknown key 'tmie' in a scenario; did you mean 'time'?"},
        {"time", "must be KEY=VALUE, such as machines.client.count=7"},
        {"=5s", "must be KEY=VALUE, such as machines.client.count=7"},
        {"machines..count=5", "a part of the key is empty"},
        {"time=", "no value"},
        {"time=[1", "not valid YAML: did not find expected ',' or ']'"},
        {"time.x=5s", "'x' stands below a value, not below a map"},
        {"faults.9.pause.for=5s", "'9' is no element of this list: it has 3, numbered from 0"},
        {"faults.x.pause.for=5s", "'x' is no element of this list: it has 3, numbered from 0"},
        {"heal=200s", "'heal' must be shorter than 'time', 2m, of which it is the end"},
        {"faults.0.pause.of=clinet", "'of': no machine is called 'clinet'; did you mean 'client'?"},
        {"machines.client2.daemons=[a]",
         "'client2' is a machine of 'client' (client1 to client3) already"},
    };
    struct scn_error error;
    char message[512];
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        fails(SCENARIO_TESTS "/example.yaml", wanted[i][0], &error);
        snprintf(message, sizeof message, "--set %s: %s", wanted[i][0], wanted[i][1]);
        ck_assert_str_eq(error.text, message);
    }
}
END_TEST

/* ---- hostile input ---- */

/* Reads a text that may be good or bad; what counts is that nothing breaks. */
static int read_any(const char *text, size_t size, struct scn_error *error)
{
    struct scn_arena *arena;
    struct scn *scn;
    int code = scn_read_text("any.yaml", text, size, NULL, 0, &arena, &scn, error);
    if (code == 0)
        scn_arena_destroy(arena);
    return code;
}

/* Fills `size` bytes with a text again and again. */
static char *repeat(const char *head, const char *body, size_t size)
{
    char *text = malloc(size + 1);
    ck_assert_ptr_nonnull(text);
    size_t used = strlen(head), length = strlen(body);
    memcpy(text, head, used);
    for (; used + length <= size; used += length)
        memcpy(text + used, body, length);
    memset(text + used, ' ', size - used);
    text[size] = '\0';
    return text;
}

#define HEAD "scenario: s\nplugin: p\ntime: 5s\nmachines: { a: { daemons: [d] } }\n"

/* Files of the full size that are built to be slow or large are answered within the time limit. */
START_TEST(large_files)
{
    static const char *const texts[][2] = {
        {"", "["},
        {"", "{"},
        {"", "- "},
        {"", "a: "},
        {"", "? "},
        {"x: [", "a,"},
        {"x: {", "a: b,"},
        {"x: \"", "a "},
        {"", "&a "},
        {"", "#\n"},
        {"", "\n"},
        {HEAD "faults:\n", "- crash: {at: 1s}\n"},
        {HEAD "network:\n  links:\n", "  - {loss: 1%}\n"},
        {HEAD "about: ", "word "},
        {"scenario: s\nplugin: p\ntime: 5s\nmachines:\n  a:\n    daemons: [d]\n    config:\n",
         "      x: y\n"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct scn_error error;
        char *text = repeat(texts[i][0], texts[i][1], SCN_FILE_BYTES_MAX);
        read_any(text, SCN_FILE_BYTES_MAX, &error);
        free(text);
    }
}
END_TEST

/* Hundreds of thousands of machine groups are checked for clashes without comparing all pairs. */
START_TEST(many_groups)
{
    struct text text = {0};
    struct scn_error error;
    char line[64];
    text_append(&text, HEAD, strlen(HEAD) - 2 - strlen("}"));
    for (int i = 0; i < 60000; i++) {
        snprintf(line, sizeof line, ",\n g%dx: {count: 2, daemons: [d]}", i);
        text_append(&text, line, strlen(line));
    }
    text_append(&text, "}\n", 2);
    ck_assert_msg(read_any(text.bytes, text.size, &error) == 0, "%s", error.text);
    free(text.bytes);
}
END_TEST

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* One change: a byte, a piece that moves, or a piece of YAML. */
static size_t mutate(char *text, size_t size, size_t capacity, uint64_t *state)
{
    static const char *const pieces[] = {"..",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         ": ",
                                         "- ",
                                         "&a ",
                                         "*a",
                                         "\n",
                                         "\t",
                                         "(",
                                         ")",
                                         "\"",
                                         "'",
                                         "#",
                                         "!",
                                         "|",
                                         ">",
                                         "%",
                                         "~",
                                         "0",
                                         "-1",
                                         "s",
                                         ",",
                                         "? ",
                                         "---\n",
                                         "\xff",
                                         "\xc3",
                                         "<<: ",
                                         "999999999999999999999",
                                         "any"};
    size_t at = next_random(state) % size;
    const char *piece = pieces[next_random(state) % (sizeof pieces / sizeof *pieces)];
    size_t length = strlen(piece), span = 1 + next_random(state) % 8;
    switch (next_random(state) % 4) {
    case 0:
        text[at] = (char)next_random(state);
        break;
    case 1: /* insert */
        if (size + length <= capacity) {
            memmove(text + at + length, text + at, size - at);
            memcpy(text + at, piece, length);
            size += length;
        }
        break;
    case 2: /* remove */
        if (span < size && at + span <= size) {
            memmove(text + at, text + at + span, size - at - span);
            size -= span;
        }
        break;
    default: /* overwrite */
        if (at + length <= size)
            memcpy(text + at, piece, length);
    }
    return size;
}

static void fuzz(const char *file, uint64_t seed, int rounds)
{
    struct text original = read_file(file);
    size_t capacity = original.size + 64;
    char *text = malloc(capacity);
    ck_assert_ptr_nonnull(text);
    int accepted = 0;
    for (int i = 0; i < rounds; i++) {
        struct scn_error error = {""};
        size_t size = original.size;
        memcpy(text, original.bytes, size);
        for (uint64_t left = 1 + next_random(&seed) % 4; left > 0; left--)
            size = mutate(text, size, capacity, &seed);
        if (read_any(text, size, &error) == 0)
            accepted++;
        else
            ck_assert_msg(strncmp(error.text, "any.yaml:", 9) == 0, "no location: %s", error.text);
    }
    ck_assert_int_gt(accepted, 0);
    ck_assert_int_lt(accepted, rounds);
    free(text);
    free(original.bytes);
}

/* Ten thousand damaged copies of each good file are read or refused, and nothing breaks. */
START_TEST(damaged_files)
{
    const char *more = getenv("FUZZ_ROUNDS");
    int rounds = more ? atoi(more) : 10000;
    fuzz("example.yaml", 1, rounds);
    fuzz("full.yaml", 2, rounds);
}
END_TEST

SUITE_MAIN("scenario-bad", bad_files, unreadable, bad_sets, large_files, many_groups, damaged_files)
