/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/near_file.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/units.h"
#include "scenarios/cli/path.h"

#define FILES_MAX      256
#define NAME_BYTES_MAX 64

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* The first file of a pattern; false: none. */
__attribute__((format(printf, 2, 0))) static bool first_of(char near[PATH_MAX], const char *format,
                                                           const char *one, const char *two)
{
    char pattern[PATH_MAX];
    glob_t found;
    snprintf(pattern, sizeof pattern, format, one, two);
    if (glob(pattern, 0, NULL, &found) != 0)
        return false;
    snprintf(near, PATH_MAX, "%s", found.gl_pathv[0]);
    globfree(&found);
    return is_file(near);
}

/* The file of the same folder whose name is the most like it. */
static bool most_alike(const char *path, char near[PATH_MAX])
{
    const char *base = cli_path_base(path), *words[FILES_MAX];
    const int folder_length = (int)(base - path);
    char pattern[PATH_MAX];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%.*s*.yaml", folder_length, path);
    if (strlen(base) > NAME_BYTES_MAX || glob(pattern, 0, NULL, &found) != 0)
        return false;
    size_t count = found.gl_pathc < FILES_MAX ? found.gl_pathc : FILES_MAX;
    for (size_t i = 0; i < count; i++)
        words[i] = cli_path_base(found.gl_pathv[i]);
    const char *alike = sm__suggest(base, words, count);
    if (alike)
        snprintf(near, PATH_MAX, "%.*s%s", folder_length, path, alike);
    globfree(&found);
    return alike != NULL;
}

bool cli_near_file(const char *path, char near[PATH_MAX])
{
    const char *base = cli_path_base(path);
    if (strlen(path) > PATH_MAX / 4)
        return false;
    if (first_of(near, "%s.yaml", path, "") || first_of(near, "%s/%s.yaml", path, base) ||
        first_of(near, "%s/*.yaml", path, ""))
        return true;
    if (base == path && (first_of(near, "scenarios/*/%s.yaml", path, "") ||
                         first_of(near, "scenarios/*/%s", path, "")))
        return true;
    return most_alike(path, near);
}
