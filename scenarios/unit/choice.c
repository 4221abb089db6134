/* SPDX-License-Identifier: MIT */
/* What the environment asks for: SIM_TEST, SIM_SEED, SIM_SEEDS, SIM_LOG; Check's CK_FORK. */
#include "core/units.h"
#include "scenarios/cli/number.h"
#include "scenarios/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS_DEFAULT 100u

static const char *value_of(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

static int read_log_level(const char *word, int *level, char *text)
{
    static const char *const words[] = {"error", "warn", "info", "debug", "trace"};
    const size_t count = sizeof words / sizeof words[0];

    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            *level = (int)i;
            return 0;
        }
    }
    const char *near = sm__suggest(word, words, count);
    snprintf(text, UNIT_TEXT_BYTES,
             "SIM_LOG=%s is no log level%s%s%s (error, warn, info, debug, trace)", word,
             near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
    return -EINVAL;
}

static int read_seeds(struct unit_choice *choice, char *text)
{
    const char *seed = value_of("SIM_SEED"), *seeds = value_of("SIM_SEEDS");

    if (seed && !cli_parse_u64(seed, &choice->first)) {
        snprintf(text, UNIT_TEXT_BYTES,
                 "SIM_SEED=%s is no seed: a decimal number, or 0x and hexadecimal digits", seed);
        return -EINVAL;
    }
    if (seed) {
        choice->last = choice->first;
        choice->single = true;
    } else if (seeds && !cli_parse_u64_range(seeds, &choice->first, &choice->last)) {
        snprintf(text, UNIT_TEXT_BYTES, "SIM_SEEDS=%s is no range of seeds: A..B, such as 1..1000",
                 seeds);
        return -EINVAL;
    }
    choice->all = !seed && !seeds;
    return 0;
}

int unit_choose(struct unit_choice *choice, const struct sim_test *test, const char *name,
                char *text)
{
    const char *only = value_of("SIM_TEST"), *fork = value_of("CK_FORK"),
               *log = value_of("SIM_LOG");
    const uint64_t first = test->first_seed ? test->first_seed : 1;
    const uint64_t count = test->seeds ? test->seeds : SEEDS_DEFAULT;

    *choice = (struct unit_choice){.first = first,
                                   .last = count - 1 > UINT64_MAX - first ? UINT64_MAX
                                                                          : first + (count - 1),
                                   .log_level = SM_LOG_DEBUG};
    const char *state = value_of("SIM_CRASH_STATE");
    if (state && !cli_parse_u64(state, &choice->crash_state)) {
        snprintf(text, UNIT_TEXT_BYTES, "SIM_CRASH_STATE=%s is no number", state);
        return -EINVAL;
    }
    choice->skipped = only && strcmp(only, name) != 0;
    int error = log ? read_log_level(log, &choice->log_level, text) : 0;
    if (!error)
        error = read_seeds(choice, text);
    choice->foreground = choice->single && fork && strcmp(fork, "no") == 0;
    return error;
}
