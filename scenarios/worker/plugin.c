/* SPDX-License-Identifier: MIT */
#include "core/sanitize.h"
#include "core/units.h"
#include "scenarios/worker/worker.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_MAX 256

static int refuse(char *text, const char *format, ...) SM_PRINTF(2, 3);

static int refuse(char *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(text, JOB_TEXT_BYTES, format, args);
    va_end(args);
    return -EINVAL;
}

/* A plugin that brings its own copy of the contract would define it twice. */
static const char *needs_steelmill(const struct link_map *map)
{
    const char *strings = NULL;

    for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_STRTAB)
            strings = (const char *)d->d_un.d_ptr;
    }
    for (const ElfW(Dyn) *d = map->l_ld; strings && d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_NEEDED && strncmp(strings + d->d_un.d_val, "libsteelmill", 12) == 0)
            return strings + d->d_un.d_val;
    }
    return NULL;
}

/* ---- sanitizers ---- */

struct sanitizer {
    char symbol[sizeof "\0__asan_init"]; /* as in a table of strings */
    const char *name, *option;
    bool is_ours;
};

/* Which one the plugin needs and this program lacks; NULL: none. It is looked for before loading,
 * as its library would end the process. */
static const struct sanitizer *missing_sanitizer(const char *path)
{
    static const struct sanitizer all[] = {
        {"\0__asan_init", "AddressSanitizer", "address,undefined", SM__ASAN},
        {"\0__tsan_init", "ThreadSanitizer", "thread", SM__TSAN},
    };
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    const struct sanitizer *missing = NULL;

    if (fd < 0)
        return NULL; /* dlopen says why */
    const size_t bytes = fstat(fd, &status) == 0 ? (size_t)status.st_size : 0;
    const char *file = bytes ? mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    for (size_t i = 0; file != MAP_FAILED && i < sizeof all / sizeof all[0]; i++) {
        if (!all[i].is_ours && memmem(file, bytes, all[i].symbol, sizeof all[i].symbol))
            missing = &all[i];
    }
    if (file != MAP_FAILED)
        munmap((void *)(uintptr_t)file, bytes);
    close(fd);
    return missing;
}

/* ---- loading ---- */

static const struct sm_plugin *own; /* NULL: the program has no daemons in it */

void worker_plugin_set_own(const struct sm_plugin *plugin)
{
    own = plugin;
}

static int open_object(const char *path, void **out, const struct sm_plugin **out_plugin,
                       char *text)
{
    const struct sanitizer *missing = missing_sanitizer(path);
    if (missing)
        return refuse(
            text,
            "plugin '%s' is built with %s, and this program is not: build steelmill with it, too "
            "(meson setup DIRECTORY -Db_sanitize=%s -Db_lundef=false), and use the program there",
            path, missing->name, missing->option);
    /* All symbols now: binding them late would take stack of whoever calls first. */
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return refuse(text, "plugin '%s' cannot be loaded: %s", path, dlerror());
    struct link_map *map = NULL;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0) {
        const char *library = needs_steelmill(map);
        if (library)
            return refuse(
                text, "plugin '%s' is linked with %s: leave the sm_* symbols to the host program",
                path, library);
    }
    *out_plugin = dlsym(handle, SM_PLUGIN_SYMBOL);
    if (!*out_plugin)
        return refuse(text, "'%s' is no steelmill plugin: it has no SM_PLUGIN(...)", path);
    *out = handle;
    return 0;
}

int worker_plugin_load(const char *path, void **out_handle, const struct sm_plugin **out,
                       char *text)
{
    const struct sm_plugin *plugin = own;
    void *handle = NULL;
    const int error = own ? 0 : open_object(path, &handle, &plugin, text);

    if (error)
        return error;
    if (plugin->contract_version != SM_CONTRACT_VERSION)
        return refuse(text,
                      "plugin '%s' was built for version %u of the contract, this program offers "
                      "version %u: rebuild it",
                      path, plugin->contract_version, SM_CONTRACT_VERSION);
    if (plugin->size_bytes < sizeof *plugin)
        return refuse(text, "plugin '%s': its descriptor is too small", path);
    *out = plugin;
    *out_handle = handle;
    return 0;
}

const struct sm_daemon_type *worker_plugin_type(const struct sm_plugin *plugin, const char *name)
{
    for (const struct sm_daemon_type *const *type = plugin->types; *type; type++) {
        if (strcmp((*type)->name, name) == 0)
            return *type;
    }
    return NULL;
}

static int unknown_daemon(const struct sm_plugin *plugin, const struct scn *scn,
                          const struct scn_group *group, const char *name, char *text)
{
    const char *names[NAMES_MAX];
    char list[512] = "";
    size_t count = 0;

    for (; plugin->types[count] && count < NAMES_MAX; count++) {
        const size_t used = strlen(list);
        names[count] = plugin->types[count]->name;
        snprintf(list + used, sizeof list - used, "%s%s", count ? ", " : "", names[count]);
    }
    const char *near = sm__suggest(name, names, count);
    return refuse(text, "%s: machine '%s': no daemon '%s' in plugin '%s'%s%s%s (it has: %s)",
                  scn->file, group->name, name, scn->plugin, near ? ": did you mean '" : "",
                  near ? near : "", near ? "'?" : "", list);
}

int worker_plugin_check(const struct sm_plugin *plugin, const struct scn *scn, char *text)
{
    for (uint32_t g = 0; g < scn->group_count; g++) {
        const struct scn_group *group = &scn->groups[g];
        for (uint32_t d = 0; d < group->daemon_count; d++) {
            if (!worker_plugin_type(plugin, group->daemons[d]))
                return unknown_daemon(plugin, scn, group, group->daemons[d], text);
        }
    }
    return 0;
}

int worker_plugin_describe(const char *path)
{
    static const char *const kinds[SM_SITE_KIND_COUNT] = {"always",      "sometimes",  "reachable",
                                                          "unreachable", "eventually", "buggify"};
    const struct sm_plugin *plugin;
    char text[JOB_TEXT_BYTES];
    void *handle;

    if (worker_plugin_load(path, &handle, &plugin, text)) {
        fprintf(stderr, "%s\n", text);
        return 2;
    }
    printf("about\t%s\n", plugin->about ? plugin->about : "");
    for (const struct sm_daemon_type *const *type = plugin->types; *type; type++)
        printf("daemon\t%s\t%s\t%s\n", (*type)->name, (*type)->about ? (*type)->about : "",
               (*type)->flags & SM_DAEMON_THREAD_SAFE ? "thread-safe" : "");
    for (const struct sm_site *site = plugin->sites_begin; site != plugin->sites_end; site++) {
        if (site->kind < SM_SITE_KIND_COUNT)
            printf("property\t%s\t%s\t%s:%u\n", kinds[site->kind], site->name, site->file,
                   site->line);
    }
    return 0;
}
