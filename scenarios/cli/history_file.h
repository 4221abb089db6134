/* SPDX-License-Identifier: MIT */
/*
 * The file that `serve --history FILE` writes (core/os/history.c has its lines), read as a history
 * that can be judged.
 */
#ifndef STEELMILL_SCENARIOS_CLI_HISTORY_FILE_H
#define STEELMILL_SCENARIOS_CLI_HISTORY_FILE_H

#include "sim/history.h"

/* An operation's number is its process's. */
struct cli_history_origin {
    int process;
    uint64_t number;
};

struct cli_history {
    struct sim_history history;
    struct cli_history_origin *origins; /* of each operation */
    uint64_t gap_line; /* from there on lines are missing: one could not be written; 0: none are */
    uint64_t cut_line; /* the last one, which has no end: it is being written; 0: there is none */
    char error[256];   /* "FILE:LINE: what is wrong with it" */
};

/*
 * Reads a file to its end.
 * Ownership: cli_history_finish frees what was read.
 * Returns: 0; false with `error` set: it cannot be read, or has a line that says nothing.
 */
bool cli_history_read(struct cli_history *out, const char *path);
void cli_history_finish(struct cli_history *history);

#endif
