/* SPDX-License-Identifier: MIT */
/*
 * Whatever a daemon does wrong is a finding with machine, task and source line, in a run and in a
 * sweep that goes on. Runs the real program on the plugin broken.c.
 *
 * Environment: STEELMILL (the program), BROKEN_PLUGIN, BROKEN_SCENARIO.
 */
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static char output[1 << 20];

/* Runs `steelmill VERB SCENARIO ... OPTIONS`; its exit code. The output is in `output`. */
static int steelmill(const char *verb, const char *options)
{
    char command[2048];

    snprintf(command, sizeof command, "%s %s %s --set plugin=%s %s 2>&1", getenv("STEELMILL"), verb,
             getenv("BROKEN_SCENARIO"), getenv("BROKEN_PLUGIN"), options);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    const size_t size = fread(output, 1, sizeof output - 1, pipe);
    output[size] = '\0';
    const int status = pclose(pipe);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

struct misdeed {
    const char *what, *text, *function;
};

static const struct misdeed misdeeds[] = {
#ifdef SANITIZED /* the sanitizers see these first */
    {"dereference", "UndefinedBehaviorSanitizer: Store to null pointer", "dereference_null"},
    {"beyond", "AddressSanitizer: heap-buffer-overflow: a write of 32 bytes", "write_beyond"},
    {"twice", "AddressSanitizer: double-free", "free_twice"},
    {"damage", "AddressSanitizer: heap-buffer-overflow", "damage_quietly"},
    {"use_after_free", "AddressSanitizer: heap-use-after-free: a write of 1 byte",
     "use_after_free"},
    {"variable", "AddressSanitizer: global-buffer-overflow: a write of 1 byte",
     "write_beyond_variable"},
    {"divide", "UndefinedBehaviorSanitizer: Division by zero", "divide"},
#else
    {"dereference", "SIGSEGV at address 0x0", "dereference_null"},
    {"beyond", "written beyond the end of the block of 24 bytes", "write_beyond"},
    {"twice", "freed already", "free_twice"},
    {"damage", "the heap is damaged", ""},
    {"divide", "SIGFPE", "divide"},
#endif
    {"overflow", "stack overflow", "overflow "},
    {"loop", "does not yield", "loop_for_ever"},
    {"abort", "SIGABRT", "misbehave"},
    {"jump", "SIGSEGV at address 0x0", "jump_nowhere"},
    {"yield", "at one instant", ""},
    {"exit", "called exit", "misbehave"},
    {"_exit", "called exit", "misbehave"},
    {"fail", "daemon 'broken': run: input/output error (the tank is empty)", ""},
    {"always", "always 'is well' violated: what=always answer=-42", "misbehave"},
    {"unreachable", "unreachable 'the impossible'", "misbehave"},
    {"misuse", "a task joins itself", "misbehave"},
    {"prepare", "daemon 'broken': prepare: address in use (port 7000)", ""},
    {"stop", "daemon 'broken': stop: input/output error (the lid is stuck)", ""},
    {"deadlock", "nothing is left that could happen, and eventually 'settled'", ""},
    {"leak", "has stopped and leaked: 1 block, 1000 bytes", ""},
    {"pending", "eventually 'settled' does not hold on 2 machines", ""},
};
#define MISDEEDS (int)(sizeof misdeeds / sizeof misdeeds[0])

/* Each misdeed ends a run with exit 1, says what happened, and leads to its source line. */
START_TEST(run_finds)
{
    const struct misdeed *misdeed = &misdeeds[_i];
    char options[256];

    snprintf(options, sizeof options, "--seed 1 --set machines.sick.config.what=%s", misdeed->what);
    ck_assert_msg(steelmill("run", options) == 1, "%s: %s", misdeed->what, output);
    ck_assert_msg(strstr(output, misdeed->text), "%s: %s", misdeed->what, output);
    ck_assert_msg(strstr(output, misdeed->function), "%s: %s", misdeed->what, output);
    if (misdeed->function[0]) {
        ck_assert_msg(strstr(output, "broken.c:"), "%s: %s", misdeed->what, output);
        ck_assert_msg(strstr(output, "  machine   sick"), "%s: %s", misdeed->what, output);
        ck_assert_msg(strstr(output, ", task broken"), "%s: %s", misdeed->what, output);
    }
    ck_assert_msg(strstr(output, "replay "), "%s: %s", misdeed->what, output);
}
END_TEST

/* The replay line of each finding gives the same digest and exit code 1 again. */
START_TEST(replay_agrees)
{
    const struct misdeed *misdeed = &misdeeds[_i];
    char options[256];

    snprintf(options, sizeof options, "--seed 7 --set machines.sick.config.what=%s", misdeed->what);
    ck_assert_int_eq(steelmill("run", options), 1);
    const char *digest = strstr(output, "--digest ");
    ck_assert_ptr_nonnull(digest);
    snprintf(options, sizeof options, "--seed 7 --set machines.sick.config.what=%s %.25s",
             misdeed->what, digest);
    ck_assert_msg(steelmill("replay", options) == 1, "%s: %s", misdeed->what, output);
    ck_assert_msg(strstr(output, misdeed->text), "%s: %s", misdeed->what, output);
}
END_TEST

/* In a sweep where one run in five misbehaves, all seeds are run and the finding is listed once. */
START_TEST(sweep_goes_on)
{
    const struct misdeed *misdeed = &misdeeds[_i];
    char options[256];

    if (strcmp(misdeed->what, "loop") == 0) /* each takes its CPU time */
        snprintf(options, sizeof options,
                 "--seeds 1..6 --jobs 2 --set machines.sick.config.what=loop "
                 "--set machines.sick.config.percent=20");
    else
        snprintf(options, sizeof options,
                 "--seeds 1..40 --jobs 2 --set machines.sick.config.what=%s "
                 "--set machines.sick.config.percent=20",
                 misdeed->what);
    ck_assert_msg(steelmill("sweep", options) == 1, "%s: %s", misdeed->what, output);
    ck_assert_msg(strstr(output, misdeed->text), "%s: %s", misdeed->what, output);
}
END_TEST

#ifdef SANITIZED
/* The sanitizer's own report says where the block was freed, in a machine's copy of the plugin. */
START_TEST(reports_have_places)
{
    ck_assert_int_eq(steelmill("run", "--seed 1 --set machines.sick.config.what=use_after_free"),
                     1);
    const char *freed = strstr(output, "freed by thread T0 here:");
    ck_assert_msg(freed && strstr(freed, " in use_after_free "), "%s", output);
}
END_TEST

/* A machine's variables are guarded in its second life as in its first, and are its own. */
START_TEST(variables_stay_guarded)
{
    ck_assert_msg(
        steelmill("run",
                  "--seed 1 --set machines.sick.config.what=variable --set machines.sick.count=1 "
                  "--set 'faults=[{ crash: { of: sick, at: 500ms, restart: 100ms } }]'") == 1,
        "%s", output);
    ck_assert_msg(strstr(output, "AddressSanitizer: global-buffer-overflow"), "%s", output);
    ck_assert_msg(strstr(output, "write_beyond_variable"), "%s", output);
    ck_assert_msg(strstr(output, "  at        1.600000000s"), "%s", output);
}
END_TEST
#endif

/* A machine has the clock that the scenario gives it: the second that it sleeps ends early by the
 * world's time where it runs fast (1.001 ns in each of the world's), and its wall clock is off. */
START_TEST(machine_clocks)
{
    ck_assert_int_eq(steelmill("run", "--seed 1 --set machines.sick.config.what=clock --set "
                                      "'machines.sick.clock={ offset: 5s, drift: 1000ppm }'"),
                     1);
    ck_assert_msg(strstr(output, "'the clock is shown' violated: wall=1767225606000000001"), "%s",
                  output);
    ck_assert_msg(strstr(output, "  at        0.999001000s"), "%s", output);
}
END_TEST

/* Faults of clocks, processors and memory reach the daemons: each is fired, and observed. */
START_TEST(machine_faults)
{
    ck_assert_msg(
        steelmill("run", "--seed 1 --set machines.sick.config.what=work --set "
                         "'faults=[{ clock-step: { of: sick, at: 4s, by: -1s..1s } },"
                         " { clock-drift: { of: sick1, at: 4s, for: 1s, by: 500ppm } },"
                         " { slow: { of: sick, at: 4s, for: 1s, factor: 50 } },"
                         " { no-memory: { of: sick, at: 4s, for: 1s, share: 50%, above: 1KiB } },"
                         " { no-memory: { of: sick2, at: 4s, for: 1s, nth: 3 } }]'") == 0,
        "%s", output);
    ck_assert_msg(!strstr(output, "never bit"), "%s", output);
    ck_assert_msg(strstr(output, "no-memory#2                         1            1            1"),
                  "%s", output);
}
END_TEST

/* A leak leads to the line that has allocated what was leaked. */
START_TEST(leaks_have_a_place)
{
    ck_assert_int_eq(steelmill("run", "--seed 1 --set machines.sick.config.what=leak"), 1);
    ck_assert_msg(strstr(output, "#0   forget "), "%s", output);
    ck_assert_msg(strstr(output, "broken.c:"), "%s", output);
    ck_assert_msg(strstr(output, "  machine   sick1"), "%s", output);
}
END_TEST

/* Leaks are a note where the scenario does not forbid them. */
START_TEST(leaks_are_noted)
{
    ck_assert_msg(steelmill("run", "--seed 1 --set machines.sick.config.what=leak "
                                   "--set expect.leaks=any") == 0,
                  "%s", output);
    ck_assert_msg(strstr(output, " machine 'sick1' has leaked: 1 block, 1000 bytes"), "%s", output);
}
END_TEST

/* Without a misdeed the same plugin passes. */
START_TEST(control)
{
    ck_assert_msg(steelmill("run", "--seed 1") == 0, "%s", output);
    ck_assert_msg(steelmill("sweep", "--seeds 1..50 --jobs 2") == 0, "%s", output);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("findings");
    TCase *tc = tcase_create("findings");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, run_finds, 0, MISDEEDS);
    tcase_add_loop_test(tc, replay_agrees, 0, MISDEEDS);
    tcase_add_loop_test(tc, sweep_goes_on, 0, MISDEEDS);
#ifdef SANITIZED
    tcase_add_test(tc, reports_have_places);
    tcase_add_test(tc, variables_stay_guarded);
#endif
    tcase_add_test(tc, machine_clocks);
    tcase_add_test(tc, machine_faults);
    tcase_add_test(tc, leaks_have_a_place);
    tcase_add_test(tc, leaks_are_noted);
    tcase_add_test(tc, control);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
