/* SPDX-License-Identifier: MIT */
/*
 * Part (a) of determinism: the same bases, repeated.
 *
 * The first run is the reference. Runs 3, 5, ... go on in its process; runs 2, 4, ... get a fresh
 * process each, which first does one run of another seed. So each seed is compared across processes
 * and across positions in a process's life.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/cli/event_text.h"
#include "scenarios/cli/json.h"
#include "scenarios/cli/report.h"
#include "scenarios/cli/runner.h"
#include "scenarios/cli/seed.h"
#include "scenarios/cli/style.h"
#include "scenarios/cli/trace_file.h"

#define EVENTS_BEFORE 3 /* equal events that are shown before the first difference */

struct verify {
    const struct cli_args *args;
    struct cli_scenario scenario;
    struct cli_runner used, fresh; /* the reference's process, and the other ones */
    int reference_fd, other_fd;    /* traces */
    struct cli_outcome reference, other;
};

static bool json_wanted(const struct verify *verify)
{
    return cli_given(verify->args, CLI_OPT_JSON);
}

/* One run with its events in `trace_fd`; -1: they are not wanted. */
static void run(struct verify *verify, struct cli_runner *runner, uint64_t seed, int trace_fd,
                struct cli_outcome *outcome)
{
    struct job_command command = cli_runner_command(verify->args, seed);
    command.trace_fd = trace_fd;
    if (trace_fd >= 0)
        cli_trace_file_reset(trace_fd);
    cli_runner_run(runner, &command, outcome);
}

static bool same_result(const struct cli_outcome *a, const struct cli_outcome *b)
{
    const struct job_result *x = &a->result, *y = &b->result;
    return x->digest == y->digest && x->events == y->events && x->virtual_ns == y->virtual_ns &&
           x->verdict == y->verdict && x->finding == y->finding;
}

static void print_event(const struct verify *verify, const char *title,
                        const struct cli_trace_view *view, size_t index)
{
    printf("  %-8s", title);
    if (index < view->count)
        cli_event_print_text(stdout, verify->scenario.scn, &view->records[index]);
    else
        printf("no more events\n");
}

static void print_difference(const struct verify *verify, const struct cli_trace_view *a,
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
        print_event(verify, "both", a, i);
    print_event(verify, "run 1", a, at);
    snprintf(title, sizeof title, "run %" PRIu32, number);
    print_event(verify, title, b, at);
}

static void difference_json(const struct verify *verify, struct cli_json *json,
                            const struct cli_trace_view *a, const struct cli_trace_view *b)
{
    size_t at = cli_trace_first_difference(a, b);
    const struct cli_trace_view *views[] = {a, b};
    const char *const names[] = {"reference", "other"};
    if (at == SIZE_MAX)
        return;
    cli_json_u64(json, "first_difference", at + 1);
    for (int i = 0; i < 2; i++) {
        if (at >= views[i]->count)
            continue;
        fprintf(json->file, ",\"%s\":", names[i]);
        cli_event_print_json(json->file, verify->scenario.scn, &views[i]->records[at]);
    }
}

static void report_json(const struct verify *verify, uint64_t seed, uint32_t number,
                        const struct cli_trace_view *a, const struct cli_trace_view *b)
{
    struct cli_json json;
    cli_json_begin(&json, stdout);
    cli_json_open(&json, NULL, '{');
    cli_report_scenario_json(&json, &verify->scenario);
    cli_json_text(&json, "verdict", "not deterministic");
    cli_json_i64(&json, "exit", CLI_DIVERGED);
    cli_json_u64(&json, "seed", seed);
    cli_json_u64(&json, "run", number);
    cli_json_hex(&json, "reference_digest", verify->reference.result.digest);
    cli_json_hex(&json, "other_digest", verify->other.result.digest);
    difference_json(verify, &json, a, b);
    cli_json_close(&json, '}');
    putchar('\n');
}

static int report_divergence(const struct verify *verify, uint64_t seed, uint32_t number)
{
    struct cli_trace_view a, b;
    cli_trace_view_open(&a, verify->reference_fd);
    cli_trace_view_open(&b, verify->other_fd);
    if (json_wanted(verify)) {
        report_json(verify, seed, number, &a, &b);
    } else {
        printf("%snot deterministic%s: seed %" PRIu64 ", runs 1 and %" PRIu32 " of %" PRIu32
               " differ\n",
               cli_style(stdout, CLI_RED), cli_style(stdout, CLI_PLAIN), seed, number,
               verify->args->runs);
        print_difference(verify, &a, &b, number);
        printf("  digests %016" PRIx64 " and %016" PRIx64 "\n", verify->reference.result.digest,
               verify->other.result.digest);
    }
    cli_trace_view_close(&a);
    cli_trace_view_close(&b);
    return CLI_DIVERGED;
}

static int not_judged(const struct cli_outcome *outcome, uint32_t number)
{
    cli_error("seed %" PRIu64 ", run %" PRIu32 ": %s: %s", outcome->seed, number,
              cli_verdict_text(outcome->exit), outcome->text);
    return outcome->exit;
}

static bool judged(const struct cli_outcome *outcome)
{
    return outcome->exit == CLI_PASSED || outcome->exit == CLI_FINDING;
}

static int verify_seed(struct verify *verify, uint64_t seed)
{
    run(verify, &verify->used, seed, verify->reference_fd, &verify->reference);
    if (!judged(&verify->reference))
        return not_judged(&verify->reference, 1);
    for (uint32_t number = 2; number <= verify->args->runs; number++) {
        struct cli_runner *runner = number % 2 == 0 ? &verify->fresh : &verify->used;
        if (runner == &verify->fresh) {
            cli_runner_stop(runner);
            run(verify, runner, seed + number, -1, &verify->other);
        }
        run(verify, runner, seed, verify->other_fd, &verify->other);
        if (!judged(&verify->other))
            return not_judged(&verify->other, number);
        if (!same_result(&verify->reference, &verify->other))
            return report_divergence(verify, seed, number);
    }
    if (!json_wanted(verify))
        printf("seed %-12" PRIu64 " %" PRIu32 " runs the same: %s, %" PRIu64
               " events, digest %016" PRIx64 "\n",
               seed, verify->args->runs, cli_verdict_text(verify->reference.exit),
               verify->reference.result.events, verify->reference.result.digest);
    return CLI_PASSED;
}

static int verify_all(struct verify *verify, uint64_t first, uint64_t last)
{
    int exit = CLI_PASSED;
    for (uint64_t seed = first; exit == CLI_PASSED; seed++) {
        exit = verify_seed(verify, seed);
        if (seed == last)
            break;
    }
    if (exit == CLI_PASSED && json_wanted(verify)) {
        struct cli_json json;
        cli_json_begin(&json, stdout);
        cli_json_open(&json, NULL, '{');
        cli_report_scenario_json(&json, &verify->scenario);
        cli_json_text(&json, "verdict", "deterministic");
        cli_json_i64(&json, "exit", exit);
        cli_json_u64(&json, "first_seed", first);
        cli_json_u64(&json, "last_seed", last);
        cli_json_u64(&json, "runs", verify->args->runs);
        cli_json_hex(&json, "last_digest", verify->reference.result.digest);
        cli_json_close(&json, '}');
        putchar('\n');
    }
    return exit;
}

static int init_runners(struct verify *verify)
{
    struct cli_runner *runners[] = {&verify->used, &verify->fresh};
    verify->reference_fd = cli_trace_file_open();
    verify->other_fd = cli_trace_file_open();
    if (verify->reference_fd < 0 || verify->other_fd < 0) {
        cli_error("no space for traces: %s",
                  strerror(-(verify->reference_fd < 0 ? verify->reference_fd : verify->other_fd)));
        return CLI_NOT_JUDGED;
    }
    for (int i = 0; i < 2; i++) {
        int failed = cli_runner_init(runners[i], &verify->scenario, verify->args);
        if (failed != 0)
            return failed;
        runners[i]->setup.keep_fds[0] = verify->reference_fd;
        runners[i]->setup.keep_fds[1] = verify->other_fd;
        runners[i]->setup.quiet = true;
    }
    return 0;
}

static int verify_scenario(struct verify *verify)
{
    const struct cli_args *args = verify->args;
    uint64_t first = args->seed_first, last = args->seed_last;
    if (!cli_given(args, CLI_OPT_SEEDS))
        first = last = cli_given(args, CLI_OPT_SEED) ? args->seed : cli_fresh_seed();
    if (!json_wanted(verify)) {
        printf("seed        %" PRIu64, first);
        if (last != first)
            printf("..%" PRIu64, last);
        putchar('\n');
        cli_report_header(stdout, &verify->scenario, args);
    }
    int exit = init_runners(verify);
    if (exit == 0) {
        exit = verify_all(verify, first, last);
        cli_runner_stop(&verify->used);
        cli_runner_stop(&verify->fresh);
    }
    if (verify->reference_fd >= 0)
        close(verify->reference_fd);
    if (verify->other_fd >= 0)
        close(verify->other_fd);
    return exit;
}

int cli_verb_verify(const struct cli_args *args)
{
    if (cli_given(args, CLI_OPT_SEED) && cli_given(args, CLI_OPT_SEEDS)) {
        cli_error("verify: either --seed or --seeds");
        return CLI_USAGE;
    }
    struct verify *verify = calloc(1, sizeof *verify);
    if (verify == NULL)
        return CLI_NOT_JUDGED;
    verify->args = args;
    int exit = cli_scenario_load(&verify->scenario, args->files[0], args);
    if (exit == 0) {
        exit = verify_scenario(verify);
        cli_scenario_unload(&verify->scenario);
    }
    free(verify);
    return exit;
}
