/* SPDX-License-Identifier: MIT */
/* The few files that a machine has apart from its disk. */
#include "sim/libc/libc.h"

#include "core/random.h"

#include <string.h>

static void print_hostname(const struct sim_machine *machine, char *text, size_t size)
{
    snprintf(text, size, "%s\n", machine->name);
}

static void print_hosts(const struct sim_machine *machine, char *text, size_t size)
{
    snprintf(text, size, "127.0.0.1\tlocalhost %s\n", machine->name);
}

static void print_timezone(const struct sim_machine *machine, char *text, size_t size)
{
    (void)machine;
    snprintf(text, size, "Etc/UTC\n");
}

/* The same at every start of a machine, as a real one. */
static void print_machine_id(const struct sim_machine *machine, char *text, size_t size)
{
    const uint64_t hash = sm__name_hash(machine->name);

    snprintf(text, size, "%016llx%016llx\n", (unsigned long long)hash,
             (unsigned long long)sm__random_draw(hash, 0));
}

/* As users.c answers. */
static void print_users(const struct sim_machine *machine, char *text, size_t size)
{
    (void)machine;
    snprintf(text, size, "root:*:0:0:root:/root:/bin/sh\nsteelmill:*:%d:%d::/:/bin/sh\n",
             SIM_LIBC_USER, SIM_LIBC_USER);
}

static void print_groups(const struct sim_machine *machine, char *text, size_t size)
{
    (void)machine;
    snprintf(text, size, "root:*:0:\nsteelmill:*:%d:\n", SIM_LIBC_USER);
}

static void print_nothing(const struct sim_machine *machine, char *text, size_t size)
{
    (void)machine, (void)size;
    text[0] = '\0';
}

const struct sim_libc_source *sim_libc_source_find(const char *path)
{
    static const struct sim_libc_source sources[] = {
        {"/dev/urandom", SIM_LIBC_RANDOM, NULL},
        {"/dev/random", SIM_LIBC_RANDOM, NULL},
        {"/dev/null", SIM_LIBC_NULL, NULL},
        {"/dev/zero", SIM_LIBC_ZERO, NULL},
        {"/etc/hostname", SIM_LIBC_TEXT, print_hostname},
        {"/etc/hosts", SIM_LIBC_TEXT, print_hosts},
        {"/etc/passwd", SIM_LIBC_TEXT, print_users},
        {"/etc/group", SIM_LIBC_TEXT, print_groups},
        {"/etc/timezone", SIM_LIBC_TEXT, print_timezone},
        {"/etc/machine-id", SIM_LIBC_TEXT, print_machine_id},
        {"/etc/resolv.conf", SIM_LIBC_TEXT, print_nothing},
    };

    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        if (strcmp(sources[i].path, path) == 0)
            return &sources[i];
    }
    return NULL;
}
