/* SPDX-License-Identifier: MIT */
/* The debug information of one object file, through libdw. */
#ifndef STEELMILL_SCENARIOS_CLI_DEBUG_INFO_H
#define STEELMILL_SCENARIOS_CLI_DEBUG_INFO_H

#include <steelmill/base.h>

#define CLI_INLINED_MAX 16

struct cli_debug_info;

/* One function that contains an address. */
struct cli_debug_info_place {
    const char *function; /* never NULL; "" if unknown; lives as long as the cli_debug_info */
    char *file;           /* malloc'ed; never NULL but when out of memory */
    uint32_t line;        /* 0: unknown */
    bool inlined;
};

/* Opens a file. Returns NULL where it has no symbols that we can read. */
struct cli_debug_info *cli_debug_info_open(const char *path);
void cli_debug_info_close(struct cli_debug_info *info);

/*
 * Finds the functions that contain an address, innermost first; all but the last are inlined.
 *   address: the object file's own (as in its symbol table)
 * Returns: how many, up to CLI_INLINED_MAX; 0 if nothing is known.
 */
size_t cli_debug_info_find(struct cli_debug_info *info, uint64_t address,
                           struct cli_debug_info_place places[static CLI_INLINED_MAX]);

#endif
