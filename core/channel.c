/* SPDX-License-Identifier: MIT */
/*
 * Bounded channels: a ring of items, and lines of tasks.
 *
 * Tasks of several threads may use one. Each thread has a side of it: the lines in which its own
 * tasks wait, which only that thread touches. Whoever changes the ring wakes its own side, and
 * sends word to the others that are watching; there, whoever waits looks at the ring again.
 *
 *   1. The ring, and of each side all but the lines, is used with the lock taken. A task is parked
 *      without it: word from other threads is heard between tasks, so it cannot come in between.
 *   2. A side where a task waits is `watching`. It may be so without one, until the next word.
 *   3. What has been sent word to is not freed before that has arrived.
 */
#include "core/task.h"

#include <steelmill/errors.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MAX   (1u << 30)
#define ITEM_BYTES_MAX (1u << 20)

struct side {
    struct sm_channel *channel;
    struct side *next;
    struct sm__home *home;  /* whose thread it is; NULL: there is one thread, or no use yet */
    uint32_t parked;        /* tasks in the two lines */
    bool watching, told;    /* told: word is on its way */
    struct sm_waitable any; /* for sm_wait_any: hears of every change */
    struct sm_waitable senders, receivers;
};

struct sm_channel {
    struct sm__lock lock;
    struct side first;
    size_t capacity, item_bytes;
    size_t head, count;
    uint32_t words; /* on their way */
    bool closed, destroyed;
    unsigned char items[];
};

/* ---- sides ---- */

static uint32_t side_ready(struct sm_waitable *self, uint32_t interest)
{
    struct side *side = sm__container(self, struct side, any);
    struct sm_channel *channel = side->channel;
    uint32_t ready = 0;

    sm__lock_take(&channel->lock);
    if (channel->count > 0 || channel->closed)
        ready |= SM_READ;
    if (channel->count < channel->capacity || channel->closed)
        ready |= SM_WRITE;
    ready &= interest;
    side->watching |= !ready;
    sm__lock_give(&channel->lock);
    return ready;
}

static void side_init(struct side *side, struct sm_channel *channel)
{
    side->channel = channel;
    sm__waitable_init(&side->any, side_ready);
    sm__waitable_init(&side->senders, NULL);
    sm__waitable_init(&side->receivers, NULL);
}

static struct side *add_side(struct sm_channel *channel)
{
    struct side *side = calloc(1, sizeof *side);

    SM_ASSERT_MSG(side, "there is no memory for another thread's side of a channel");
    side_init(side, channel);
    side->next = channel->first.next;
    channel->first.next = side;
    return side;
}

/* The side of the calling thread; NULL: it runs no task. Locked. */
static struct side *side_here(struct sm_channel *channel)
{
    struct side *side = &channel->first;

    if (SM_LIKELY(!sm__many_threads))
        return side;
    if (!sm__current)
        return NULL;
    while (side && side->home != sm__current->home)
        side = side->next;
    if (side)
        return side;
    side = channel->first.home ? add_side(channel) : &channel->first;
    side->home = sm__current->home;
    return side;
}

/* ---- waking: locked ---- */

static bool side_idle(const struct side *side)
{
    return sm__waitable_idle(&side->any) && sm__waitable_idle(&side->senders) &&
           sm__waitable_idle(&side->receivers);
}

static void wake_some(struct sm_waitable *line, size_t count)
{
    for (; count > 0 && line->first; count--)
        sm__wake_one(line);
}

static void wake_closed(struct side *side)
{
    sm__wake_all(&side->senders);
    sm__wake_all(&side->receivers);
    sm__wake_all(&side->any);
}

static void free_channel(struct sm_channel *channel)
{
    for (struct side *side = channel->first.next, *next; side; side = next) {
        next = side->next;
        free(side);
    }
    sm__lock_finish(&channel->lock);
    free(channel);
}

/* Word has come to a side, on its thread. */
static void hear(void *arg)
{
    struct side *side = arg;
    struct sm_channel *channel = side->channel;

    sm__lock_take(&channel->lock);
    const bool last = --channel->words == 0 && channel->destroyed;
    side->told = false;
    if (!channel->destroyed && channel->closed) {
        wake_closed(side);
    } else if (!channel->destroyed) {
        wake_some(&side->receivers, channel->count);
        wake_some(&side->senders, channel->capacity - channel->count);
        sm__wake_all_fast(&side->any);
    }
    side->watching = !channel->destroyed && !side_idle(side);
    sm__lock_give(&channel->lock);
    if (last)
        free_channel(channel);
}

static void tell_others(struct sm_channel *channel, const struct side *here)
{
    for (struct side *side = &channel->first; side; side = side->next) {
        if (side == here || !side->watching || side->told)
            continue;
        side->told = true;
        channel->words++;
        sm__post(side->home, hear, side);
    }
}

static void changed(struct sm_channel *channel, struct side *here, struct sm_waitable *line)
{
    wake_some(line, 1);
    sm__wake_all_fast(&here->any);
    if (SM_UNLIKELY(sm__many_threads))
        tell_others(channel, here);
}

/* ---- birth and end ---- */

int sm_channel_create(struct sm_channel **out, size_t capacity, size_t item_bytes)
{
    *out = NULL;
    if (capacity == 0 || capacity > CAPACITY_MAX || item_bytes == 0 || item_bytes > ITEM_BYTES_MAX)
        return -EINVAL;
    struct sm_channel *channel = calloc(1, sizeof *channel + capacity * item_bytes);
    if (!channel)
        return -ENOMEM;
    channel->capacity = capacity;
    channel->item_bytes = item_bytes;
    sm__lock_init(&channel->lock);
    side_init(&channel->first, channel);
    *out = channel;
    return 0;
}

void sm_channel_destroy(struct sm_channel *channel)
{
    if (!channel)
        return;
    sm__lock_take(&channel->lock);
    const struct side *here = side_here(channel);
    bool idle = !here || side_idle(here);
    for (const struct side *side = &channel->first; side; side = side->next)
        idle = idle && side->parked == 0;
    SM_ASSERT_MSG(idle, "a channel is destroyed while a task waits");
    channel->destroyed = true;
    const bool last = channel->words == 0;
    sm__lock_give(&channel->lock);
    if (last)
        free_channel(channel);
}

/* ---- calls ---- */

/* A slot that is `by` behind the first, at most the capacity: to divide takes longer than all else.
 */
static size_t slot_at(const struct sm_channel *channel, size_t by)
{
    const size_t slot = channel->head + by;
    return slot < channel->capacity ? slot : slot - channel->capacity;
}

static void *item_at(struct sm_channel *channel, size_t index)
{
    return channel->items + slot_at(channel, index) * channel->item_bytes;
}

/* Parks the caller in a line of its side; the lock is taken before and after. As sm__wait. */
static int wait_in(struct sm_channel *channel, struct side *here, struct sm_waitable *line,
                   sm_time deadline)
{
    here->watching = true;
    here->parked++;
    sm__lock_give(&channel->lock);
    const int error = sm__wait(line, true, deadline);
    sm__lock_take(&channel->lock);
    here->parked--;
    return error;
}

static int send(struct sm_channel *channel, const void *item, sm_time deadline)
{
    struct side *here = side_here(channel);
    int error = 0;

    while (!error && !channel->closed && channel->count == channel->capacity)
        error = wait_in(channel, here, &here->senders, deadline);
    if (error)
        return error;
    if (channel->closed)
        return -SM_ECLOSED;
    memcpy(item_at(channel, channel->count), item, channel->item_bytes);
    channel->count++;
    changed(channel, here, &here->receivers);
    return 0;
}

static int receive(struct sm_channel *channel, void *item, sm_time deadline)
{
    struct side *here = side_here(channel);
    int error = 0;

    while (!error && !channel->closed && channel->count == 0)
        error = wait_in(channel, here, &here->receivers, deadline);
    if (error)
        return error;
    if (channel->count == 0)
        return -SM_ECLOSED;
    memcpy(item, item_at(channel, 0), channel->item_bytes);
    channel->head = slot_at(channel, 1);
    channel->count--;
    changed(channel, here, &here->senders);
    return 0;
}

int sm_channel_send(struct sm_channel *channel, const void *item, sm_time deadline)
{
    int error = sm__enter();

    if (error)
        return error;
    sm__lock_take(&channel->lock);
    error = send(channel, item, deadline);
    sm__lock_give(&channel->lock);
    return error;
}

int sm_channel_receive(struct sm_channel *channel, void *item, sm_time deadline)
{
    int error = sm__enter();

    if (error)
        return error;
    sm__lock_take(&channel->lock);
    error = receive(channel, item, deadline);
    sm__lock_give(&channel->lock);
    return error;
}

void sm_channel_close(struct sm_channel *channel)
{
    sm__lock_take(&channel->lock);
    struct side *here = side_here(channel);
    channel->closed = true;
    if (here)
        wake_closed(here);
    if (SM_UNLIKELY(sm__many_threads))
        tell_others(channel, here);
    sm__lock_give(&channel->lock);
}

size_t sm_channel_count(const struct sm_channel *channel)
{
    struct sm__lock *lock = &((struct sm_channel *)(uintptr_t)channel)->lock;

    sm__lock_take(lock);
    const size_t count = channel->count;
    sm__lock_give(lock);
    return count;
}

struct sm_waitable *sm_channel_waitable(struct sm_channel *channel)
{
    sm__lock_take(&channel->lock);
    struct side *here = side_here(channel);
    sm__lock_give(&channel->lock);
    SM_ASSERT_MSG(here, "sm_channel_waitable outside of any task");
    return &here->any;
}
