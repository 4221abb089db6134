/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/report.h"

#include <inttypes.h>
#include <string.h>

#include "core/units.h"
#include "scenarios/cli/losses.h"
#include "scenarios/cli/number.h"
#include "scenarios/cli/path.h"
#include "scenarios/cli/shell.h"
#include "scenarios/cli/style.h"
#include "scenarios/cli/tables.h"
#include "scenarios/cli/text.h"

static void print_duration(FILE *file, const char *before, int64_t ns)
{
    char text[64];
    sm__format_duration(text, sizeof text, ns);
    fprintf(file, "%s%s", before, text);
}

static const char *policy_text(uint32_t policy)
{
    return policy == SCN_POLICY_FIFO ? "fifo" : policy == SCN_POLICY_PCT ? "pct" : "random";
}

void cli_report_header(FILE *file, const struct cli_scenario *scenario, const struct cli_args *args)
{
    const struct scn *scn = scenario->scn;
    fprintf(file, "scenario    %s%s%s (%s)%s%s\n", cli_style(file, CLI_BOLD), scn->name,
            cli_style(file, CLI_PLAIN), scenario->path, *scn->about != '\0' ? ": " : "",
            scn->about);
    fprintf(file, "plugin      %s\n", scn->plugin_path);
    fprintf(file, "options     %" PRIu32 " machine%s", scn->machine_count,
            scn->machine_count == 1 ? "" : "s");
    print_duration(file, ", time ", scn->time_ns);
    print_duration(file, ", heal ", scn->heal_ns);
    fprintf(file, ", policy %s", policy_text(scn->policy));
    if (scn->slack_ns > 0)
        print_duration(file, ", slack ", scn->slack_ns);
    fprintf(file, ", swarm %s, buggify %s", scn->swarm ? "on" : "off", scn->buggify ? "on" : "off");
    print_duration(file, ", wall limit ", args->wall_limit_ns);
    if (args->until_ns != INT64_MAX)
        print_duration(file, ", until ", args->until_ns);
    for (size_t i = 0; i < scenario->set_count; i++) {
        fputs(", set ", file);
        cli_shell_word(file, scenario->sets[i]);
    }
    fputc('\n', file);
}

/* Seconds, to the millisecond. */
static void print_ms(FILE *file, const char *before, int64_t ns)
{
    fprintf(file, "%s%" PRId64 ".%03" PRId64 "s", before, ns / 1000000000, ns / 1000000 % 1000);
}

static void print_amounts(FILE *file, const struct job_result *result)
{
    char a[32], b[32], c[32];
    print_ms(file, "time        ", result->virtual_ns);
    fprintf(file, " virtual, %s events\n", cli_group_digits(result->events, a));
    print_ms(file, "speed       ", result->real_ns);
    fprintf(file, " real, %s events/s, %sx real time\n",
            cli_group_digits(cli_per_second(result->events, result->real_ns), b),
            cli_group_digits(result->real_ns > 0 && result->virtual_ns > 0
                                 ? (uint64_t)(result->virtual_ns / result->real_ns)
                                 : 0,
                             c));
    fprintf(file, "messages    %s sent, %s delivered, %s lost\n",
            cli_group_digits(result->messages_sent, a),
            cli_group_digits(result->messages_delivered, b),
            cli_group_digits(result->messages_lost, c));
    cli_losses_print(file, &result->losses);
    fprintf(file, "peaks       %s bytes of heap, %s tasks\n",
            cli_group_digits(result->heap_peak_bytes, a), cli_group_digits(result->tasks_peak, b));
}

void cli_report_run(FILE *file, const struct cli_scenario *scenario,
                    const struct cli_outcome *outcome, struct cli_symbols *symbols)
{
    const struct job_result *result = &outcome->result;
    cli_print_verdict(file, outcome->exit);
    fprintf(file, "%s%s\n", outcome->text[0] != '\0' ? ": " : "", outcome->text);
    if (!outcome->complete || outcome->exit == CLI_USAGE)
        return;
    print_amounts(file, result);
    cli_table_faults(file, scenario->scn, result->faults, result->fault_count);
    cli_table_properties(file, result->properties, result->property_count);
    cli_print_lines(file, "note        ", "            ", result->note);
    fprintf(file, "digest      %016" PRIx64 "\n", result->digest);
    if (outcome->exit == CLI_FINDING) {
        fputc('\n', file);
        cli_report_finding(file, scenario, result, symbols);
    }
}
