/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/sweep_report.h"

#include <inttypes.h>
#include <string.h>

#include "core/units.h"
#include "scenarios/cli/losses.h"
#include "scenarios/cli/number.h"
#include "scenarios/cli/report.h"
#include "scenarios/cli/shell.h"
#include "scenarios/cli/style.h"
#include "scenarios/cli/tables.h"
#include "scenarios/cli/text.h"
#include <steelmill/property.h>

static uint32_t missed_count(const struct cli_summary *summary)
{
    const struct scn *scn = summary->scenario->scn;
    uint32_t missed = 0;
    for (uint32_t i = 0; i < scn->sometimes_count; i++)
        missed += cli_summary_missed(summary, scn->sometimes[i]);
    return missed;
}

int cli_sweep_exit(const struct cli_sweep *sweep, const struct cli_summary *summary)
{
    if (sweep->stopped == CLI_USAGE || sweep->interrupted)
        return sweep->stopped;
    if (summary->failed_count > 0 || missed_count(summary) > 0)
        return CLI_FINDING;
    return sweep->stopped != 0 || summary->not_judged_count > 0 ? CLI_NOT_JUDGED : CLI_PASSED;
}

static void print_seeds(FILE *file, const struct cli_seeds *seeds, uint64_t total)
{
    for (uint32_t i = 0; i < seeds->count; i++)
        fprintf(file, "%s%" PRIu64, i > 0 ? ", " : "", seeds->entries[i].seed);
    if (total > seeds->count)
        fprintf(file, ", ...");
}

/* "pause 143, pause and partition 74, no fault 3": which faults were around, in how many seeds. */
static void print_ways(FILE *file, const struct cli_group *group)
{
    const char *before = "  after     ";
    for (uint32_t i = 0; i < group->way_count; i++) {
        const uint64_t kinds = group->ways[i].kinds;
        fputs(before, file);
        const char *joint = "";
        for (uint32_t kind = 0; kind < SCN_FAULT_KIND_COUNT; kind++) {
            if (!(kinds >> kind & 1))
                continue;
            fprintf(file, "%s%s", joint, scn_fault_kind_text(kind));
            joint = " and ";
        }
        fprintf(file, "%s %" PRIu64, kinds == 0 ? "no fault" : "", group->ways[i].seed_count);
        before = ", ";
    }
    fputc('\n', file);
}

static void print_group(FILE *file, const struct cli_summary *summary, size_t index)
{
    const struct cli_group *group = &summary->groups[index];
    fprintf(file, "\n%sfinding %zu of %zu%s: %" PRIu64 " seed%s: ", cli_style(file, CLI_BOLD),
            index + 1, summary->group_count, cli_style(file, CLI_PLAIN), group->seed_count,
            group->seed_count == 1 ? "" : "s");
    print_seeds(file, &group->seeds, group->seed_count);
    fputc('\n', file);
    print_ways(file, group);
    cli_report_finding(file, summary->scenario, group->example, summary->symbols);
    for (uint32_t i = 1; i < group->seeds.count; i++) {
        fputs(i == 1 ? "  also      " : "            ", file);
        cli_shell_replay(file, summary->scenario, group->seeds.entries[i].seed,
                         group->seeds.entries[i].digest);
        fputc('\n', file);
    }
}

static void print_not_judged(FILE *file, const struct cli_summary *summary)
{
    const struct cli_seeds *seeds = &summary->not_judged;
    for (uint32_t i = 0; i < seeds->count; i++)
        fprintf(file, "%s  seed %" PRIu64 ": %s\n", i == 0 ? "not judged" : "          ",
                seeds->entries[i].seed, seeds->entries[i].text);
    if (summary->not_judged_count > seeds->count)
        fprintf(file, "            and %" PRIu64 " more\n",
                summary->not_judged_count - seeds->count);
}

static void print_counts(FILE *file, const struct cli_sweep *sweep,
                         const struct cli_summary *summary)
{
    char a[32], b[32], c[32];
    uint64_t total = cli_summary_seed_count(summary);
    uint64_t share = cli_per_mille(summary->failed_count, total);
    fprintf(file, "\nseeds       %s run: %s passed, %s failed (%" PRIu64 ".%" PRIu64 " %%)",
            cli_group_digits(total, a), cli_group_digits(summary->passed_count, b),
            cli_group_digits(summary->failed_count, c), share / 10, share % 10);
    if (summary->not_judged_count > 0)
        fprintf(file, ", %" PRIu64 " not judged", summary->not_judged_count);
    fputc('\n', file);
    print_not_judged(file, summary);
    uint64_t tenths = cli_per_second(total * 10, sweep->real_ns);
    uint64_t speedup = sweep->real_ns > 0 && summary->virtual_ns > 0
                           ? (uint64_t)(summary->virtual_ns / sweep->real_ns)
                           : 0;
    fprintf(file,
            "speed       %" PRIu64 ".%" PRIu64 " seeds/s, %s events/s, %sx real time, %" PRIu32
            " job%s\n",
            tenths / 10, tenths % 10,
            cli_group_digits(cli_per_second(summary->events, sweep->real_ns), a),
            cli_group_digits(speedup, b), sweep->jobs, sweep->jobs == 1 ? "" : "s");
    fprintf(file, "messages    %s sent, %s delivered, %s lost\n",
            cli_group_digits(summary->messages_sent, a),
            cli_group_digits(summary->messages_delivered, b),
            cli_group_digits(summary->messages_lost, c));
    cli_losses_print(file, &summary->losses);
}

static bool wants_hits(const struct cli_property_sum *sum)
{
    return sum->kind == SM_SITE_SOMETIMES || sum->kind == SM_SITE_REACHABLE;
}

static void print_property(FILE *file, const struct cli_property_sum *sum)
{
    fprintf(file, "            %-12s %-48s %12" PRIu64 " %12" PRIu64, cli_property_kind(sum->kind),
            sum->name, sum->hit_count, sum->true_count);
    if (wants_hits(sum)) {
        struct cli_tally_range range = cli_tally_range(&sum->per_seed);
        char text[80];
        snprintf(text, sizeof text, "%" PRIu64 "/%" PRIu64 "/%" PRIu64, range.min, range.median,
                 range.max);
        fprintf(file, " %10" PRIu64 "  %s%s%s%s", sum->seeds_true, text,
                sum->true_count == 0 ? cli_style(file, CLI_YELLOW) : "",
                sum->true_count == 0 ? "  never" : "",
                sum->true_count == 0 ? cli_style(file, CLI_PLAIN) : "");
    }
    fputc('\n', file);
}

static void print_properties(FILE *file, const struct cli_summary *summary)
{
    if (summary->property_count == 0)
        return;
    fprintf(file, "properties  %-12s %-48s %12s %12s %10s  %s\n", "", "", "evaluated", "true",
            "in seeds", "min/median/max of a seed");
    for (size_t i = 0; i < summary->property_count; i++)
        print_property(file, &summary->properties[i]);
}

/* Expectations that the sweep did not meet, with a suggestion where the name is not known at all.
 */
static void print_missed(FILE *file, const struct cli_summary *summary)
{
    const struct scn *scn = summary->scenario->scn;
    for (uint32_t i = 0; i < scn->sometimes_count; i++) {
        const char *name = scn->sometimes[i];
        if (!cli_summary_missed(summary, name))
            continue;
        fprintf(file, "%sexpected%s    sometimes '%s', but ", cli_style(file, CLI_RED),
                cli_style(file, CLI_PLAIN), name);
        if (cli_summary_find(summary, name) != NULL)
            fprintf(file, "it held in no seed\n");
        else
            fprintf(file, "the plugin has no sometimes or reachable property of that name\n");
    }
}

static void print_verdict(FILE *file, const struct cli_sweep *sweep,
                          const struct cli_summary *summary)
{
    cli_print_verdict(file, cli_sweep_exit(sweep, summary));
    if (sweep->why[0] != '\0')
        fprintf(file, ": %s", sweep->why);
    else if (summary->group_count > 0)
        fprintf(file, ": %zu different", summary->group_count);
    if (summary->short_of_memory)
        fprintf(file, " (memory ran out: the counts are incomplete)");
    fputc('\n', file);
}

static void print_findings(FILE *file, const struct cli_summary *summary)
{
    for (size_t i = 0; i < summary->group_count; i++) {
        const struct cli_group *group = &summary->groups[i];
        fprintf(file, "%-12s%016" PRIx64 "  %" PRIu64 " seed%s, first %" PRIu64 ": %s %s\n",
                i == 0 ? "findings" : "", group->signature, group->seed_count,
                group->seed_count == 1 ? "" : "s", group->seeds.entries[0].seed,
                cli_finding_kind(group->example->finding), group->example->subject);
    }
}

void cli_sweep_report(FILE *file, const struct cli_sweep *sweep, const struct cli_summary *summary)
{
    for (size_t i = 0; i < summary->group_count; i++)
        print_group(file, summary, i);
    print_counts(file, sweep, summary);
    cli_table_faults(file, summary->scenario->scn, summary->faults, summary->fault_count);
    print_properties(file, summary);
    print_findings(file, summary);
    print_missed(file, summary);
    cli_print_lines(file, "note        ", "            ", summary->note);
    fprintf(file, "digest      %016" PRIx64 " (of all runs)\n", summary->digest);
    print_verdict(file, sweep, summary);
}
