/* SPDX-License-Identifier: MIT */
#include "core/os/timers.h"

#include "core/task.h"

#include <stdlib.h>

#define CAPACITY_FIRST 64u

static void place(struct os_timers *timers, uint32_t index, struct os_timer timer)
{
    timers->entries[index] = timer;
    timer.task->timer_event = index + 1;
}

static void sift_up(struct os_timers *timers, uint32_t index)
{
    const struct os_timer timer = timers->entries[index];

    while (index > 0 && timers->entries[(index - 1) / 2].at > timer.at) {
        place(timers, index, timers->entries[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    place(timers, index, timer);
}

static void sift_down(struct os_timers *timers, uint32_t index)
{
    const struct os_timer timer = timers->entries[index];

    for (;;) {
        uint32_t child = 2 * index + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count && timers->entries[child + 1].at < timers->entries[child].at)
            child++;
        if (timers->entries[child].at >= timer.at)
            break;
        place(timers, index, timers->entries[child]);
        index = child;
    }
    place(timers, index, timer);
}

static void grow(struct os_timers *timers)
{
    const uint32_t capacity = timers->capacity ? timers->capacity * 2 : CAPACITY_FIRST;
    struct os_timer *entries = realloc(timers->entries, capacity * sizeof *entries);

    SM_ASSERT_MSG(entries, "there is no memory for %u timers", capacity);
    timers->entries = entries;
    timers->capacity = capacity;
}

void os_timers_set(struct os_timers *timers, struct sm_task *task)
{
    SM_ASSERT(task->timer_at != SM_FOREVER);
    if (task->timer_event) {
        const uint32_t index = task->timer_event - 1;
        if (timers->entries[index].at <= task->timer_at)
            return; /* it comes up too early, and is put right then */
        timers->entries[index].at = task->timer_at;
        sift_up(timers, index);
        return;
    }
    if (timers->count == timers->capacity)
        grow(timers);
    place(timers, timers->count, (struct os_timer){task->timer_at, task});
    sift_up(timers, timers->count++);
}

static void remove_at(struct os_timers *timers, uint32_t index)
{
    const struct os_timer last = timers->entries[--timers->count];

    timers->entries[index].task->timer_event = 0;
    if (index == timers->count)
        return;
    place(timers, index, last);
    sift_up(timers, index);
    sift_down(timers, last.task->timer_event - 1);
}

void os_timers_forget(struct os_timers *timers, struct sm_task *task)
{
    if (task->timer_event)
        remove_at(timers, task->timer_event - 1);
}

sm_time os_timers_next(const struct os_timers *timers)
{
    return timers->count > 0 ? timers->entries[0].at : SM_FOREVER;
}

struct sm_task *os_timers_pop(struct os_timers *timers, sm_time now)
{
    while (timers->count > 0 && timers->entries[0].at <= now) {
        struct sm_task *task = timers->entries[0].task;
        if (task->timer_at <= now) {
            remove_at(timers, 0);
            return task;
        }
        if (task->timer_at == SM_FOREVER) {
            remove_at(timers, 0);
        } else {
            timers->entries[0].at = task->timer_at;
            sift_down(timers, 0);
        }
    }
    return NULL;
}

void os_timers_finish(struct os_timers *timers)
{
    free(timers->entries);
    *timers = (struct os_timers){0};
}
