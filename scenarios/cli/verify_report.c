/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/verify_report.h"

#include <inttypes.h>

#include "scenarios/cli/backtrace.h"
#include "scenarios/cli/event_text.h"
#include "scenarios/cli/report.h"
#include "scenarios/cli/style.h"
#include "scenarios/cli/text.h"
#include "scenarios/cli/trace_file.h"

#define EVENTS_BEFORE 3 /* equal events that are shown before the first difference */

void cli_verify_report_same(const struct cli_outcome *reference, uint32_t runs)
{
    printf("seed %-12" PRIu64 " %" PRIu32 " runs the same: %s, %" PRIu64
           " events, digest %016" PRIx64 "\n",
           reference->seed, runs, cli_verdict_text(reference->exit), reference->result.events,
           reference->result.digest);
}

bool cli_verify_first_difference(const struct cli_verified *verified,
                                 struct cli_first_difference *out)
{
    struct cli_trace_view a, b;
    *out = (struct cli_first_difference){0};
    cli_trace_view_open(&a, verified->reference_fd);
    cli_trace_view_open(&b, verified->other_fd);
    size_t at = cli_trace_first_difference(&a, &b);
    out->has_reference = at < a.count;
    out->has_other = at < b.count;
    if (out->has_reference)
        out->reference = a.records[at];
    if (out->has_other)
        out->other = b.records[at];
    cli_trace_view_close(&a);
    cli_trace_view_close(&b);
    return at != SIZE_MAX;
}

/* The call that brought an event about. */
static void print_origin(const char *title, const struct job_result *origin)
{
    struct cli_frame frames[CLI_FRAMES_MAX];
    struct cli_symbols *symbols = cli_symbols_create();
    if (symbols != NULL && origin != NULL && origin->frame_count > 0) {
        printf("  %s, brought about by machine %s, daemon %s, task %s\n", title, origin->machine,
               origin->daemon, origin->task);
        size_t count = cli_symbols_resolve(symbols, origin, frames);
        cli_print_backtrace(stdout, origin, frames, count);
    }
    cli_symbols_destroy(symbols);
}

static void print_event(const struct scn *scn, const char *title, const struct cli_trace_view *view,
                        size_t index)
{
    printf("  %-8s", title);
    if (index < view->count)
        cli_event_print_text(stdout, scn, &view->records[index]);
    else
        printf("no more events\n");
}

static void print_difference(const struct scn *scn, const struct cli_trace_view *a,
                             const struct cli_trace_view *b, uint32_t number)
{
    char fields[128] = "", title[32];
    size_t at = cli_trace_first_difference(a, b);
    if (at == SIZE_MAX) {
        printf("  all %zu events are the same; verdict, digest or virtual time differ\n", a->count);
        return;
    }
    if (at < a->count && at < b->count)
        cli_event_differs(&a->records[at], &b->records[at], fields, sizeof fields);
    printf("  first difference at event %zu%s%s\n", at + 1, *fields != '\0' ? ": " : "", fields);
    for (size_t i = at > EVENTS_BEFORE ? at - EVENTS_BEFORE : 0; i < at; i++)
        print_event(scn, "both", a, i);
    print_event(scn, "run 1", a, at);
    snprintf(title, sizeof title, "run %" PRIu32, number);
    print_event(scn, title, b, at);
}

void cli_verify_report(const struct cli_scenario *scenario, const struct cli_verified *verified)
{
    struct cli_trace_view a, b;
    char title[32];
    if (verified->exit != CLI_DIVERGED) {
        cli_error("seed %" PRIu64 ", run %" PRIu32 ": %s: %s", verified->seed, verified->number,
                  cli_verdict_text(verified->exit), verified->reason);
        return;
    }
    printf("%snot deterministic%s: seed %" PRIu64 ", runs 1 and %" PRIu32 " differ\n",
           cli_style(stdout, CLI_RED), cli_style(stdout, CLI_PLAIN), verified->seed,
           verified->number);
    cli_trace_view_open(&a, verified->reference_fd);
    cli_trace_view_open(&b, verified->other_fd);
    print_difference(scenario->scn, &a, &b, verified->number);
    cli_trace_view_close(&a);
    cli_trace_view_close(&b);
    print_origin("run 1", verified->reference_origin);
    snprintf(title, sizeof title, "run %" PRIu32, verified->number);
    print_origin(title, verified->other_origin);
    printf("  digests %016" PRIx64 " and %016" PRIx64 "\n", verified->reference_digest,
           verified->other_digest);
}

static void event_json(struct cli_json *json, const char *name, const struct scn *scn,
                       const struct cli_trace_view *view, size_t index)
{
    if (index >= view->count)
        return;
    cli_json_name(json, name);
    cli_event_print_json(json->file, scn, &view->records[index]);
}

static void origin_json(struct cli_json *json, const char *name, const struct job_result *origin)
{
    struct cli_frame frames[CLI_FRAMES_MAX];
    struct cli_symbols *symbols = cli_symbols_create();
    if (symbols != NULL && origin != NULL)
        cli_backtrace_json(json, name, frames, cli_symbols_resolve(symbols, origin, frames));
    cli_symbols_destroy(symbols);
}

static void difference_json(struct cli_json *json, const struct scn *scn,
                            const struct cli_verified *verified)
{
    struct cli_trace_view a, b;
    cli_json_hex(json, "reference_digest", verified->reference_digest);
    cli_json_hex(json, "other_digest", verified->other_digest);
    cli_trace_view_open(&a, verified->reference_fd);
    cli_trace_view_open(&b, verified->other_fd);
    size_t at = cli_trace_first_difference(&a, &b);
    if (at != SIZE_MAX) {
        cli_json_u64(json, "first_difference", at + 1);
        event_json(json, "reference", scn, &a, at);
        event_json(json, "other", scn, &b, at);
        origin_json(json, "reference_backtrace", verified->reference_origin);
        origin_json(json, "other_backtrace", verified->other_origin);
    }
    cli_trace_view_close(&a);
    cli_trace_view_close(&b);
}

void cli_verify_report_json(const struct cli_scenario *scenario,
                            const struct cli_verified *verified)
{
    struct cli_json json;
    cli_json_begin(&json, stdout);
    cli_json_open(&json, NULL, '{');
    cli_report_scenario_json(&json, scenario);
    cli_json_text(&json, "verdict",
                  verified->exit == CLI_PASSED     ? "deterministic"
                  : verified->exit == CLI_DIVERGED ? "not deterministic"
                                                   : cli_verdict_text(verified->exit));
    cli_json_i64(&json, "exit", verified->exit);
    cli_json_text(&json, "reason", verified->reason);
    cli_json_u64(&json, "seed", verified->seed);
    cli_json_u64(&json, "run", verified->number);
    if (verified->exit == CLI_DIVERGED)
        difference_json(&json, scenario->scn, verified);
    cli_json_close(&json, '}');
    putchar('\n');
}
