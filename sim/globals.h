/* SPDX-License-Identifier: MIT */
/*
 * Globals per machine: each machine has a copy of the plugin, and of the libraries that the plugin
 * needs, with variables of its own. What has no variables is shared by all.
 *
 *   load (once per process)    start                run        crash, stop
 *   copy without constructors ------> constructors ------> ... ------> pristine again
 *
 *   1. Pristine is the image right after loading: relocated, no code of its has run.
 *   2. Constructors run in a task of the machine; destructors never do, copies are never closed.
 *   3. The loader lists a copy under its original's name.
 *   4. libc, libm, the loader and the like are not copied: see sim/libc/libc.h.
 */
#ifndef STEELMILL_SIM_GLOBALS_H
#define STEELMILL_SIM_GLOBALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_globals;

/*
 * Makes the copies for machines 0 .. count - 1. Under a debugger they have all of the original's
 * symbols, else only what is loaded.
 *   handle: the plugin, loaded; it stays what it is, and serves no machine if there are copies
 * Context: host, before any run. Returns 0; -errno with one message in `text`.
 */
int sim_globals_create(struct sim_globals **out, void *handle, uint32_t count, char *text,
                       size_t size);

/* What dlsym takes for a machine's copy of the plugin; the plugin itself if it is shared. */
void *sim_globals_handle(const struct sim_globals *globals, uint32_t machine);
/* Runs the constructors of a machine's copies. Context: a task of the machine. */
void sim_globals_construct(const struct sim_globals *globals, uint32_t machine);
/* All variables of a machine's copies as they were before the constructors. Host context. */
void sim_globals_restore(const struct sim_globals *globals, uint32_t machine);

#endif
