/* SPDX-License-Identifier: MIT */
#include "sim/globals.h"

#include "core/assert.h"
#include "sim/asan.h"
#include "sim/host.h"
#include "sim/object.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OBJECTS_MAX 32
/* Variables without a value are given back to the kernel from here on, not written. */
#define BIG_BYTES  ((size_t)128 << 10)
#define PAGE_BYTES ((uintptr_t)4096)
/* Of a loaded copy, and what the process has besides. */
#define MAPPINGS_PER_COPY 6u
#define MAPPINGS_BESIDES  2000u
#define NAME_MIN          5 /* a mark and four digits */

/* A part of a copy that its code can write to. */
struct part {
    char *data;
    char *pristine;
    size_t bytes, zeros;
};

#define PARTS_MAX 4

struct copy {
    void *handle;
    struct link_map *map;
    char *tls; /* its thread-local variables; NULL: none */
    uint32_t part_count;
    struct part parts[PARTS_MAX];
};

/* An object of the plugin: itself, or a library. Those that it needs come before it. */
struct member {
    struct sim_object object;
    const struct link_map *map;
    bool is_private;
    struct copy *copies; /* one per machine */
};

struct sim_globals {
    void *handle;
    uint32_t count;
    uint32_t first_number; /* of its copies, which are numbered through the process */
    uint32_t member_count;
    struct member members[OBJECTS_MAX]; /* the plugin is the last one */
    bool is_traced;                     /* by a debugger */
};

static int refuse(char *text, size_t size, int error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(text, size, format, args);
    va_end(args);
    return error;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* ---- which objects ---- */

/* What the whole process shares. */
static bool is_system(const char *name)
{
    static const char *const system[] = {
        "libc.so",    "libm.so",      "ld-linux",     "libpthread.so", "libdl.so",
        "librt.so",   "libgcc_s.",    "libutil.so",   "libasan.so",    "libubsan.so",
        "libtsan.so", "libresolv.so", "libclang_rt.",
    };

    for (size_t i = 0; i < sizeof system / sizeof system[0]; i++) {
        if (strncmp(name, system[i], strlen(system[i])) == 0)
            return true;
    }
    return false;
}

static const char *soname_of(const struct link_map *map)
{
    const char *strings = NULL;

    for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_STRTAB)
            strings = (const char *)d->d_un.d_ptr;
    }
    for (const ElfW(Dyn) *d = map->l_ld; strings && d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_SONAME)
            return strings + d->d_un.d_val;
    }
    return "";
}

/* The loaded object of that name; NULL: none (the loader knows it by another one). */
static const struct link_map *find_loaded(const struct link_map *from, const char *name)
{
    while (from->l_prev)
        from = from->l_prev;
    for (; from; from = from->l_next) {
        if (strchr(from->l_name, '/') && /* neither the program nor the kernel's own */
            (strcmp(base_name(from->l_name), name) == 0 || strcmp(from->l_name, name) == 0 ||
             strcmp(soname_of(from), name) == 0))
            return from;
    }
    return NULL;
}

static struct member *find_member(struct sim_globals *globals, const struct link_map *map)
{
    for (uint32_t i = 0; i < globals->member_count; i++) {
        if (globals->members[i].map == map)
            return &globals->members[i];
    }
    return NULL;
}

/* Adds what an object needs, then itself. An object is private if it has data or needs one that is.
 */
static int add_member(struct sim_globals *globals, const struct link_map *map, char *text,
                      size_t size)
{
    struct sim_object object;
    bool is_private;
    int error;

    if (find_member(globals, map))
        return 0;
    error = sim_object_open(&object, map->l_name);
    if (error)
        return refuse(text, size, error, "'%s' cannot be examined: %s", map->l_name,
                      strerror(-error));
    is_private = object.has_data;
    for (size_t i = 0; i < object.needed_count && !error; i++) {
        const struct link_map *needed =
            is_system(object.needed[i]) ? NULL : find_loaded(map, object.needed[i]);
        if (!needed)
            continue;
        error = add_member(globals, needed, text, size);
        is_private = is_private || (!error && find_member(globals, needed)->is_private);
    }
    if (!error && globals->member_count == OBJECTS_MAX)
        error = refuse(text, size, -E2BIG, "'%s' needs more than %d libraries", map->l_name,
                       OBJECTS_MAX);
    if (error) {
        sim_object_close(&object);
        return error;
    }
    globals->members[globals->member_count++] =
        (struct member){.object = object, .map = map, .is_private = is_private};
    return 0;
}

/* ---- names of copies ---- */

struct naming {
    struct sim_globals *globals;
    const struct member *member;
    uint32_t machine;
};

static uint32_t number_of(const struct sim_globals *globals, uint32_t machine, uint32_t member)
{
    return globals->first_number + machine * OBJECTS_MAX + member;
}

/* The first bytes become a mark and a number; the length stays. */
static void number_name(char *name, uint32_t number)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

    name[0] = '@';
    for (int i = 1; i < NAME_MIN; i++, number /= 64)
        name[i] = digits[number % 64];
}

static bool is_name_of(const struct member *member, const char *name)
{
    return strcmp(member->object.soname ? member->object.soname : "", name) == 0 ||
           strcmp(base_name(member->map->l_name), name) == 0;
}

static void rename_in_copy(void *arg, char *name)
{
    const struct naming *naming = arg;
    const struct sim_globals *globals = naming->globals;

    for (uint32_t i = 0; i < globals->member_count; i++) {
        if (globals->members[i].is_private && is_name_of(&globals->members[i], name)) {
            number_name(name, number_of(globals, naming->machine, i));
            return;
        }
    }
}

/* A path that no other copy has, as the loader takes equal paths for one object; it leads to the
 * descriptor. "/." and "//" are the digits of a number. */
static void path_of_descriptor(char *path, size_t size, int fd, uint32_t number)
{
    size_t used = (size_t)snprintf(path, size, "/proc/self/fd");

    for (int bit = 0; bit < 24; bit++)
        used += (size_t)snprintf(path + used, size - used, number >> bit & 1 ? "//." : "/.");
    snprintf(path + used, size - used, "/%d", fd);
}

/* ---- loading ---- */

static void add_part(void *arg, char *data, size_t bytes, size_t zeros)
{
    struct copy *copy = arg;

    SM_ASSERT(copy->part_count < PARTS_MAX);
    struct part *part = &copy->parts[copy->part_count++];
    *part = (struct part){.data = data, .bytes = bytes, .zeros = zeros};
    part->pristine = sim_host_alloc(bytes);
    memcpy(part->pristine, data, bytes);
}

extern void *__tls_get_addr(size_t *index);

/* The loader makes a thread's block when it is first used, and would take a machine's heap then. */
static void make_tls(struct copy *copy)
{
    size_t index[2] = {0, 0};

    if (dlinfo(copy->handle, RTLD_DI_TLS_MODID, &index[0]) == 0 && index[0] != 0)
        copy->tls = __tls_get_addr(index);
}

static int load_copy(struct sim_globals *globals, struct member *member, uint32_t machine, int fd,
                     char *text, size_t size)
{
    struct copy *copy = &member->copies[machine];
    const uint32_t number = number_of(globals, machine, (uint32_t)(member - globals->members));
    char path[512];

    if (globals->is_traced) /* the debugger has other descriptors */
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
    else
        path_of_descriptor(path, sizeof path, fd, number);
    copy->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!copy->handle || dlinfo(copy->handle, RTLD_DI_LINKMAP, &copy->map))
        return refuse(text, size, -ENOMEM,
                      "'%s' has variables of its own, and copy %u of %u, one per machine, cannot "
                      "be loaded: %s",
                      member->object.path, machine + 1, globals->count, dlerror());
    sim_object_each_data(&member->object, copy->map->l_addr, add_part, copy);
    make_tls(copy);
    return 0;
}

static int load_machine(struct sim_globals *globals, uint32_t machine, char *text, size_t size)
{
    int fds[OBJECTS_MAX];
    int error = 0;
    uint32_t made = 0;

    for (; made < globals->member_count && !error; made++) {
        struct member *member = &globals->members[made];
        struct naming naming = {globals, member, machine};
        fds[made] = -1;
        if (!member->is_private)
            continue;
        fds[made] = sim_object_copy(&member->object, globals->is_traced, rename_in_copy, &naming);
        error = fds[made] < 0 ? refuse(text, size, fds[made], "'%s' cannot be copied: %s",
                                       member->object.path, strerror(-fds[made]))
                              : load_copy(globals, member, machine, fds[made], text, size);
    }
    for (uint32_t i = 0; i < made; i++) {
        struct member *member = &globals->members[i];
        if (fds[i] < 0 || globals->is_traced) /* a debugger reads them later */
            continue;
        if (!error)
            sim_object_share_code(&member->object, member->copies[machine].map->l_addr, fds[i]);
        close(fds[i]);
    }
    return error;
}

/* ---- limits ---- */

static uint64_t mappings_max(void)
{
    unsigned long count = 65530;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");

    if (file) {
        if (fscanf(file, "%lu", &count) != 1)
            count = 65530;
        fclose(file);
    }
    return count;
}

static uint32_t private_count(const struct sim_globals *globals)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < globals->member_count; i++)
        count += globals->members[i].is_private;
    return count;
}

static int check_limits(const struct sim_globals *globals, char *text, size_t size)
{
    const uint64_t per_machine = (uint64_t)private_count(globals) * MAPPINGS_PER_COPY;
    const uint64_t max = mappings_max();

    if (per_machine * globals->count + MAPPINGS_BESIDES > max)
        return refuse(text, size, -EINVAL,
                      "the plugin has variables of its own, so each machine needs a copy of it: "
                      "%u machines are more than the %llu that the kernel has mappings for "
                      "(vm.max_map_count = %llu); daemons that keep all state in their instances "
                      "have no such limit",
                      globals->count, (unsigned long long)((max - MAPPINGS_BESIDES) / per_machine),
                      (unsigned long long)max);
    for (uint32_t i = 0; i < globals->member_count; i++) {
        const struct sim_object *object = &globals->members[i].object;
        if (globals->members[i].is_private && object->soname && strlen(object->soname) < NAME_MIN)
            return refuse(text, size, -EINVAL, "the library name '%s' is too short to be copied",
                          object->soname);
    }
    return 0;
}

/* ---- the set ---- */

static bool has_tracer(void)
{
    char line[256];
    int tracer = 0;
    FILE *file = fopen("/proc/self/status", "re");

    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "TracerPid: %d", &tracer) == 1)
            break;
    }
    if (file)
        fclose(file);
    return tracer != 0;
}

/* To backtraces and sanitizers a copy is the original. Once all are there: a debugger that follows
 * the loader would take each for another object. */
static void name_copies(struct sim_globals *globals)
{
    for (uint32_t i = 0; i < globals->member_count; i++) {
        const struct member *member = &globals->members[i];
        for (uint32_t k = 0; member->is_private && k < globals->count; k++) {
            struct link_map *map = member->copies[k].map;
            free(map->l_name);
            map->l_name = strdup(member->object.path); /* the loader's to free */
            SM_ASSERT(map->l_name);
        }
    }
}

int sim_globals_create(struct sim_globals **out, void *handle, uint32_t count, char *text,
                       size_t size)
{
    struct sim_globals *globals = sim_host_alloc(sizeof *globals);
    struct link_map *map;

    *out = globals; /* for as long as the process: copies are never closed */
    globals->handle = handle;
    globals->is_traced = has_tracer();
    SM_ASSERT(dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0);
    int error = add_member(globals, map, text, size);
    if (error)
        return error;
    if (private_count(globals) == 0)
        return 0;
    static uint32_t numbered;
    globals->count = count;
    globals->first_number = numbered;
    numbered += count * OBJECTS_MAX;
    error = check_limits(globals, text, size);
    for (uint32_t i = 0; i < globals->member_count; i++)
        globals->members[i].copies = sim_host_alloc(count * sizeof(struct copy));
    for (uint32_t machine = 0; machine < count && !error; machine++)
        error = load_machine(globals, machine, text, size);
    if (!error)
        name_copies(globals);
    return error;
}

void *sim_globals_handle(const struct sim_globals *globals, uint32_t machine)
{
    if (globals->count == 0)
        return globals->handle;
    return globals->members[globals->member_count - 1].copies[machine].handle;
}

typedef void (*constructor)(int argc, char **argv, char **environment);

static void construct(const struct sim_object *object, uintptr_t base)
{
    static char *no_arguments[] = {NULL};
    const constructor *array = (const constructor *)(base + object->init_array); // NOLINT

    if (object->init)
        ((constructor)(base + object->init))(0, no_arguments, environ); // NOLINT
    for (size_t i = 0; i < object->init_array_bytes / sizeof *array; i++) {
        if (array[i] && (uintptr_t)array[i] != UINTPTR_MAX)
            array[i](0, no_arguments, environ);
    }
}

void sim_globals_construct(const struct sim_globals *globals, uint32_t machine)
{
    for (uint32_t i = 0; globals->count > 0 && i < globals->member_count; i++) {
        const struct member *member = &globals->members[i];
        if (member->is_private)
            construct(&member->object, member->copies[machine].map->l_addr);
    }
}

static void restore_part(const struct part *part)
{
    char *zeros = part->data + part->bytes;
    char *end = zeros + part->zeros;

    sim_asan_copy(part->data, part->pristine, part->bytes);
    if (part->zeros >= BIG_BYTES) { /* whole pages are the kernel's to clear */
        char *from = zeros + (-(uintptr_t)zeros & (PAGE_BYTES - 1));
        char *to = end - ((uintptr_t)end & (PAGE_BYTES - 1));
        if (madvise(from, (size_t)(to - from), MADV_DONTNEED) == 0) {
            sim_asan_clear(zeros, (size_t)(from - zeros));
            sim_asan_clear(to, (size_t)(end - to));
            return;
        }
    }
    sim_asan_clear(zeros, part->zeros);
}

void sim_globals_restore(const struct sim_globals *globals, uint32_t machine)
{
    const char *image;
    size_t image_bytes, bytes;

    for (uint32_t i = 0; globals->count > 0 && i < globals->member_count; i++) {
        const struct member *member = &globals->members[i];
        if (!member->is_private)
            continue;
        const struct copy *copy = &member->copies[machine];
        for (uint32_t k = 0; k < copy->part_count; k++)
            restore_part(&copy->parts[k]);
        if (copy->tls &&
            sim_object_tls(&member->object, copy->map->l_addr, &image, &image_bytes, &bytes)) {
            memcpy(copy->tls, image, image_bytes);
            memset(copy->tls + image_bytes, 0, bytes - image_bytes);
        }
    }
}
