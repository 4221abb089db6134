/* SPDX-License-Identifier: MIT */
/* Bounded channels: a ring of items, and two lines of tasks. */
#include "core/task.h"

#include <steelmill/errors.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MAX   (1u << 30)
#define ITEM_BYTES_MAX (1u << 20)

struct sm_channel {
    struct sm_waitable any; /* for sm_wait_any: hears of every change */
    struct sm_waitable senders, receivers;
    size_t capacity, item_bytes;
    size_t head, count;
    bool closed;
    unsigned char items[];
};

static uint32_t channel_ready(struct sm_waitable *self, uint32_t interest)
{
    const struct sm_channel *channel = sm__container(self, struct sm_channel, any);
    uint32_t ready = 0;

    if (channel->count > 0 || channel->closed)
        ready |= SM_READ;
    if (channel->count < channel->capacity || channel->closed)
        ready |= SM_WRITE;
    return ready & interest;
}

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
    sm__waitable_init(&channel->any, channel_ready);
    sm__waitable_init(&channel->senders, NULL);
    sm__waitable_init(&channel->receivers, NULL);
    *out = channel;
    return 0;
}

void sm_channel_destroy(struct sm_channel *channel)
{
    if (!channel)
        return;
    SM_ASSERT_MSG(sm__waitable_idle(&channel->any) && sm__waitable_idle(&channel->senders) &&
                      sm__waitable_idle(&channel->receivers),
                  "a channel is destroyed while a task waits");
    free(channel);
}

static void *item_at(struct sm_channel *channel, size_t index)
{
    const size_t slot = (channel->head + index) % channel->capacity;
    return channel->items + slot * channel->item_bytes;
}

static void wake(struct sm_channel *channel, struct sm_waitable *line)
{
    if (line->first)
        sm__wake_one(line);
    sm__wake_all_fast(&channel->any);
}

int sm_channel_send(struct sm_channel *channel, const void *item, sm_time deadline)
{
    int error = sm__enter();

    while (!error && !channel->closed && channel->count == channel->capacity)
        error = sm__wait(&channel->senders, true, deadline);
    if (error)
        return error;
    if (channel->closed)
        return -SM_ECLOSED;
    memcpy(item_at(channel, channel->count), item, channel->item_bytes);
    channel->count++;
    wake(channel, &channel->receivers);
    return 0;
}

int sm_channel_receive(struct sm_channel *channel, void *item, sm_time deadline)
{
    int error = sm__enter();

    while (!error && !channel->closed && channel->count == 0)
        error = sm__wait(&channel->receivers, true, deadline);
    if (error)
        return error;
    if (channel->count == 0)
        return -SM_ECLOSED;
    memcpy(item, item_at(channel, 0), channel->item_bytes);
    channel->head = (channel->head + 1) % channel->capacity;
    channel->count--;
    wake(channel, &channel->senders);
    return 0;
}

void sm_channel_close(struct sm_channel *channel)
{
    channel->closed = true;
    sm__wake_all(&channel->senders);
    sm__wake_all(&channel->receivers);
    sm__wake_all(&channel->any);
}

size_t sm_channel_count(const struct sm_channel *channel)
{
    return channel->count;
}

struct sm_waitable *sm_channel_waitable(struct sm_channel *channel)
{
    return &channel->any;
}
