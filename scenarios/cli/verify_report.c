/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/verify_report.h"

#include <inttypes.h>

#include "scenarios/cli/backtrace.h"
#include "scenarios/cli/event_text.h"
#include "scenarios/cli/report.h"
#include "scenarios/cli/shell.h"
#include "scenarios/cli/style.h"
#include "scenarios/cli/text.h"
#include "scenarios/cli/trace_file.h"

#define EVENTS_BEFORE 3 /* equal events that are shown before the first difference */

static void print_seeds(uint64_t first, uint64_t last)
{
    printf("%" PRIu64, first);
    if (last != first)
        printf("..%" PRIu64, last);
}

void cli_verify_report_header(const struct cli_verify *verify)
{
    const uint32_t runs = verify->args->runs;
    printf("seed        ");
    print_seeds(verify->first, verify->last);
    if (verify->one_by_one)
        printf("\nruns        %" PRIu32
               " the same, in several processes; then %zu with other stack "
               "fill, heap fill, addresses\n",
               runs, cli_change_count);
    else
        printf("\nruns        %" PRIu32 " of each seed, in several processes; every other one with "
               "other stack fill, heap fill, addresses\n",
               runs);
}

static void print_same(const struct cli_args *args, const struct cli_verified *verified)
{
    const struct cli_fingerprint *same = &verified->fingerprint;
    const int exit = same->verdict == JOB_FINDING ? CLI_FINDING : CLI_PASSED;
    printf("seed %-12" PRIu64 " %" PRIu32 " runs the same: %s, %" PRIu64
           " events, digest %016" PRIx64 "\n",
           verified->seed, args->runs, cli_verdict_text(exit), same->events, same->digest);
}

/* The call that brought an event about, or was caught. */
static void print_origin(uint32_t number, const char *what, const struct job_result *origin)
{
    struct cli_frame frames[CLI_FRAMES_MAX];
    struct cli_symbols *symbols = origin != NULL ? cli_symbols_create() : NULL;
    if (symbols != NULL) {
        printf("  run %" PRIu32 ", %s machine %s, daemon %s, task %s\n", number, what,
               origin->machine, origin->daemon, origin->task);
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

/* The line that shows it again. */
static void print_again(const struct cli_scenario *scenario, const struct cli_args *args,
                        uint64_t seed)
{
    fputs("  again     ", stdout);
    cli_shell_verify(stdout, scenario, seed, args->runs);
    putchar('\n');
}

/* A daemon went past libc. */
static void print_trapped(const struct cli_scenario *scenario, const struct cli_args *args,
                          const struct cli_verified *verified)
{
    const struct job_result *result = &verified->reference->outcome.result;
    printf("%s%s%s: seed %" PRIu64 ": %s\n", cli_style(stdout, CLI_RED),
           cli_cause_verdict(verified->cause), cli_style(stdout, CLI_PLAIN), verified->seed,
           result->text);
    cli_print_lines(stdout, "  look for  ", "            ", cli_cause_hint(verified->cause));
    print_origin(1, "stopped on", result);
    print_again(scenario, args, verified->seed);
}

/* Two runs differed, and none of those that were to tell why. */
static void print_once(const struct cli_scenario *scenario, const struct cli_args *args,
                       const struct cli_verified *verified)
{
    printf("%s%s%s: seed %" PRIu64 ", two runs differ, and %" PRIu32 " more do not\n",
           cli_style(stdout, CLI_RED), cli_cause_verdict(verified->cause),
           cli_style(stdout, CLI_PLAIN), verified->seed, verified->run);
    cli_print_lines(stdout, "  look for  ", "            ", cli_cause_hint(verified->cause));
    printf("  digests   %016" PRIx64 " and %016" PRIx64 "\n", verified->fingerprint.digest,
           verified->differing.digest);
    print_again(scenario, args, verified->seed);
}

static void print_diverged(const struct cli_scenario *scenario, const struct cli_args *args,
                           const struct cli_verified *verified)
{
    static const char *const brought_about = "brought about by";
    const struct cli_verify_run *reference = verified->reference, *other = verified->other;
    struct cli_trace_view a, b;
    printf("%s%s%s: seed %" PRIu64 ", runs 1 and %" PRIu32 " differ\n", cli_style(stdout, CLI_RED),
           cli_cause_verdict(verified->cause), cli_style(stdout, CLI_PLAIN), verified->seed,
           other->number);
    if (other->change != NULL)
        printf("  run %" PRIu32 " had %s\n", other->number, other->change->text);
    cli_print_lines(stdout, "  look for  ", "            ", cli_cause_hint(verified->cause));
    cli_trace_view_open(&a, reference->trace_fd);
    cli_trace_view_open(&b, other->trace_fd);
    print_difference(scenario->scn, &a, &b, other->number);
    cli_trace_view_close(&a);
    cli_trace_view_close(&b);
    print_origin(1, brought_about, verified->reference_origin);
    print_origin(other->number, brought_about, verified->other_origin);
    printf("  digests   %016" PRIx64 " and %016" PRIx64 "\n", reference->outcome.result.digest,
           other->outcome.result.digest);
    print_again(scenario, args, verified->seed);
}

void cli_verify_report(const struct cli_scenario *scenario, const struct cli_args *args,
                       const struct cli_verified *verified)
{
    if (verified->exit == CLI_PASSED)
        print_same(args, verified);
    else if (verified->exit == CLI_DIVERGED && verified->cause == CLI_CAUSE_TRAP)
        print_trapped(scenario, args, verified);
    else if (verified->exit == CLI_DIVERGED && verified->cause == CLI_CAUSE_ONCE)
        print_once(scenario, args, verified);
    else if (verified->exit == CLI_DIVERGED)
        print_diverged(scenario, args, verified);
    else
        cli_error("seed %" PRIu64 ", run %" PRIu32 ": %s: %s", verified->seed,
                  verified->other->number, cli_verdict_text(verified->exit),
                  verified->other->outcome.text);
}

void cli_verify_report_passed(uint64_t first, uint64_t last)
{
    printf("verdict     %s%s%s: %s ", cli_style(stdout, CLI_GREEN),
           cli_cause_verdict(CLI_CAUSE_NONE), cli_style(stdout, CLI_PLAIN),
           first == last ? "seed" : "seeds");
    print_seeds(first, last);
    putchar('\n');
}

/* ---- JSON ---- */

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
    struct cli_symbols *symbols = origin != NULL ? cli_symbols_create() : NULL;
    if (symbols != NULL)
        cli_backtrace_json(json, name, frames, cli_symbols_resolve(symbols, origin, frames));
    cli_symbols_destroy(symbols);
}

static void trapped_json(struct cli_json *json, const struct cli_verified *verified)
{
    const struct job_result *result = &verified->reference->outcome.result;
    cli_json_text(json, "look_for", cli_cause_hint(verified->cause));
    cli_json_text(json, "trapped", result->text);
    origin_json(json, "reference_backtrace", result);
}

static void once_json(struct cli_json *json, const struct cli_verified *verified)
{
    cli_json_text(json, "look_for", cli_cause_hint(verified->cause));
    cli_json_hex(json, "reference_digest", verified->fingerprint.digest);
    cli_json_hex(json, "other_digest", verified->differing.digest);
}

static void difference_json(struct cli_json *json, const struct scn *scn,
                            const struct cli_verified *verified)
{
    const struct cli_verify_run *other = verified->other;
    struct cli_trace_view a, b;
    cli_json_text(json, "change", other->change != NULL ? other->change->text : "");
    cli_json_text(json, "look_for", cli_cause_hint(verified->cause));
    cli_json_hex(json, "reference_digest", verified->reference->outcome.result.digest);
    cli_json_hex(json, "other_digest", other->outcome.result.digest);
    cli_trace_view_open(&a, verified->reference->trace_fd);
    cli_trace_view_open(&b, other->trace_fd);
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

void cli_verify_report_json(const struct cli_scenario *scenario, const struct cli_args *args,
                            const struct cli_verified *verified)
{
    const bool compared = verified->exit == CLI_PASSED || verified->exit == CLI_DIVERGED;
    struct cli_json json;
    cli_json_begin(&json, stdout);
    cli_json_open(&json, NULL, '{');
    cli_report_scenario_json(&json, scenario);
    cli_json_text(&json, "verdict",
                  compared ? cli_cause_verdict(verified->cause) : cli_verdict_text(verified->exit));
    cli_json_i64(&json, "exit", verified->exit);
    cli_json_text(&json, "reason", compared ? "" : verified->other->outcome.text);
    cli_json_u64(&json, "seed", verified->seed);
    cli_json_u64(&json, "runs", args->runs);
    cli_json_u64(&json, "run", verified->run);
    if (verified->cause == CLI_CAUSE_TRAP)
        trapped_json(&json, verified);
    else if (verified->cause == CLI_CAUSE_ONCE)
        once_json(&json, verified);
    else if (verified->exit == CLI_DIVERGED)
        difference_json(&json, scenario->scn, verified);
    cli_json_close(&json, '}');
    putchar('\n');
}
