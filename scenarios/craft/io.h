/* SPDX-License-Identifier: MIT */
/*
 * libraft's view of the world, over steelmill: raft_io.
 *
 * What touches the disk, but for term and vote, is a job of the disk task, which takes them in
 * order and syncs once for several appends. Term and vote are stored at once: libraft needs them
 * durable when the call returns, so the calling task parks.
 */
#ifndef CRAFT_IO_H
#define CRAFT_IO_H

#include "loop.h"
#include "storage.h"
#include "transport.h"

#include <steelmill/random.h>

struct craft_job;

struct craft_io {
    struct raft_io raft_io; /* first: libraft hands this out */
    struct craft_loop *loop;
    struct craft_storage *storage;
    struct craft_transport *transport;
    raft_io_tick_cb tick;
    raft_io_recv_cb receive;
    raft_io_close_cb close_cb;
    sm_time tick_interval; /* as libraft asked for in `start` */
    raft_index next_index; /* that the next append gets, all queued jobs done */
    struct craft_job *first, **last;
    struct sm_event jobs_ready;
    struct sm_random random;
    uint32_t append_error_ppm; /* a share of the appends fails: for experiments */
};

void craft_io_init(struct craft_io *io, struct craft_loop *loop, struct craft_storage *storage,
                   struct craft_transport *transport);
/* Spawns the disk task. Returns 0, -ENOMEM, -ECANCELED. */
int craft_io_start(struct craft_io *io);
/* Hands a received message to libraft. Takes the bytes, which are from malloc. Context: the driver.
 */
void craft_io_receive(struct craft_io *io, raft_id from, uint8_t *bytes, size_t size);
/*
 * After raft_close: fires all that is left with RAFT_CANCELED, then the callback of the close. All
 * tasks have ended.
 */
void craft_io_finish(struct craft_io *io);

#endif
