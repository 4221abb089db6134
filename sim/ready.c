/* SPDX-License-Identifier: MIT */
#include "sim/ready.h"

#include "core/assert.h"
#include "core/random.h"
#include "core/task.h"
#include "sim/event.h"
#include "sim/host.h"

#include <string.h>

/* pct: on average so many picks between two changes of a priority. */
#define PCT_CHANGE_MEAN 500u

void sim_ready_init(struct sim_ready *ready, enum sim_policy policy, uint64_t key)
{
    memset(ready, 0, sizeof *ready);
    ready->policy = policy;
    ready->key = key;
    ready->capacity = 64;
    ready->entries = sim_host_alloc(ready->capacity * sizeof *ready->entries);
    ready->pct_change_in = PCT_CHANGE_MEAN;
}

void sim_ready_finish(struct sim_ready *ready)
{
    sim_host_free(ready->entries);
    memset(ready, 0, sizeof *ready);
}

/* capacity is a power of two, so the ring's index is a mask. */
static inline uint32_t place(const struct sim_ready *ready, uint32_t index)
{
    return (ready->head + index) & (ready->capacity - 1);
}

static void grow(struct sim_ready *ready)
{
    struct sim_ready_entry *old = ready->entries;
    const uint32_t count = ready->count;
    struct sim_ready_entry *entries = sim_host_alloc(ready->capacity * 2 * sizeof *entries);

    for (uint32_t i = 0; i < count; i++) {
        entries[i] = old[place(ready, i)];
        if (entries[i].task)
            entries[i].task->ready_index = i;
    }
    sim_host_free(old);
    ready->entries = entries;
    ready->capacity *= 2;
    ready->head = 0;
}

static void push(struct sim_ready *ready, struct sim_ready_entry entry)
{
    if (SM_UNLIKELY(ready->count == ready->capacity))
        grow(ready);
    const uint32_t at = place(ready, ready->count++);
    ready->entries[at] = entry;
    if (entry.task)
        entry.task->ready_index = at;
}

void sim_ready_push_task(struct sim_ready *ready, struct sm_task *task)
{
    push(ready, (struct sim_ready_entry){.task = task});
}

void sim_ready_push_event(struct sim_ready *ready, struct sim_event *event)
{
    push(ready, (struct sim_ready_entry){.event = event});
}

/* Takes the entry at a place out and closes the gap: from the end, or (fifo) in order. */
static void take_out(struct sim_ready *ready, uint32_t at)
{
    const uint32_t last = place(ready, --ready->count);

    if (ready->policy == SIM_POLICY_FIFO) {
        while (at != last) {
            const uint32_t next = (at + 1) & (ready->capacity - 1);
            ready->entries[at] = ready->entries[next];
            if (ready->entries[at].task)
                ready->entries[at].task->ready_index = at;
            at = next;
        }
    } else if (at != last) {
        ready->entries[at] = ready->entries[last];
        if (ready->entries[at].task)
            ready->entries[at].task->ready_index = at;
    }
}

static uint64_t pct_priority(const struct sim_ready *ready, const struct sim_ready_entry *entry)
{
    const uint64_t who = entry->task ? entry->task->id : (uint64_t)entry->event->machine << 32;
    return sm__random_draw(ready->key ^ ready->pct_salt, who);
}

static uint32_t pick_by_priority(struct sim_ready *ready)
{
    uint32_t best = 0;
    uint64_t best_priority = 0;

    for (uint32_t i = 0; i < ready->count; i++) {
        const uint64_t priority = pct_priority(ready, &ready->entries[place(ready, i)]);
        if (priority >= best_priority) {
            best_priority = priority;
            best = i;
        }
    }
    if (--ready->pct_change_in == 0) {
        const uint64_t draw = sm__random_draw(ready->key, ready->draws++);
        ready->pct_salt = draw;
        ready->pct_change_in = 1 + sm__random_scale(draw, 2 * PCT_CHANGE_MEAN);
    }
    return place(ready, best);
}

static uint32_t choose(struct sim_ready *ready)
{
    if (ready->count == 1 || ready->policy == SIM_POLICY_FIFO)
        return ready->head;
    if (ready->policy == SIM_POLICY_PCT)
        return pick_by_priority(ready);
    const uint64_t draw = sm__random_draw(ready->key, ready->draws++);
    return place(ready, (uint32_t)sm__random_scale(draw, ready->count));
}

struct sim_ready_entry sim_ready_pick(struct sim_ready *ready)
{
    const uint32_t at = choose(ready);
    const struct sim_ready_entry entry = ready->entries[at];

    if (at == ready->head) { /* the common case, also for fifo: the ring moves on */
        ready->head = place(ready, 1);
        ready->count--;
    } else {
        take_out(ready, at);
    }
    return entry;
}

void sim_ready_remove(struct sim_ready *ready, struct sm_task *task)
{
    SM_ASSERT(ready->entries[task->ready_index].task == task);
    take_out(ready, task->ready_index);
}

/* Makes room behind the last one: moves all to the front, or to a larger array. */
static void make_room(struct sim_held *held)
{
    if (held->first < held->capacity / 2 || held->capacity == 0) {
        held->capacity = held->capacity ? held->capacity * 2 : 8;
        held->tasks = sim_host_resize(held->tasks, held->capacity * sizeof *held->tasks);
    }
    if (held->first == 0)
        return;
    memmove(held->tasks, held->tasks + held->first, held->count * sizeof *held->tasks);
    held->first = 0;
    for (uint32_t i = 0; i < held->count; i++)
        held->tasks[i]->ready_index = i;
}

void sim_held_push(struct sim_held *held, struct sm_task *task)
{
    if (held->first + held->count == held->capacity)
        make_room(held);
    task->ready_index = held->first + held->count++;
    held->tasks[task->ready_index] = task;
}

struct sm_task *sim_held_pop(struct sim_held *held)
{
    SM_ASSERT(held->count > 0);
    struct sm_task *task = held->tasks[held->first++];

    if (--held->count == 0)
        held->first = 0;
    return task;
}

bool sim_held_has(const struct sim_held *held, const struct sm_task *task)
{
    return task->ready_index >= held->first && task->ready_index < held->first + held->count &&
           held->tasks[task->ready_index] == task;
}

void sim_held_remove(struct sim_held *held, struct sm_task *task)
{
    SM_ASSERT(sim_held_has(held, task));
    for (uint32_t i = task->ready_index; i + 1 < held->first + held->count; i++) {
        held->tasks[i] = held->tasks[i + 1];
        held->tasks[i]->ready_index = i;
    }
    held->count--;
}

void sim_held_finish(struct sim_held *held)
{
    sim_host_free(held->tasks);
    memset(held, 0, sizeof *held);
}
