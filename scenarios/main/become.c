/* SPDX-License-Identifier: MIT */
#include "scenarios/main/main.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOT_JUDGED 125

bool main_is_started(int argc, char **argv)
{
    return argc > 1 && (strcmp(argv[1], "--scenario") == 0 || strcmp(argv[1], "--describe") == 0);
}

/* Whether a verb takes a scenario, and so --set. */
static bool takes_scenario(const char *verb)
{
    static const char *const others[] = {"findings", "daemons", "help"};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(verb, others[i]) == 0)
            return false;
    }
    return verb[0] != '-';
}

static int own_path(char path[static PATH_MAX])
{
    const ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

    path[length < 0 ? 0 : length] = '\0';
    return length < 0 ? -errno : 0;
}

static void execute(const char *steelmill, const char *own, int argc, char **argv)
{
    const char **with = calloc((size_t)argc + 3, sizeof *with);
    char set[PATH_MAX + 16];
    int count = 0;

    if (!with)
        return;
    for (; count < argc; count++)
        with[count] = argv[count];
    snprintf(set, sizeof set, "plugin=%s", own);
    if (argc > 1 && takes_scenario(argv[1])) {
        with[count++] = "--set";
        with[count++] = set;
    } else if (argc == 2 && strcmp(argv[1], "daemons") == 0) {
        with[count++] = set + strlen("plugin=");
    }
    execvp(steelmill, (char *const *)with);
    free(with);
}

int main_become(const char *variable, int argc, char **argv)
{
    char own[PATH_MAX];
    const char *chosen = getenv("STEELMILL");
    const char *steelmill = chosen && chosen[0] ? chosen : "steelmill";

    if (own_path(own) == 0 && setenv(variable, own, 1) == 0 &&
        setenv("STEELMILL_COMMAND", argv[0], 0) == 0)
        execute(steelmill, own, argc, argv);
    fprintf(stderr,
            "%s: the program '%s' cannot be executed: %s\n"
            "  install it, or name it in STEELMILL\n",
            argv[0], steelmill, strerror(errno));
    return NOT_JUDGED;
}
