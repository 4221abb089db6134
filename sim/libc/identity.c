/* SPDX-License-Identifier: MIT */
/* Who and where a machine is: one processor, one user, a process number per start. */
#include "sim/libc/libc.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#define EXPORT        SM__LIBC_EXPORT
#define PROCESS_FIRST 1000

static const struct sim_machine *here(void)
{
    return sim_machine_of(sm__current);
}

EXPORT pid_t getpid(void)
{
    return sim_libc_inside() ? PROCESS_FIRST + (pid_t)here()->incarnation : SM__LIBC_REAL(getpid)();
}

EXPORT pid_t getppid(void)
{
    return sim_libc_inside() ? 1 : SM__LIBC_REAL(getppid)();
}

EXPORT pid_t gettid(void)
{
    return sim_libc_inside() ? (pid_t)sm__current->id : SM__LIBC_REAL(gettid)();
}

EXPORT pid_t getpgrp(void)
{
    return sim_libc_inside() ? getpid() : SM__LIBC_REAL(getpgrp)();
}

#define USER_CALL(type, name)                                             \
    EXPORT type name(void)                                                \
    {                                                                     \
        return sim_libc_inside() ? SIM_LIBC_USER : SM__LIBC_REAL(name)(); \
    }

USER_CALL(uid_t, getuid)
USER_CALL(uid_t, geteuid)
USER_CALL(gid_t, getgid)
USER_CALL(gid_t, getegid)

EXPORT int gethostname(char *name, size_t size)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(gethostname)(name, size);
    const size_t needed = strlen(here()->name) + 1;
    memcpy(name, here()->name, needed < size ? needed : size);
    return needed <= size ? 0 : sm__libc_error(ENAMETOOLONG);
}

extern int __gethostname_chk(char *name, size_t size, size_t room);

EXPORT int __gethostname_chk(char *name, size_t size, size_t room)
{
    return gethostname(name, size < room ? size : room);
}

EXPORT int getdomainname(char *name, size_t size)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(getdomainname)(name, size);
    snprintf(name, size, "(none)");
    return 0;
}

EXPORT int uname(struct utsname *out)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(uname)(out);
    memset(out, 0, sizeof *out);
    snprintf(out->sysname, sizeof out->sysname, "Linux");
    snprintf(out->nodename, sizeof out->nodename, "%s", here()->name);
    snprintf(out->release, sizeof out->release, "6.1.0");
    snprintf(out->version, sizeof out->version, "#1 steelmill");
    snprintf(out->machine, sizeof out->machine, "%s",
             sizeof(void *) == 8 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#if defined(__x86_64__)
                 ? "x86_64"
#else
                 ? "aarch64"
#endif
                 : "");
    return 0;
}

EXPORT long gethostid(void)
{
    return sim_libc_inside() ? (long)here()->index : SM__LIBC_REAL(gethostid)();
}

EXPORT long sysconf(int name)
{
    if (sim_libc_inside() && (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF))
        return 1;
    if (sim_libc_inside() && (name == _SC_PHYS_PAGES || name == _SC_AVPHYS_PAGES))
        return (long)(here()->heap.limit_bytes / 4096);
    if (sim_libc_inside() && name == _SC_OPEN_MAX)
        return SIM_LIBC_FILES_MAX;
    return SM__LIBC_REAL(sysconf)(name);
}

/* The kernel's random bytes for a process are the machine's instead. */
EXPORT unsigned long getauxval(unsigned long type)
{
    if (sim_libc_inside() && type == AT_RANDOM)
        return (unsigned long)sim_libc_here()->start_random;
    return SM__LIBC_REAL(getauxval)(type);
}

#define LIMIT(name, type)                                      \
    EXPORT int name(__rlimit_resource_t resource, type *out)   \
    {                                                          \
        if (!sim_libc_inside())                                \
            return SM__LIBC_REAL(name)(resource, out);         \
        *out = (type){limit_of(resource), limit_of(resource)}; \
        return 0;                                              \
    }

/* Of open files there is a limit; of memory the machine's; of the rest there is none. */
static rlim_t limit_of(__rlimit_resource_t resource)
{
    return resource == RLIMIT_NOFILE                          ? SIM_LIBC_FILES_MAX
           : resource == RLIMIT_AS || resource == RLIMIT_DATA ? here()->heap.limit_bytes
                                                              : RLIM_INFINITY;
}

LIMIT(getrlimit, struct rlimit)
LIMIT(getrlimit64, struct rlimit64)

EXPORT int get_nprocs(void)
{
    return sim_libc_inside() ? 1 : SM__LIBC_REAL(get_nprocs)();
}

EXPORT int get_nprocs_conf(void)
{
    return sim_libc_inside() ? 1 : SM__LIBC_REAL(get_nprocs_conf)();
}

EXPORT int sched_getcpu(void)
{
    return sim_libc_inside() ? 0 : SM__LIBC_REAL(sched_getcpu)();
}

EXPORT char *getcwd(char *buffer, size_t size)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(getcwd)(buffer, size);
    if (!buffer)
        return strdup("/");
    if (size < 2) {
        errno = ERANGE;
        return NULL;
    }
    return strcpy(buffer, "/");
}
