/* SPDX-License-Identifier: MIT */
/*
 * The ready set: everything that can happen at this instant, and the policy that picks.
 *
 *   random  uniform, by the stream "scheduler" (default)
 *   fifo    in the order of becoming ready
 *   pct     by random priorities of machines' tasks, which change at random steps (Burckhardt et
 * al., "A randomized scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010)
 */
#ifndef STEELMILL_SIM_READY_H
#define STEELMILL_SIM_READY_H

#include <stdbool.h>
#include <stdint.h>

struct sm_task;
struct sm_random;
struct sim_event;

enum sim_policy { SIM_POLICY_RANDOM, SIM_POLICY_FIFO, SIM_POLICY_PCT };

/* A task or an event. */
struct sim_ready_entry {
    struct sm_task *task; /* NULL: it is the event */
    struct sim_event *event;
};

struct sim_ready {
    struct sim_ready_entry *entries; /* fifo: a ring that begins at head; else a plain array */
    uint32_t head, count, capacity;
    enum sim_policy policy;
    uint64_t key, draws;    /* the stream "scheduler" */
    uint64_t pct_change_in; /* picks until a priority changes */
    uint64_t pct_salt;
};

/* Tasks that would be ready, were their machine not paused or busy. */
struct sim_held {
    struct sm_task **tasks; /* from index `first` on, in order */
    uint32_t first, count, capacity;
};

void sim_ready_init(struct sim_ready *ready, enum sim_policy policy, uint64_t key);
void sim_ready_finish(struct sim_ready *ready);
void sim_ready_push_task(struct sim_ready *ready, struct sm_task *task);
void sim_ready_push_event(struct sim_ready *ready, struct sim_event *event);
/* Must not be empty. */
struct sim_ready_entry sim_ready_pick(struct sim_ready *ready);
/* Takes a ready task out; it must be in. */
void sim_ready_remove(struct sim_ready *ready, struct sm_task *task);

void sim_held_push(struct sim_held *held, struct sm_task *task);
/* Takes the first one. Must not be empty. */
struct sm_task *sim_held_pop(struct sim_held *held);
bool sim_held_has(const struct sim_held *held, const struct sm_task *task);
void sim_held_remove(struct sim_held *held, struct sm_task *task);
void sim_held_finish(struct sim_held *held);

#endif
