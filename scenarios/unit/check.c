/* SPDX-License-Identifier: MIT */
/*
 * One seed after the other. The first one that fails is run again, quietly but for its log: so the
 * report has the log's last lines, and says whether the failure comes again.
 */
#include "scenarios/unit/unit.h"
#include "sim/host.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WALL_LIMIT_DEFAULT_NS (20 * SM_S)
/* verify's second way: heaps and stacks lie elsewhere, and fresh memory has other contents. */
#define OTHER_BASE_SHIFT ((uint64_t)1 << 33)
#define OTHER_HEAP_FILL  JOB_FILL(0xc3u)
#define OTHER_STACK_FILL JOB_FILL(0x3cu)

struct check {
    const char *file, *name;
    int line;
    const struct sim_test *test;
    struct unit_choice choice;
    struct unit_system *system;
    struct unit_shared *shared;
    bool seen[SIM_NAMES_MAX]; /* of test->sometimes: it held in some run */
};

/* ---- the end of a check ---- */

static void finish(struct check *check)
{
    munmap(check->shared, sizeof *check->shared);
    sim_host_free(check->system);
}

/* Fails the Check test with one line. Does not return. */
static void fail_check(struct check *check, const char *file, int line, const char *text)
{
    char where[sizeof check->shared->file];

    snprintf(where, sizeof where, "%s", file); /* it may be in what is freed now */
    finish(check);
    unit_fail_test(where, line, text);
}

/* ---- runs ---- */

static struct job_command command_of(const struct check *check, uint64_t seed)
{
    const sm_time wall_ns = check->test->wall_limit_ns;
    struct job_command command = {
        .version = JOB_VERSION,
        .flags =
            JOB_KEEP_OUTPUT | JOB_PRINT_ASIDE | (check->choice.foreground ? JOB_FOREGROUND : 0u),
        .seed = seed,
        .log_level = -1,
        .log_fd = -1,
        .trace_fd = -1,
        .until_ns = INT64_MAX,
        .wall_limit_ns = wall_ns ? wall_ns : WALL_LIMIT_DEFAULT_NS,
    };

    if (check->choice.single) {
        command.log_level = check->choice.log_level;
        command.log_fd = STDERR_FILENO;
        command.wall_limit_ns = INT64_MAX; /* somebody may be looking at it */
    }
    return command;
}

static void run(struct check *check, const struct job_command *command)
{
    if (check->choice.foreground)
        unit_run(check->system, command, check->shared);
    else
        unit_run_in_child(check->system, command, check->shared);
}

/* The same run again: what it prints is dropped, and nothing else may be different. */
static struct job_command quiet(const struct job_command *command)
{
    struct job_command again = *command;

    again.flags &= ~(uint32_t)JOB_KEEP_OUTPUT;
    again.log_fd = -1;
    again.log_level = -1;
    return again;
}

static struct job_command elsewhere(const struct job_command *command)
{
    struct job_command other = quiet(command);

    other.base_shift = OTHER_BASE_SHIFT;
    other.heap_fill = OTHER_HEAP_FILL;
    other.stack_fill = OTHER_STACK_FILL;
    return other;
}

/* ---- a seed that fails ---- */

/* Runs a failed seed again for its log; returns what that says of the digest. */
static const char *confirm(struct check *check, const struct job_command *command, int log_fd,
                           struct unit_shared *kept)
{
    struct job_command again = quiet(command);

    *kept = *check->shared;
    if (check->choice.foreground)
        return "";
    again.log_fd = log_fd;
    again.log_level = log_fd >= 0 ? SM_LOG_DEBUG : -1;
    run(check, &again);
    return check->shared->result.digest == kept->result.digest
               ? ", the same in a second run"
               : ", ANOTHER in a second run: the test is not deterministic";
}

static void report_failure(struct check *check, const struct job_command *command)
{
    const bool finding = check->shared->result.finding != JOB_FINDING_NONE;
    const int log_fd = check->choice.single ? -1 : memfd_create("log", MFD_CLOEXEC);
    struct unit_shared *kept = sim_host_alloc(sizeof *kept);
    struct unit_report report = {.name = check->name,
                                 .system = check->system,
                                 .shared = kept,
                                 .confirmed = "",
                                 .log_fd = log_fd};
    char text[UNIT_TEXT_BYTES], file[sizeof kept->file];

    if (finding)
        report.confirmed = confirm(check, command, log_fd, kept);
    else
        *kept = *check->shared;
    unit_report(stderr, &report);
    snprintf(text, sizeof text, "seed %" PRIu64 ": %.900s", command->seed, kept->result.text);
    snprintf(file, sizeof file, "%s", kept->file[0] ? kept->file : check->file);
    const int line = kept->file[0] ? kept->line : check->line;
    if (log_fd >= 0)
        close(log_fd);
    sim_host_free(kept);
    fail_check(check, file, line, text);
}

/* ---- a seed that is run twice ---- */

static void report_difference(struct check *check, const struct job_command *first,
                              const struct job_command *second, const char *what)
{
    char where[UNIT_TEXT_BYTES], text[UNIT_TEXT_BYTES];

    unit_find_difference(check->system, first, second, check->shared, where);
    fprintf(stderr, "%s: seed %" PRIu64 ": %s: %s\n  replay    ", check->name, first->seed, what,
            where);
    unit_print_replay(stderr, check->name, first->seed, true);
    fputc('\n', stderr);
    snprintf(text, sizeof text, "seed %" PRIu64 ": %s", first->seed, what);
    fail_check(check, check->file, check->line, text);
}

static void run_again(struct check *check, const struct job_command *command)
{
    const uint64_t digest = check->shared->result.digest;
    const struct job_command again = quiet(command), other = elsewhere(command);

    run(check, &again);
    if (check->shared->result.digest != digest)
        report_difference(check, &again, &again, "two runs of this seed are different");
    if (!check->test->verify)
        return;
    run(check, &other);
    if (check->shared->result.digest != digest)
        report_difference(check, &again, &other,
                          "this seed depends on addresses, or on uninitialised memory");
}

/* ---- all seeds ---- */

static void note_seen(struct check *check)
{
    const struct job_result *result = &check->shared->result;

    for (uint32_t i = 0; i < SIM_NAMES_MAX && check->test->sometimes[i]; i++) {
        for (uint32_t k = 0; k < result->property_count; k++) {
            if (strcmp(result->properties[k].name, check->test->sometimes[i]) == 0)
                check->seen[i] |= result->properties[k].true_count > 0;
        }
    }
}

static void judge_sometimes(struct check *check)
{
    char text[UNIT_TEXT_BYTES];

    for (uint32_t i = 0; i < SIM_NAMES_MAX && check->test->sometimes[i]; i++) {
        if (check->seen[i])
            continue;
        snprintf(text, sizeof text,
                 "sometimes '%s' held in none of the seeds %" PRIu64 "..%" PRIu64,
                 check->test->sometimes[i], check->choice.first, check->choice.last);
        fail_check(check, check->file, check->line, text);
    }
}

static void run_once(struct check *check, uint64_t seed)
{
    const struct job_command command = command_of(check, seed);

    run(check, &command);
    if (check->shared->result.verdict != JOB_PASSED)
        report_failure(check, &command);
    note_seen(check);
    if (check->choice.single)
        unit_report_passed(stderr, check->name, &check->shared->result);
    else if (check->test->verify || seed == check->choice.first)
        run_again(check, &command);
}

/* A seed is run for each state that sim_crash_each may leave; for one, if it is not called. */
static void run_seed(struct check *check, uint64_t seed)
{
    const uint64_t most = unit_crash_states_max(check->test);
    struct unit_shared *shared = check->shared;

    shared->crash_state = check->choice.crash_state;
    do
        run_once(check, seed);
    while (!check->choice.single && ++shared->crash_state < shared->crash_states &&
           shared->crash_state < most);
}

static void run_seeds(struct check *check)
{
    uint64_t seed = check->choice.first;

    do
        run_seed(check, seed);
    while (seed++ != check->choice.last);
    if (check->choice.all)
        judge_sometimes(check);
}

void sim_check_at(const char *file, int line, const struct sim_test *test)
{
    struct check check = {.file = file,
                          .line = line,
                          .test = test,
                          .name = test->name ? test->name : tcase_name(),
                          .system = sim_host_alloc(sizeof *check.system),
                          .shared = mmap(NULL, sizeof *check.shared, PROT_READ | PROT_WRITE,
                                         MAP_SHARED | MAP_ANONYMOUS, -1, 0)};
    char text[UNIT_TEXT_BYTES];

    SM_ASSERT_MSG(!sm__current, "sim_check is called from within a simulation");
    SM_ASSERT(check.shared != MAP_FAILED);
    int error = unit_choose(&check.choice, test, check.name, text);
    if (!error && !check.choice.skipped)
        error = unit_system_init(check.system, test, text);
    if (error)
        fail_check(&check, file, line, text);
    if (!check.choice.skipped) {
        backtrace_prepare();
        run_seeds(&check);
    }
    finish(&check);
}

int sim_main(const TTest *const *tests)
{
    Suite *suite = suite_create(program_invocation_short_name);
    TCase *tcase = tcase_create("simulations");

    tcase_set_timeout(tcase, 3600);
    for (; *tests; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
