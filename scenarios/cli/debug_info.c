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

#define SCOPES_MAX (4 * CLI_INLINED_MAX) /* blocks are scopes, too */

/* The scope right within `around` that holds the address. False: there is none. */
static bool next_scope(Dwarf_Die *around, Dwarf_Addr address, Dwarf_Die *scope)
{
    if (dwarf_child(around, scope) != 0)
        return false;
    do {
        const int tag = dwarf_tag(scope);
        const bool is_scope = tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
                              tag == DW_TAG_lexical_block;
        if (is_scope && dwarf_haspc(scope, address) > 0)
            return true;
    } while (dwarf_siblingof(scope, scope) == 0);
    return false;
}

/*
 * The chain of inlined functions, from the debug information; places[0] has its line already.
 * dwarf_getscopes would tell as much, but not of code that was optimized as a whole (LTO): what is
 * said there of a function is in another unit than its code.
 * Returns how many places there are.
 */
static size_t find_inlined(Dwarf_Die *unit, Dwarf_Addr address, struct cli_debug_info_place *places)
{
    Dwarf_Die scopes[SCOPES_MAX];
    size_t count = 0, found = 0;

    while (unit != NULL && count < SCOPES_MAX &&
           next_scope(count > 0 ? &scopes[count - 1] : unit, address, &scopes[count]))
        count++;
    while (count-- > 0 && found < CLI_INLINED_MAX) {
        if (dwarf_tag(&scopes[count]) == DW_TAG_lexical_block)
            continue;
        places[found].function = or_empty(dwarf_diename(&scopes[count]));
        places[found].inlined = dwarf_tag(&scopes[count]) == DW_TAG_inlined_subroutine;
        found++;
        if (count > 0 && found < CLI_INLINED_MAX)
            place_of_call(unit, &scopes[count], &places[found]);
    }
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
