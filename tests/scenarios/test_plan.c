/* SPDX-License-Identifier: MIT */
/* The fault plan: determinism, masking, swarm, heal, targets, sides, bounds, words. */
#include "tests/scenarios/support.h"
#include "tests/suite.h"

#include "scenarios/plan/plan.h"

#include <steelmill/time.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- expanding ---- */

/* Memory with a limit, full of rubbish, given back at once. */
struct memory {
    void *blocks[65536];
    size_t count;
    size_t left; /* blocks that may still be taken */
};

static struct memory memory;

static void *take(void *arg, size_t size)
{
    struct memory *from = arg;
    if (from->left == 0 || from->count == sizeof from->blocks / sizeof *from->blocks)
        return NULL;
    from->left--;
    void *block = malloc(size);
    ck_assert_ptr_nonnull(block);
    memset(block, 0xa5, size);
    from->blocks[from->count++] = block;
    return block;
}

static void give_all(void)
{
    while (memory.count > 0)
        free(memory.blocks[--memory.count]);
}

static struct plan expand(const struct scn *scn, uint64_t seed)
{
    struct plan plan;
    memory.left = SIZE_MAX;
    ck_assert_int_eq(plan_expand(scn, seed, take, &memory, &plan), 0);
    return plan;
}

/* All that a plan decides, field by field. */
static uint64_t hash_fault(uint64_t hash, const struct scn *scn, const struct plan_fault *fault)
{
    const uint64_t fields[] = {
        fault->fault,   fault->kind, (uint64_t)fault->begin_ns, (uint64_t)fault->end_ns,
        fault->machine, fault->draw};
    hash = XXH3_64bits_withSeed(fields, sizeof fields, hash);
    if (fault->amount)
        hash = XXH3_64bits_withSeed(&fault->amount, sizeof fault->amount, hash);
    if (fault->sides)
        hash = XXH3_64bits_withSeed(fault->sides, scn->machine_count * sizeof *fault->sides, hash);
    return hash;
}

static uint64_t hash_plan(const struct scn *scn, const struct plan *plan)
{
    uint64_t hash = plan->active_mask;
    for (uint32_t i = 0; i < plan->count; i++)
        hash = hash_fault(hash, scn, &plan->faults[i]);
    return hash;
}

/* The hash of the faults of one entry of `faults:`. */
static uint64_t hash_entry(const struct scn *scn, const struct plan *plan, uint32_t entry)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        struct plan_fault fault = plan->faults[i];
        if (fault.fault != entry)
            continue;
        fault.fault = 0; /* its place in the file is not a part of the question */
        hash = hash_fault(hash, scn, &fault);
    }
    return hash;
}

/* ---- tests ---- */

/* A seed means the same plan for ever, on every machine and with every compiler. */
START_TEST(golden_plans)
{
    static const uint64_t wanted[][2] = {
        {0x8252427efb18c874, 0x288a2581cdb4f661},
        {0x77fdc67082d21128, 0x7ca93118d1f8f32a},
        {0x3ab448058cc5a574, 0xd647bf9f4f5e081a},
    };
    struct loaded example = load("example.yaml", NULL, 0);
    struct loaded full = load("full.yaml", NULL, 0);
    for (uint64_t seed = 0; seed < 3; seed++) {
        struct plan one = expand(example.scn, seed), two = expand(full.scn, seed);
        ck_assert_msg(hash_plan(example.scn, &one) == wanted[seed][0] &&
                          hash_plan(full.scn, &two) == wanted[seed][1],
                      "seed %d: {0x%016llx, 0x%016llx}", (int)seed,
                      (unsigned long long)hash_plan(example.scn, &one),
                      (unsigned long long)hash_plan(full.scn, &two));
    }
    give_all();
    unload(&example);
    unload(&full);
}
END_TEST

/* The plan of a seed as a reader sees it: every kind of fault in its words. */
START_TEST(words)
{
    struct loaded it = load("full.yaml", NULL, 0);
    struct text text = {0};
    char line[512];
    it.scn->swarm = false;
    struct plan plan = expand(it.scn, 1);
    for (uint32_t i = 0; i < plan.count && plan.faults[i].begin_ns < 150 * SM_S; i++) {
        int length = plan_describe(it.scn, &plan.faults[i], line, sizeof line);
        ck_assert_int_eq(length, (int)strlen(line));
        text_append(&text, line, (size_t)length);
        text_append(&text, "\n", 1);
    }
    if (getenv("UPDATE_GOLDEN")) {
        FILE *out = fopen(SCENARIO_TESTS "/plan.txt", "w");
        ck_assert_ptr_nonnull(out);
        fwrite(text.bytes, 1, text.size, out);
        fclose(out);
    }
    struct text golden = read_file("plan.txt");
    ck_assert_str_eq(text.bytes, golden.bytes);
    free(golden.bytes);
    free(text.bytes);
    give_all();
    unload(&it);
}
END_TEST

/* A description that does not fit is cut, and its length is still told. */
START_TEST(words_cut)
{
    struct loaded it = load("example.yaml", NULL, 0);
    struct plan plan = expand(it.scn, 1);
    char whole[512], part[12];
    int length = plan_describe(it.scn, &plan.faults[0], whole, sizeof whole);
    ck_assert_int_eq(plan_describe(it.scn, &plan.faults[0], part, sizeof part), length);
    ck_assert_int_eq(strlen(part), sizeof part - 1);
    ck_assert(strncmp(whole, part, sizeof part - 1) == 0);
    plan.faults[0].masked = true;
    plan_describe(it.scn, &plan.faults[0], whole, sizeof whole);
    ck_assert_ptr_nonnull(strstr(whole, "(masked)"));
    give_all();
    unload(&it);
}
END_TEST

/* Removing one fault from the scenario leaves the plans of the others as they were. */
START_TEST(removal)
{
    struct loaded it = load("full.yaml", NULL, 0);
    struct scn_fault *faults = it.scn->faults;
    uint32_t count = it.scn->fault_count;
    uint64_t before[64];
    ck_assert_uint_le(count, sizeof before / sizeof *before);
    it.scn->swarm = false;
    for (uint64_t seed = 0; seed < 20; seed++) {
        it.scn->fault_count = count;
        struct plan whole = expand(it.scn, seed);
        for (uint32_t i = 0; i < count; i++)
            before[i] = hash_entry(it.scn, &whole, i);
        for (uint32_t removed = 0; removed < count; removed++) {
            struct scn_fault kept = faults[removed];
            memmove(&faults[removed], &faults[removed + 1], (count - removed - 1) * sizeof *faults);
            it.scn->fault_count = count - 1;
            struct plan rest = expand(it.scn, seed);
            for (uint32_t i = 0; i < count - 1; i++)
                ck_assert_uint_eq(hash_entry(it.scn, &rest, i), before[i + (i >= removed)]);
            memmove(&faults[removed + 1], &faults[removed], (count - removed - 1) * sizeof *faults);
            faults[removed] = kept;
        }
        give_all();
    }
    unload(&it);
}
END_TEST

/* Faults come in order, numbered, within the time before the heal phase, within their ranges. */
START_TEST(order_and_limits)
{
    struct loaded it = load("example.yaml", NULL, 0);
    const int64_t limit = it.scn->time_ns - it.scn->heal_ns;
    it.scn->swarm = false;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct plan plan = expand(it.scn, seed);
        int64_t end[3] = {0};
        for (uint32_t i = 0; i < plan.count; i++) {
            const struct plan_fault *fault = &plan.faults[i];
            const struct scn_fault *entry = &it.scn->faults[fault->fault];
            const struct scn_range *lasts =
                entry->kind == SCN_FAULT_CRASH ? &entry->restart : &entry->lasts;
            int64_t length = fault->end_ns - fault->begin_ns;
            int64_t gap = fault->begin_ns - end[fault->fault];
            ck_assert_uint_eq(fault->id, i + 1);
            ck_assert(i == 0 || plan.faults[i - 1].begin_ns <= fault->begin_ns);
            ck_assert(fault->begin_ns < fault->end_ns && fault->end_ns <= limit);
            ck_assert(length <= lasts->max_ns);
            ck_assert(length >= lasts->min_ns || fault->end_ns == limit);
            if (entry->repeats)
                ck_assert(gap >= entry->every.min_ns && gap <= entry->every.max_ns);
            else
                ck_assert_int_eq(fault->begin_ns, 40 * SM_S);
            end[fault->fault] = fault->end_ns;
        }
        give_all();
    }
    unload(&it);
}
END_TEST

/* Clocks are changed by amounts of the range, of both signs; a step has no end. */
START_TEST(amounts)
{
    static const char *const sets[] = {
        "swarm=false", "faults=[{ clock-step: { every: 1s, by: -2s..3s } },"
                       " { clock-drift: { every: 1s, for: 1s, by: -500ppm..100ppm } }]"};
    struct loaded it = load("example.yaml", sets, 2);
    struct plan plan = expand(it.scn, 1);
    int64_t least[2] = {0}, most[2] = {0};
    for (uint32_t i = 0; i < plan.count; i++) {
        const struct plan_fault *fault = &plan.faults[i];
        const uint32_t entry = fault->fault;
        least[entry] = fault->amount < least[entry] ? fault->amount : least[entry];
        most[entry] = fault->amount > most[entry] ? fault->amount : most[entry];
        ck_assert_int_eq(fault->end_ns == INT64_MAX, entry == 0);
        ck_assert_uint_lt(fault->machine, it.scn->machine_count);
    }
    ck_assert(least[0] >= -2 * SM_S && least[0] < -1 * SM_S);
    ck_assert(most[0] <= 3 * SM_S && most[0] > 2 * SM_S);
    ck_assert(least[1] >= -500000 && least[1] < -400000);
    ck_assert(most[1] <= 100000 && most[1] > 50000);
    give_all();
    unload(&it);
}
END_TEST

/* Machines draw their clocks from the ranges of their group, each its own, the same for a seed; in
 * swarm mode a little of each by default. */
START_TEST(clocks)
{
    static const char *const sets[] = {
        "machines.lock.clock={ offset: -1s..1s, drift: -1ppm..0ppm }",
        "machines.store.clock={ offset: 5s, drift: 0 }"};
    struct loaded it = load("example.yaml", sets, 2);
    for (uint64_t seed = 0; seed < 200; seed++) {
        const struct plan_clock lock = plan_clock(it.scn, seed, 0);
        const struct plan_clock store = plan_clock(it.scn, seed, 1);
        const struct plan_clock client = plan_clock(it.scn, seed, 2);
        const struct plan_clock other = plan_clock(it.scn, seed, 3);
        ck_assert(lock.offset_ns >= -SM_S && lock.offset_ns <= SM_S);
        ck_assert(lock.drift_ppb >= -1000 && lock.drift_ppb <= 0);
        ck_assert(store.offset_ns == 5 * SM_S && store.drift_ppb == 0);
        ck_assert(client.offset_ns >= -50 * SM_MS && client.offset_ns <= 50 * SM_MS);
        ck_assert(client.drift_ppb >= -50000 && client.drift_ppb <= 50000);
        ck_assert(client.offset_ns != other.offset_ns && client.drift_ppb != other.drift_ppb);
        ck_assert_int_eq(plan_clock(it.scn, seed, 2).offset_ns, client.offset_ns);
        ck_assert_int_ne(plan_clock(it.scn, seed + 1, 2).offset_ns, client.offset_ns);
    }
    unload(&it);
    const char *const off[] = {"swarm=false"};
    it = load("example.yaml", off, 1);
    ck_assert(plan_clock(it.scn, 1, 2).offset_ns == 0 && plan_clock(it.scn, 1, 2).drift_ppb == 0);
    unload(&it);
}
END_TEST

/* A machine that never restarts stays down; the next crash is counted from the last one. */
START_TEST(never)
{
    static const char *const sets[] = {
        "swarm=false", "faults=[{ crash: { of: client2, every: 10s, restart: never } }]"};
    struct loaded it = load("example.yaml", sets, 2);
    struct plan plan = expand(it.scn, 7);
    ck_assert_uint_eq(plan.count, 9); /* 10 s to 90 s; the heal phase begins at 100 s */
    for (uint32_t i = 0; i < plan.count; i++) {
        ck_assert_int_eq(plan.faults[i].begin_ns, (i + 1) * 10 * SM_S);
        ck_assert_int_eq(plan.faults[i].end_ns, INT64_MAX);
        ck_assert_uint_eq(plan.faults[i].machine, 3);
    }
    give_all();
    unload(&it);
}
END_TEST

/* `of` chooses every machine of its group now and then, and none of another. */
START_TEST(targets)
{
    static const char *const sets[] = {
        "swarm=false",
        "faults=[{ pause: { of: client, every: 1s, for: 1s } }, { pause: { every: 1s, for: 1s } },"
        " { pause: { of: { role: leader }, every: 1s, for: 1s } }]"};
    struct loaded it = load("example.yaml", sets, 2);
    uint32_t hits[2][5] = {{0}};
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct plan plan = expand(it.scn, seed);
        for (uint32_t i = 0; i < plan.count; i++)
            if (plan.faults[i].fault < 2)
                hits[plan.faults[i].fault][plan.faults[i].machine]++;
            else
                ck_assert_uint_eq(plan.faults[i].machine, SCN_NONE);
        give_all();
    }
    for (uint32_t i = 0; i < 5; i++) {
        ck_assert(i < 2 ? hits[0][i] == 0 : hits[0][i] > 250); /* 1,000 pauses, three clients */
        ck_assert(hits[1][i] > 140);
    }
    unload(&it);
}
END_TEST

static uint32_t count_side(const struct plan_fault *fault, uint32_t machines, uint32_t side)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < machines; i++)
        count += fault->sides[i] == side;
    return count;
}

/* Checks one partition of five machines; *seen collects the sizes of side 1. */
static void check_sides(const struct scn *scn, const struct plan_fault *fault, uint32_t *seen)
{
    uint32_t ones = count_side(fault, 5, 1), zeros = count_side(fault, 5, 0);
    *seen |= 1u << ones;
    switch ((enum scn_split)scn->faults[fault->fault].split) {
    case SCN_SPLIT_HALVES:
    case SCN_SPLIT_ONE_WAY:
        ck_assert((ones == 2 && zeros == 3) || (ones == 3 && zeros == 2));
        break;
    case SCN_SPLIT_ISOLATE:
        ck_assert(ones == scn->faults[fault->fault].count && fault->sides[fault->machine] == 1);
        ck_assert_uint_eq(ones + zeros, 5);
        break;
    case SCN_SPLIT_MINORITY:
        ck_assert((ones == 1 || ones == 2) && ones + zeros == 5);
        break;
    case SCN_SPLIT_RING:
        for (uint32_t place = 0; place < 5; place++)
            ck_assert_uint_eq(count_side(fault, 5, place), 1);
        break;
    case SCN_SPLIT_BRIDGE:
        ck_assert(ones == 2 && zeros == 2 && count_side(fault, 5, 2) == 1);
        break;
    case SCN_SPLIT_BETWEEN:
    case SCN_SPLIT_COUNT:
        ck_abort();
    }
}

/* Each kind of split divides the machines as it says, in all sizes that it allows. */
START_TEST(sides)
{
    static const struct {
        const char *set;
        uint32_t seen;
    } kinds[] = {
        {"faults=[{ partition: { split: halves, every: 1s, for: 1s } }]", 1u << 2 | 1u << 3},
        {"faults=[{ partition: { split: one-way, every: 1s, for: 1s } }]", 1u << 2 | 1u << 3},
        {"faults=[{ partition: { split: isolate, of: client, every: 1s, for: 1s } }]", 1u << 1},
        {"faults=[{ partition: { split: minority, every: 1s, for: 1s } }]", 1u << 1 | 1u << 2},
        {"faults=[{ partition: { split: isolate, of: client, count: 2, every: 1s, for: 1s } }]",
         1u << 2},
        {"faults=[{ partition: { split: isolate, count: 3, every: 1s, for: 1s } }]", 1u << 3},
        {"faults=[{ partition: { split: minority, of: client2, every: 1s, for: 1s } }]",
         1u << 1 | 1u << 2},
        {"faults=[{ partition: { split: ring, every: 1s, for: 1s } }]", 1u << 1},
        {"faults=[{ partition: { split: bridge, every: 1s, for: 1s } }]", 1u << 2},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *const sets[] = {"swarm=false", kinds[i].set};
        struct loaded it = load("example.yaml", sets, 2);
        struct plan plan = expand(it.scn, i);
        uint32_t seen = 0, hits = 0;
        for (uint32_t j = 0; j < plan.count; j++) {
            check_sides(it.scn, &plan.faults[j], &seen);
            hits += plan.faults[j].sides[0] == 1;
        }
        ck_assert_uint_eq(seen, kinds[i].seen);
        ck_assert_uint_eq(hits > 0, i != 2 && i != 4); /* the first machine is no client */
        give_all();
        unload(&it);
    }
}
END_TEST

/* A partition by role has no sides yet: they depend on who holds the role then. */
START_TEST(sides_by_role)
{
    static const char *const sets[] = {
        "swarm=false",
        "faults=[{ partition: { split: isolate, of: { role: leader }, every: 1s, for: 1s } }]"};
    struct loaded it = load("example.yaml", sets, 2);
    struct plan plan = expand(it.scn, 1);
    ck_assert_uint_gt(plan.count, 10);
    for (uint32_t i = 0; i < plan.count; i++) {
        ck_assert_ptr_null(plan.faults[i].sides);
        ck_assert_uint_eq(plan.faults[i].machine, SCN_NONE);
    }
    ck_assert_uint_ne(plan.faults[0].draw, plan.faults[1].draw);
    give_all();
    unload(&it);
}
END_TEST

/* Seeds take different subsets of the faults, each fault about half of the time, never none. */
START_TEST(swarm_subsets)
{
    struct loaded it = load("example.yaml", NULL, 0);
    uint32_t masks = 0, taken[3] = {0};
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct plan plan = expand(it.scn, seed);
        ck_assert_uint_ne(plan.active_mask, 0);
        ck_assert_uint_lt(plan.active_mask, 8);
        masks |= 1u << plan.active_mask;
        for (uint32_t i = 0; i < 3; i++)
            taken[i] += plan.active_mask >> i & 1;
        for (uint32_t i = 0; i < plan.count; i++)
            ck_assert(plan.active_mask >> plan.faults[i].fault & 1);
        give_all();
    }
    ck_assert_uint_eq(masks, 0xfe); /* all subsets but the empty one */
    for (uint32_t i = 0; i < 3; i++)
        ck_assert(taken[i] > 450 && taken[i] < 650);
    unload(&it);
}
END_TEST

/* Swarm makes faults rarer and more frequent, shorter and longer, by factors of 1/4 to 4. */
START_TEST(swarm_magnitudes)
{
    static const char *const sets[] = {"swarm=true", "heal=0s",
                                       "faults=[{ pause: { every: 4s, for: 400ms } }]"};
    struct loaded it = load("example.yaml", sets, 3);
    uint32_t every = 0, lasts = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct plan plan = expand(it.scn, seed);
        ck_assert_uint_gt(plan.count, 0);
        int64_t begin = plan.faults[0].begin_ns, length = plan.faults[0].end_ns - begin;
        for (uint32_t i = 0; i < 5; i++) {
            every |= (uint32_t)(begin == SM_S << i) << i;
            lasts |= (uint32_t)(length == (100 * SM_MS) << i) << i;
        }
        give_all();
    }
    ck_assert_uint_eq(every, 0x1f);
    ck_assert_uint_eq(lasts, 0x1f);
    unload(&it);
}
END_TEST

/* Without faults the plan is empty, with swarm, too. */
START_TEST(empty)
{
    static const char *const sets[] = {"faults=[]"};
    struct loaded it = load("example.yaml", sets, 1);
    struct plan plan = expand(it.scn, 1);
    ck_assert_uint_eq(plan.count, 0);
    ck_assert_uint_eq(plan.active_mask, 0);
    give_all();
    unload(&it);
}
END_TEST

/* Too many faults, or partitions of too many machines, are refused before memory is taken. */
START_TEST(bounded)
{
    static const char *const many[] = {"swarm=false", "time=1h",
                                       "faults=[{ pause: { every: 1us, for: 1us } }]"};
    static const char *const wide[] = {"swarm=false", "machines.client.count=999998",
                                       "faults=[{ partition: { every: 100ms, for: 100ms } }]"};
    struct plan plan = {.count = 42};
    struct loaded it = load("example.yaml", many, 3);
    memory.left = 0;
    ck_assert_int_eq(plan_expand(it.scn, 1, take, &memory, &plan), -E2BIG);
    unload(&it);
    it = load("example.yaml", wide, 3);
    ck_assert_int_eq(plan_expand(it.scn, 1, take, &memory, &plan), -E2BIG);
    ck_assert_uint_eq(plan.count, 42);
    unload(&it);
}
END_TEST

/* A plan of hundreds of thousands of faults is made in order, in memory that was asked for once. */
START_TEST(large)
{
    static const char *const sets[] = {
        "swarm=false", "time=1000s",
        "faults=[{ pause: { every: 1ms..3ms, for: 1ms } }, { crash: { every: 1ms..9ms } }]"};
    struct loaded it = load("example.yaml", sets, 3);
    struct plan plan = expand(it.scn, 3);
    ck_assert_uint_eq(memory.count, 1);
    ck_assert_uint_gt(plan.count, 300000);
    for (uint32_t i = 1; i < plan.count; i++)
        ck_assert(plan.faults[i - 1].begin_ns <= plan.faults[i].begin_ns);
    give_all();
    unload(&it);
}
END_TEST

/* Memory that runs out at any point is an error, and the plan is left alone. */
START_TEST(out_of_memory)
{
    struct loaded it = load("example.yaml", NULL, 0);
    it.scn->swarm = false;
    struct plan plan = {.count = 42};
    size_t blocks = 0;
    for (;; blocks++) {
        memory.left = blocks;
        if (plan_expand(it.scn, 1, take, &memory, &plan) == 0)
            break;
        ck_assert_uint_eq(plan.count, 42);
        give_all();
    }
    ck_assert_uint_gt(blocks, 2);
    give_all();
    unload(&it);
}
END_TEST

/* How many machines of a plan's group lose data, by faults that are carried out. */
static uint32_t count_destroyed(const struct scn *scn, const struct plan *plan, bool *spared)
{
    uint64_t destroyed = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct plan_fault *fault = &plan->faults[i];
        *spared = *spared || fault->masked;
        if (plan_destroys(&scn->faults[fault->fault]) && !fault->masked)
            destroyed |= UINT64_C(1) << fault->machine;
    }
    return (uint32_t)__builtin_popcountll(destroyed);
}

#define REPLICAS_TEXT(replicas_, faults_)                                                 \
    "scenario: s\nplugin: p\ntime: 600s\nmachines:\n  node: { count: 5, daemons: [d] }\n" \
    "  other: { daemons: [d] }\nreplicas: [" replicas_ "]\nfaults:\n" faults_
#define WIPES  "  - crash: { of: node, every: 5s, wipe: true }\n"
#define ROTS   "  - disk: { of: node, every: 5s, for: 1s, bit_rot: 1% }\n"
#define WIPE_3 "  - crash: { of: node3, every: 5s, wipe: true }\n"

/* No more replicas lose data than they tolerate, over all faults of a run; which ones it is, is
 * drawn. Without the restriction all do. */
START_TEST(replicas)
{
    static const struct {
        const char *text;
        uint32_t most;
    } cases[] = {
        {REPLICAS_TEXT("{ of: node, tolerate: 2 }", WIPES ROTS WIPE_3), 2},
        {REPLICAS_TEXT("{ of: node, tolerate: 0 }", WIPES ROTS WIPE_3), 0},
        {REPLICAS_TEXT("{ of: node, tolerate: 2, unrestricted: true }", WIPES ROTS), 5},
        {REPLICAS_TEXT("{ of: other, tolerate: 0 }", WIPES ROTS), 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct loaded it = load_text(cases[i].text);
        uint64_t hit = 0;
        bool spared = false;
        for (uint64_t seed = 1; seed <= 30; seed++) {
            struct plan plan = expand(it.scn, seed);
            ck_assert_uint_eq(count_destroyed(it.scn, &plan, &spared), cases[i].most);
            for (uint32_t k = 0; k < 5; k++)
                hit |= (uint64_t)plan_may_destroy(it.scn, seed, k) << k;
            give_all();
        }
        ck_assert(spared == (i < 2));
        ck_assert_uint_eq(hit, cases[i].most == 0 ? 0 : 31);
        unload(&it);
    }
}
END_TEST

SUITE_MAIN("plan", golden_plans, words, words_cut, removal, replicas, order_and_limits, amounts,
           clocks, never, targets, sides, sides_by_role, swarm_subsets, swarm_magnitudes, empty,
           bounded, large, out_of_memory)
