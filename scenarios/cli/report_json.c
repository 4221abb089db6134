/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/cli/backtrace.h"
#include "scenarios/cli/event_text.h"
#include "scenarios/cli/losses.h"
#include "scenarios/cli/number.h"
#include "scenarios/cli/shell.h"
#include "scenarios/cli/signature.h"
#include "scenarios/cli/tables.h"
#include "scenarios/cli/text.h"

void cli_report_scenario_json(struct cli_json *json, const struct cli_scenario *scenario)
{
    const struct scn *scn = scenario->scn;
    cli_json_open(json, "scenario", '{');
    cli_json_text(json, "name", scn->name);
    cli_json_text(json, "file", scenario->path);
    cli_json_text(json, "plugin", scn->plugin_path);
    cli_json_u64(json, "machines", scn->machine_count);
    cli_json_i64(json, "time_ns", scn->time_ns);
    cli_json_i64(json, "heal_ns", scn->heal_ns);
    cli_json_open(json, "set", '[');
    for (size_t i = 0; i < scenario->set_count; i++)
        cli_json_text(json, NULL, scenario->sets[i]);
    cli_json_close(json, ']');
    cli_json_close(json, '}');
}

void cli_report_faults_json(struct cli_json *json, const struct scn *scn,
                            const struct job_fault *faults, uint32_t count)
{
    cli_json_open(json, "faults", '[');
    for (uint32_t i = 0; i < count; i++) {
        cli_json_open(json, NULL, '{');
        cli_json_text(json, "name", cli_fault_name(scn, i));
        cli_json_u64(json, "configured", faults[i].configured);
        cli_json_u64(json, "fired", faults[i].fired);
        cli_json_u64(json, "observed", faults[i].observed);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void properties_json(struct cli_json *json, const struct job_result *result)
{
    cli_json_open(json, "properties", '[');
    for (uint32_t i = 0; i < result->property_count; i++) {
        const struct job_property *property = &result->properties[i];
        cli_json_open(json, NULL, '{');
        cli_json_text(json, "kind", cli_property_kind(property->kind));
        cli_json_text(json, "name", property->name);
        cli_json_u64(json, "evaluated", property->hit_count);
        cli_json_u64(json, "true", property->true_count);
        cli_json_u64(json, "pending", property->pending);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void last_events_json(struct cli_json *json, const struct scn *scn,
                             const struct job_result *result)
{
    cli_json_open(json, "last_events", '[');
    for (uint32_t i = 0; i < result->last_event_count; i++) {
        struct sim_record record;
        memcpy(&record, result->last_events[i], sizeof record);
        cli_json_name(json, NULL);
        cli_event_print_json(json->file, scn, &record);
    }
    cli_json_close(json, ']');
}

static void replay_json(struct cli_json *json, const struct cli_scenario *scenario,
                        const struct job_result *result)
{
    char *line = NULL;
    size_t size;
    FILE *memory = open_memstream(&line, &size);
    if (memory == NULL)
        return;
    cli_shell_replay(memory, scenario, result->seed, result->digest);
    if (fclose(memory) == 0)
        cli_json_text(json, "replay", line);
    free(line);
}

void cli_report_finding_json(struct cli_json *json, const struct cli_scenario *scenario,
                             const struct job_result *result, struct cli_symbols *symbols)
{
    struct cli_frame frames[CLI_FRAMES_MAX];
    size_t count = cli_symbols_resolve(symbols, result, frames);
    cli_json_open(json, "finding", '{');
    cli_json_text(json, "kind", cli_finding_kind(result->finding));
    cli_json_text(json, "text", result->text);
    cli_json_text(json, "subject", result->subject);
    cli_json_hex(json, "signature", cli_signature(result, frames, count));
    cli_json_u64(json, "seed", result->seed);
    cli_json_hex(json, "digest", result->digest);
    cli_json_text(json, "machine", result->machine);
    cli_json_text(json, "daemon", result->daemon);
    cli_json_text(json, "task", result->task);
    cli_json_i64(json, "time_ns", result->finding_ns);
    cli_json_u64(json, "event", result->finding_event);
    cli_backtrace_json(json, "backtrace", frames, count);
    cli_json_text(json, "context", result->context);
    cli_json_text(json, "output", result->output);
    last_events_json(json, scenario->scn, result);
    replay_json(json, scenario, result);
    cli_json_close(json, '}');
}

static void amounts_json(struct cli_json *json, const struct job_result *result)
{
    cli_json_i64(json, "virtual_ns", result->virtual_ns);
    cli_json_u64(json, "events", result->events);
    cli_json_open(json, "messages", '{');
    cli_json_u64(json, "sent", result->messages_sent);
    cli_json_u64(json, "delivered", result->messages_delivered);
    cli_json_u64(json, "lost", result->messages_lost);
    cli_json_close(json, '}');
    cli_losses_json(json, &result->losses);
    cli_json_u64(json, "heap_peak_bytes", result->heap_peak_bytes);
    cli_json_u64(json, "tasks_peak", result->tasks_peak);
    cli_json_open(json, "speed", '{');
    cli_json_i64(json, "real_ns", result->real_ns);
    cli_json_u64(json, "events_per_second", cli_per_second(result->events, result->real_ns));
    cli_json_close(json, '}');
}

void cli_report_run_json(FILE *file, const struct cli_scenario *scenario,
                         const struct cli_outcome *outcome, struct cli_symbols *symbols, int exit)
{
    const struct job_result *result = &outcome->result;
    struct cli_json json;
    cli_json_begin(&json, file);
    cli_json_open(&json, NULL, '{');
    cli_report_scenario_json(&json, scenario);
    cli_json_u64(&json, "seed", outcome->seed);
    cli_json_text(&json, "verdict", cli_verdict_text(exit));
    cli_json_i64(&json, "exit", exit);
    cli_json_text(&json, "reason", outcome->text);
    if (outcome->complete) {
        cli_json_hex(&json, "digest", result->digest);
        amounts_json(&json, result);
        cli_report_faults_json(&json, scenario->scn, result->faults, result->fault_count);
        properties_json(&json, result);
        cli_json_text(&json, "note", result->note);
    }
    if (outcome->exit == CLI_FINDING)
        cli_report_finding_json(&json, scenario, result, symbols);
    cli_json_close(&json, '}');
    fputc('\n', file);
}
