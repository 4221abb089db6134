/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/summary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "scenarios/cli/losses.h"
#include "scenarios/cli/signature.h"
#include <steelmill/property.h>

int cli_summary_init(struct cli_summary *summary, const struct cli_scenario *scenario)
{
    *summary = (struct cli_summary){.scenario = scenario, .symbols = cli_symbols_create()};
    return summary->symbols != NULL ? 0 : -ENOMEM;
}

void cli_summary_finish(struct cli_summary *summary)
{
    for (size_t i = 0; i < summary->property_count; i++)
        cli_tally_finish(&summary->properties[i].per_seed);
    for (size_t i = 0; i < summary->group_count; i++) {
        free(summary->groups[i].example);
        free(summary->groups[i].ways);
    }
    free(summary->properties);
    free(summary->groups);
    cli_symbols_destroy(summary->symbols);
}

/* Keeps a seed if it is one of the lowest. Returns its place; CLI_SEEDS_KEPT: it is not kept. */
static uint32_t keep_seed(struct cli_seeds *seeds, uint64_t seed, uint64_t digest, const char *text)
{
    uint32_t at = seeds->count;
    while (at > 0 && seeds->entries[at - 1].seed > seed)
        at--;
    if (at == CLI_SEEDS_KEPT)
        return at;
    uint32_t moved = seeds->count - at - (seeds->count == CLI_SEEDS_KEPT);
    memmove(&seeds->entries[at + 1], &seeds->entries[at], moved * sizeof seeds->entries[0]);
    seeds->count += seeds->count < CLI_SEEDS_KEPT;
    seeds->entries[at] = (struct cli_seed_entry){.seed = seed, .digest = digest};
    snprintf(seeds->entries[at].text, sizeof seeds->entries[at].text, "%s", text);
    return at;
}

static int compare_property(const struct cli_property_sum *sum, const struct job_property *property)
{
    if (sum->kind != property->kind)
        return sum->kind < property->kind ? -1 : 1;
    return strcmp(sum->name, property->name);
}

/* The sum of a property, made if it is new; NULL when out of memory. */
static struct cli_property_sum *property_sum(struct cli_summary *summary,
                                             const struct job_property *property)
{
    size_t low = 0, high = summary->property_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare_property(&summary->properties[middle], property);
        if (order == 0)
            return &summary->properties[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct cli_property_sum *more =
        realloc(summary->properties, (summary->property_count + 1) * sizeof *more);
    if (more == NULL)
        return NULL;
    summary->properties = more;
    memmove(&more[low + 1], &more[low], (summary->property_count - low) * sizeof *more);
    summary->property_count++;
    more[low] = (struct cli_property_sum){.kind = property->kind};
    memcpy(more[low].name, property->name, sizeof more[low].name);
    return &more[low];
}

static void add_properties(struct cli_summary *summary, const struct job_result *result)
{
    for (uint32_t i = 0; i < result->property_count; i++) {
        const struct job_property *property = &result->properties[i];
        struct cli_property_sum *sum = property_sum(summary, property);
        if (sum == NULL || cli_tally_add(&sum->per_seed, property->true_count) != 0) {
            summary->short_of_memory = true;
            return;
        }
        sum->hit_count += property->hit_count;
        sum->true_count += property->true_count;
        sum->seeds_true += property->true_count > 0;
    }
}

static void add_faults(struct cli_summary *summary, const struct job_result *result)
{
    if (result->fault_count > summary->fault_count)
        summary->fault_count = result->fault_count;
    for (uint32_t i = 0; i < result->fault_count; i++) {
        summary->faults[i].configured += result->faults[i].configured;
        summary->faults[i].fired += result->faults[i].fired;
        summary->faults[i].observed += result->faults[i].observed;
    }
}

static struct cli_group *group_of(struct cli_summary *summary, uint64_t signature)
{
    for (size_t i = 0; i < summary->group_count; i++)
        if (summary->groups[i].signature == signature)
            return &summary->groups[i];
    struct cli_group *more = realloc(summary->groups, (summary->group_count + 1) * sizeof *more);
    struct job_result *example = calloc(1, sizeof *example);
    if (more != NULL)
        summary->groups = more;
    if (more == NULL || example == NULL) {
        free(example);
        return NULL;
    }
    more[summary->group_count] = (struct cli_group){.signature = signature, .example = example};
    return &more[summary->group_count++];
}

/* Counts a seed that came to the finding by these kinds of faults. Returns 0, -ENOMEM. */
static int add_way(struct cli_group *group, uint64_t kinds)
{
    uint32_t place = 0;
    while (place < group->way_count && group->ways[place].kinds < kinds)
        place++;
    if (place == group->way_count || group->ways[place].kinds != kinds) {
        struct cli_way *more = realloc(group->ways, (group->way_count + 1) * sizeof *more);
        if (more == NULL)
            return -ENOMEM;
        memmove(&more[place + 1], &more[place], (group->way_count - place) * sizeof *more);
        more[place] = (struct cli_way){.kinds = kinds};
        group->ways = more;
        group->way_count++;
    }
    group->ways[place].seed_count++;
    return 0;
}

static void add_finding(struct cli_summary *summary, const struct job_result *result)
{
    struct cli_frame frames[CLI_FRAMES_MAX];
    size_t count = cli_symbols_resolve(summary->symbols, result, frames);
    struct cli_group *group = group_of(summary, cli_signature(result, frames, count));
    if (group == NULL) {
        summary->short_of_memory = true;
        return;
    }
    group->seed_count++;
    if (add_way(group, result->context_kinds) != 0)
        summary->short_of_memory = true;
    if (keep_seed(&group->seeds, result->seed, result->digest, "") == 0)
        *group->example = *result;
}

static void add_result(struct cli_summary *summary, const struct job_result *result)
{
    summary->events += result->events;
    summary->virtual_ns += result->virtual_ns;
    summary->messages_sent += result->messages_sent;
    summary->messages_delivered += result->messages_delivered;
    summary->messages_lost += result->messages_lost;
    cli_losses_add(&summary->losses, &result->losses);
    uint64_t pair[2] = {result->seed, result->digest};
    summary->digest += XXH3_64bits(pair, sizeof pair);
    add_faults(summary, result);
    add_properties(summary, result);
    if (result->note[0] != '\0' &&
        (summary->note[0] == '\0' || result->seed < summary->note_seed)) {
        summary->note_seed = result->seed;
        memcpy(summary->note, result->note, sizeof summary->note);
    }
}

void cli_summary_add(struct cli_summary *summary, const struct cli_outcome *outcome)
{
    if (outcome->exit != CLI_PASSED && outcome->exit != CLI_FINDING) {
        summary->not_judged_count++;
        keep_seed(&summary->not_judged, outcome->seed, 0, outcome->text);
        return;
    }
    add_result(summary, &outcome->result);
    if (outcome->exit == CLI_PASSED) {
        summary->passed_count++;
        return;
    }
    summary->failed_count++;
    add_finding(summary, &outcome->result);
}

static int by_first_seed(const void *a, const void *b)
{
    const struct cli_group *x = a, *y = b;
    uint64_t p = x->seeds.entries[0].seed, q = y->seeds.entries[0].seed;
    return (p > q) - (p < q);
}

void cli_summary_sort(struct cli_summary *summary)
{
    if (summary->group_count > 1)
        qsort(summary->groups, summary->group_count, sizeof *summary->groups, by_first_seed);
}

uint64_t cli_summary_seed_count(const struct cli_summary *summary)
{
    return summary->passed_count + summary->failed_count + summary->not_judged_count;
}

const struct cli_property_sum *cli_summary_find(const struct cli_summary *summary, const char *name)
{
    for (size_t i = 0; i < summary->property_count; i++) {
        const struct cli_property_sum *sum = &summary->properties[i];
        if ((sum->kind == SM_SITE_SOMETIMES || sum->kind == SM_SITE_REACHABLE) &&
            strcmp(sum->name, name) == 0)
            return sum;
    }
    return NULL;
}

bool cli_summary_missed(const struct cli_summary *summary, const char *name)
{
    const struct cli_property_sum *sum = cli_summary_find(summary, name);
    return summary->passed_count + summary->failed_count > 0 &&
           (sum == NULL || sum->true_count == 0);
}
