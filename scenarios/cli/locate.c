/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/locate.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/units.h"
#include "scenarios/cli/cli.h"

#define PLACES_MAX 8
#define NAMES_MAX  256

/* Places that a search goes through, in order. */
struct places {
    size_t count;
    char paths[PLACES_MAX][PATH_MAX];
};

static void add(struct places *places, const char *format, ...) SM_PRINTF(2, 3);
static void add(struct places *places, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(places->paths[places->count++], PATH_MAX, format, list);
    va_end(list);
}

/* The folder of this program's executable; "." where the kernel does not say. */
static void own_folder(char folder[static PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (length <= 0) {
        strcpy(folder, ".");
        return;
    }
    folder[length] = '\0';
    char *slash = strrchr(folder, '/');
    *(slash == folder ? slash + 1 : slash) = '\0';
}

static bool first_readable(const struct places *places, int mode, char path[static PATH_MAX])
{
    for (size_t i = 0; i < places->count; i++)
        if (access(places->paths[i], mode) == 0 && realpath(places->paths[i], path) != NULL)
            return true;
    return false;
}

static void print_places(const struct places *places)
{
    for (size_t i = 0; i < places->count; i++)
        fprintf(stderr, "  searched: %s\n", places->paths[i]);
}

/* variable: of the environment, names it; folder: where the build tree has it, beside ours */
static int locate_program(const char *name, const char *variable, const char *folder,
                          char path[static PATH_MAX])
{
    char own[PATH_MAX];
    struct places *places = calloc(1, sizeof *places);
    if (places == NULL)
        return CLI_NOT_JUDGED;
    own_folder(own);
    const char *chosen = getenv(variable);
    if (chosen != NULL && *chosen != '\0') {
        add(places, "%s", chosen);
    } else {
        add(places, "%s/%s", own, name);
        add(places, "%s/../%s/%s", own, folder, name);
        add(places, "%s/../libexec/steelmill/%s", own, name);
    }
    bool found = first_readable(places, X_OK, path);
    if (!found) {
        cli_error("the program %s is not there", name);
        print_places(places);
        fprintf(stderr, "  install it beside steelmill, or name it in %s\n", variable);
    }
    free(places);
    return found ? 0 : CLI_NOT_JUDGED;
}

int cli_locate_worker(char path[static PATH_MAX])
{
    return locate_program("steelmill-worker", "STEELMILL_WORKER", "worker", path);
}

int cli_locate_serve(char path[static PATH_MAX])
{
    return locate_program("steelmill-serve", "STEELMILL_SERVE", "serve", path);
}

static void places_of_plugin(struct places *places, const char *name, const char *folder)
{
    char own[PATH_MAX];
    if (name[0] == '/') {
        add(places, "%s", name);
    } else if (strchr(name, '/') != NULL) {
        if (strcmp(folder, ".") != 0)
            add(places, "%s/%s", folder, name);
        add(places, "%s", name);
    } else {
        own_folder(own);
        add(places, "%s/%s.so", folder, name);
        add(places, "%s/%s/%s.so", own, name, name);
        add(places, "%s/../%s/%s.so", own, name, name);
        add(places, "%s/../lib/steelmill/%s.so", own, name);
    }
}

/* Plugins that are there, for "did you mean". */
struct names {
    size_t count;
    char *list[NAMES_MAX];
};

/* NAME.so in `folder`, or, with `nested`, NAME/NAME.so. */
static void collect_names(struct names *names, const char *folder, bool nested)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL && names->count < NAMES_MAX) {
        size_t length = strlen(entry->d_name);
        bool object = length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0;
        char path[PATH_MAX + 600];
        snprintf(path, sizeof path, "%s/%s/%s.so", folder, entry->d_name, entry->d_name);
        if (nested ? entry->d_name[0] != '.' && access(path, R_OK) == 0 : object)
            names->list[names->count++] = strndup(entry->d_name, nested ? length : length - 3);
    }
    if (dir != NULL)
        closedir(dir);
}

static void print_suggestion(const char *name, const char *folder)
{
    char own[PATH_MAX], place[PATH_MAX + 32];
    struct names names = {0};
    own_folder(own);
    collect_names(&names, folder, false);
    collect_names(&names, own, true);
    snprintf(place, sizeof place, "%s/..", own);
    collect_names(&names, place, true);
    snprintf(place, sizeof place, "%s/../lib/steelmill", own);
    collect_names(&names, place, false);
    const char *nearest = sm__suggest(name, (const char *const *)names.list, names.count);
    if (nearest != NULL)
        fprintf(stderr, "  did you mean '%s'?\n", nearest);
    else
        fprintf(stderr, "  build it first, or give its path: plugin: ./%s.so\n", name);
    for (size_t i = 0; i < names.count; i++)
        free(names.list[i]);
}

int cli_locate_plugin(const char *where, const char *name, const char *folder,
                      char path[static PATH_MAX])
{
    struct places *places = calloc(1, sizeof *places);
    if (places == NULL)
        return CLI_NOT_JUDGED;
    places_of_plugin(places, name, folder);
    bool found = first_readable(places, R_OK, path);
    if (!found) {
        cli_error("%s: no plugin '%s'", where, name);
        print_places(places);
        if (strchr(name, '/') == NULL)
            print_suggestion(name, folder);
    }
    free(places);
    return found ? 0 : CLI_USAGE;
}
