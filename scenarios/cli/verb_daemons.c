/* SPDX-License-Identifier: MIT */
/* What a plugin offers. `steelmill-worker --describe` loads it; its lines have fields between tabs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenarios/cli/args.h"
#include "scenarios/cli/json.h"
#include "scenarios/cli/locate.h"
#include "scenarios/cli/signals.h"

#define FIELDS_MAX 4

/* What is printed while the worker's lines come in. */
struct listing {
    bool json;
    struct cli_json writer;
    const char *section; /* of the line before: "daemon" or "property" */
};

/* Splits a line at its tabs, in place. Fields that are missing become "". */
static void split(char *line, const char *fields[FIELDS_MAX])
{
    for (int i = 0; i < FIELDS_MAX; i++) {
        fields[i] = line;
        line += strcspn(line, "\t");
        if (*line == '\t')
            *line++ = '\0';
    }
}

static void begin_section(struct listing *listing, const char *section)
{
    if (listing->section != NULL && strcmp(listing->section, section) == 0)
        return;
    bool daemons = strcmp(section, "daemon") == 0;
    if (!listing->json) {
        printf("%s%s\n", listing->section != NULL ? "\n" : "", daemons ? "daemons" : "properties");
    } else {
        if (listing->section != NULL)
            cli_json_close(&listing->writer, ']');
        cli_json_open(&listing->writer, daemons ? "daemons" : "properties", '[');
    }
    listing->section = daemons ? "daemon" : "property";
}

static void print_json(struct listing *listing, const char *const fields[FIELDS_MAX], bool daemon)
{
    cli_json_open(&listing->writer, NULL, '{');
    cli_json_text(&listing->writer, daemon ? "name" : "kind", fields[1]);
    cli_json_text(&listing->writer, daemon ? "about" : "name", fields[2]);
    cli_json_text(&listing->writer, daemon ? "flags" : "place", fields[3]);
    cli_json_close(&listing->writer, '}');
}

static void print_line(struct listing *listing, char *line)
{
    const char *fields[FIELDS_MAX];
    split(line, fields);
    bool daemon = strcmp(fields[0], "daemon") == 0;
    if (!daemon && strcmp(fields[0], "property") != 0)
        return;
    begin_section(listing, fields[0]);
    if (listing->json)
        print_json(listing, fields, daemon);
    else if (daemon)
        printf("  %-20s %s%s%s%s\n", fields[1], fields[2], *fields[3] != '\0' ? " (" : "",
               fields[3], *fields[3] != '\0' ? ")" : "");
    else
        printf("  %-12s %-48s %s\n", fields[1], fields[2], fields[3]);
}

static void print_all(struct listing *listing, char *text)
{
    if (listing->json) {
        cli_json_begin(&listing->writer, stdout);
        cli_json_open(&listing->writer, NULL, '{');
    }
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        print_line(listing, line);
    if (listing->json) {
        if (listing->section != NULL)
            cli_json_close(&listing->writer, ']');
        cli_json_close(&listing->writer, '}');
        putchar('\n');
    }
}

/* Starts the worker with its output in a pipe. Returns the reading end and its pid, or -errno. */
static int start_describing(const char *program, const char *plugin, pid_t *pid)
{
    int fds[2];
    if (pipe(fds) != 0)
        return -errno;
    *pid = fork();
    if (*pid == 0) {
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        cli_signals_reset();
        execl(program, program, "--describe", plugin, (char *)NULL);
        _exit(127);
    }
    int error = *pid < 0 ? -errno : 0;
    close(fds[1]);
    if (error != 0)
        close(fds[0]);
    return error != 0 ? error : fds[0];
}

/* Waits for the worker and judges how it ended. */
static int judge(pid_t pid, const char *plugin)
{
    int status = 0;
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return CLI_PASSED;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 127)
        return CLI_USAGE; /* it has said why */
    cli_error("%s: the worker that loaded it came to grief", plugin);
    return CLI_NOT_JUDGED;
}

static int describe(const char *program, const char *plugin, bool json)
{
    pid_t pid = -1;
    struct listing listing = {.json = json};
    int fd = start_describing(program, plugin, &pid);
    FILE *lines = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (lines == NULL) {
        cli_error("the worker cannot be started: %s", strerror(fd < 0 ? -fd : errno));
        return CLI_NOT_JUDGED;
    }
    /* All of it is read before any is printed: of a plugin that is refused only the reason is. */
    char *text = NULL;
    size_t size = 0;
    ssize_t length = getdelim(&text, &size, '\0', lines);
    fclose(lines);
    int exit = judge(pid, plugin);
    if (exit == CLI_PASSED)
        print_all(&listing, length > 0 ? text : (char[]){""});
    free(text);
    return exit;
}

int cli_verb_daemons(const struct cli_args *args)
{
    char program[PATH_MAX], plugin[PATH_MAX];
    int failed = cli_locate_plugin("daemons", args->files[0], ".", plugin);
    if (failed == 0)
        failed = cli_locate_worker(program);
    return failed != 0 ? failed : describe(program, plugin, cli_given(args, CLI_OPT_JSON));
}
