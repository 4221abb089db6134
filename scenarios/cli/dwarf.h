/* SPDX-License-Identifier: MIT */
/* The debug information of one object file, through libdw. */
#ifndef STEELMILL_SCENARIOS_CLI_DWARF_H
#define STEELMILL_SCENARIOS_CLI_DWARF_H

#include <steelmill/base.h>

#define CLI_DWARF_INLINED_MAX 16

struct cli_dwarf;

/* One function that contains an address. */
struct cli_dwarf_place {
    const char *function; /* never NULL; "" if unknown; lives as long as the cli_dwarf */
    char *file;           /* malloc'ed; never NULL but when out of memory */
    uint32_t line;        /* 0: unknown */
    bool inlined;
};

/* Opens a file. Returns NULL where it has no symbols that we can read. */
struct cli_dwarf *cli_dwarf_open(const char *path);
void cli_dwarf_close(struct cli_dwarf *dwarf);

/*
 * Finds the functions that contain an address, innermost first; all but the last are inlined.
 *   address: the object file's own (as in its symbol table)
 * Returns: how many, up to CLI_DWARF_INLINED_MAX; 0 if nothing is known.
 */
size_t cli_dwarf_find(struct cli_dwarf *dwarf, uint64_t address,
                      struct cli_dwarf_place places[static CLI_DWARF_INLINED_MAX]);

#endif
