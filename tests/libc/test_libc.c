/* SPDX-License-Identifier: MIT */
/*
 * libc answers from the machine. Runs the real program on the plugin asks.c, whose daemon asks one
 * question and states what the answer must be.
 *
 * Environment: STEELMILL (the program), ASKS_PLUGIN, ASKS_SCENARIO.
 */
#include "core/sanitize.h"
#include "tests/core/program.h"

#include <stdbool.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Runs `steelmill VERB SCENARIO ...` with both machines asking `what`; its exit code. */
static int steelmill(const char *verb, const char *what, const char *options)
{
    return program_run("%s %s %s --set plugin=%s --set machines.one.config.what=%s "
                       "--set machines.two.config.what=%s %s",
                       getenv("STEELMILL"), verb, getenv("ASKS_SCENARIO"), getenv("ASKS_PLUGIN"),
                       what, what, options);
}

/* ---- answers ---- */

static const char *const questions[] = {
    "clocks",        "cpu_time",    "sleeping",    "calendar",    "locales",     "seeded_random",
    "kernel_random", "identity",    "environment", "files",       "errors",      "lines",
    "streams",       "mutexes",     "conditions",  "locks",       "once",        "keys",
    "c11",           "inside_libc", "zones",       "names",       "numbers",     "maps",
    "reservations",  "timed_locks", "barriers",    "older_names", "named_zones", "stdio",
    "stdio_state",   "logs",        "users",       "yields",
};
#define QUESTIONS (int)(sizeof questions / sizeof questions[0])

/* Each question's answers are the machine's. */
START_TEST(answers)
{
    ck_assert_msg(steelmill("run", questions[_i], "--seed 1") == 0, "%s: %s", questions[_i],
                  output);
    must_hold("asked");
}
END_TEST

/* Nothing that libc answers differs between two runs of a seed. */
START_TEST(answers_again)
{
    ck_assert_msg(steelmill("verify", questions[_i], "--seed 3 --runs 2") == 0, "%s: %s",
                  questions[_i], output);
}
END_TEST

/* Those whose answers a process has, too. Not streams, which are the process's, to be left as they
 * are. */
static const char *const production[] = {
    "clocks",        "cpu_time",      "sleeping",    "calendar",    "zones",  "locales",
    "seeded_random", "names",         "environment", "files",       "errors", "lines",
    "inside_libc",   "kernel_random", "identity",    "numbers",     "c11",    "mutexes",
    "conditions",    "locks",         "once",        "keys",        "maps",   "reservations",
    "timed_locks",   "barriers",      "older_names", "named_zones", "stdio",  "logs",
    "users",         "yields",
};
#define PRODUCTION (int)(sizeof production / sizeof production[0])

/* In production the same plugin gets the process's answers. */
START_TEST(answers_in_production)
{
    const unsigned network = 3 + (unsigned)getpid() % 250;

    ck_assert_msg(program_run("timeout 60 %s serve %s --machine one --set plugin=%s "
                              "--set machines.one.config.what=%s --data libc-data-%d "
                              "--set machines.one.config.world=production --network 127.%u.0.0",
                              getenv("STEELMILL"), getenv("ASKS_SCENARIO"), getenv("ASKS_PLUGIN"),
                              production[_i], (int)getpid(), network) == 0,
                  "%s: %s", production[_i], output);
    must_hold("asked\n");
    ck_assert_msg(!strstr(output, "libc answers as the machine"), "%s", output);
    program_run("rm -r libc-data-%d", (int)getpid());
}
END_TEST

/* What a machine has printed after "random"; false where it is not there. */
static bool numbers_of(const char *machine, char *numbers, size_t size)
{
    char head[64];

    snprintf(head, sizeof head, " %s out random ", machine);
    const char *line = strstr(output, head);
    if (!line)
        return false;
    snprintf(numbers, size, "%.100s", line + strlen(head));
    return true;
}

/* The kernel's randomness depends on the seed and on the machine, and on nothing else. */
START_TEST(randomness)
{
    char one[128], two[128], again[128];

    ck_assert_int_eq(steelmill("run", "kernel_random", "--seed 1"), 0);
    ck_assert(numbers_of("one", one, sizeof one) && numbers_of("two", two, sizeof two));
    ck_assert_str_ne(one, two);
    ck_assert_int_eq(steelmill("run", "kernel_random", "--seed 1"), 0);
    ck_assert(numbers_of("one", again, sizeof again));
    ck_assert_str_eq(one, again);
    ck_assert_int_eq(steelmill("run", "kernel_random", "--seed 2"), 0);
    ck_assert(numbers_of("one", again, sizeof again));
    ck_assert_str_ne(one, again);
}
END_TEST

/* A zone that nobody knows is UTC, and that is said. */
START_TEST(zones)
{
    ck_assert_int_eq(steelmill("run", "named_zones", "--seed 1"), 0);
    must_hold("one err libc: there is no time zone 'Europe/Nowhere' (TZ): it is UTC\n");
}
END_TEST

/* ---- memory ---- */

/* Where mapped memory lies depends on the run alone, as the heap does. */
START_TEST(addresses)
{
    char one[64], *line;

    ck_assert_int_eq(steelmill("run", "maps", "--seed 1"), 0);
    line = strstr(output, "mapped at ");
    ck_assert_msg(line != NULL, "%s", output);
    snprintf(one, sizeof one, "%.*s", (int)strcspn(line, "\n"), line);
    ck_assert_int_eq(steelmill("run", "maps", "--seed 2"), 0);
    must_hold(one);
}
END_TEST

/* A crash drops it, with its protection; the machine's limit counts it; and there may be none. */
START_TEST(memory)
{
    ck_assert_msg(program_run("%s run %s --seed 1 --set plugin=%s "
                              "--set machines.one.config.what=maps_much "
                              "--set machines.two.config.what=maps_in_vain",
                              getenv("STEELMILL"), getenv("MEMORY_SCENARIO"),
                              getenv("ASKS_PLUGIN")) == 0,
                  "%s", output);
    must_hold("    1.500000000 one out has much\n");
    must_hold("    6.500000000 one out has much\n");
    must_hold("   10.500000000 one out has much\n");
}
END_TEST

/* ---- output ---- */

/* What daemons print comes line by line, with machine and virtual time; no line is mixed. */
START_TEST(lines)
{
    static const char *const expected[] = {
        "    1.501000000 one out one printf\n",
        "    1.501000000 two out one printf\n",
        "one out one fputs\n",
        "one out one puts\n",
        "one out one fwrite\n",
        "    1.512000000 two out one putchar\n",
        "one err ne stderr is another line\n",
        "one out one putc\n",
        "one out one dprintf\n",
        "one err one write\n",
        "one out one writev\n",
        "one err syslog<4> asks: one syslog\n",
        "one err one perror: No such file or directory\n",
    };

    ck_assert_int_eq(steelmill("run", "lines", "--seed 1"), 0);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        must_hold(expected[i]);
}
END_TEST

/* Whatever a daemon does to its streams, its text arrives, also a line without an end. */
START_TEST(streams)
{
    ck_assert_int_eq(steelmill("run", "streams", "--seed 1"), 0);
    must_hold("one out kept together\n");
    must_hold("two out the end of the line is missing\n");
    ck_assert_int_eq(steelmill("run", "stdio_state", "--seed 1"), 0);
    must_hold("one out wide text, 0\n");
    must_hold("one out xwide text, 1\n");
    must_hold("one out wide put\n");
}
END_TEST

/* What is in syslog's mask is shown, and with it the level. */
START_TEST(syslog_lines)
{
    ck_assert_int_eq(steelmill("run", "logs", "--seed 1"), 0);
    must_hold("one err syslog<6> asks[1001]: logged 1\n");
    must_hold("one err syslog<3> asks[1001]: No such file or directory\n");
    ck_assert_ptr_eq(strstr(output, "not logged"), NULL);
}
END_TEST

/* A finding holds what was printed before it; a sweep, which drops output, shows it, too. */
START_TEST(last_words)
{
    ck_assert_int_eq(steelmill("run", "unended", "--seed 1"), 1);
    must_hold("last output");
    must_hold("out last words\n");
    ck_assert_int_eq(steelmill("sweep", "unended", "--seeds 1..2 --jobs 1"), 1);
    must_hold("out last words\n");
}
END_TEST

/* ---- escapes ---- */

static const char *const escapes[] = {
    "pthread_create", "fork", "system", "popen", "execl",  "socket",  "signal", "kill",
    "epoll_create1",  "open", "fopen",  "mkdir", "dlopen", "syscall", "mmap",   "mprotect",
};
#define ESCAPES (int)(sizeof escapes / sizeof escapes[0])

/* What is not simulated ends the run with the call's name and the caller's line. */
START_TEST(refuses)
{
    char text[128];

    ck_assert_msg(steelmill("run", escapes[_i], "--seed 1") == 1, "%s: %s", escapes[_i], output);
    snprintf(text, sizeof text, "the daemon called %s", escapes[_i]);
    must_hold(text);
    must_hold("which is not simulated");
    snprintf(text, sizeof text, "ask_%s ", escapes[_i]);
    must_hold(text);
    must_hold("asks_escape.c:");
}
END_TEST

/* What no function of ours stands before is stopped at the kernel, where the kernel can do that
 * (and AddressSanitizer makes no system calls of its own). */
START_TEST(traps)
{
    if (SM__ASAN || prctl(59 /* syscall user dispatch */, 0, 0, 0, 0) != 0)
        return;
    ck_assert_msg(steelmill("run", "personality", "--seed 1") == 1, "%s", output);
    must_hold("the daemon called a function of libc's that is not simulated: it made the system "
              "call personality");
    must_hold("ask_personality ");
    must_hold("asks_escape.c:");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, answers, 0, QUESTIONS);
    tcase_add_loop_test(tc, answers_again, 0, QUESTIONS);
    tcase_add_loop_test(tc, answers_in_production, 0, PRODUCTION);
    tcase_add_test(tc, randomness);
    tcase_add_test(tc, zones);
    tcase_add_test(tc, addresses);
    tcase_add_test(tc, memory);
    tcase_add_test(tc, lines);
    tcase_add_test(tc, streams);
    tcase_add_test(tc, syslog_lines);
    tcase_add_test(tc, last_words);
    tcase_add_loop_test(tc, refuses, 0, ESCAPES);
    tcase_add_test(tc, traps);
}

int main(void)
{
    return program_suite("libc", add_tests);
}
