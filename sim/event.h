/* SPDX-License-Identifier: MIT */
/*
 * Events: one cache line each, from a pool that only grows. Host code schedules them with
 *
 *   struct sim_event *e = sim_event_at(world, at_ns, SIM_DATAGRAM, machine_index, deliver);
 *   e->object = message;  e->number = ...;  e->size = ...;  e->hash = ...;
 *
 * and gets them back as the callback's argument. They are freed when the callback returns.
 */
#ifndef STEELMILL_SIM_EVENT_H
#define STEELMILL_SIM_EVENT_H

#include <stdint.h>

struct sim_world;
struct sim_event;

typedef void (*sim_event_fn)(struct sim_world *world, struct sim_event *event);

struct sim_event {
    sim_event_fn fire; /* NULL: cancelled, dropped without a step */
    int64_t at_ns;
    uint64_t cause;   /* the step that scheduled it */
    void *object;     /* the callback's own; not recorded */
    uint64_t number;  /* record.object; of a timer: the task's number */
    uint64_t hash;    /* record.hash */
    uint32_t machine; /* record.machine */
    uint32_t peer;    /* record.peer */
    uint32_t size;    /* record.size */
    uint32_t slot : 24;
    uint32_t kind : 8; /* enum sim_kind */
};
_Static_assert(sizeof(struct sim_event) == 64, "one cache line");

struct sim_events {
    struct sim_event **chunks;
    uint32_t chunk_count, fresh, free_head; /* free_head: slot + 1; 0: none */
};

/* Schedules; at_ns must not lie in the past (asserted). An event for now goes to the ready set. */
struct sim_event *sim_event_at(struct sim_world *world, int64_t at_ns, uint16_t kind,
                               uint32_t machine, sim_event_fn fire);
/* It will not fire. The pointer is invalid afterwards. */
void sim_event_cancel(struct sim_event *event);

/* ---- inside sim ---- */
void sim_events_init(struct sim_events *events);
void sim_events_finish(struct sim_events *events);
struct sim_event *sim_events_take(struct sim_events *events);
void sim_events_give(struct sim_events *events, struct sim_event *event);
#define SIM_EVENTS_CHUNK_BITS 12
static inline struct sim_event *sim_events_at(const struct sim_events *events, uint32_t slot)
{
    return &events
                ->chunks[slot >> SIM_EVENTS_CHUNK_BITS][slot & ((1u << SIM_EVENTS_CHUNK_BITS) - 1)];
}

#endif
