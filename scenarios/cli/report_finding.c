/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/report.h"

#include <inttypes.h>

#include "scenarios/cli/finding_text.h"
#include "scenarios/cli/shell.h"
#include "scenarios/cli/signature.h"
#include "scenarios/cli/style.h"

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
        [JOB_FINDING_SANITIZER] = "sanitizer",
        [JOB_FINDING_LEAK] = "leak",
        [JOB_FINDING_ESCAPE] = "not simulated",
        [JOB_FINDING_TRAP] = "past libc",
    };
    return finding < sizeof kinds / sizeof *kinds ? kinds[finding] : "unknown";
}

void cli_report_finding(FILE *file, const struct cli_scenario *scenario,
                        const struct job_result *result, struct cli_symbols *symbols)
{
    struct cli_frame frames[CLI_FRAMES_MAX];
    size_t count = cli_symbols_resolve(symbols, result, frames);
    fprintf(file, "%s%sfinding: %s%s\n", cli_style(file, CLI_BOLD), cli_style(file, CLI_RED),
            result->text[0] != '\0' ? result->text : cli_finding_kind(result->finding),
            cli_style(file, CLI_PLAIN));
    cli_print_finding(file, scenario->scn, result, frames, count);
    fprintf(file, "  digest    %016" PRIx64 "\n", result->digest);
    fprintf(file, "  signature %016" PRIx64 " (%s)\n", cli_signature(result, frames, count),
            cli_finding_kind(result->finding));
    fputs("  replay    ", file);
    cli_shell_replay(file, scenario, result->seed, result->digest);
    fputc('\n', file);
}
