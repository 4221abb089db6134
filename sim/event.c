/* SPDX-License-Identifier: MIT */
#include "sim/event.h"

#include "core/assert.h"
#include "sim/host.h"
#include "sim/world.h"

#include <string.h>

#define CHUNK (1u << SIM_EVENTS_CHUNK_BITS)

void sim_events_init(struct sim_events *events)
{
    memset(events, 0, sizeof *events);
    events->chunks = sim_host_alloc(SIM_QUEUE_SLOTS_MAX / CHUNK * sizeof(struct sim_event *));
}

void sim_events_finish(struct sim_events *events)
{
    for (uint32_t i = 0; i < events->chunk_count; i++)
        sim_host_free(events->chunks[i]);
    sim_host_free(events->chunks);
    memset(events, 0, sizeof *events);
}

static struct sim_event *take_fresh(struct sim_events *events)
{
    SM_ASSERT_MSG(events->fresh < SIM_QUEUE_SLOTS_MAX, "more than 2^24 events are pending at once");
    if (events->fresh == events->chunk_count * CHUNK)
        events->chunks[events->chunk_count++] =
            sim_host_alloc_aligned(64, CHUNK * sizeof(struct sim_event));
    const uint32_t slot = events->fresh++;
    struct sim_event *event = sim_events_at(events, slot);
    event->slot = slot;
    return event;
}

/* The most recently freed first: it is warm. A free event keeps the next one's slot in `number`. */
struct sim_event *sim_events_take(struct sim_events *events)
{
    if (events->free_head == 0)
        return take_fresh(events);
    struct sim_event *event = sim_events_at(events, events->free_head - 1);
    events->free_head = (uint32_t)event->number;
    return event;
}

void sim_events_give(struct sim_events *events, struct sim_event *event)
{
    event->fire = NULL;
    event->number = events->free_head;
    events->free_head = event->slot + 1;
}

struct sim_event *sim_event_at(struct sim_world *world, int64_t at_ns, uint16_t kind,
                               uint32_t machine, sim_event_fn fire)
{
    SM_ASSERT_MSG(at_ns >= world->now, "an event is scheduled for the past");
    struct sim_event *event = sim_events_take(&world->events);
    const uint32_t slot = event->slot; /* read here, not right behind the write to its word below */
    event->fire = fire;
    event->at_ns = at_ns;
    event->cause = world->step;
    event->object = NULL;
    event->number = 0;
    event->hash = 0;
    event->machine = machine;
    event->peer = 0;
    event->size = 0;
    event->kind = kind & 0xff;
    sim_watch(world, event);
    if (at_ns == world->now)
        sim_ready_push_event(&world->ready, event);
    else
        sim_queue_push(&world->queue, at_ns, slot);
    return event;
}

void sim_event_cancel(struct sim_event *event)
{
    event->fire = NULL;
}
