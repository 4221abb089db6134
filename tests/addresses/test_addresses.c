/* SPDX-License-Identifier: MIT */
/*
 * Heap addresses are the same in each run of a build: a daemon that orders by them has the same
 * digest wherever the process lies and whatever it has run before; and verify tells that it does.
 *
 * Environment: STEELMILL (the program), ORDERS_PLUGIN, ORDERS_SCENARIO.
 */
#include "tests/addresses/plugin/table.h"
#include "tests/core/program.h"
#include "tests/core/suite.h"

#define RUNS 1000

/* Runs `PREFIX steelmill VERB SCENARIO OPTIONS`; its exit code. */
static int steelmill(const char *prefix, const char *verb, const char *options)
{
    return program_run("%s %s %s %s --set plugin=%s %s", prefix, getenv("STEELMILL"), verb,
                       getenv("ORDERS_SCENARIO"), getenv("ORDERS_PLUGIN"), options);
}

static void digest_of_run(const char *prefix, char *digest, size_t size)
{
    ck_assert_msg(steelmill(prefix, "run", "--seed 7") == 0, "%s", output);
    const char *line = strstr(output, "\ndigest");
    ck_assert_msg(line != NULL, "%s", output);
    snprintf(digest, size, "%.40s", line);
}

/* The digest is the same with address-space randomization and without. */
START_TEST(randomization_does_not_matter)
{
    char with[64], again[64], without[64];

    digest_of_run("", with, sizeof with);
    digest_of_run("", again, sizeof again);
    digest_of_run("setarch -R", without, sizeof without);
    ck_assert_str_eq(with, again);
    ck_assert_str_eq(with, without);
}
END_TEST

static int walk(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    return table_walk();
}

/* The thousandth run of a process has the digest of the first, whatever seeds came between. */
START_TEST(thousandth_run)
{
    static struct tw tw;
    uint64_t first = 0;

    for (int run = 1; run <= RUNS; run++) {
        const struct sim_options options = {.seed = run % 100 == 0 ? 1 : (uint64_t)run};
        tw_create(&tw, 2, &options, walk, NULL);
        tw_run(&tw, SM_S);
        ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
        const uint64_t digest = sim_world_digest(tw.world);
        if (run == 1)
            first = digest;
        ck_assert_msg((digest == first) == (options.seed == 1), "run %d", run);
        tw_destroy(&tw);
    }
}
END_TEST

/* verify sees the dependence, in part (b), and leads to the function that has it. */
START_TEST(verify_tells)
{
    ck_assert_msg(steelmill("", "verify", "--seed 7 --runs 2") == 3, "%s", output);
    must_hold("depends on addresses: seed 7, runs 1 and ");
    must_hold("table_walk");
    must_hold("table.c:");
}
END_TEST

SUITE_MAIN("addresses", randomization_does_not_matter, thousandth_run, verify_tells)
