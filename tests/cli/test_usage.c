/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tests/cli/fixture.h"

/* Wrong arguments, and what the message must say. */
static const struct {
    const char *arguments, *message;
} wrong[] = {
    {"", "steelmill --help"},
    {"rn writer.yaml", "did you mean 'run'?"},
    {"shrink writer.yaml", "unknown verb 'shrink'; there are: run, replay"},
    {"run", "what file?"},
    {"run writer.yaml other.yaml", "one file only, not also 'other.yaml'"},
    {"run writer.yaml --sede 1", "did you mean --seed?"},
    {"run writer.yaml --jobs 2", "not an option of this verb, but of: verify, sweep"},
    {"run writer.yaml -x", "unknown option '-x'"},
    {"run writer.yaml --seed", "--seed needs a value"},
    {"run writer.yaml --seed -1", "expected a number"},
    {"run writer.yaml --seed 18446744073709551616", "expected a number"},
    {"run writer.yaml --json=yes", "--json takes no value"},
    {"run writer.yaml --set =1", "expected KEY=VALUE"},
    {"run writer.yaml --log loud", "expected error, warn, info, debug or trace"},
    {"run nothing.yaml", "nothing.yaml: cannot be read: No such file or directory\n"},
    {"run writer", "did you mean writer.yaml?"},
    {"run ./wrter.yaml", "did you mean ./writer.yaml?"},
    {"run .", "is a folder, not a scenario file; did you mean ./writer.yaml?"},
    {"run writer.yaml --set tyme=1s", "tyme"},
    {"replay writer.yaml", "--seed N is needed"},
    {"replay writer.yaml --seed 1 --digest 12", "16 hexadecimal digits"},
    {"replay writer.yaml --seed 1 --json --trace", "--json prints one object"},
    {"verify writer.yaml --seed 1 --runs 1", "expected a number, 2"},
    {"sweep writer.yaml --seeds 5..4", "expected a range A..B"},
    {"sweep writer.yaml --shard 3/2", "expected I/N"},
    {"sweep writer.yaml --jobs 0", "expected a number, 1"},
    {"sweep writer.yaml --for soon", "expected a duration"},
    {"trace writer.yaml --seed 1 --format xml", "expected text or json"},
    {"daemons ./nothing.so", "searched: ./nothing.so"},
};

/* Each wrong argument gives exit code 2, one message that says what to do, and no report. */
START_TEST(test_wrong_arguments)
{
    struct command command = steelmill("", "%s", wrong[_i].arguments);
    ASSERT_EXIT(command, 2);
    ASSERT_HAS(command.err, wrong[_i].message);
    ck_assert_str_eq(command.out, "");
    command_free(&command);
}
END_TEST

/* The shipped scenarios are known by their names, with the folder that they are in. */
START_TEST(test_shipped_names)
{
    static const char *const names[] = {"lock", "fast", "fast.yaml", "scenarios/lock"};
    static const char *const meant[] = {"lock/lock", "lock/fast", "lock/fast", "lock/lock"};
    ck_assert_int_eq(system("mkdir -p scenarios/lock"), 0);
    fixture_scenario("scenarios/lock/fast.yaml", "");
    fixture_scenario("scenarios/lock/lock.yaml", "");
    for (int i = 0; i < 4; i++) {
        struct command command = steelmill("", "check %s", names[i]);
        char message[64];
        snprintf(message, sizeof message, "did you mean scenarios/%s.yaml?", meant[i]);
        ASSERT_EXIT(command, 2);
        ASSERT_HAS(command.err, message);
        command_free(&command);
    }
}
END_TEST

/* Every verb explains itself and says what the exit codes mean. */
START_TEST(test_help)
{
    static const char *const calls[] = {"--help",        "-h",           "run --help",
                                        "replay --help", "verify -h",    "sweep --help",
                                        "trace --help",  "check --help", "daemons --help"};
    struct command command = steelmill("", "%s", calls[_i]);
    ASSERT_EXIT(command, 0);
    ASSERT_HAS(command.out, "usage: steelmill");
    ASSERT_HAS(command.out, "125 could not be judged");
    command_free(&command);
}
END_TEST

/* Every verb says which version it is. */
START_TEST(test_version)
{
    struct command command = steelmill("", "--version"), verb = steelmill("", "run --version");
    ASSERT_EXIT(command, 0);
    ASSERT_HAS(command.out, "steelmill ");
    ck_assert_str_eq(command.out, verb.out);
    command_free(&command);
    command_free(&verb);
}
END_TEST

/* A plugin that is not there is exit code 2, with the places that were searched. */
START_TEST(test_missing_plugin)
{
    struct command command = steelmill("", "run writer.yaml --set plugin=fake_plugn");
    ASSERT_EXIT(command, 2);
    ASSERT_HAS(command.err, "no plugin 'fake_plugn'");
    ASSERT_HAS(command.err, "searched: ./fake_plugn.so");
    command_free(&command);
}
END_TEST

/* A plugin is found by name beside its scenario, also from another folder. */
START_TEST(test_plugin_beside_scenario)
{
    struct command command =
        steelmill("", "--version; mkdir sub; cp writer.yaml sub; cp \"$FAKE_PLUGIN\" sub/near.so; "
                      "\"$STEELMILL\" run sub/writer.yaml --set plugin=near");
    ASSERT_EXIT(command, 0);
    ASSERT_HAS(command.out, "/sub/near.so");
    command_free(&command);
}
END_TEST

/* A worker program that is not there is not the scenario's fault: exit code 125. */
START_TEST(test_missing_worker)
{
    setenv("STEELMILL_WORKER", "/nowhere/worker", 1);
    struct command command = steelmill("", "run writer.yaml");
    ASSERT_EXIT(command, 125);
    ASSERT_HAS(command.err, "searched: /nowhere/worker");
    command_free(&command);
}
END_TEST

/* `check` prints a scenario that reads back as the same one. */
START_TEST(test_check)
{
    struct command first = steelmill("", "check writer.yaml | tee resolved.yaml");
    struct command second = steelmill("", "check resolved.yaml");
    ASSERT_EXIT(first, 0);
    ASSERT_EXIT(second, 0);
    ASSERT_HAS(first.out, "scenario: writer\n");
    ck_assert_str_eq(first.out, second.out);
    command_free(&first);
    command_free(&second);
}
END_TEST

/* `check` reports what the plugin has against the scenario, with exit code 2. */
START_TEST(test_check_asks_the_plugin)
{
    struct command command = steelmill("unready:0", "check writer.yaml");
    ASSERT_EXIT(command, 2);
    ASSERT_HAS(command.err, "writer.yaml: daemon 'wrier' is not known; did you mean 'writer'?");
    command_free(&command);
}
END_TEST

/* `check --schema` needs no file. */
START_TEST(test_schema)
{
    struct command command = steelmill("", "check --schema");
    ASSERT_EXIT(command, 0);
    ASSERT_HAS(command.out, "\"$schema\"");
    command_free(&command);
}
END_TEST

/* `daemons` lists daemon types and properties, for people and for programs. */
START_TEST(test_daemons)
{
    struct command text = steelmill("", "daemons \"$FAKE_PLUGIN\"");
    struct command json = steelmill("", "daemons \"$FAKE_PLUGIN\" --json");
    ASSERT_EXIT(text, 0);
    ASSERT_HAS(text.out, "store                Keeps what was written.");
    ASSERT_HAS(text.out, "no stale write");
    ASSERT_EXIT(json, 0);
    ASSERT_HAS(json.out, "{\"name\":\"store\",\"about\":\"Keeps what was written.\"");
    ASSERT_HAS(json.out, "\"properties\":[{\"kind\":\"always\",\"name\":\"no stale write\"");
    command_free(&text);
    command_free(&json);
}
END_TEST

/* A plugin that is refused is exit code 2, and only the reason is printed. */
START_TEST(test_daemons_refused)
{
    struct command command = steelmill("unready:0", "daemons \"$FAKE_PLUGIN\" --json");
    ASSERT_EXIT(command, 2);
    ck_assert_str_eq(command.out, "");
    ASSERT_HAS(command.err, "not a plugin");
    command_free(&command);
}
END_TEST

TCase *usage_tests(void)
{
    TCase *tests = tcase_create("usage");
    tcase_add_loop_test(tests, test_wrong_arguments, 0, (int)(sizeof wrong / sizeof *wrong));
    tcase_add_test(tests, test_shipped_names);
    tcase_add_loop_test(tests, test_help, 0, 9);
    tcase_add_test(tests, test_version);
    tcase_add_test(tests, test_missing_plugin);
    tcase_add_test(tests, test_plugin_beside_scenario);
    tcase_add_test(tests, test_missing_worker);
    tcase_add_test(tests, test_check);
    tcase_add_test(tests, test_check_asks_the_plugin);
    tcase_add_test(tests, test_schema);
    tcase_add_test(tests, test_daemons);
    tcase_add_test(tests, test_daemons_refused);
    return tests;
}
