/* SPDX-License-Identifier: MIT */
/*
 * How a system of daemons is handed to steelmill: as a plugin (a shared object that leaves the sm_*
 * symbols to the host program), or linked into a program with sm_main.
 *
 *   SM_PLUGIN("Lock server, store and clients.", &lock_server_daemon, &lock_client_daemon)
 */
#ifndef STEELMILL_PLUGIN_H
#define STEELMILL_PLUGIN_H

#include <steelmill/base.h>
#include <steelmill/factory.h>
#include <steelmill/property.h>

SM_C_BEGIN

#define SM_CONTRACT_VERSION 1u
#define SM_PLUGIN_SYMBOL    "sm_plugin_descriptor"

struct sm_plugin {
    uint32_t contract_version; /* SM_CONTRACT_VERSION when it was built */
    uint32_t size_bytes;       /* sizeof(struct sm_plugin) */
    const char *about;
    const struct sm_daemon_type *const *types; /* ended by NULL */
    struct sm_site *sites_begin, *sites_end;
};

extern struct sm_site __start_sm_sites[] __attribute__((weak, visibility("hidden")));
extern struct sm_site __stop_sm_sites[] __attribute__((weak, visibility("hidden")));

/* Once in a plugin, in one of its files. */
#define SM_PLUGIN(about_, ...)                                                                 \
    static const struct sm_daemon_type *const sm__plugin_types[] = {__VA_ARGS__, NULL};        \
    __attribute__((visibility("default"))) extern const struct sm_plugin sm_plugin_descriptor; \
    const struct sm_plugin sm_plugin_descriptor = {                                            \
        SM_CONTRACT_VERSION, sizeof(struct sm_plugin), (about_),                               \
        sm__plugin_types,    __start_sm_sites,         __stop_sm_sites};

/*
 * The main of a program that daemons are linked into, with the verbs of `steelmill`, whose
 * scenarios need not name a plugin: the same objects, with libsteelmill-sim-main make a program
 * that simulates, with libsteelmill-main one that serves.
 *
 *   int main(int argc, char **argv) { return sm_main(argc, argv, &sm_plugin_descriptor); }
 *
 *   plugin: what SM_PLUGIN has defined
 *
 * It becomes the program `steelmill` ($STEELMILL, or where PATH has it). In simulation its machines
 * have heaps, files and clocks of their own, but not variables: those of the program and of the
 * libraries it is linked with are one set for all machines, and a crash leaves them. A plugin has
 * no such limit.
 *
 * Context: the start of main. Randomness: none.
 * Returns: the exit code.
 */
SM_API int sm_main(int argc, char **argv, const struct sm_plugin *plugin);

SM_C_END
#endif
