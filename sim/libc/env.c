/* SPDX-License-Identifier: MIT */
/*
 * The environment. All machines start with the same few variables. A simulating process forgets its
 * own for them, so that libc's insides see nothing else. The first change makes an array of the
 * machine's own; from then on `environ` follows the running machine.
 */
#include "sim/libc/libc.h"

#include "sim/host.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define EXPORT SM__LIBC_EXPORT

static char *initial[] = {(char[]){"HOME=/"},   (char[]){"LANG=C"},
                          (char[]){"LC_ALL=C"}, (char[]){"PATH=/usr/bin:/bin"},
                          (char[]){"TZ=UTC0"},  NULL};

struct sim_libc_text {
    struct sim_libc_text *next;
    char bytes[];
};

static char **environment_of(const struct sim_libc *libc)
{
    return libc->environment ? libc->environment : initial;
}

static char **outside; /* the process's own, while a machine's is in its place */

void sim_libc_env_follow(struct sim_machine *machine)
{
    if (!outside)
        return; /* no machine has an environment of its own */
    struct sim_libc *libc = machine ? machine->libc : NULL;

    environ = libc && libc->environment ? libc->environment : outside;
    if (libc)
        sim_libc_zone_set(libc); /* `timezone` and `tzname` are libc's variables */
}

void sim_libc_env_forget(void)
{
    environ = initial;
    tzset(); /* allocates: now, for the host */
}

void sim_libc_env_detach(void)
{
    if (outside)
        environ = outside;
    outside = NULL;
}

void sim_libc_env_finish(struct sim_libc *libc)
{
    while (libc->texts) {
        struct sim_libc_text *text = libc->texts;
        libc->texts = text->next;
        sim_host_free(text);
    }
    if (libc->environment && environ == libc->environment)
        environ = outside;
    sim_host_free(libc->environment);
    libc->environment = NULL;
}

static size_t name_length(const char *text)
{
    return strcspn(text, "=");
}

/* The place of a variable, or that of the NULL at the end. */
static char **find(char **environment, const char *name, size_t length)
{
    for (; *environment; environment++) {
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            break;
    }
    return environment;
}

/* The machine's array, with room for one more. */
static char **own_environment(struct sim_libc *libc)
{
    char **old = environment_of(libc);
    size_t count = 0;

    while (old[count])
        count++;
    if (libc->environment) {
        libc->environment =
            sim_host_resize(libc->environment, (count + 2) * sizeof *libc->environment);
    } else {
        libc->environment = sim_host_alloc((count + 2) * sizeof *libc->environment);
        memcpy(libc->environment, old, (count + 1) * sizeof *old);
    }
    if (!outside)
        outside = environ;
    environ = libc->environment;
    sim_libc_follow(libc);
    return libc->environment;
}

static void put(struct sim_libc *libc, char *text)
{
    char **place = find(own_environment(libc), text, name_length(text));

    if (!*place)
        place[1] = NULL;
    *place = text;
}

char *sim_libc_env_get(const struct sim_libc *libc, const char *name)
{
    const size_t length = strlen(name);
    char **place = find(environment_of(libc), name, length);

    return *place ? *place + length + 1 : NULL;
}

EXPORT char *getenv(const char *name)
{
    return sim_libc_inside() ? sim_libc_env_get(sim_libc_here(), name)
                             : SM__LIBC_REAL(getenv)(name);
}

EXPORT char *secure_getenv(const char *name)
{
    return sim_libc_inside() ? getenv(name) : SM__LIBC_REAL(secure_getenv)(name);
}

EXPORT int setenv(const char *name, const char *value, int replace)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(setenv)(name, value, replace);
    if (!name[0] || strchr(name, '='))
        return sm__libc_error(EINVAL);
    if (!replace && getenv(name))
        return 0;
    struct sim_libc *libc = sim_libc_here();
    const size_t size = strlen(name) + strlen(value) + 2;
    struct sim_libc_text *text = sim_host_alloc(sizeof *text + size);
    snprintf(text->bytes, size, "%s=%s", name, value);
    text->next = libc->texts;
    libc->texts = text;
    put(libc, text->bytes);
    return 0;
}

EXPORT int unsetenv(const char *name)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(unsetenv)(name);
    if (!name[0] || strchr(name, '='))
        return sm__libc_error(EINVAL);
    char **place = find(own_environment(sim_libc_here()), name, strlen(name));
    for (; *place; place++)
        place[0] = place[1];
    return 0;
}

EXPORT int putenv(char *text)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(putenv)(text);
    if (!strchr(text, '='))
        return unsetenv(text);
    put(sim_libc_here(), text);
    return 0;
}

EXPORT int clearenv(void)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(clearenv)();
    own_environment(sim_libc_here())[0] = NULL;
    return 0;
}
