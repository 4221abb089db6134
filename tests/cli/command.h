/* SPDX-License-Identifier: MIT */
/* Runs a program to its end and keeps what it printed. */
#ifndef STEELMILL_TESTS_CLI_COMMAND_H
#define STEELMILL_TESTS_CLI_COMMAND_H

/* What a program printed, and how it ended. */
struct command {
    char *out, *err;
    int exit; /* exit code; 128 + the signal's number where one ended it */
};

/*
 * Runs `line` in /bin/sh.
 * Ownership: command_free takes the texts.
 */
struct command command_run(const char *line);
void command_free(struct command *command);

#endif
