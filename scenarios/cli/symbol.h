/* SPDX-License-Identifier: MIT */
/*
 * Addresses to functions and source lines, from the debug information of the modules that a result
 * names. Inlined calls become frames of their own. What was looked up once is kept, so that the
 * many failing seeds of a sweep cost little.
 */
#ifndef STEELMILL_SCENARIOS_CLI_SYMBOL_H
#define STEELMILL_SCENARIOS_CLI_SYMBOL_H

#include "scenarios/job.h"
#include <steelmill/base.h>

enum cli_frame_owner {
    CLI_FRAME_USER,      /* the plugin, and the libraries that it needs */
    CLI_FRAME_STEELMILL, /* the worker program */
    CLI_FRAME_SYSTEM,    /* libc, libm, the loader */
};

struct cli_frame {
    const char *function; /* "" where nobody knows */
    const char *file;     /* relative to the current directory where it lies there; "" if unknown */
    uint32_t line;
    bool inlined; /* has no stack frame of its own */
    enum cli_frame_owner owner;
    const char *module; /* base name of the object's file; "" if unknown */
    uint64_t address;   /* within the module's file; the raw address where no module is known */
};

#define CLI_FRAMES_MAX (4 * JOB_FRAMES_MAX)

struct cli_symbols;

/* Returns NULL when out of memory. */
struct cli_symbols *cli_symbols_create(void);
void cli_symbols_destroy(struct cli_symbols *symbols);

/*
 * Resolves the backtrace of a result, innermost frame first.
 *   frames: room for CLI_FRAMES_MAX
 * Ownership: the texts live as long as `symbols`.
 * Returns: how many frames there are.
 */
size_t cli_symbols_resolve(struct cli_symbols *symbols, const struct job_result *result,
                           struct cli_frame frames[static CLI_FRAMES_MAX]);

#endif
