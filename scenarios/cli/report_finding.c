/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/report.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "scenarios/cli/backtrace.h"
#include "scenarios/cli/event_text.h"
#include "scenarios/cli/shell.h"
#include "scenarios/cli/signature.h"
#include "scenarios/cli/style.h"
#include "scenarios/cli/text.h"

const char *cli_finding_kind(uint32_t finding)
{
    static const char *const kinds[] = {
        [JOB_FINDING_NONE] = "none",
        [JOB_FINDING_PROPERTY] = "property",
        [JOB_FINDING_EVENTUALLY] = "eventually",
        [JOB_FINDING_SIGNAL] = "signal",
        [JOB_FINDING_OVERFLOW] = "stack overflow",
        [JOB_FINDING_ASSERT] = "assertion",
        [JOB_FINDING_SPIN] = "spin",
        [JOB_FINDING_STUCK] = "stuck",
        [JOB_FINDING_DEADLOCK] = "deadlock",
        [JOB_FINDING_DAEMON] = "daemon failed",
        [JOB_FINDING_HEAP] = "heap corrupted",
        [JOB_FINDING_HISTORY] = "history",
        [JOB_FINDING_EXIT] = "exit",
    };
    return finding < sizeof kinds / sizeof *kinds ? kinds[finding] : "unknown";
}

static const char *or_dash(const char *text)
{
    return *text != '\0' ? text : "-";
}

static void print_where(FILE *file, const struct job_result *result)
{
    fputs("  at        ", file);
    cli_print_time(file, result->finding_ns);
    fprintf(file, ", event #%" PRIu64 "\n", result->finding_event);
    if (result->machine[0] != '\0')
        fprintf(file, "  machine   %s, daemon %s, task %s\n", result->machine,
                or_dash(result->daemon), or_dash(result->task));
    if (result->signal == SIGSEGV || result->signal == SIGBUS)
        fprintf(file, "  address   0x%" PRIx64 "\n", result->fault_address);
}

static void print_context(FILE *file, const char *text)
{
    if (*text == '\0')
        return;
    fputs("  faults around it\n", file);
    cli_print_lines(file, "    ", "    ", text);
}

static void print_last_events(FILE *file, const struct scn *scn, const struct job_result *result)
{
    if (result->last_event_count == 0)
        return;
    fputs("  last events\n", file);
    for (uint32_t i = 0; i < result->last_event_count; i++) {
        struct sim_record record;
        memcpy(&record, result->last_events[i], sizeof record);
        cli_event_print_text(file, scn, &record);
    }
}

void cli_report_finding(FILE *file, const struct cli_scenario *scenario,
                        const struct job_result *result, struct cli_symbols *symbols)
{
    struct cli_frame frames[CLI_FRAMES_MAX];
    size_t count = cli_symbols_resolve(symbols, result, frames);
    fprintf(file, "%s%sfinding: %s%s\n", cli_style(file, CLI_BOLD), cli_style(file, CLI_RED),
            result->text[0] != '\0' ? result->text : cli_finding_kind(result->finding),
            cli_style(file, CLI_PLAIN));
    print_where(file, result);
    cli_print_backtrace(file, result, frames, count);
    print_context(file, result->context);
    print_last_events(file, scenario->scn, result);
    fprintf(file, "  digest    %016" PRIx64 "\n", result->digest);
    fprintf(file, "  signature %016" PRIx64 " (%s)\n", cli_signature(result, frames, count),
            cli_finding_kind(result->finding));
    fputs("  replay    ", file);
    cli_shell_replay(file, scenario, result->seed, result->digest);
    fputc('\n', file);
}
