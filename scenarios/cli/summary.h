/* SPDX-License-Identifier: MIT */
/*
 * What many runs of one scenario came to.
 *
 * Outcomes arrive in the order in which workers finish. Nothing here depends on it: counts are
 * sums, and what is kept as an example is that of the lowest seeds.
 */
#ifndef STEELMILL_SCENARIOS_CLI_SUMMARY_H
#define STEELMILL_SCENARIOS_CLI_SUMMARY_H

#include "scenarios/cli/load.h"
#include "scenarios/cli/outcome.h"
#include "scenarios/cli/symbol.h"
#include "scenarios/cli/tally.h"

#define CLI_SEEDS_KEPT 6 /* per finding: the example, and five more replay lines */

/* The lowest seeds of a kind, ascending. */
struct cli_seeds {
    uint32_t count;
    struct cli_seed_entry {
        uint64_t seed, digest;
        char text[160]; /* why it was not judged */
    } entries[CLI_SEEDS_KEPT];
};

/* Findings with one signature. */
struct cli_group {
    uint64_t signature;
    uint64_t seed_count;
    /* Ways to it: seeds by the kinds of faults around the finding (job_result.context_kinds), in
     * the order of `kinds`. */
    struct cli_way {
        uint64_t kinds; /* a bit per enum scn_fault_kind */
        uint64_t seed_count;
    } * ways;
    uint32_t way_count;
    struct cli_seeds seeds;
    struct job_result *example; /* of the lowest seed */
};

struct cli_property_sum {
    char name[JOB_NAME_BYTES];
    uint32_t kind; /* enum sm_site_kind */
    uint64_t hit_count, true_count;
    uint64_t seeds_true;       /* seeds in which it held at least once */
    struct cli_tally per_seed; /* of true_count */
};

struct cli_summary {
    const struct cli_scenario *scenario;
    struct cli_symbols *symbols;
    uint64_t passed_count, failed_count, not_judged_count;
    uint64_t events, messages_sent, messages_delivered, messages_lost;
    struct job_losses losses;
    int64_t virtual_ns;
    uint64_t digest; /* of all runs: the sum of hashes of (seed, digest) */
    uint32_t fault_count;
    struct job_fault faults[JOB_FAULTS_MAX];
    struct cli_property_sum *properties; /* sorted by kind, then name */
    size_t property_count;
    struct cli_group *groups; /* sorted by cli_summary_sort */
    size_t group_count;
    struct cli_seeds not_judged;
    uint64_t note_seed; /* of the lowest seed that has a note */
    char note[JOB_TEXT_BYTES];
    bool short_of_memory; /* something was left out */
};

/* Returns 0, -ENOMEM. */
int cli_summary_init(struct cli_summary *summary, const struct cli_scenario *scenario);
void cli_summary_finish(struct cli_summary *summary);
void cli_summary_add(struct cli_summary *summary, const struct cli_outcome *outcome);

/* Findings by their lowest seed. Before reports. */
void cli_summary_sort(struct cli_summary *summary);

uint64_t cli_summary_seed_count(const struct cli_summary *summary);

/* The property of that name among those that must hold in some run; NULL: the plugin has none. */
const struct cli_property_sum *cli_summary_find(const struct cli_summary *summary,
                                                const char *name);
/* True for `expect: sometimes:` entries that never held although runs were judged. */
bool cli_summary_missed(const struct cli_summary *summary, const char *name);

#endif
