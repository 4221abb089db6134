/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/path.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Copies a path without "//", "/./" and "name/../". A leading "../" stays.
 *   out: room for two bytes more than the path has, with its NUL
 */
static void normalize(const char *path, char *out)
{
    char *begin = out;
    bool absolute = *path == '/';
    if (absolute)
        *out++ = '/';
    char *floor = out; /* what stands before it is never taken back */
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        bool here = length == 1 && path[0] == '.';
        bool up = length == 2 && path[0] == '.' && path[1] == '.';
        if (up && out > floor) {
            for (out--; out > floor && out[-1] != '/'; out--)
                ;
        } else if (up && !absolute) {
            out = floor = stpcpy(out, "../");
        } else if (!up && !here && length > 0) {
            memcpy(out, path, length);
            out += length;
            *out++ = '/';
        }
        path += length;
        path += *path == '/';
    }
    if (out > begin + absolute)
        out--;
    *out = '\0';
}

char *cli_path_shorten(const char *folder, const char *path)
{
    char here[PATH_MAX];
    bool joined = path[0] != '\0' && path[0] != '/' && folder[0] != '\0';
    char *raw = NULL;
    if (asprintf(&raw, "%s%s%s", joined ? folder : "", joined ? "/" : "", path) < 0)
        return NULL;
    char *text = malloc(strlen(raw) + 3);
    if (text != NULL) {
        normalize(raw, text);
        size_t length = getcwd(here, sizeof here) != NULL ? strlen(here) : 0;
        if (length > 1 && strncmp(text, here, length) == 0 && text[length] == '/')
            memmove(text, text + length + 1, strlen(text + length + 1) + 1);
    }
    free(raw);
    return text;
}

const char *cli_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}
