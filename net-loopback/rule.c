/* SPDX-License-Identifier: MIT */
/*
 * Dynamic rules: partitions, clogs, bad links, and what befalls connections and names. They act in
 * the order in which they came; the first that stops a message decides.
 */
#include "core/random.h"
#include "net-loopback/internal.h"
#include "net-loopback/latency.h"
#include "sim/host.h"

#include <string.h>

/* ---- which messages ---- */

static bool are_apart(const struct lo_active_rule *rule, uint32_t from, uint32_t to)
{
    const uint32_t a = rule->sides[from - 1], b = rule->sides[to - 1];

    if (a == LO_NO_PLACE || b == LO_NO_PLACE)
        return false;
    const uint32_t distance = a > b ? a - b : b - a;
    return distance > 1 && distance != rule->ring_count - 1;
}

static bool links(const struct lo_active_rule *rule, uint32_t from, uint32_t to)
{
    return lo_set_has(rule->from, from) && lo_set_has(rule->to, to);
}

bool lo_rule_is_about(const struct lo_active_rule *rule, uint32_t from, uint32_t to)
{
    switch (rule->scope) {
    case LO_SCOPE_SETS:
        return links(rule, from, to) || (rule->both_ways && links(rule, to, from));
    case LO_SCOPE_SIDES:
        return rule->cut[rule->sides[from - 1]][rule->sides[to - 1]];
    case LO_SCOPE_RING:
        return are_apart(rule, from, to);
    }
    return false;
}

/* ---- what happens to them ---- */

static uint32_t added_ppm(uint32_t a, uint32_t b)
{
    return a + b > 1000000 ? 1000000 : a + b;
}

/* The lower of two limits; 0 is none. */
static int64_t tighter(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

static void add_on_top(struct lo_link *link, const struct lo_link *more)
{
    link->set |= more->set;
    if (more->set & LO_LINK_LOSS)
        link->loss_ppm = added_ppm(link->loss_ppm, more->loss_ppm);
    if (more->set & LO_LINK_DUPLICATE)
        link->duplicate_ppm = added_ppm(link->duplicate_ppm, more->duplicate_ppm);
    if (more->set & LO_LINK_REORDER)
        link->reorder_ppm = added_ppm(link->reorder_ppm, more->reorder_ppm);
    if (more->set & LO_LINK_CORRUPT)
        link->corrupt_ppm = added_ppm(link->corrupt_ppm, more->corrupt_ppm);
    if (more->set & LO_LINK_CORRUPT_STREAMS)
        link->corrupt_streams_ppm = added_ppm(link->corrupt_streams_ppm, more->corrupt_streams_ppm);
    if (more->set & LO_LINK_JITTER)
        link->jitter = more->jitter;
    if (more->set & LO_LINK_MTU)
        link->mtu_bytes = (uint32_t)tighter(link->mtu_bytes, more->mtu_bytes);
    if (more->set & LO_LINK_QUEUE)
        link->queue_bytes = tighter(link->queue_bytes, more->queue_bytes);
    if (more->set & LO_LINK_BANDWIDTH)
        link->bandwidth_bytes_per_s =
            tighter(link->bandwidth_bytes_per_s, more->bandwidth_bytes_per_s);
}

static int64_t added_latency(const struct lo_active_rule *rule, const struct lo_path *path,
                             uint64_t number)
{
    const uint64_t draw = sm__random_draw(path->key, number * LO_DRAW_PURPOSES + LO_DRAW_RULE);

    if (!(rule->link.set & LO_LINK_LATENCY))
        return 0;
    return lo_latency_draw(&rule->link.latency, sm__random_mix(draw ^ rule->id));
}

static void change(struct lo_subject *subject, const struct lo_active_rule *rule)
{
    if (subject->link != &subject->changed)
        subject->changed = *subject->link;
    subject->link = &subject->changed;
    if (rule->effect == LO_EFFECT_LINK) {
        lo_link_override(&subject->changed, &rule->link);
    } else {
        add_on_top(&subject->changed, &rule->link);
        subject->extra_ns += added_latency(rule, subject->path, subject->number);
    }
}

static bool concerns(const struct lo_active_rule *rule, const struct lo_subject *subject)
{
    if (rule->effect > LO_EFFECT_BLACK_HOLE || rule->asleep)
        return false;
    if (rule->effect == LO_EFFECT_BLACK_HOLE &&
        (subject->connection == 0 || subject->connection > rule->connections_max))
        return false;
    return lo_rule_is_about(rule, (uint32_t)(subject->path->pair >> 32),
                            (uint32_t)subject->path->pair);
}

enum lo_fate lo_rules_judge(struct lo_net *net, struct lo_subject *subject)
{
    for (uint32_t i = 0; i < net->rules.count; i++) {
        struct lo_active_rule *rule = net->rules.active[i];
        if (!concerns(rule, subject))
            continue;
        net->rules.affected[rule->id - 1]++;
        subject->by = rule;
        if (rule->effect == LO_EFFECT_HOLD)
            return LO_FATE_HELD;
        if (rule->effect == LO_EFFECT_BLOCK || rule->effect == LO_EFFECT_BLACK_HOLE)
            return LO_FATE_LOST;
        change(subject, rule);
    }
    return LO_FATE_PASSES;
}

struct lo_active_rule *lo_rules_find(const struct lo_net *net, enum lo_effect effect, uint32_t from,
                                     uint32_t to)
{
    for (uint32_t i = 0; from != to && i < net->rules.count; i++) {
        struct lo_active_rule *rule = net->rules.active[i];
        if (rule->effect == effect && !rule->asleep && lo_rule_is_about(rule, from, to))
            return rule;
    }
    return NULL;
}

struct lo_active_rule *lo_rules_meet(struct lo_net *net, enum lo_effect effect, uint32_t from,
                                     uint32_t to)
{
    struct lo_active_rule *rule = lo_rules_find(net, effect, from, to);

    if (rule)
        net->rules.affected[rule->id - 1]++;
    return rule;
}

void lo_rule_hold(struct lo_net *net, struct lo_active_rule *rule,
                  void (*release)(struct lo_net *net, struct lo_held *held), void *object,
                  uint64_t number, uint32_t what)
{
    uint8_t class;
    struct lo_held *held = lo_pool_take(&net->pool, sizeof *held, &class);

    _Static_assert(sizeof *held <= 1 << LO_POOL_SMALLEST_BITS, "the smallest class, class 0");
    *held = (struct lo_held){.release = release, .object = object, .number = number, .what = what};
    if (rule->last)
        rule->last->next = held;
    else
        rule->first = held;
    rule->last = held;
}

static void release_all(struct lo_net *net, struct lo_active_rule *rule)
{
    while (rule->first) {
        struct lo_held *held = rule->first;
        rule->first = held->next;
        held->release(net, held);
        lo_pool_give(&net->pool, held, 0);
    }
}

/* ---- adding and removing ---- */

static void *copy(const void *from, size_t size)
{
    return from ? memcpy(sim_host_alloc(size), from, size) : NULL;
}

static uint32_t new_id(struct lo_rules *rules)
{
    if (rules->ids == rules->ids_capacity) {
        rules->ids_capacity = rules->ids_capacity ? rules->ids_capacity * 2 : 64;
        rules->affected =
            sim_host_resize(rules->affected, rules->ids_capacity * sizeof *rules->affected);
    }
    rules->affected[rules->ids] = 0;
    return ++rules->ids;
}

static void check_places(struct lo_active_rule *rule, uint32_t machine_count)
{
    for (uint32_t i = 0; i < machine_count; i++) {
        if (rule->scope == LO_SCOPE_SIDES)
            SM_ASSERT_MSG(rule->sides[i] < LO_SIDES_MAX, "a partition's side is above %d",
                          LO_SIDES_MAX - 1);
        else if (rule->sides[i] != LO_NO_PLACE)
            rule->ring_count++;
    }
}

static struct lo_active_rule *make_rule(const struct lo_rule *rule, uint32_t machine_count)
{
    struct lo_active_rule *active = sim_host_alloc(sizeof *active);
    const size_t set_bytes = LO_SET_WORDS((size_t)machine_count) * sizeof(uint64_t);

    active->effect = rule->effect;
    active->scope = rule->scope;
    active->link = rule->link;
    active->both_ways = rule->both_ways;
    memcpy(active->cut, rule->cut, sizeof active->cut);
    if (rule->scope == LO_SCOPE_SETS) {
        active->from = copy(rule->from, set_bytes);
        active->to = copy(rule->to, set_bytes);
        return active;
    }
    SM_ASSERT_MSG(rule->sides, "a partition without sides");
    active->sides = copy(rule->sides, machine_count * sizeof *rule->sides);
    check_places(active, machine_count);
    return active;
}

struct lo_active_rule *lo_rule_scope(const struct lo_net *net, const struct lo_rule *rule)
{
    return make_rule(rule, net->machine_count);
}

void lo_rule_scope_free(struct lo_active_rule *rule)
{
    sim_host_free(rule->from);
    sim_host_free(rule->to);
    sim_host_free(rule->sides);
    sim_host_free(rule);
}

uint32_t lo_rule_add(struct lo_net *net, const struct lo_rule *rule)
{
    struct lo_rules *rules = &net->rules;

    SM_ASSERT_MSG(lo_link_valid(&rule->link), "a rule's link has a value that is out of range");
    if (rules->count == rules->capacity) {
        rules->capacity = rules->capacity ? rules->capacity * 2 : 8;
        rules->active = sim_host_resize(rules->active, rules->capacity * sizeof *rules->active);
    }
    struct lo_active_rule *active = make_rule(rule, net->machine_count);
    active->id = new_id(rules);
    active->connections_max = net->connection_ids;
    rules->active[rules->count++] = active;
    return active->id;
}

/* The place of a rule among the active ones; their count: it is not active. */
static uint32_t place_of(const struct lo_rules *rules, uint32_t id)
{
    uint32_t i = 0;

    while (i < rules->count && rules->active[i]->id != id)
        i++;
    return i;
}

void lo_rule_remove(struct lo_net *net, uint32_t id)
{
    struct lo_rules *rules = &net->rules;
    const uint32_t i = place_of(rules, id);

    if (i == rules->count)
        return;
    struct lo_active_rule *rule = rules->active[i];
    rules->count--;
    memmove(&rules->active[i], &rules->active[i + 1], (rules->count - i) * sizeof *rules->active);
    release_all(net, rule);
    lo_rule_scope_free(rule);
}

void lo_rule_sleep(struct lo_net *net, uint32_t id, bool asleep)
{
    const uint32_t i = place_of(&net->rules, id);

    if (i == net->rules.count)
        return;
    net->rules.active[i]->asleep = asleep;
    if (asleep)
        release_all(net, net->rules.active[i]);
}

uint64_t lo_rule_affected(const struct lo_net *net, uint32_t id)
{
    return id - 1 < net->rules.ids ? net->rules.affected[id - 1] : 0;
}

void lo_rules_finish(struct lo_net *net)
{
    for (uint32_t i = 0; i < net->rules.count; i++)
        lo_rule_scope_free(net->rules.active[i]);
    sim_host_free(net->rules.active);
    sim_host_free(net->rules.affected);
}
