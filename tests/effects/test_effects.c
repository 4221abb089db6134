/* SPDX-License-Identifier: MIT */
/*
 * Each network fault has the effects that it is to have on programs, and no others; without faults
 * there are none. Each counts as configured, fired and observed.
 *
 * Environment: STEELMILL (the program), EFFECTS_PLUGIN, EFFECTS_SCENARIO.
 */
#include "effects.h"
#include "tests/suite.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define BIT(name) (1u << EFFECT_##name)

static char output[1 << 20];

#define TEXT_(name, text) text,
static const char *const texts[] = {EFFECT_LIST(TEXT_)};

/* ---- running ---- */

/* Must pass. What it prints is in `output`. */
static void steelmill(const char *verb, const char *faults, int seed)
{
    char command[8192];

    snprintf(command, sizeof command,
             "%s %s %s --set plugin=%s --set 'faults=[%s]' --seed %d --json 2>&1",
             getenv("STEELMILL"), verb, getenv("EFFECTS_SCENARIO"), getenv("EFFECTS_PLUGIN"),
             faults, seed);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    const size_t size = fread(output, 1, sizeof output - 1, pipe);
    output[size] = '\0';
    const int status = pclose(pipe);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: %s", faults, output);
}

/* The effects that the observers have reported. */
static uint32_t seen(void)
{
    uint32_t effects = 0;

    for (uint32_t i = 0; i < EFFECT_COUNT; i++) {
        char text[128];
        snprintf(text, sizeof text, "\"name\":\"%s\"", texts[i]);
        const char *property = strstr(output, text);
        ck_assert_msg(property, "there is no property '%s'", texts[i]);
        const char *holds = strstr(property, "\"true\":");
        ck_assert_ptr_nonnull(holds);
        effects |= (strtoul(holds + 7, NULL, 10) > 0) << i;
    }
    return effects;
}

static uint64_t count_of(const char *key)
{
    const char *found = strstr(output, key);

    ck_assert_msg(found, "no %s in %s", key, output);
    return strtoull(found + strlen(key), NULL, 10);
}

static const char *words(uint32_t effects)
{
    static char text[1024];

    text[0] = '\0';
    for (uint32_t i = 0; i < EFFECT_COUNT; i++) {
        if (effects >> i & 1)
            snprintf(text + strlen(text), sizeof text - strlen(text), "'%s' ", texts[i]);
    }
    return text;
}

/* ---- what each fault must, and may, do ---- */

/* A stream that waits for a retransmission. When a link is well again, what comes then may overtake
 * what is still on its way. */
#define WAITS (BIT(STREAM_LATE) | BIT(SILENT) | BIT(UNANSWERED))

static const struct {
    const char *fault; /* without its times */
    uint32_t must, may;
} faults[] = {
    {"degrade: { latency: 20ms", BIT(LATE), BIT(OVERTAKEN)},
    {"degrade: { latency: lognormal(20ms, 1)", BIT(LATE) | BIT(OVERTAKEN), WAITS},
    {"degrade: { jitter: 5ms..15ms", BIT(LATE) | BIT(OVERTAKEN), 0},
    {"degrade: { loss: 30%", BIT(LOST) | BIT(STREAM_LATE), WAITS},
    {"degrade: { duplicate: 30%", BIT(TWICE), 0},
    {"degrade: { reorder: 30%", BIT(OVERTAKEN), BIT(LATE)},
    {"degrade: { corrupt: 30%", BIT(GARBLED) | BIT(LOST), 0},
    {"degrade: { corrupt_streams: 5%", BIT(STREAM_GARBLED), 0},
    {"degrade: { bandwidth: 20kB/s", BIT(LATE) | BIT(LOST), WAITS | BIT(OVERTAKEN)},
    {"degrade: { bandwidth: 50kB/s, queue: 1kB", BIT(LATE) | BIT(LOST), BIT(OVERTAKEN)},
    {"degrade: { loss: 0.0001%, duplicate: 0.0001%", 0, 0}, /* it never bit */
    {"degrade: { mtu: 600B", BIT(LOST_LARGE), 0},
    {"clog: { from: m1, to: m2", BIT(LATE) | BIT(STREAM_LATE) | BIT(SILENT),
     WAITS | BIT(OVERTAKEN)},
    {"swizzle: { of: m", BIT(LATE) | BIT(STREAM_LATE), WAITS | BIT(OVERTAKEN)},
    {"flap: { from: m1, to: m2", BIT(LOST) | BIT(STREAM_LATE), WAITS},
    {"partition: { split: halves", BIT(LOST) | BIT(SILENT), WAITS},
    {"partition: { split: isolate", BIT(LOST) | BIT(SILENT), WAITS},
    {"partition: { split: isolate, count: 2", BIT(LOST) | BIT(SILENT), WAITS},
    {"partition: { split: isolate, of: { role: leader }", BIT(LOST) | BIT(SILENT), WAITS},
    {"partition: { split: minority, of: { role: leader }", BIT(LOST) | BIT(SILENT), WAITS},
    {"partition: { split: ring", BIT(LOST) | BIT(SILENT), WAITS},
    {"partition: { split: bridge", BIT(LOST) | BIT(SILENT), WAITS},
    {"partition: { split: one-way", BIT(LOST) | BIT(SILENT), WAITS},
    {"partition: { split: one-way, from: m1, to: m2", BIT(LOST) | BIT(SILENT), WAITS},
    {"partition: { split: between, from: m1, to: { role: leader }", 0, 0},
    {"partition: { split: between, from: m2, to: { role: leader }", BIT(LOST) | BIT(SILENT), WAITS},
    {"refuse: { to: m2", BIT(REFUSED), 0},
    {"backlog-full: { to: m2", BIT(UNANSWERED), 0},
    {"reset: { from: m1", BIT(RESET), 0},
    {"half-open: { from: m1", BIT(RESET) | BIT(HALF_OPEN), 0},
    {"black-hole: { from: m1, to: m2", BIT(SILENT) | BIT(STREAM_LATE), 0},
    {"slow-reader: { from: m1, to: m2", BIT(STREAM_LATE), 0},
    {"no-name: { from: m1, to: m2", BIT(NO_NAME), 0},
    {"late-name: { from: m1, to: m2, by: 50ms..100ms", BIT(LATE_NAME), 0},
};
#define FAULTS (sizeof faults / sizeof *faults)

static bool is_at_once(const char *fault)
{
    return strncmp(fault, "reset", 5) == 0 || strncmp(fault, "half-open", 9) == 0;
}

/* With the fault its effects are seen, without it none of them. */
START_TEST(effects)
{
    char text[256];

    snprintf(text, sizeof text, "{ %s, at: 3s%s } }", faults[_i].fault,
             is_at_once(faults[_i].fault) ? "" : ", for: 3s");
    steelmill("run", text, 1 + _i);
    const uint32_t got = seen(), must = faults[_i].must;
    ck_assert_msg((got & must) == must, "%s: not seen: %s", text, words(must & ~got));
    ck_assert_msg(!(got & ~must & ~faults[_i].may), "%s: seen: %s", text,
                  words(got & ~must & ~faults[_i].may));
    ck_assert_uint_eq(count_of("\"configured\":"), 1);
    ck_assert_uint_eq(count_of("\"fired\":"), 1);
    ck_assert_uint_eq(count_of("\"observed\":"), must != 0);
    steelmill("run", "", 1 + _i);
    ck_assert_msg(seen() == 0, "without a fault: %s", words(seen()));
}
END_TEST

/* A fault of a role that nobody holds does not fire, and is not observed. */
START_TEST(nobody)
{
    steelmill("run", "{ refuse: { to: { role: king }, at: 3s, for: 3s } }", 1);
    ck_assert_uint_eq(seen(), 0);
    ck_assert_uint_eq(count_of("\"configured\":"), 1);
    ck_assert_uint_eq(count_of("\"fired\":"), 0);
}
END_TEST

/* All faults at once: two runs of a seed are equal, also with other addresses. */
START_TEST(repeatable)
{
    char list[4096] = "";

    for (size_t i = 0; i < FAULTS; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list),
                 "%s{ %s, name: fault%zu, every: 1s..5s%s } }", i ? ", " : "", faults[i].fault, i,
                 is_at_once(faults[i].fault) ? "" : ", for: 100ms..2s");
    steelmill("verify", list, 7);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("effects");
    TCase *tc = tcase_create("effects");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, effects, 0, FAULTS);
    tcase_add_test(tc, nobody);
    tcase_add_test(tc, repeatable);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
