/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_AT_FIRST 16

/* The slot of a value, or the free one where it belongs. */
static struct cli_tally_slot *find(struct cli_tally_slot *slots, size_t count, uint64_t value)
{
    uint64_t at = value * UINT64_C(0x9e3779b97f4a7c15) >> 17;
    while (slots[at % count].count != 0 && slots[at % count].value != value)
        at++;
    return &slots[at % count];
}

/* Keeps at least half of the slots free. */
static int grow(struct cli_tally *tally)
{
    if (tally->used * 2 < tally->slot_count)
        return 0;
    size_t count = tally->slot_count > 0 ? tally->slot_count * 2 : SLOTS_AT_FIRST;
    struct cli_tally_slot *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < tally->slot_count; i++)
        if (tally->slots[i].count != 0)
            *find(slots, count, tally->slots[i].value) = tally->slots[i];
    free(tally->slots);
    tally->slots = slots;
    tally->slot_count = count;
    return 0;
}

int cli_tally_add(struct cli_tally *tally, uint64_t value)
{
    int error = grow(tally);
    if (error != 0)
        return error;
    struct cli_tally_slot *slot = find(tally->slots, tally->slot_count, value);
    tally->used += slot->count == 0;
    tally->total++;
    slot->value = value;
    slot->count++;
    return 0;
}

void cli_tally_finish(struct cli_tally *tally)
{
    free(tally->slots);
    memset(tally, 0, sizeof *tally);
}

static int by_value(const void *a, const void *b)
{
    const struct cli_tally_slot *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

struct cli_tally_range cli_tally_range(const struct cli_tally *tally)
{
    struct cli_tally_range range = {0, 0, 0};
    struct cli_tally_slot *sorted = malloc((tally->used + 1) * sizeof *sorted);
    size_t count = 0;
    if (sorted == NULL || tally->used == 0) {
        free(sorted);
        return range;
    }
    for (size_t i = 0; i < tally->slot_count; i++)
        if (tally->slots[i].count != 0)
            sorted[count++] = tally->slots[i];
    qsort(sorted, count, sizeof *sorted, by_value);
    range.min = sorted[0].value;
    range.max = sorted[count - 1].value;
    uint64_t seen = 0;
    for (size_t i = 0; i < count && seen < (tally->total + 1) / 2; i++) {
        seen += sorted[i].count;
        range.median = sorted[i].value;
    }
    free(sorted);
    return range;
}
