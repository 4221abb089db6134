/* SPDX-License-Identifier: MIT */
#include "core/random.h"
#include "tests/net/soak.h"

#include <stddef.h>
#include <stdio.h>

#define LASTS_MAX_NS (10 * SM_S)
#define PER_RUN_MAX  4 /* of a kind */
#define ACTIVE_MAX   512

/* ---- the kinds ---- */

enum what { RULE, FLAP, SWIZZLE, RESET, HALF_OPEN, CRASH, KILL, STOP, PAUSE };
enum who { ENDS, BOTH_WAYS, HALVES, ONE_WAY, ISOLATED, RING, BRIDGE };

struct kind {
    const char *name;
    enum what what;
    enum who who;
    enum lo_effect effect;
    size_t counter; /* of the network: grows when it bites; 0: what the rule has affected counts */
    struct lo_link link;
};

#define COUNTER(name)      .counter = offsetof(struct lo_counters, name)
#define LOST(reason)       .counter = offsetof(struct lo_counters, lost) + 8 * LO_LOST_##reason
#define LINK(field, ...)   .link = {.set = LO_LINK_##field, __VA_ARGS__}
#define PPM(field, member) LINK(field, .member##_ppm = 200000)
/* A rule, and those that change links. */
#define RULE_(name_, who_, effect_, ...)                                           \
    {                                                                              \
        .name = (name_), .who = (who_), .effect = LO_EFFECT_##effect_, __VA_ARGS__ \
    }
#define BAD_LINK(name_, ...)   RULE_(name_, ENDS, LINK, __VA_ARGS__)
#define PARTITION(name_, who_) RULE_(name_, who_, BLOCK, .what = RULE)
#define OTHER(name_, what_, ...)                      \
    {                                                 \
        .name = (name_), .what = (what_), __VA_ARGS__ \
    }
#define CORRUPTION_OF_STREAMS 7

static const struct kind kinds[] = {
    BAD_LINK("latency", LINK(LATENCY, .latency = {LO_LATENCY_EXPONENTIAL, 0, 100 * SM_MS, 0})),
    RULE_("added latency", ENDS, ADD,
          LINK(LATENCY, .latency = {LO_LATENCY_LOGNORMAL, 1000000, 20 * SM_MS, 0})),
    BAD_LINK("jitter", LINK(JITTER, .jitter = {LO_LATENCY_UNIFORM, 0, 0, 50 * SM_MS})),
    BAD_LINK("loss", PPM(LOSS, loss), LOST(LOSS)),
    BAD_LINK("duplication", PPM(DUPLICATE, duplicate), COUNTER(duplicated)),
    BAD_LINK("reordering", PPM(REORDER, reorder), COUNTER(reordered)),
    BAD_LINK("corruption", PPM(CORRUPT, corrupt), COUNTER(corrupted)),
    [CORRUPTION_OF_STREAMS] = BAD_LINK(
        "corruption of streams", PPM(CORRUPT_STREAMS, corrupt_streams), COUNTER(corrupted_streams)),
    BAD_LINK("bandwidth", LINK(BANDWIDTH, .bandwidth_bytes_per_s = 50000), COUNTER(queued)),
    BAD_LINK("full queue",
             LINK(BANDWIDTH | LO_LINK_QUEUE, .bandwidth_bytes_per_s = 50000, .queue_bytes = 2000),
             LOST(QUEUE)),
    BAD_LINK("mtu", LINK(MTU, .mtu_bytes = 600), LOST(MTU)),
    RULE_("clog", ENDS, HOLD, .what = RULE),
    OTHER("swizzle", SWIZZLE, .who = ENDS),
    RULE_("flapping", BOTH_WAYS, BLOCK, .what = FLAP),
    PARTITION("partition in halves", HALVES),
    PARTITION("partition one way", ONE_WAY),
    PARTITION("isolated machine", ISOLATED),
    PARTITION("partition in a ring", RING),
    PARTITION("partition with a bridge", BRIDGE),
    PARTITION("partition between two", BOTH_WAYS),
    RULE_("refused connections", ENDS, REFUSE, .what = RULE),
    RULE_("full backlog", ENDS, BACKLOG, .what = RULE),
    OTHER("reset", RESET, .who = BOTH_WAYS),
    OTHER("half-open", HALF_OPEN, .who = ENDS),
    RULE_("black hole", BOTH_WAYS, BLACK_HOLE, LOST(BLACK_HOLE)),
    RULE_("slow reader", ENDS, SLOW_READER, .link = {.bandwidth_bytes_per_s = 20000}),
    RULE_("no name", ENDS, NO_NAME, COUNTER(names_failed)),
    RULE_("late name", ENDS, LATE_NAME, COUNTER(names_late),
          .link = {.latency = {LO_LATENCY_UNIFORM, 0, SM_MS, 3 * SM_S}}),
    OTHER("crash", CRASH, .who = ENDS),
    OTHER("kill", KILL, .who = ENDS),
    OTHER("stop", STOP, .who = ENDS),
    OTHER("pause", PAUSE, .who = ENDS),
};
#define KINDS (sizeof kinds / sizeof *kinds)

static struct {
    uint64_t fired, observed;
} totals[KINDS];

/* ---- those of a run ---- */

struct fault {
    const struct kind *kind;
    uint64_t key;
    uint32_t machine, rule;
    struct lo_sequence *sequence;
    uint64_t mark; /* the counter, when it began */
};

static struct fault faults[ACTIVE_MAX];

static uint64_t draw(const struct fault *fault, uint64_t purpose, uint64_t bound)
{
    return sm__random_scale(sm__random_draw(fault->key, purpose), bound);
}

static uint64_t count_of(const struct nf *nf, const struct kind *kind)
{
    uint64_t count = 0;

    if (kind->counter)
        memcpy(&count, (const char *)lo_net_counters(nf->net) + kind->counter, sizeof count);
    return count;
}

static void observed(const struct kind *kind)
{
    totals[kind - kinds].observed++;
}

/* ---- whom it is about ---- */

struct scope {
    struct lo_rule rule;
    uint64_t from, to;
    uint32_t sides[SOAK_MACHINES];
};

/* One machine, or a few, or all. */
static uint64_t some(const struct fault *fault, uint64_t purpose)
{
    const uint64_t all = (UINT64_C(1) << SOAK_MACHINES) - 1;
    const uint64_t set = draw(fault, purpose, all + 1);
    return set ? set : all;
}

static void choose_sides(const struct fault *fault, struct scope *scope)
{
    const uint32_t one = (uint32_t)draw(fault, 10, SOAK_MACHINES);

    for (uint32_t i = 0; i < SOAK_MACHINES; i++) {
        const uint32_t place = (i + one) % SOAK_MACHINES;
        scope->sides[i] = place;
        if (fault->kind->who == ISOLATED)
            scope->sides[i] = place == 0;
        else if (fault->kind->who == BRIDGE)
            scope->sides[i] = place == 0 ? 2 : place == 1;
        else if (fault->kind->who != RING)
            scope->sides[i] = place < SOAK_MACHINES / 2;
    }
    scope->rule.scope = fault->kind->who == RING ? LO_SCOPE_RING : LO_SCOPE_SIDES;
    scope->rule.sides = scope->sides;
    scope->rule.cut[0][1] = 1;
    scope->rule.cut[1][0] = fault->kind->who != ONE_WAY;
}

static void choose_scope(const struct fault *fault, struct scope *scope)
{
    *scope = (struct scope){.from = some(fault, 11), .to = some(fault, 12)};
    scope->rule.effect = fault->kind->effect;
    scope->rule.link = fault->kind->link;
    if (fault->kind->who > BOTH_WAYS) {
        choose_sides(fault, scope);
        return;
    }
    scope->rule.scope = LO_SCOPE_SETS;
    scope->rule.both_ways = fault->kind->who == BOTH_WAYS;
    scope->rule.from = &scope->from;
    scope->rule.to = &scope->to;
}

/* ---- machines ---- */

static void machine_begins(struct nf *nf, struct fault *fault)
{
    struct sim_machine *machine;

    fault->machine = 1 + (uint32_t)draw(fault, 13, SOAK_MACHINES);
    machine = nf->tw.world->machines[fault->machine - 1];
    if (machine->state != SIM_MACHINE_UP) {
        fault->machine = 0;
        return;
    }
    if (!sm__list_empty(&machine->home.tasks) && fault->kind->what != PAUSE)
        observed(fault->kind);
    if (fault->kind->what == CRASH)
        sim_machine_crash(machine);
    else if (fault->kind->what == KILL)
        sim_machine_kill(machine);
    else if (fault->kind->what == STOP)
        sim_machine_stop(machine, SM_FOREVER);
    else
        sim_machine_pause(machine);
}

static void machine_ends(struct nf *nf, struct fault *fault)
{
    struct sim_machine *machine = nf->tw.world->machines[fault->machine - 1];

    if (fault->kind->what != PAUSE) {
        sim_machine_start(machine);
        return;
    }
    if (machine->held.count > 0)
        observed(fault->kind);
    sim_machine_resume(machine);
}

/* ---- beginning and end ---- */

static void network_begins(struct nf *nf, struct fault *fault, int64_t lasts_ns)
{
    const struct lo_times times = {SM_MS, SM_S};
    struct scope scope;
    uint32_t hits = 0;

    choose_scope(fault, &scope);
    if (fault->kind->what == RULE)
        fault->rule = lo_rule_add(nf->net, &scope.rule);
    else if (fault->kind->what == FLAP)
        fault->sequence = lo_flap_begin(nf->net, &scope.rule, times, times, fault->key, 0);
    else if (fault->kind->what == SWIZZLE)
        fault->sequence = lo_swizzle_begin(nf->net, &scope.from, lasts_ns, fault->key, 0);
    else if (fault->kind->what == RESET)
        hits = lo_connections_reset(nf->net, &scope.rule);
    else
        hits = lo_connections_forget(nf->net, &scope.rule);
    if (hits > 0)
        observed(fault->kind);
}

static void ends(struct nf *nf, uint64_t number)
{
    struct fault *fault = &faults[number];
    uint64_t hits = 0;

    if (fault->machine)
        machine_ends(nf, fault);
    if (fault->sequence)
        hits = lo_sequence_end(fault->sequence);
    if (fault->rule) {
        lo_rule_remove(nf->net, fault->rule);
        hits = fault->kind->counter ? count_of(nf, fault->kind) - fault->mark
                                    : lo_rule_affected(nf->net, fault->rule);
    }
    if (hits > 0)
        observed(fault->kind);
}

static void begins(struct nf *nf, uint64_t number)
{
    struct fault *fault = &faults[number];
    const int64_t lasts_ns = SM_MS + (int64_t)draw(fault, 14, LASTS_MAX_NS - SM_MS);

    fault->mark = count_of(nf, fault->kind);
    if (fault->kind->what >= CRASH)
        machine_begins(nf, fault);
    else
        network_begins(nf, fault, lasts_ns);
    if (fault->kind->what >= CRASH && !fault->machine)
        return; /* it is off already */
    totals[fault->kind - kinds].fired++;
    nf_at(nf, nf->tw.world->now + lasts_ns, ends, number);
}

/* What was stopped or crashed twice at once may have missed its start. */
static void all_start(struct nf *nf, uint64_t number)
{
    (void)number;
    for (uint32_t i = 0; i < SOAK_MACHINES; i++)
        sim_machine_start(nf->tw.world->machines[i]);
}

void soak_plan_faults(struct soak *soak)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < KINDS; i++) {
        const uint64_t key = sm__random_mix(soak->seed * KINDS + i);
        const uint64_t times = 1 + sm__random_scale(sm__random_draw(key, 0), PER_RUN_MAX);
        if (i == CORRUPTION_OF_STREAMS && !soak->alters)
            continue;
        for (uint64_t n = 0; n < times; n++) {
            struct fault *fault = &faults[count];
            *fault = (struct fault){.kind = &kinds[i], .key = sm__random_draw(key, 1 + n)};
            nf_at(&soak->nf, SM_S + (sm_time)draw(fault, 15, SOAK_FAULTS_NS - SM_S), begins,
                  count++);
        }
    }
    _Static_assert(KINDS * PER_RUN_MAX <= ACTIVE_MAX, "room for all");
    nf_at(&soak->nf, SOAK_FAULTS_NS + LASTS_MAX_NS + SM_S, all_start, 0);
}

void soak_judge_faults(void)
{
    for (size_t i = 0; i < KINDS; i++)
        printf("# %-24s fired %6llu, observed %6llu\n", kinds[i].name,
               (unsigned long long)totals[i].fired, (unsigned long long)totals[i].observed);
    fflush(stdout); /* this process ends without it */
    for (size_t i = 0; i < KINDS; i++)
        ck_assert_msg(totals[i].fired > 0 && totals[i].observed > 0, "'%s' never bit",
                      kinds[i].name);
}
