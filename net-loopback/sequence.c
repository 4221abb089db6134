/* SPDX-License-Identifier: MIT */
/*
 * Rules that wake and sleep by themselves: flapping links, swizzled machines.
 *
 *   ASLEEP --down, or its machine's time--> AWAKE --up, or its machine's time--> ASLEEP
 *
 * A flapping rule has a step pending all the time, that of a swizzled machine until it is released.
 */
#include "core/random.h"
#include "net-loopback/internal.h"
#include "sim/host.h"

enum { SIDE_OTHERS, SIDE_CLOGGED };

/* One rule. */
struct item {
    struct lo_sequence *sequence;
    struct sim_event *event; /* its next step; NULL: there is none */
    uint32_t rule;
    bool awake;
    int64_t sleeps_at; /* swizzled: when its machine is released */
};

struct lo_sequence {
    struct sm__list link; /* in net->sequences */
    struct lo_net *net;
    uint64_t key, draws, number;
    struct lo_times down, up; /* flapping; zeros: swizzling */
    uint32_t count;
    struct item items[];
};

static int64_t draw(struct lo_sequence *sequence, int64_t min_ns, int64_t max_ns)
{
    const uint64_t drawn = sm__random_draw(sequence->key, sequence->draws++);
    return min_ns + (int64_t)sm__random_scale(drawn, (uint64_t)(max_ns - min_ns) + 1);
}

/* ---- steps ---- */

static void step(struct sim_world *world, struct sim_event *event);

static void step_at(struct item *item, int64_t at_ns)
{
    struct lo_sequence *sequence = item->sequence;

    item->event = sim_event_at(sequence->net->world, at_ns,
                               item->awake ? SIM_FAULT_END : SIM_FAULT_BEGIN, 0, step);
    item->event->object = item;
    item->event->number = sequence->number;
}

static void toggle(struct item *item)
{
    item->awake = !item->awake;
    lo_rule_sleep(item->sequence->net, item->rule, !item->awake);
}

static void step(struct sim_world *world, struct sim_event *event)
{
    struct item *item = event->object;
    struct lo_sequence *sequence = item->sequence;
    const struct lo_times *times = item->awake ? &sequence->up : &sequence->down;

    item->event = NULL;
    toggle(item);
    if (times->max_ns > 0)
        step_at(item, world->now + draw(sequence, times->min_ns, times->max_ns));
    else if (item->awake)
        step_at(item, item->sleeps_at);
}

/* ---- beginning ---- */

static struct lo_sequence *make(struct lo_net *net, uint32_t count, uint64_t key, uint64_t number)
{
    struct lo_sequence *sequence =
        sim_host_alloc(sizeof *sequence + count * sizeof *sequence->items);

    sequence->net = net;
    sequence->key = key;
    sequence->number = number;
    sequence->count = count;
    for (uint32_t i = 0; i < count; i++)
        sequence->items[i].sequence = sequence;
    sm__list_append(&net->sequences, &sequence->link);
    return sequence;
}

struct lo_sequence *lo_flap_begin(struct lo_net *net, const struct lo_rule *rule,
                                  struct lo_times down, struct lo_times up, uint64_t key,
                                  uint64_t number)
{
    struct lo_sequence *sequence = make(net, 1, key, number);
    struct item *item = &sequence->items[0];

    SM_ASSERT(down.min_ns >= 1 && down.max_ns >= down.min_ns);
    SM_ASSERT(up.min_ns >= 1 && up.max_ns >= up.min_ns);
    sequence->down = down;
    sequence->up = up;
    item->rule = lo_rule_add(net, rule);
    item->awake = true;
    step_at(item, net->world->now + draw(sequence, down.min_ns, down.max_ns));
    return sequence;
}

static uint32_t clog_rule(struct lo_net *net, uint32_t machine)
{
    uint32_t *sides = sim_host_alloc(net->machine_count * sizeof *sides);
    struct lo_rule rule = {.effect = LO_EFFECT_HOLD, .scope = LO_SCOPE_SIDES, .sides = sides};

    sides[machine - 1] = SIDE_CLOGGED;
    rule.cut[SIDE_OTHERS][SIDE_CLOGGED] = rule.cut[SIDE_CLOGGED][SIDE_OTHERS] = 1;
    const uint32_t id = lo_rule_add(net, &rule);
    lo_rule_sleep(net, id, true);
    sim_host_free(sides);
    return id;
}

struct lo_sequence *lo_swizzle_begin(struct lo_net *net, const uint64_t *machines, int64_t lasts_ns,
                                     uint64_t key, uint64_t number)
{
    const int64_t now = net->world->now, half = lasts_ns / 2;
    uint32_t count = 0;

    SM_ASSERT(half >= 1);
    for (uint32_t i = 1; i <= net->machine_count; i++)
        count += lo_set_has(machines, i);
    struct lo_sequence *sequence = make(net, count, key, number);
    struct item *item = sequence->items;
    for (uint32_t i = 1; i <= net->machine_count; i++) {
        if (!lo_set_has(machines, i))
            continue;
        item->rule = clog_rule(net, i);
        const int64_t clogs_at = now + draw(sequence, 0, half - 1);
        item->sleeps_at = now + draw(sequence, half, lasts_ns - 1);
        step_at(item++, clogs_at);
    }
    return sequence;
}

/* ---- the end ---- */

uint64_t lo_sequence_affected(const struct lo_sequence *sequence)
{
    uint64_t affected = 0;

    for (uint32_t i = 0; i < sequence->count; i++)
        affected += lo_rule_affected(sequence->net, sequence->items[i].rule);
    return affected;
}

uint64_t lo_sequence_end(struct lo_sequence *sequence)
{
    const uint64_t affected = lo_sequence_affected(sequence);

    for (uint32_t i = 0; i < sequence->count; i++) {
        if (sequence->items[i].event)
            sim_event_cancel(sequence->items[i].event);
        lo_rule_remove(sequence->net, sequence->items[i].rule);
    }
    sm__list_remove(&sequence->link);
    sim_host_free(sequence);
    return affected;
}

void lo_sequences_finish(struct lo_net *net)
{
    while (!sm__list_empty(&net->sequences)) {
        struct sm__list *link = net->sequences.next;
        sm__list_remove(link);
        sim_host_free(sm__container(link, struct lo_sequence, link));
    }
}
