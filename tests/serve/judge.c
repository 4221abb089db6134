/* SPDX-License-Identifier: MIT */
#include "tests/serve/judge.h"

#include "scenarios/cli/history_file.h"

#include <check.h>
#include <unistd.h>

#define STEPS_MAX 50000000u

static void read_history(struct cli_history *history, const char *path)
{
    ck_assert_msg(cli_history_read(history, path), "%s", history->error);
    ck_assert_uint_eq(history->gap_line, 0);
}

size_t judge_acknowledged(const char *path)
{
    struct cli_history history;
    size_t count = 0;

    if (access(path, F_OK) != 0)
        return 0;
    read_history(&history, path);
    for (size_t i = 0; i < history.history.count; i++)
        count += history.history.operations[i].is_complete &&
                 history.history.operations[i].outcome == SM_OUTCOME_OK;
    cli_history_finish(&history);
    return count;
}

bool judge_linearizable(const char *path, char *text, size_t size)
{
    struct cli_history history;

    read_history(&history, path);
    const enum sim_linearizable verdict =
        sim_history_judge_register(&history.history, STEPS_MAX, text, size);
    ck_assert_msg(verdict != SIM_TOO_COSTLY, "the history could not be judged");
    cli_history_finish(&history);
    return verdict == SIM_LINEARIZABLE;
}
