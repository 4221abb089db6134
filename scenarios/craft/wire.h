/* SPDX-License-Identifier: MIT */
/*
 * Messages over byte streams, framed by the contract's helper.
 *
 * Context of every call: a task. All of them block until done, the deadline, or cancellation.
 */
#ifndef CRAFT_WIRE_H
#define CRAFT_WIRE_H

#include <steelmill/net.h>

#define CRAFT_PORT_RAFT     7100 /* between nodes */
#define CRAFT_PORT_CLIENT   7200 /* clients to nodes */
#define CRAFT_PORT_JUDGE    7300 /* nodes to the judge */
#define CRAFT_FRAME_MAX     (1u << 20)
#define CRAFT_NODES_MAX     9u
#define CRAFT_ADDRESS_BYTES 64

/*
 * Reads one frame into memory of its own.
 *   bytes, size: what was read; the caller frees it
 * Returns: 0; -EMSGSIZE: longer than CRAFT_FRAME_MAX, or empty; -ENOMEM; what sm_framed_read
 *   returns.
 */
int craft_frame_read(struct sm_stream *stream, uint8_t **bytes, size_t *size, sm_time deadline);
/* The same into a buffer: -EMSGSIZE also where the frame has another size. */
int craft_frame_read_into(struct sm_stream *stream, void *buffer, size_t size, sm_time deadline);
/* Writes one frame. Returns what sm_framed_write returns. */
int craft_frame_write(struct sm_stream *stream, const void *bytes, size_t size, sm_time deadline);

#endif
