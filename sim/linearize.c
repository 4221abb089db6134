/* SPDX-License-Identifier: MIT */
/*
 * Is a register's history linearizable? A depth-first search for an order of the operations.
 *
 *   calls and returns in their order   inv a, inv b, ret a, inv c, ret c, ret b
 *   choose:     any operation whose call stands before the first return that is left may be next,
 *               if the register's value allows its result; take its call and return out
 *   undo:       when the first thing left is a return that nothing could be chosen before
 *   remember:   (set of chosen operations, value) that were seen already: never search them twice
 *
 * An operation of unknown outcome has its return at the end: it may be chosen at any time, or
 * never.
 *
 * A set is remembered by 128 bits, the exclusive or of a number for each of its operations
 * (Zobrist, 1970): bits for each operation would take memory that grows with the square of the
 * history. That two of 2^32 sets have the same 128 bits is a matter of 1 in 2^65.
 */
#include "core/random.h"
#include "sim/history.h"
#include "sim/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next, *prev;
    struct entry *match; /* of a call: its return; NULL for a return */
    uint32_t index;      /* into ops */
    uint64_t position;
};

struct choice {
    struct entry *call;
    uint64_t value_before;
};

struct set {
    uint64_t a, b; /* both 0: no operation */
};

struct search {
    const struct sim_operation **ops; /* of one register */
    size_t count;
    struct entry *entries; /* 2 per operation; entries[0] is the list's head */
    struct choice *stack;
    size_t depth;
    struct set chosen;
    size_t known_left; /* that are not chosen, and have happened */
    uint64_t value;
    struct set *seen; /* configurations, value included: open addressing */
    size_t seen_count, seen_capacity;
    size_t deepest;
    uint64_t steps_left;
};

/* ---- the register ---- */

static bool allows(const struct sim_operation *op, uint64_t value, uint64_t *next)
{
    const bool known = op->outcome == SM_OUTCOME_OK;

    *next = value;
    switch ((enum sm_operation)op->operation) {
    case SM_OPERATION_READ:
        return !known || op->result == value;
    case SM_OPERATION_WRITE:
        *next = op->value;
        return true;
    case SM_OPERATION_COMPARE_AND_SET:
        if (value == op->expected)
            *next = op->value;
        return !known || (op->result == 1) == (value == op->expected);
    }
    return false;
}

/* ---- the list of calls and returns ---- */

static int by_position(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void link_entries(struct search *s)
{
    struct entry *e = s->entries;
    const size_t count = 2 * s->count;
    struct entry **calls = sim_host_alloc(s->count * sizeof *calls);

    for (size_t i = 0; i < s->count; i++) {
        e[1 + 2 * i] = (struct entry){.index = (uint32_t)i, .position = s->ops[i]->invoked};
        e[2 + 2 * i] = (struct entry){.index = (uint32_t)i, .position = s->ops[i]->completed};
    }
    qsort(e + 1, count, sizeof *e, by_position);
    for (size_t i = 0; i <= count; i++) {
        e[i].next = i < count ? &e[i + 1] : NULL;
        e[i].prev = i > 0 ? &e[i - 1] : NULL;
        if (i == 0)
            continue;
        if (e[i].position == s->ops[e[i].index]->invoked)
            calls[e[i].index] = &e[i];
        else
            calls[e[i].index]->match = &e[i];
    }
    sim_host_free(calls);
}

static void take_out(struct entry *e)
{
    e->prev->next = e->next;
    if (e->next)
        e->next->prev = e->prev;
}

static void put_back(struct entry *e)
{
    e->prev->next = e;
    if (e->next)
        e->next->prev = e;
}

/* ---- memory of configurations ---- */

static struct set toggled(struct set set, uint64_t number)
{
    return (struct set){set.a ^ sm__random_mix(number + 1), set.b ^ sm__random_mix(~number)};
}

static bool same(struct set x, struct set y)
{
    return x.a == y.a && x.b == y.b;
}

static struct set *slot_of(struct set *table, size_t capacity, struct set key)
{
    size_t at = key.a & (capacity - 1);

    while (!same(table[at], (struct set){0}) && !same(table[at], key))
        at = (at + 1) & (capacity - 1);
    return &table[at];
}

static void grow_seen(struct search *s)
{
    const size_t capacity = s->seen_capacity ? s->seen_capacity * 2 : 1024;
    struct set *table = sim_host_alloc(capacity * sizeof *table);

    for (size_t i = 0; i < s->seen_capacity; i++) {
        if (!same(s->seen[i], (struct set){0}))
            *slot_of(table, capacity, s->seen[i]) = s->seen[i];
    }
    sim_host_free(s->seen);
    s->seen = table;
    s->seen_capacity = capacity;
}

/* True if (chosen and op, value) is new. */
static bool remember(struct search *s, uint32_t op, uint64_t value)
{
    const struct set after = toggled(s->chosen, op);
    const struct set key = {sm__random_mix(after.a ^ value), sm__random_mix(after.b + value) | 1};

    if (s->seen_count * 2 >= s->seen_capacity)
        grow_seen(s);
    struct set *slot = slot_of(s->seen, s->seen_capacity, key);
    if (same(*slot, key))
        return false;
    *slot = key;
    s->seen_count++;
    return true;
}

/* ---- the search ---- */

static bool is_known(const struct search *s, const struct entry *call)
{
    return s->ops[call->index]->outcome == SM_OUTCOME_OK;
}

static void choose(struct search *s, struct entry *call, uint64_t value)
{
    s->stack[s->depth++] = (struct choice){call, s->value};
    s->chosen = toggled(s->chosen, call->index);
    s->known_left -= is_known(s, call);
    s->value = value;
    take_out(call);
    take_out(call->match);
    if (s->depth > s->deepest)
        s->deepest = s->depth;
}

/* Returns the call that was undone: the search goes on behind it. */
static struct entry *undo(struct search *s)
{
    const struct choice last = s->stack[--s->depth];

    s->value = last.value_before;
    s->chosen = toggled(s->chosen, last.call->index);
    s->known_left += is_known(s, last.call);
    put_back(last.call->match);
    put_back(last.call);
    return last.call;
}

static enum sim_linearizable search(struct search *s)
{
    struct entry *e = s->entries[0].next;

    while (s->known_left > 0) { /* the others need not have happened */
        if (s->steps_left-- == 0)
            return SIM_TOO_COSTLY;
        uint64_t next;
        if (e && e->match) {
            if (allows(s->ops[e->index], s->value, &next) && remember(s, e->index, next)) {
                choose(s, e, next);
                e = s->entries[0].next;
            } else {
                e = e->next;
            }
        } else {
            if (s->depth == 0)
                return SIM_NOT_LINEARIZABLE;
            e = undo(s)->next;
        }
    }
    return SIM_LINEARIZABLE;
}

/* By value, the first of equal ones first. */
static int by_value(const void *a, const void *b)
{
    const struct sim_operation *x = *(const struct sim_operation *const *)a;
    const struct sim_operation *y = *(const struct sim_operation *const *)b;

    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->invoked < y->invoked ? -1 : x->invoked > y->invoked;
}

static bool written_before(const struct sim_operation **writes, size_t count, uint64_t value,
                           uint64_t position)
{
    size_t low = 0;

    for (size_t high = count; low < high;) {
        const size_t middle = low + (high - low) / 2;
        if (writes[middle]->value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && writes[low]->value == value && writes[low]->invoked < position;
}

/*
 * The cheap refusal: a value that was read though nobody ever wrote it. The search would have to
 * try every order of the operations of unknown outcome to find that out.
 */
static bool reads_from_nowhere(const struct search *s)
{
    const struct sim_operation **writes = sim_host_alloc(s->count * sizeof *writes);
    size_t count = 0;
    bool found = false;

    for (size_t i = 0; i < s->count; i++) {
        if (s->ops[i]->operation != SM_OPERATION_READ)
            writes[count++] = s->ops[i];
    }
    qsort(writes, count, sizeof *writes, by_value);
    for (size_t i = 0; i < s->count && !found; i++) {
        const struct sim_operation *read = s->ops[i];
        if (read->operation == SM_OPERATION_READ && read->result != 0)
            found = !written_before(writes, count, read->result, read->completed);
    }
    sim_host_free(writes);
    return found;
}

static enum sim_linearizable judge_one(const struct sim_operation **ops, size_t count,
                                       uint64_t *steps_left, size_t *deepest)
{
    struct search s = {.ops = ops, .count = count, .steps_left = *steps_left};

    for (size_t i = 0; i < count; i++)
        s.known_left += ops[i]->outcome == SM_OUTCOME_OK;
    s.entries = sim_host_alloc((1 + 2 * count) * sizeof *s.entries);
    s.stack = sim_host_alloc(count * sizeof *s.stack);
    link_entries(&s);
    const enum sim_linearizable verdict =
        reads_from_nowhere(&s) ? SIM_NOT_LINEARIZABLE : search(&s);
    *steps_left = s.steps_left == UINT64_MAX ? 0 : s.steps_left;
    *deepest = s.deepest;
    sim_host_free(s.entries);
    sim_host_free(s.stack);
    sim_host_free(s.seen);
    return verdict;
}

/* ---- registers ---- */

static int by_key(const void *a, const void *b)
{
    const struct sim_operation *x = *(const struct sim_operation *const *)a;
    const struct sim_operation *y = *(const struct sim_operation *const *)b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->invoked < y->invoked ? -1 : x->invoked > y->invoked;
}

/* What has an effect or a result; sorted by register. */
static size_t select_operations(const struct sim_history *history, const struct sim_operation **ops)
{
    size_t count = 0;

    for (size_t i = 0; i < history->count; i++) {
        const struct sim_operation *op = &history->operations[i];
        const bool says_nothing =
            op->outcome == SM_OUTCOME_FAILED ||
            (op->operation == SM_OPERATION_READ && op->outcome != SM_OUTCOME_OK);
        if (!says_nothing)
            ops[count++] = op;
    }
    qsort(ops, count, sizeof *ops, by_key);
    return count;
}

enum sim_linearizable sim_history_judge_register(const struct sim_history *history,
                                                 uint64_t steps_max, char *text, size_t size)
{
    const struct sim_operation **ops = sim_host_alloc(history->count * sizeof *ops);
    const size_t count = select_operations(history, ops);
    enum sim_linearizable verdict = SIM_LINEARIZABLE;
    uint64_t steps_left = steps_max;

    for (size_t i = 0; i < count && verdict == SIM_LINEARIZABLE;) {
        size_t n = 1, deepest = 0;
        while (i + n < count && ops[i + n]->key == ops[i]->key)
            n++;
        verdict = judge_one(ops + i, n, &steps_left, &deepest);
        if (verdict == SIM_NOT_LINEARIZABLE)
            snprintf(text, size,
                     "the history of register %" PRIu64
                     " is not linearizable: of its %zu operations "
                     "no order explains more than %zu",
                     ops[i]->key, n, deepest);
        i += n;
    }
    sim_host_free(ops);
    return verdict;
}
