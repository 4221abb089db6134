/* SPDX-License-Identifier: MIT */
/*
 * Libraries that ask libc for things by themselves: what works on a machine, and what ends the run.
 * Runs the real program on the plugin uses.c, whose daemon uses one of them and states what holds.
 *
 * Environment: STEELMILL (the program), USES_PLUGIN, USES_SCENARIO.
 */
#include "tests/core/program.h"

/* Runs `steelmill VERB SCENARIO ...` with both machines using `what`; its exit code. */
static int steelmill(const char *verb, const char *what, const char *options)
{
    return program_run("%s %s %s --set plugin=%s --set machines.one.config.what=%s "
                       "--set machines.two.config.what=%s %s",
                       getenv("STEELMILL"), verb, getenv("USES_SCENARIO"), getenv("USES_PLUGIN"),
                       what, what, options);
}

static const char *const works[] = {"sqlite_memory", "hiredis_parser", "uv_system"};
#define WORKS (int)(sizeof works / sizeof works[0])

/* What needs nothing but libc's answers works, and is the same in each run of a seed. */
START_TEST(works_on_a_machine)
{
    ck_assert_msg(steelmill("run", works[_i], "--seed 1") == 0, "%s", output);
    must_hold("used");
    ck_assert_msg(steelmill("verify", works[_i], "--seed 2 --runs 2") == 0, "%s", output);
}
END_TEST

static const struct {
    const char *what, *call, *advice, *function, *line;
} ends[] = {
    {"sqlite_file", "the daemon called open", "files to write are opened with sm_file_open",
     "sqlite_file ", "uses_sqlite.c:"},
    {"hiredis_connect", "the daemon called socket",
     "machines talk by sm_stream_open and sm_datagram_send", "hiredis_connect ", "uses_hiredis.c:"},
    {"uv_loop", "the daemon called epoll_create1", "wait with sm_wait_any", "uv_loop ",
     "uses_uv.c:"},
};
#define ENDS (int)(sizeof ends / sizeof ends[0])

/* What goes to the operating system ends the run: the finding names the call that the library made,
 * what to use instead, and the daemon's line that led there. */
START_TEST(ends_the_run)
{
    ck_assert_msg(steelmill("run", ends[_i].what, "--seed 1") == 1, "%s", output);
    must_hold(ends[_i].call);
    must_hold("which is not simulated");
    must_hold(ends[_i].advice);
    must_hold(ends[_i].function);
    must_hold(ends[_i].line);
}
END_TEST

/* A library's random numbers are another machine's on another machine, and another seed's. */
START_TEST(randomness_is_the_machines)
{
    char line[128];

    ck_assert_int_eq(steelmill("run", "sqlite_memory", "--seed 1"), 0);
    const char *one = strstr(output, " one out random "), *two = strstr(output, " two out random ");
    ck_assert_msg(one && two, "%s", output);
    ck_assert_int_ne(memcmp(one + 16, two + 16, 16), 0);
    snprintf(line, sizeof line, "%.32s", one);
    ck_assert_int_eq(steelmill("run", "sqlite_memory", "--seed 1"), 0);
    must_hold(line);
    ck_assert_int_eq(steelmill("run", "sqlite_memory", "--seed 2"), 0);
    ck_assert(strstr(output, line) == NULL);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, works_on_a_machine, 0, WORKS);
    tcase_add_loop_test(tc, ends_the_run, 0, ENDS);
    tcase_add_test(tc, randomness_is_the_machines);
}

int main(void)
{
    return program_suite("libraries", add_tests);
}
