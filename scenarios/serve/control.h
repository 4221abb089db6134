/* SPDX-License-Identifier: MIT */
/*
 * A machine that is being served can be asked: who may open the socket (mode 0600), may ask.
 *
 *   request:  the words of a command, a line each, then the end of what is sent
 *   answer:   a digit (0 done, 1 it failed, 2 the command is wrong), then words for people
 *
 * The thread answers one client after the other. It reads the graph of factories itself; what
 * changes it is done by tasks of the worker.
 */
#ifndef STEELMILL_SCENARIOS_SERVE_CONTROL_H
#define STEELMILL_SCENARIOS_SERVE_CONTROL_H

#include "scenarios/serve/serve.h"

struct serve_control;

/* Opens the socket and starts the thread. Returns 0, or -errno after a message. */
int serve_control_start(struct serve_control **out, const char *path, struct service *service);
/* Ends it, whatever it waits for, and takes the socket away. NULL allowed. */
void serve_control_stop(struct serve_control *control);

/* ---- plugins.c: commands, carried out by a task of the worker ---- */
enum serve_command_kind { SERVE_PLUGIN_ADD, SERVE_PLUGIN_REMOVE, SERVE_STOP };

struct serve_command {
    enum serve_command_kind kind;
    struct service *service;
    char name[JOB_NAME_BYTES]; /* of the plugin, or the factory */
    /* Add: what was loaded. Remove: what can be unloaded. */
    void *handle;
    const struct sm_plugin *plugin;
    /* The answer. */
    int exit;
    char text[JOB_TEXT_BYTES];
    int done_fd; /* an eventfd */
};

/* Posted to the worker; arg: struct serve_command. */
void serve_command_begin(void *command);
/* At the end, when no task runs any more. */
void serve_plugins_forget(struct service *service);

#endif
