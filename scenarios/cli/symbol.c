/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/symbol.h"

#include <stdlib.h>
#include <string.h>

#include "scenarios/cli/debug_info.h"
#include "scenarios/cli/path.h"

struct module {
    char *path;
    struct cli_debug_info *info; /* NULL: unreadable */
    enum cli_frame_owner owner;
};

/* What was found for one address of one module. */
struct entry {
    size_t module;
    uint64_t address;
    size_t count;
    struct cli_debug_info_place places[CLI_INLINED_MAX];
};

struct cli_symbols {
    struct module *modules;
    size_t module_count;
    struct entry **entries; /* each in memory of its own: frames point into them */
    size_t entry_count;
};

struct cli_symbols *cli_symbols_create(void)
{
    return calloc(1, sizeof(struct cli_symbols));
}

void cli_symbols_destroy(struct cli_symbols *symbols)
{
    if (symbols == NULL)
        return;
    for (size_t i = 0; i < symbols->entry_count; i++) {
        for (size_t k = 0; k < symbols->entries[i]->count; k++)
            free(symbols->entries[i]->places[k].file);
        free(symbols->entries[i]);
    }
    for (size_t i = 0; i < symbols->module_count; i++) {
        cli_debug_info_close(symbols->modules[i].info);
        free(symbols->modules[i].path);
    }
    free(symbols->entries);
    free(symbols->modules);
    free(symbols);
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Whose code a module is, by the name of its file. */
static enum cli_frame_owner owner_of(const char *path)
{
    static const char *const system[] = {"libc.so", "libc-", "libm.so", "libm-",     "ld-linux",
                                         "ld-",     "ld.so", "[vdso]",  "linux-vdso"};
    const char *base = cli_path_base(path);
    if (begins_with(base, "steelmill-worker") || begins_with(base, "libsteelmill"))
        return CLI_FRAME_STEELMILL;
    for (size_t i = 0; i < sizeof system / sizeof *system; i++)
        if (begins_with(base, system[i]))
            return CLI_FRAME_SYSTEM;
    return CLI_FRAME_USER;
}

/* Returns the index of the module with that path, opened; SIZE_MAX when out of memory. */
static size_t module_index(struct cli_symbols *symbols, const char *path)
{
    for (size_t i = 0; i < symbols->module_count; i++)
        if (strcmp(symbols->modules[i].path, path) == 0)
            return i;
    struct module *more =
        realloc(symbols->modules, (symbols->module_count + 1) * sizeof *symbols->modules);
    char *copy = more != NULL ? strdup(path) : NULL;
    if (more != NULL)
        symbols->modules = more;
    if (copy == NULL)
        return SIZE_MAX;
    more[symbols->module_count] =
        (struct module){.path = copy, .info = cli_debug_info_open(path), .owner = owner_of(path)};
    return symbols->module_count++;
}

static struct entry *look_up(struct cli_symbols *symbols, size_t module, uint64_t address)
{
    for (size_t i = 0; i < symbols->entry_count; i++)
        if (symbols->entries[i]->address == address && symbols->entries[i]->module == module)
            return symbols->entries[i];
    struct entry **more =
        realloc(symbols->entries, (symbols->entry_count + 1) * sizeof(struct entry *));
    if (more == NULL)
        return NULL;
    symbols->entries = more;
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->module = module;
    entry->address = address;
    if (symbols->modules[module].info != NULL)
        entry->count = cli_debug_info_find(symbols->modules[module].info, address, entry->places);
    more[symbols->entry_count++] = entry;
    return entry;
}

static const struct job_module *module_of(const struct job_result *result, uint64_t address)
{
    for (uint32_t i = 0; i < result->module_count; i++)
        if (address >= result->modules[i].begin && address < result->modules[i].end)
            return &result->modules[i];
    return NULL;
}

/* Appends the frames of one address; returns how many. */
static size_t resolve_one(struct cli_symbols *symbols, const struct job_result *result,
                          uint64_t address, struct cli_frame *frames, size_t room)
{
    const struct job_module *module = module_of(result, address);
    size_t index = module != NULL ? module_index(symbols, module->path) : SIZE_MAX;
    frames[0] = (struct cli_frame){
        .function = "", .file = "", .module = "", .owner = CLI_FRAME_USER, .address = address};
    if (index == SIZE_MAX)
        return 1;
    frames[0].module = cli_path_base(symbols->modules[index].path);
    frames[0].owner = symbols->modules[index].owner;
    frames[0].address = address - module->bias;
    struct entry *entry = look_up(symbols, index, frames[0].address);
    if (entry == NULL || entry->count == 0)
        return 1;
    size_t count = 0;
    for (; count < entry->count && count < room; count++) {
        const struct cli_debug_info_place *place = &entry->places[count];
        frames[count] = frames[0];
        frames[count].function = place->function;
        frames[count].file = place->file != NULL ? place->file : "";
        frames[count].line = place->line;
        frames[count].inlined = place->inlined;
    }
    return count;
}

size_t cli_symbols_resolve(struct cli_symbols *symbols, const struct job_result *result,
                           struct cli_frame frames[static CLI_FRAMES_MAX])
{
    size_t count = 0;
    for (uint32_t i = 0; i < result->frame_count && count < CLI_FRAMES_MAX; i++) {
        /* A return address may be the first byte after the caller: look at the call itself. */
        uint64_t address = result->frames[i] - (i > 0);
        count += resolve_one(symbols, result, address, frames + count, CLI_FRAMES_MAX - count);
    }
    return count;
}
