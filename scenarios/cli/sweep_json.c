/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "scenarios/cli/losses.h"
#include "scenarios/cli/number.h"
#include "scenarios/cli/report.h"
#include "scenarios/cli/sweep_report.h"
#include "scenarios/cli/tables.h"
#include "scenarios/cli/text.h"

static void seeds_json(struct cli_json *json, const char *name, const struct cli_seeds *seeds)
{
    cli_json_open(json, name, '[');
    for (uint32_t i = 0; i < seeds->count; i++) {
        cli_json_open(json, NULL, '{');
        cli_json_u64(json, "seed", seeds->entries[i].seed);
        if (seeds->entries[i].text[0] != '\0')
            cli_json_text(json, "reason", seeds->entries[i].text);
        else
            cli_json_hex(json, "digest", seeds->entries[i].digest);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void counts_json(struct cli_json *json, const struct cli_summary *summary)
{
    cli_json_open(json, "seeds", '{');
    cli_json_u64(json, "run", cli_summary_seed_count(summary));
    cli_json_u64(json, "passed", summary->passed_count);
    cli_json_u64(json, "failed", summary->failed_count);
    cli_json_u64(json, "not_judged", summary->not_judged_count);
    cli_json_close(json, '}');
    seeds_json(json, "not_judged", &summary->not_judged);
    cli_json_u64(json, "events", summary->events);
    cli_json_i64(json, "virtual_ns", summary->virtual_ns);
    cli_json_open(json, "messages", '{');
    cli_json_u64(json, "sent", summary->messages_sent);
    cli_json_u64(json, "delivered", summary->messages_delivered);
    cli_json_u64(json, "lost", summary->messages_lost);
    cli_json_close(json, '}');
    cli_losses_json(json, &summary->losses);
}

static void properties_json(struct cli_json *json, const struct cli_summary *summary)
{
    cli_json_open(json, "properties", '[');
    for (size_t i = 0; i < summary->property_count; i++) {
        const struct cli_property_sum *sum = &summary->properties[i];
        struct cli_tally_range range = cli_tally_range(&sum->per_seed);
        cli_json_open(json, NULL, '{');
        cli_json_text(json, "kind", cli_property_kind(sum->kind));
        cli_json_text(json, "name", sum->name);
        cli_json_u64(json, "evaluated", sum->hit_count);
        cli_json_u64(json, "true", sum->true_count);
        cli_json_u64(json, "seeds_true", sum->seeds_true);
        cli_json_u64(json, "min", range.min);
        cli_json_u64(json, "median", range.median);
        cli_json_u64(json, "max", range.max);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

/* Seeds by the kinds of faults around the finding. */
static void ways_json(struct cli_json *json, const struct cli_group *group)
{
    cli_json_open(json, "after", '[');
    for (uint32_t i = 0; i < group->way_count; i++) {
        const uint64_t kinds = group->ways[i].kinds;
        cli_json_open(json, NULL, '{');
        cli_json_open(json, "faults", '[');
        for (uint32_t kind = 0; kind < SCN_FAULT_KIND_COUNT; kind++)
            if (kinds >> kind & 1)
                cli_json_text(json, NULL, scn_fault_kind_text(kind));
        cli_json_close(json, ']');
        cli_json_u64(json, "count", group->ways[i].seed_count);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void findings_json(struct cli_json *json, const struct cli_summary *summary)
{
    cli_json_open(json, "findings", '[');
    for (size_t i = 0; i < summary->group_count; i++) {
        const struct cli_group *group = &summary->groups[i];
        cli_json_open(json, NULL, '{');
        cli_json_hex(json, "signature", group->signature);
        cli_json_u64(json, "count", group->seed_count);
        seeds_json(json, "seeds", &group->seeds);
        ways_json(json, group);
        cli_report_finding_json(json, summary->scenario, group->example, summary->symbols);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void missed_json(struct cli_json *json, const struct cli_summary *summary)
{
    const struct scn *scn = summary->scenario->scn;
    cli_json_open(json, "missed", '[');
    for (uint32_t i = 0; i < scn->sometimes_count; i++)
        if (cli_summary_missed(summary, scn->sometimes[i]))
            cli_json_text(json, NULL, scn->sometimes[i]);
    cli_json_close(json, ']');
}

/* All that depends on the host, apart from the rest. */
static void speed_json(struct cli_json *json, const struct cli_sweep *sweep,
                       const struct cli_summary *summary)
{
    cli_json_open(json, "speed", '{');
    cli_json_u64(json, "jobs", sweep->jobs);
    cli_json_i64(json, "real_ns", sweep->real_ns);
    cli_json_u64(json, "seeds_per_second",
                 cli_per_second(cli_summary_seed_count(summary), sweep->real_ns));
    cli_json_u64(json, "events_per_second", cli_per_second(summary->events, sweep->real_ns));
    cli_json_close(json, '}');
}

void cli_sweep_report_json(struct cli_json *json, const struct cli_sweep *sweep,
                           const struct cli_summary *summary)
{
    int exit = cli_sweep_exit(sweep, summary);
    cli_json_open(json, NULL, '{');
    cli_report_scenario_json(json, summary->scenario);
    cli_json_text(json, "verdict", cli_verdict_text(exit));
    cli_json_i64(json, "exit", exit);
    cli_json_text(json, "reason", sweep->why);
    cli_json_u64(json, "first_seed", sweep->first);
    cli_json_u64(json, "last_seed", sweep->last);
    cli_json_u64(json, "stride", sweep->stride);
    counts_json(json, summary);
    cli_report_faults_json(json, summary->scenario->scn, summary->faults, summary->fault_count);
    properties_json(json, summary);
    missed_json(json, summary);
    findings_json(json, summary);
    cli_json_text(json, "note", summary->note);
    cli_json_hex(json, "digest", summary->digest);
    speed_json(json, sweep, summary);
    cli_json_close(json, '}');
}
