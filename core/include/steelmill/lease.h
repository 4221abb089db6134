/* SPDX-License-Identifier: MIT */
/*
 * Leases: a child factory bound to a right that can be lost, and fence tokens.
 *
 * The right comes from somewhere else (a lock server): steelmill does not acquire it, it binds a
 * factory's life to it. Each acquisition makes a fresh child factory; losing the lease stops it,
 * and pending calls of its tasks return -ECANCELED.
 *
 *   FREE --acquired--> HELD --renewed--> HELD     HELD --lost / expired / released--> FREE
 *
 * A holder can be paused between its check of the lease and its write: only a resource that checks
 * tokens is safe (M. Kleppmann, "How to do distributed locking", 2016). That is what sm_fence is
 * for.
 */
#ifndef STEELMILL_LEASE_H
#define STEELMILL_LEASE_H

#include <steelmill/base.h>
#include <steelmill/time.h>

SM_C_BEGIN

struct sm_factory;
struct sm_lease;

/* Fills the child factory of one acquisition with daemons. Returns 0 or the error to give up with.
 */
typedef int (*sm_lease_setup_fn)(struct sm_factory *child, void *arg);

/*
 * Creates a lease in state FREE.
 *   parent: the factory below which the children live
 *   name: copied; the children's name
 *   setup, arg: called at each acquisition
 * Ownership: the caller destroys it before the parent.
 * Returns: 0, -ENOMEM.
 */
SM_API int sm_lease_create(struct sm_lease **out, struct sm_factory *parent, const char *name,
                           sm_lease_setup_fn setup, void *arg);

/*
 * The right was acquired: makes the child factory and starts it.
 *   token: larger than that of every earlier acquisition of this lease (else -SM_EFENCED)
 *   expires: ns on sm_now()'s clock; take the time *before* the request was sent, plus the term
 * Blocks? until the child's daemons are prepared, at most until `expires`.
 * Returns: 0; -SM_EFENCED; -EALREADY (held); -SM_ELOST (expired meanwhile); or why the child did
 * not start. On failure the lease is FREE.
 */
SM_API int sm_lease_acquired(struct sm_lease *lease, uint64_t token, sm_time expires);

/* The right was extended. Returns 0; -SM_ELOST if it was lost before; -EINVAL for another token. */
SM_API int sm_lease_renewed(struct sm_lease *lease, uint64_t token, sm_time expires);

/*
 * The right is gone, or given up: stops the child factory and waits for it. Nothing happens if
 * FREE. It is called by itself when the lease expires (the child then has 10 s to stop). The lease
 * counts as lost from the first moment on. Returns: 0, or what stopping the child returned. The
 * lease is FREE afterwards in any case, but for a caller in the child itself, which cannot wait for
 * its own end and gets -ECANCELED at once.
 */
SM_API int sm_lease_lose(struct sm_lease *lease, const char *reason, sm_time deadline);

/* Waits until the lease is FREE. Returns 0, -ETIMEDOUT, -ECANCELED. */
SM_API int sm_lease_wait_lost(struct sm_lease *lease, sm_time deadline);

/* True while held, and not expired by the clock even if nobody has noticed yet. Never blocks. */
SM_API bool sm_lease_held(const struct sm_lease *lease);
/* The token of the current or latest acquisition; 0 before the first. */
SM_API uint64_t sm_lease_token(const struct sm_lease *lease);
SM_API sm_time sm_lease_expires(const struct sm_lease *lease);
/* The child factory; NULL unless held. */
SM_API struct sm_factory *sm_lease_factory(const struct sm_lease *lease);
/* Must be FREE (asserted). NULL allowed. */
SM_API void sm_lease_destroy(struct sm_lease *lease);

/* ---- the resource's side ---- */
struct sm_fence {
    uint64_t highest_token;
    uint64_t refused_count;
};

/* Zeroed memory is a valid fence that has seen no token. */
SM_API void sm_fence_init(struct sm_fence *fence);
/*
 * Lets a token pass if none larger was seen, and remembers it.
 * Returns: 0, -SM_EFENCED (counted; nothing else changes).
 */
SM_API int sm_fence_check(struct sm_fence *fence, uint64_t token);

SM_C_END
#endif
