/* SPDX-License-Identifier: MIT */
/* Is what clients were told in production right? Judges the file of `serve --history FILE`. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/cli/history_file.h"
#include "scenarios/cli/json.h"
#include "scenarios/cli/load.h"
#include "scenarios/cli/number.h"
#include "scenarios/cli/text.h"

/* So far the judge searches before it gives up: some minutes. */
#define STEPS_MAX UINT64_C(2000000000)

struct judgement {
    int exit;
    const char *model;
    uint64_t operations, by_outcome[SM_OUTCOME_UNKNOWN + 1];
    char text[512]; /* why, unless it passed */
};

static void count(struct judgement *out, const struct sim_history *history)
{
    out->operations = history->count;
    for (size_t i = 0; i < history->count; i++)
        out->by_outcome[history->operations[i].outcome]++;
}

/* A history that proves nothing, whatever is in it. */
static bool is_void(struct judgement *out, const struct cli_history *history)
{
    out->exit = CLI_NOT_JUDGED;
    if (history->gap_line != 0)
        snprintf(out->text, sizeof out->text,
                 "line %" PRIu64 ": from here on operations of a process are missing",
                 history->gap_line);
    else if (history->history.count == 0)
        snprintf(out->text, sizeof out->text, "no operation is in the history");
    return out->text[0] != '\0';
}

static void judge(struct judgement *out, const struct cli_history *history)
{
    count(out, &history->history);
    if (is_void(out, history))
        return;
    switch (sim_history_judge_register(&history->history, STEPS_MAX, out->text, sizeof out->text)) {
    case SIM_LINEARIZABLE:
        out->exit = CLI_PASSED;
        break;
    case SIM_NOT_LINEARIZABLE:
        out->exit = CLI_FINDING;
        break;
    case SIM_TOO_COSTLY:
        out->exit = CLI_NOT_JUDGED;
        snprintf(out->text, sizeof out->text, "the history is too entangled to be judged");
        break;
    }
}

static void report(const struct judgement *judgement, const struct cli_history *history,
                   const char *path)
{
    const uint64_t *by_outcome = judgement->by_outcome;
    char text[4][32];

    printf("history     %s: %s operations: %s done, %s failed, %s of unknown outcome\n", path,
           cli_group_digits(judgement->operations, text[0]),
           cli_group_digits(by_outcome[SM_OUTCOME_OK], text[1]),
           cli_group_digits(by_outcome[SM_OUTCOME_FAILED], text[2]),
           cli_group_digits(by_outcome[SM_OUTCOME_UNKNOWN], text[3]));
    if (history->cut_line != 0)
        printf("note        line %" PRIu64 " has no end, and was left out\n", history->cut_line);
    cli_print_verdict(stdout, judgement->exit);
    if (judgement->exit == CLI_PASSED)
        printf(": linearizable, as a %s\n", judgement->model);
    else
        printf(": %s\n", judgement->text);
}

static void report_json(const struct judgement *judgement, const char *path)
{
    struct cli_json json;

    cli_json_begin(&json, stdout);
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "history", path);
    cli_json_text(&json, "model", judgement->model);
    cli_json_u64(&json, "operations", judgement->operations);
    cli_json_u64(&json, "done", judgement->by_outcome[SM_OUTCOME_OK]);
    cli_json_u64(&json, "failed", judgement->by_outcome[SM_OUTCOME_FAILED]);
    cli_json_u64(&json, "unknown", judgement->by_outcome[SM_OUTCOME_UNKNOWN]);
    cli_json_text(&json, "verdict", cli_verdict_text(judgement->exit));
    cli_json_text(&json, "text", judgement->text);
    cli_json_close(&json, '}');
    putchar('\n');
}

static int judge_file(const struct cli_args *args, const char *model)
{
    struct judgement judgement = {.model = model};
    struct cli_history history;

    if (cli_history_read(&history, args->files[1])) {
        judge(&judgement, &history);
        if (cli_given(args, CLI_OPT_JSON))
            report_json(&judgement, args->files[1]);
        else
            report(&judgement, &history, args->files[1]);
    } else {
        fprintf(stderr, "%s\n", history.error);
        judgement.exit = CLI_USAGE;
    }
    cli_history_finish(&history);
    return judgement.exit;
}

int cli_verb_judge(const struct cli_args *args)
{
    struct cli_scenario scenario;
    int exit = cli_scenario_load(&scenario, args->files[0], args);

    if (exit != 0)
        return exit;
    if (scenario.scn->linearizable[0] != '\0') {
        exit = judge_file(args, scenario.scn->linearizable);
    } else {
        cli_error("%s: expects nothing of the history; it could say\n"
                  "  expect: { linearizable: register }",
                  args->files[0]);
        exit = CLI_USAGE;
    }
    cli_scenario_unload(&scenario);
    return exit;
}
