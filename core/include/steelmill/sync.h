/* SPDX-License-Identifier: MIT */
/*
 * What tasks wait on: events, mutexes, wait groups, bounded channels, and any of several at once.
 *
 * All of them but channels are used by the tasks of one thread (a factory and what lives with it).
 * The structs below are the caller's memory: init before use; finish when no task waits any more
 * (asserted).
 * A failed wait changes nothing: no item is taken, no lock is held.
 */
#ifndef STEELMILL_SYNC_H
#define STEELMILL_SYNC_H

#include <steelmill/base.h>
#include <steelmill/time.h>

SM_C_BEGIN

/*
 * The first member of everything that can be waited for. Its insides are steelmill's.
 */
struct sm_waitable {
    struct sm__waiter *first, *last;
    /* The subset of `interest` that would not block now. */
    uint32_t (*ready)(struct sm_waitable *self, uint32_t interest);
};

#define SM_READ  1u /* a read, receive, accept, join, lock or wait would not block */
#define SM_WRITE 2u /* a write or send would not block */

struct sm_wait {
    struct sm_waitable *object;
    uint32_t interest; /* SM_READ | SM_WRITE */
    uint32_t ready;    /* out */
};

/*
 * Waits until one of several objects is ready (level-triggered, as poll).
 *   waits: `count` entries, 1 to 64; each entry's `ready` is set
 *   deadline: ns on sm_now()'s clock; a past one only looks; SM_FOREVER
 * Ownership: the caller's memory, untouched after the return.
 * Context: a task.
 * Blocks? until an object is ready, the deadline, or cancellation.
 * Randomness: none.
 * Returns: the lowest index that is ready (0 or more), -ETIMEDOUT, -ECANCELED, -EINVAL.
 */
SM_API int sm_wait_any(struct sm_wait *waits, size_t count, sm_time deadline);

/* ---- event: a flag that tasks wait for ---- */
struct sm_event {
    struct sm_waitable waitable;
    bool set;
};
SM_API void sm_event_init(struct sm_event *event);
SM_API void sm_event_finish(struct sm_event *event);
/* Raises the flag and wakes all who wait. It stays up until cleared. Never blocks. */
SM_API void sm_event_set(struct sm_event *event);
SM_API void sm_event_clear(struct sm_event *event);
/* Returns 0 once the flag is up, -ETIMEDOUT, -ECANCELED. */
SM_API int sm_event_wait(struct sm_event *event, sm_time deadline);

/* ---- mutex: not recursive, first come first served ---- */
struct sm_mutex {
    struct sm_waitable waitable;
    struct sm_task *owner;
};
SM_API void sm_mutex_init(struct sm_mutex *mutex);
SM_API void sm_mutex_finish(struct sm_mutex *mutex);
/* Returns 0 with the lock held; -EDEADLK when the caller holds it already; -ETIMEDOUT, -ECANCELED.
 */
SM_API int sm_mutex_lock(struct sm_mutex *mutex, sm_time deadline);
/* Only the holder may unlock (asserted). */
SM_API void sm_mutex_unlock(struct sm_mutex *mutex);

/* ---- wait group: waits until a count is back at zero ---- */
struct sm_wait_group {
    struct sm_waitable waitable;
    size_t count;
};
SM_API void sm_wait_group_init(struct sm_wait_group *group);
SM_API void sm_wait_group_finish(struct sm_wait_group *group);
SM_API void sm_wait_group_add(struct sm_wait_group *group, size_t count);
/* One less; below zero is a bug (asserted). */
SM_API void sm_wait_group_done(struct sm_wait_group *group);
/* Returns 0 once the count is zero, -ETIMEDOUT, -ECANCELED. */
SM_API int sm_wait_group_wait(struct sm_wait_group *group, sm_time deadline);

/*
 * ---- channel: a bounded queue of items of one size ----
 *
 * Tasks of factories on several workers may use one at once. On each worker those who wait are
 * served in order; between workers, whoever comes first. The waitable is the calling worker's.
 */
struct sm_channel;
/*
 * Creates a channel.
 *   capacity: items that fit, 1 to 2^30;  item_bytes: 1 to 2^20
 * Ownership: the caller destroys it.
 * Returns: 0, -ENOMEM, -EINVAL.
 */
SM_API int sm_channel_create(struct sm_channel **out, size_t capacity, size_t item_bytes);
/* No task may be waiting (asserted). NULL is allowed. Items left in it are dropped. */
SM_API void sm_channel_destroy(struct sm_channel *channel);
/* Copies one item in, waiting while full. Returns 0, -SM_ECLOSED, -ETIMEDOUT, -ECANCELED. */
SM_API int sm_channel_send(struct sm_channel *channel, const void *item, sm_time deadline);
/* Copies one item out, waiting while empty. Returns 0, -SM_ECLOSED once closed and drained, ... */
SM_API int sm_channel_receive(struct sm_channel *channel, void *item, sm_time deadline);
/* No more sends; receivers drain what is left. Twice is allowed. Never blocks. */
SM_API void sm_channel_close(struct sm_channel *channel);
SM_API size_t sm_channel_count(const struct sm_channel *channel);
SM_API struct sm_waitable *sm_channel_waitable(struct sm_channel *channel);

SM_C_END
#endif
