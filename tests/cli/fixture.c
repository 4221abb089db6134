/* SPDX-License-Identifier: MIT */
#include "tests/cli/fixture.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

void fixture_scenario(const char *path, const char *more)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file,
            "scenario: writer\n"
            "about: A test of the command line.\n"
            "plugin: %s\n"
            "time: 10s\n"
            "heal: 2s\n"
            "machines:\n"
            "  store:  { daemons: [store] }\n"
            "  client: { count: 3, daemons: [writer] }\n"
            "faults:\n"
            "  - pause: { of: client, every: 5s..6s, for: 1s..2s }\n"
            "  - crash: { of: store, at: 1s, restart: 1s..3s }\n"
            "%s",
            getenv("FAKE_PLUGIN"), more);
    ck_assert_int_eq(fclose(file), 0);
}

void fixture_setup(void)
{
    strcpy(folder, "/tmp/steelmill-test-cli-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    unsetenv("STEELMILL_COMMAND");
    fixture_scenario("writer.yaml", "");
}

void fixture_teardown(void)
{
    char line[128];
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(line, sizeof line, "rm -r %s", folder);
    struct command removal = command_run(line);
    command_free(&removal);
}

struct command steelmill(const char *rules, const char *format, ...)
{
    char arguments[1024], line[2048];
    va_list list;
    va_start(list, format);
    vsnprintf(arguments, sizeof arguments, format, list);
    va_end(list);
    snprintf(line, sizeof line, "\"$STEELMILL\" %s", arguments);
    setenv("FAKE_WORKER", rules, 1);
    return command_run(line);
}

char *fixture_line(const char *text, const char *start)
{
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, "\n"), indent = strspn(at, " ");
        if (indent < length && strncmp(at + indent, start, strlen(start)) == 0) {
            const char *value = at + indent + strlen(start);
            value += strspn(value, " ");
            return strndup(value, (size_t)(at + length - value));
        }
        at += length + (at[length] == '\n');
    }
    return strdup("");
}
