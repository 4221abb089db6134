/* SPDX-License-Identifier: MIT */
/*
 * What the helper says when a simulation fails, and that the line it prints brings the same failure
 * again. Runs the programs test_planted and misfits.
 *
 * Environment: PLANTED, MISFITS (the programs).
 */
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static char output[1 << 20];

/* Runs a command by the shell; its exit code. What it prints is in `output`. */
static int shell(const char *command)
{
    char line[8192];

    snprintf(line, sizeof line, "{ %s; } 2>&1", command);
    FILE *pipe = popen(line, "r");
    ck_assert_ptr_nonnull(pipe);
    const size_t size = fread(output, 1, sizeof output - 1, pipe);
    output[size] = '\0';
    const int status = pclose(pipe);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* What stands behind a word on its line of the output; the test fails if it is not there. */
static void find(const char *word, char *text, size_t size)
{
    const char *at = strstr(output, word);

    ck_assert_msg(at != NULL, "'%s' is missing: %.2000s", word, output);
    at += strlen(word);
    snprintf(text, size, "%.*s", (int)strcspn(at, ",\n"), at);
}

static void expect(const char *text)
{
    ck_assert_msg(strstr(output, text) != NULL, "'%s' is missing: %.2000s", text, output);
}

/* How many lines of the output begin with a text. */
static int count_lines(const char *start)
{
    int count = 0;

    for (const char *line = output; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        count += strncmp(line, start, strlen(start)) == 0;
    }
    return count;
}

/* The line that the output of a failed run holds brings the same failure again, and nothing else.
 */
static void comes_again(void)
{
    char heading[1024], digest[64], replay[4096], again[64];

    expect("the same in a second run");
    find("digest    ", digest, sizeof digest);
    find("replay    ", replay, sizeof replay);
    snprintf(heading, sizeof heading, "%.*s", (int)strcspn(output, "\n"), output);
    ck_assert_int_eq(shell(replay), 1);
    expect(heading);
    find("digest    ", again, sizeof again);
    ck_assert_str_eq(digest, again);
    ck_assert_int_eq(count_lines("not ok"), 1);
}

/* ---- the planted bug ---- */

/* The failing example says what broke, where, and after which faults. */
START_TEST(planted_bug_is_found)
{
    ck_assert_int_eq(shell(getenv("PLANTED")), 1);
    expect("careless_server: seed ");
    expect("Assertion 'sum == answered' failed: sum == ");
    expect("machine   test, daemon test-body");
    expect("careless_server_body ");
    expect("test_planted.c:");
    expect("s crash server\n");
    expect("s start server\n");
    expect("INFO  add amount=1 sum=5");
    expect("not ok 1 - ");
    expect("ok 2 - ");
}
END_TEST

/* The line to paste brings the same failure again, with the same digest, and runs nothing else. */
START_TEST(planted_bug_is_replayed)
{
    ck_assert_int_eq(shell(getenv("PLANTED")), 1);
    comes_again();
    expect("INFO  add amount=1 sum=5"); /* the log is shown as it happens */
}
END_TEST

/* The same without any fork, as in a debugger. */
START_TEST(planted_bug_in_foreground)
{
    char command[4096], replay[4000], digest[64], again[64];

    ck_assert_int_eq(shell(getenv("PLANTED")), 1);
    find("digest    ", digest, sizeof digest);
    find("replay    ", replay, sizeof replay);
    snprintf(command, sizeof command, "CK_FORK=no %s", replay);
    ck_assert_int_eq(shell(command), 1);
    find("digest    ", again, sizeof again);
    ck_assert_str_eq(digest, again);
}
END_TEST

/* Arguments and Check's choice of a test case are a part of the line, quoted where need be. */
START_TEST(replay_is_quoted)
{
    char command[4096], replay[4000];

    snprintf(command, sizeof command, "CK_RUN_CASE=simulations %s \"it's one\" -x",
             getenv("PLANTED"));
    ck_assert_int_eq(shell(command), 1);
    find("replay    ", replay, sizeof replay);
    ck_assert_ptr_nonnull(strstr(replay, " CK_RUN_CASE=simulations "));
    ck_assert_ptr_nonnull(strstr(replay, " 'it'\\''s one' -x"));
    ck_assert_int_eq(shell(replay), 1);
}
END_TEST

/* ---- seeds by the environment ---- */

static int planted_with(const char *settings)
{
    char command[4096];

    snprintf(command, sizeof command, "%s %s", settings, getenv("PLANTED"));
    return shell(command);
}

/* Other seeds instead of the test's own; one that passes says so. */
START_TEST(seeds_are_chosen)
{
    char seed[32], settings[64];

    ck_assert_int_eq(planted_with("SIM_SEEDS=1..1"), 0);
    ck_assert_int_eq(planted_with("SIM_SEEDS=1..200"), 1);
    find("careless_server: seed ", seed, sizeof seed);
    snprintf(settings, sizeof settings, "SIM_SEEDS=1..%d", atoi(seed) - 1);
    ck_assert_int_eq(planted_with(settings), 0);
    ck_assert_int_eq(planted_with("SIM_TEST=careless_server SIM_SEED=1"), 0);
    expect("careless_server: seed 1: passed");
    ck_assert_int_eq(planted_with("SIM_TEST=careless_server SIM_SEED=1 SIM_LOG=warn"), 0);
    ck_assert_ptr_null(strstr(output, "INFO"));
}
END_TEST

struct refusal {
    const char *settings, *text;
};

static const struct refusal refusals[] = {
    {"SIM_SEED=x", "SIM_SEED=x is no seed: a decimal number, or 0x and hexadecimal digits"},
    {"SIM_SEED=-1", "SIM_SEED=-1 is no seed"},
    {"SIM_SEEDS=9..3", "SIM_SEEDS=9..3 is no range of seeds: A..B, such as 1..1000"},
    {"SIM_SEEDS=9", "SIM_SEEDS=9 is no range"},
    {"SIM_LOG=dbug", "SIM_LOG=dbug is no log level: did you mean 'debug'?"},
};
#define REFUSALS (int)(sizeof refusals / sizeof refusals[0])

/* A setting that makes no sense fails the test, with a message. */
START_TEST(bad_settings_are_refused)
{
    ck_assert_int_eq(planted_with(refusals[_i].settings), 1);
    expect(refusals[_i].text);
}
END_TEST

/* ---- everything else that can fail ---- */

struct misfit {
    const char *test, *text, *detail;
};

/* Those that fail in a run: with a digest, and again by their line. */
static const struct misfit runs[] = {
    {"assert_in_daemon", "misfits.c:", "machine   bad, daemon misfit, task misfit"},
    {"always", "always 'is well' violated: what=always", "misbehave"},
    {"aborts", "SIGABRT: the daemon called abort", "misbehave"},
    {"exits", "the daemon called exit", "misbehave"},
    {"overflows", "stack overflow", "overflow "},
    {"prepare_blocks", "machine 'bad': daemon 'misfit': prepare: timed out", ""},
    {"prepare_fails", "daemon 'misfit': prepare: input/output error (no ink)", ""},
    {"run_fails", "daemon 'misfit': run: input/output error (no paper)", ""},
    {"stop_fails", "daemon 'misfit': stop: input/output error (no lid)", "1.000000000s"},
    {"pending", "eventually 'is done' does not hold on 1 machine", ""},
    {"unevaluated", "eventually 'is well-behaved' was never evaluated", ""},
    {"stale_read", "the history of register 1 is not linearizable", ""},
    {"assert_in_body", "misfits.c:", "Assertion '(int)(sim_seed(env) % 10) == 5' failed"},
    {"assert_in_task", "the task says no", "machine   test, daemon test-body, task later"},
    {"lacks_configuration", "machine 'a': daemon 'misfit': construct: ", ""},
    {"waits_for_ever", "the body waits for ever: nothing is left that could happen",
     "wait_for_ever "},
    {"takes_long", "the body did not return within 5s of virtual time", "takes_long_body "},
    {"unknown_machine",
     "sim_crash: no machine 'goof1': did you mean 'good1'? (there are: good1, good2, test)",
     "s pause good2\n"},
    {"crashes_itself", "sim_crash: machine 'test' runs the body", ""},
    {"stops_while_paused", "sim_stop: machine 'good2' is paused", "s pause good2\n"},
    {"both_sides", "sim_partition: machine 'good2' is on both sides", ""},
    {"no_such_fault", "sim_end: there is no network fault 7", "s end network fault 1\n"},
    {"bad_link", "sim_degrade: a share is above a million", ""},
    {"several_machines", "sim_is_up: 'good' are several machines", ""},
    {"meddles", "sim_crash: only the body, and tasks that it spawns, may call it", "meddler_run "},
    {"dereference", "ull pointer", "misbehave"}, /* last: see RUNS */
};
/* Without a sanitizer that sees it first, a null pointer is a signal. */
#ifdef __SANITIZE_ADDRESS__
#define RUNS (int)(sizeof runs / sizeof runs[0])
#else
#define RUNS (int)(sizeof runs / sizeof runs[0] - 1)
#endif

static const char *misfit_command(const char *settings, const char *test)
{
    static char command[4096];

    snprintf(command, sizeof command, "%s SIM_TEST=%s %s", settings, test, getenv("MISFITS"));
    return command;
}

/* Each failure of a run says what it is, and comes again by its line. */
START_TEST(failure_comes_again)
{
    ck_assert_int_eq(shell(misfit_command("", runs[_i].test)), 1);
    expect(runs[_i].text);
    expect(runs[_i].detail);
    ck_assert_int_eq(count_lines("not ok"), 1);
    comes_again();
}
END_TEST

/* Those of the test as a whole. */
static const struct misfit others[] = {
    {"never", "sometimes 'is happy' held in none of the seeds 1..3", ""},
    {"draws_for_real", "two runs of this seed are different: they part at event #",
     "SIM_TEST=draws_for_real SIM_SEEDS=1..1 "},
    {"reads_fresh_memory",
     "this seed depends on addresses, or on uninitialised memory: they part at event #",
     "SIM_TEST=reads_fresh_memory SIM_SEEDS=1..1 "},
    {"takes_real_time", "given up after 0.1 s of real time", "replay    "},
    {"names_twice", "two machines are called 'a1'", ""},
    {"name_of_the_body", "two machines are called 'test': one of them runs the body", ""},
    {"no_body", "the test has no body", ""},
    {"unknown_model", "linearizable: there is no model 'queue' (there is: register)", ""},
    {"compares_addresses", "this seed depends on addresses", "they part at event #"},
};
/* AddressSanitizer's own allocator decides on addresses. */
#ifdef __SANITIZE_ADDRESS__
#define OTHERS (int)(sizeof others / sizeof others[0] - 1)
#else
#define OTHERS (int)(sizeof others / sizeof others[0])
#endif

/* Each failure of a test says what it is. */
START_TEST(failure_is_told)
{
    ck_assert_int_eq(shell(misfit_command("", others[_i].test)), 1);
    expect(others[_i].text);
    expect(others[_i].detail);
    if (strstr(output, "SIM_SEEDS=")) { /* the comparison comes out the same again */
        char replay[4096];
        find("replay    ", replay, sizeof replay);
        ck_assert_int_eq(shell(replay), 1);
        expect(others[_i].text);
    }
    ck_assert_int_eq(count_lines("not ok"), 1);
}
END_TEST

/* A system call past libc is stopped, with the line that makes it, where the kernel can do that. */
START_TEST(past_libc)
{
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
    if (prctl(59 /* syscall user dispatch */, 0, 0, 0, 0) != 0)
        return;
    ck_assert_int_eq(shell(misfit_command("", "asks_the_kernel")), 1);
    expect("the daemon made the system call getppid by itself");
    expect("misfits.c:");
    comes_again();
#endif
}
END_TEST

/* A crash is contained, whether Check forks or not: the other tests still run. */
START_TEST(crashes_are_contained)
{
    char command[4096];

    ck_assert_int_eq(shell(getenv("MISFITS")), 1);
    const int failures = count_lines("not ok");
    ck_assert_int_ge(failures, RUNS + OTHERS);
    ck_assert_int_le(count_lines("ok"), 1);
    snprintf(command, sizeof command, "CK_FORK=no %s", getenv("MISFITS"));
    ck_assert_int_eq(shell(command), 1);
    ck_assert_int_eq(count_lines("not ok"), failures);
}
END_TEST

/* Without a fork even a signal is reported, and Check goes on. */
START_TEST(signal_in_foreground)
{
    ck_assert_int_eq(shell(misfit_command("CK_FORK=no SIM_SEED=1", "aborts")), 1);
    expect("aborts: seed 1: SIGABRT: the daemon called abort");
    expect("misbehave");
    expect("digest    ");
    ck_assert_int_eq(count_lines("not ok"), 1);
    ck_assert_int_gt(count_lines("ok"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("helper");
    TCase *tcase = tcase_create("helper");

    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, planted_bug_is_found);
    tcase_add_test(tcase, planted_bug_is_replayed);
    tcase_add_test(tcase, planted_bug_in_foreground);
    tcase_add_test(tcase, replay_is_quoted);
    tcase_add_test(tcase, seeds_are_chosen);
    tcase_add_loop_test(tcase, bad_settings_are_refused, 0, REFUSALS);
    tcase_add_loop_test(tcase, failure_comes_again, 0, RUNS);
    tcase_add_loop_test(tcase, failure_is_told, 0, OTHERS);
    tcase_add_test(tcase, past_libc);
    tcase_add_test(tcase, crashes_are_contained);
    tcase_add_test(tcase, signal_in_foreground);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
