/* SPDX-License-Identifier: MIT */
/* The users and groups of a machine: root, and the one that its daemons run as. */
#include "sim/libc/libc.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define EXPORT SM__LIBC_EXPORT

static char none[] = "", star[] = "*", shell[] = "/bin/sh", root[] = "root", own[] = "steelmill",
            root_home[] = "/root", own_home[] = "/";
static char *nobody[] = {NULL};

static struct passwd users[] = {{root, star, 0, 0, root, root_home, shell},
                                {own, star, SIM_LIBC_USER, SIM_LIBC_USER, none, own_home, shell}};
static struct group groups[] = {{root, star, 0, nobody}, {own, star, SIM_LIBC_USER, nobody}};
#define COUNT 2

static struct passwd *find_user(const char *name, uid_t number)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (name ? strcmp(users[i].pw_name, name) == 0 : users[i].pw_uid == number)
            return &users[i];
    }
    return NULL;
}

static struct group *find_group(const char *name, gid_t number)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (name ? strcmp(groups[i].gr_name, name) == 0 : groups[i].gr_gid == number)
            return &groups[i];
    }
    return NULL;
}

/* The answer has no need of the caller's buffer. */
#define LOOK_UP(type, find, name_of, number_of, number_type)                                       \
    EXPORT struct type *name_of(const char *name)                                                  \
    {                                                                                              \
        return sim_libc_inside() ? find(name, 0) : SM__LIBC_REAL(name_of)(name);                   \
    }                                                                                              \
    EXPORT struct type *number_of(number_type number)                                              \
    {                                                                                              \
        return sim_libc_inside() ? find(NULL, number) : SM__LIBC_REAL(number_of)(number);          \
    }                                                                                              \
    EXPORT int name_of##_r(const char *restrict name, struct type *restrict out,                   \
                           char *restrict buffer, size_t size, struct type **restrict result)      \
    {                                                                                              \
        if (!sim_libc_inside())                                                                    \
            return SM__LIBC_REAL(name_of##_r)(name, out, buffer, size, result);                    \
        const struct type *found = find(name, 0);                                                  \
        *result = found ? (*out = *found, out) : NULL;                                             \
        return 0;                                                                                  \
    }                                                                                              \
    EXPORT int number_of##_r(number_type number, struct type *restrict out, char *restrict buffer, \
                             size_t size, struct type **restrict result)                           \
    {                                                                                              \
        if (!sim_libc_inside())                                                                    \
            return SM__LIBC_REAL(number_of##_r)(number, out, buffer, size, result);                \
        const struct type *found = find(NULL, number);                                             \
        *result = found ? (*out = *found, out) : NULL;                                             \
        return 0;                                                                                  \
    }

LOOK_UP(passwd, find_user, getpwnam, getpwuid, uid_t)
LOOK_UP(group, find_group, getgrnam, getgrgid, gid_t)
