/* SPDX-License-Identifier: MIT */
/*
 * What `steelmill verify` finds in a daemon that lets something of its host into its messages. Runs
 * the real program on the plugin leaky.c.
 *
 * Environment: STEELMILL (the program), LEAKY_PLUGIN, LEAKY_SCENARIO.
 */
#include "tests/core/program.h"

#include <stdbool.h>
#include <sys/personality.h>
#include <sys/prctl.h>

static char before[sizeof output];

/* Runs `steelmill verify SCENARIO ... OPTIONS`; its exit code. */
static int verify(const char *leak, const char *options)
{
    return program_run("%s verify %s --set plugin=%s --set machines.leaky.config.leak=%s %s",
                       getenv("STEELMILL"), getenv("LEAKY_SCENARIO"), getenv("LEAKY_PLUGIN"), leak,
                       options);
}

struct leak {
    const char *what, *verdict, *look_for, *function;
};

#define OUTSIDE   "not deterministic", "what answers differently each time"
#define LAYOUT    "not deterministic", "code or static addresses"
#define HEAP      "depends on uninitialised memory (heap)", "a block of malloc or realloc"
#define STACK     "depends on uninitialised memory (stack)", "a local variable that is read"
#define ADDRESSES "depends on addresses", "a heap or stack pointer"

static const struct leak leaks[] = {
    {"heap_byte", HEAP, "leak_heap_byte"},
    {"freed_byte", HEAP, "leak_freed_byte"},
    {"grown_byte", HEAP, "leak_grown_byte"},
    {"stack_byte", STACK, "leak_stack_byte"},
    {"stack_remains", "not deterministic", "with filled stacks the runs", "leak_stack_remains"},
    {"heap_pointer", ADDRESSES, "leak_heap_pointer"},
    {"heap_order", ADDRESSES, "leak_heap_order"},
    {"heap_slot", ADDRESSES, "leak_heap_slot"},
    {"stack_pointer", ADDRESSES, "leak_stack_pointer"},
    {"code_address", LAYOUT, "leak_code_address"},
    {"static_address", LAYOUT, "leak_static_address"},
    {"rdrand", OUTSIDE, "leak_rdrand"},
    {"libm_left", "not deterministic", "what a run leaves in its process", "leak_libm_left"},
    {"stack_truth", STACK, "leak_stack_truth"},
};
#define LEAKS (int)(sizeof leaks / sizeof leaks[0])

/* The output from `title` on, which must be there. */
static const char *part(const char *title)
{
    const char *at = strstr(output, title);

    ck_assert_msg(at != NULL, "no '%s' in:\n%s", title, output);
    return at;
}

/* `text` must stand between `from` and `to`; NULL: the end. */
static void assert_in(const char *from, const char *to, const char *text)
{
    const char *at = strstr(from, text);
    ck_assert_msg(at != NULL && (to == NULL || at < to), "no '%s' at its place in:\n%s", text,
                  output);
}

/* The report on a leak: the verdict, what to look for, the datagram that differs, and the function
 * that sent it on both stacks. */
static void assert_reported(const struct leak *leak)
{
    const char *verdict = part(leak->verdict);
    assert_in(verdict, strchr(verdict, '\n'), ", runs 1 and ");
    assert_in(part("  look for  "), NULL, leak->look_for);
    assert_in(part("  first difference at event "), NULL, ": payload\n");
    const char *first = part("\n  run 1 ");
    assert_in(first, strchr(first + 1, '\n'), " datagram   sink          peer leaky");
    const char *one = part("run 1, brought about by machine leaky, daemon leaky");
    const char *other = strstr(strchr(one, '\n'), ", brought about by machine leaky, daemon leaky");
    ck_assert_msg(other != NULL, "%s: %s", leak->what, output);
    assert_in(one, other, leak->function);
    assert_in(one, other, "leaky.c:");
    assert_in(other, NULL, leak->function);
    assert_in(other, NULL, "leaky.c:");
    part("  again     ");
}

/* Each leak is exit code 3, and reported, where a seed is looked at by itself. */
START_TEST(finds)
{
    const struct leak *leak = &leaks[_i];

    ck_assert_msg(verify(leak->what, "--seed 1 --runs 3") == 3, "%s: %s", leak->what, output);
    part(": seed 1, runs 1 and ");
    assert_reported(leak);
}
END_TEST

/* The same for many seeds, of which each has two runs: among the first few it is found. */
START_TEST(finds_in_many)
{
    const struct leak *leak = &leaks[_i];

    ck_assert_msg(verify(leak->what, "--seeds 1..4") == 3, "%s: %s", leak->what, output);
    assert_reported(leak);
}
END_TEST

/* The stack of a run after others is one of such a run, not of the first in a process. */
START_TEST(stack_after_others)
{
    ck_assert_msg(verify("libm_left", "--seed 1") == 3, "%s", output);
    const char *one = part("run 1, brought about by machine leaky");
    const char *other = strstr(strchr(one, '\n'), ", brought about by machine leaky");
    ck_assert_msg(other != NULL, "%s", output);
    ck_assert_ptr_eq(strstr(one, "say_sign_left"), strstr(other, "say_sign_left"));
    assert_in(other, NULL, "say_sign_left");
}
END_TEST

static const struct {
    const char *what, *text, *function;
} trapped[] = {
    {"real_time", "the daemon made the system call clock_gettime by itself", "leak_real_time"},
    {"rdtsc", "the daemon read the processor's time stamp counter (rdtsc)", "leak_rdtsc"},
    {"randomness", "the daemon made the system call getrandom by itself", "leak_randomness"},
};
#define TRAPPED (int)(sizeof trapped / sizeof trapped[0])

static bool kernel_has_traps(void)
{
    int counter;

    return prctl(59 /* syscall user dispatch */, 0, 0, 0, 0) == 0 &&
           prctl(PR_GET_TSC, &counter) == 0;
}

/* What goes past libc is stopped in the first run, before anything differs: the report names it,
 * and the function and line that did it. */
START_TEST(traps)
{
    char text[256];

    if (!kernel_has_traps())
        return;
    ck_assert_msg(verify(trapped[_i].what, "--seed 1 --runs 3") == 3, "%s", output);
    snprintf(text, sizeof text, "not deterministic: seed 1: %s", trapped[_i].text);
    part(text);
    part("the run was\n            stopped before the host's answer");
    const char *stack = part("run 1, stopped on machine leaky, daemon leaky");
    assert_in(stack, NULL, trapped[_i].function);
    assert_in(stack, NULL, "leaky.c:");
    part("  again     ");
    ck_assert_msg(verify(trapped[_i].what, "--seeds 1..4 --json") == 3, "%s", output);
    part("\"verdict\":\"not deterministic\",\"exit\":3");
    assert_in(part(trapped[_i].text), NULL, trapped[_i].function);
}
END_TEST

/* Programs are told the same. */
START_TEST(finds_json)
{
    const struct leak *leak = &leaks[_i];
    char text[256];

    ck_assert_msg(verify(leak->what, "--seed 1 --runs 3 --json") == 3, "%s", output);
    snprintf(text, sizeof text, "\"verdict\":\"%s\",\"exit\":3", leak->verdict);
    part(text);
    snprintf(text, sizeof text, "\"look_for\":\"%.20s", leak->look_for);
    if (strstr(leak->look_for, "with filled") == NULL) /* stands in its second line */
        part(text);
    assert_in(part("\"reference\":{"), part("\"other\":{"), "\"kind\":\"datagram\"");
    const char *one = part("\"reference_backtrace\":["), *other = part("\"other_backtrace\":[");
    assert_in(one, other, leak->function);
    assert_in(other, NULL, leak->function);
}
END_TEST

/* What differs by chance, in whichever run, is not laid to the change that this run had. */
START_TEST(chance_is_not_blamed_on_changes)
{
    for (int i = 0; i < 10; i++) {
        ck_assert_msg(verify("rare_randomness", "--seeds 1..1000 --runs 2") == 3, "%s", output);
        const char *verdict = part("not deterministic");
        assert_in(verdict, NULL, "what answers differently each time");
    }
}
END_TEST

/* Without a leak all runs are the same, in every respect that verify changes. */
START_TEST(control)
{
    ck_assert_msg(verify("none", "--seeds 1..30 --runs 3") == 0, "%s", output);
    part("seed 30 ");
    part("verdict     deterministic: seeds 1..30\n");
    ck_assert_msg(verify("none", "--seed 5 --json") == 0, "%s", output);
    part("\"verdict\":\"deterministic\",\"exit\":0");
}
END_TEST

/* A static that runs count up starts anew in each run, however many its process has done. */
START_TEST(statics_do_not_last)
{
    ck_assert_msg(verify("static_left", "--seeds 1..5 --runs 9 --jobs 1") == 0, "%s", output);
}
END_TEST

/* Where the host does not randomize addresses, code addresses are found to matter all the same. */
START_TEST(host_without_randomization)
{
    ck_assert_int_ge(personality(ADDR_NO_RANDOMIZE), 0);
    ck_assert_msg(verify("code_address", "--seed 1 --runs 2") == 3, "%s", output);
    part("code or static addresses");
    ck_assert_msg(verify("none", "--seed 1 --runs 2") == 0, "%s", output);
}
END_TEST

/* The report is that of the first seed that fails, whatever the number of jobs. */
START_TEST(jobs_do_not_matter)
{
    const char *options = "--seeds 1..40 --runs 2 --set machines.leaky.config.percent=10 --jobs";
    char all[256];

    for (int jobs = 1; jobs <= 5; jobs += 2) {
        snprintf(all, sizeof all, "%s %d", options, jobs);
        ck_assert_msg(verify("heap_pointer", all) == 3, "%s", output);
        ck_assert_msg(jobs == 1 || strcmp(before, output) == 0, "%s\n%s", before, output);
        memcpy(before, output, sizeof before);
    }
    part("seed 1 ");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, finds, 0, LEAKS);
    tcase_add_loop_test(tc, finds_in_many, 0, LEAKS);
    tcase_add_test(tc, stack_after_others);
    tcase_add_loop_test(tc, traps, 0, TRAPPED);
    tcase_add_loop_test(tc, finds_json, 0, LEAKS);
    tcase_add_test(tc, chance_is_not_blamed_on_changes);
    tcase_add_test(tc, control);
    tcase_add_test(tc, statics_do_not_last);
    tcase_add_test(tc, host_without_randomization);
    tcase_add_test(tc, jobs_do_not_matter);
}

int main(void)
{
    return program_suite("verify", add_tests);
}
