/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/debug_info.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/cli/path.h"

struct cli_debug_info {
    Dwfl *dwfl;
    Dwfl_Module *module;
    Dwfl_Callbacks callbacks;
    char *debuginfo_path; /* NULL: libdwfl's default places */
};

struct cli_debug_info *cli_debug_info_open(const char *path)
{
    struct cli_debug_info *info = calloc(1, sizeof *info);
    if (info == NULL)
        return NULL;
    info->callbacks = (Dwfl_Callbacks){
        .find_elf = dwfl_build_id_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
        .debuginfo_path = &info->debuginfo_path,
    };
    info->dwfl = dwfl_begin(&info->callbacks);
    if (info->dwfl != NULL) {
        dwfl_report_begin(info->dwfl);
        /* Base 0: addresses are those in the file. */
        info->module = dwfl_report_elf(info->dwfl, path, path, -1, 0, true);
        dwfl_report_end(info->dwfl, NULL, NULL);
    }
    if (info->module == NULL) {
        cli_debug_info_close(info);
        return NULL;
    }
    return info;
}

void cli_debug_info_close(struct cli_debug_info *info)
{
    if (info == NULL)
        return;
    if (info->dwfl != NULL)
        dwfl_end(info->dwfl);
    free(info);
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static const char *attribute_text(Dwarf_Die *die, unsigned int name)
{
    Dwarf_Attribute attribute;
    return or_empty(dwarf_formstring(dwarf_attr_integrate(die, name, &attribute)));
}

static Dwarf_Word attribute_number(Dwarf_Die *die, unsigned int name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (dwarf_formudata(dwarf_attr_integrate(die, name, &attribute), &value) != 0)
        return 0;
    return value;
}

/* Where the call of an inlined function stands: the place of the function around it. */
static void place_of_call(Dwarf_Die *unit, Dwarf_Die *inlined, struct cli_debug_info_place *around)
{
    Dwarf_Files *files;
    size_t count;
    const char *file = NULL;
    Dwarf_Word index = attribute_number(inlined, DW_AT_call_file);
    if (dwarf_getsrcfiles(unit, &files, &count) == 0 && index < count)
        file = dwarf_filesrc(files, index, NULL, NULL);
    around->file = cli_path_shorten(attribute_text(unit, DW_AT_comp_dir), or_empty(file));
    around->line = (uint32_t)attribute_number(inlined, DW_AT_call_line);
}

/*
 * The unit of compilation that holds an address; NULL where there is none. clang writes no table of
 * addresses: then they are tried one by one.
 */
static Dwarf_Die *unit_of(struct cli_debug_info *info, uint64_t address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = dwfl_module_addrdie(info->module, address, bias);
    if (unit != NULL)
        return unit;
    while ((unit = dwfl_module_nextcu(info->module, unit, bias)) != NULL)
        if (dwarf_haspc(unit, address - *bias) > 0)
            return unit;
    return NULL;
}

static void place_of_address(Dwarf_Die *unit, Dwarf_Addr address,
                             struct cli_debug_info_place *place)
{
    int line = 0;
    Dwarf_Line *found = unit != NULL ? dwarf_getsrc_die(unit, address) : NULL;
    const char *file = found != NULL ? dwarf_linesrc(found, NULL, NULL) : NULL;
    const char *folder = found != NULL ? attribute_text(unit, DW_AT_comp_dir) : NULL;
    if (found != NULL)
        dwarf_lineno(found, &line);
    place->file = cli_path_shorten(or_empty(folder), or_empty(file));
    place->line = line > 0 ? (uint32_t)line : 0;
}

/* Names the places by the functions around the address; places[0] has its line already. */
static size_t walk_scopes(Dwarf_Die *unit, Dwarf_Die *scopes, int count,
                          struct cli_debug_info_place *places)
{
    size_t found = 0;
    for (int i = 0; i < count && found < CLI_INLINED_MAX; i++) {
        int tag = dwarf_tag(&scopes[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        places[found].function = or_empty(dwarf_diename(&scopes[i]));
        places[found].inlined = tag == DW_TAG_inlined_subroutine;
        found++;
        if (tag == DW_TAG_subprogram)
            break;
        if (found < CLI_INLINED_MAX)
            place_of_call(unit, &scopes[i], &places[found]);
    }
    return found;
}

/* The chain of inlined functions, from the debug information. Returns how many places there are. */
static size_t find_inlined(Dwarf_Die *unit, Dwarf_Addr address, struct cli_debug_info_place *places)
{
    Dwarf_Die *scopes = NULL;
    if (unit == NULL || dwarf_getscopes(unit, address, &scopes) <= 0)
        return 0;
    /* What follows an inlined instance in that list are the scopes of its declaration; those that
     * it was inlined into are found from the instance itself. */
    Dwarf_Die innermost = scopes[0];
    free(scopes);
    scopes = NULL;
    int count = dwarf_getscopes_die(&innermost, &scopes);
    size_t found = walk_scopes(unit, scopes, count, places);
    free(scopes);
    return found;
}

size_t cli_debug_info_find(struct cli_debug_info *info, uint64_t address,
                           struct cli_debug_info_place places[static CLI_INLINED_MAX])
{
    Dwarf_Addr bias = 0;
    Dwarf_Die *unit = unit_of(info, address, &bias);
    memset(places, 0, CLI_INLINED_MAX * sizeof *places);
    place_of_address(unit, address - bias, &places[0]);
    size_t found = find_inlined(unit, address - bias, places);
    if (found > 0)
        return found;
    places[0].function = or_empty(dwfl_module_addrname(info->module, address));
    places[0].inlined = false;
    return 1;
}
