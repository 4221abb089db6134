/* SPDX-License-Identifier: MIT */
/* Expands the plan: counts, fills, sorts by time. */
#include "scenarios/plan/plan.h"

#include "scenarios/plan/parts.h"

#include <errno.h>

struct expansion {
    const struct scn *scn;
    uint64_t seed;
    void *(*alloc)(void *arg, size_t size);
    void *arg;
    struct plan *plan;
};

/* ---- counting ---- */

static int count_faults(const struct expansion *e, uint32_t *count)
{
    uint64_t sides = 0;
    *count = 0;
    for (uint32_t i = 0; i < e->scn->fault_count; i++) {
        struct plan_walk walk;
        struct plan_fault fault;
        uint64_t machines = plan_has_sides(&e->scn->faults[i]) ? e->scn->machine_count : 0;
        plan_walk_begin(&walk, e->scn, e->seed, i);
        while (plan_walk_next(&walk, &fault)) {
            sides += machines;
            if (++*count > PLAN_FAULTS_MAX || sides > PLAN_SIDES_MAX)
                return -E2BIG;
        }
    }
    return 0;
}

/* ---- filling ---- */

static int add_sides(const struct expansion *e, const struct plan_walk *walk,
                     struct plan_fault *fault)
{
    const struct scn_fault *entry = &e->scn->faults[fault->fault];
    if (!plan_has_sides(entry))
        return 0;
    uint32_t *sides = e->alloc(e->arg, e->scn->machine_count * sizeof *sides);
    if (!sides)
        return -ENOMEM;
    plan_choose_sides(e->scn, entry, plan_walk_sides_key(walk), fault->machine, sides);
    fault->sides = sides;
    return 0;
}

static int fill(const struct expansion *e)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < e->scn->fault_count; i++) {
        struct plan_walk walk;
        struct plan_fault fault;
        plan_walk_begin(&walk, e->scn, e->seed, i);
        while (plan_walk_next(&walk, &fault)) {
            int error = add_sides(e, &walk, &fault);
            if (error)
                return error;
            e->plan->faults[count] = fault;
            e->plan->faults[count].id = count; /* for now: the order in the file */
            count++;
        }
    }
    return 0;
}

/* ---- sorting: in place, for there is nothing but `alloc` to take memory from ---- */

static bool comes_before(const struct plan_fault *a, const struct plan_fault *b)
{
    return a->begin_ns != b->begin_ns ? a->begin_ns < b->begin_ns : a->id < b->id;
}

/* Lets faults[root] sink until none below it comes later. */
static void sink(struct plan_fault *faults, uint32_t root, uint32_t count)
{
    for (uint32_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        if (child + 1 < count && comes_before(&faults[child], &faults[child + 1]))
            child++;
        if (!comes_before(&faults[root], &faults[child]))
            return;
        struct plan_fault later = faults[child];
        faults[child] = faults[root];
        faults[root] = later;
        root = child;
    }
}

/* Heapsort; the order is total, so that it does not matter that it is not stable. */
static void sort(struct plan_fault *faults, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;)
        sink(faults, i, count);
    for (uint32_t i = count; i-- > 1;) {
        struct plan_fault last = faults[0];
        faults[0] = faults[i];
        faults[i] = last;
        sink(faults, 0, i);
    }
    for (uint32_t i = 0; i < count; i++)
        faults[i].id = i + 1;
}

/* ---- all of it ---- */

static uint32_t active_mask(const struct scn *scn, uint64_t seed)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < scn->fault_count && i < 32; i++)
        mask |= (uint32_t)plan_swarm(scn, seed, i).active << i;
    return mask;
}

int plan_expand(const struct scn *scn, uint64_t seed, void *(*alloc)(void *arg, size_t size),
                void *arg, struct plan *out)
{
    struct plan plan = {.active_mask = active_mask(scn, seed)};
    struct expansion e = {.scn = scn, .seed = seed, .alloc = alloc, .arg = arg, .plan = &plan};
    int error = count_faults(&e, &plan.count);
    if (!error && plan.count) {
        plan.faults = alloc(arg, plan.count * sizeof *plan.faults);
        error = plan.faults ? fill(&e) : -ENOMEM;
    }
    if (error)
        return error;
    sort(plan.faults, plan.count);
    *out = plan;
    return 0;
}
