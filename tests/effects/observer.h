/* SPDX-License-Identifier: MIT */
/*
 * The observer: a daemon that talks to all others of its kind in each way that there is, and
 * reports what it sees of a bad network. On a good one it sees nothing.
 *
 *   observer.c   the daemon: tasks, names, connections
 *   datagrams.c  numbered datagrams, small and large
 *   streams.c    streams of numbered chunks, both ways
 */
#ifndef STEELMILL_TESTS_OBSERVER_H
#define STEELMILL_TESTS_OBSERVER_H

#include "effects.h"

#include <steelmill/steelmill.h>

#include <stdint.h>

#define MACHINES_MAX  8u
#define PORT          7000
#define PORT_ATTEMPTS 7001
#define TALK_NS       (9 * SM_S)  /* as long as all talk */
#define JUDGE_NS      (11 * SM_S) /* when what is still missing is lost */
#define PACE_NS       (20 * SM_MS)
#define ROUNDS        400u

struct observer;

/* What one machine knows of another. */
struct peer {
    struct observer *observer;
    uint32_t number; /* from 1 */
    struct sm_address address;
    uint64_t heard[(2 * ROUNDS + 63) / 64]; /* datagrams, by number */
    uint32_t latest;
    struct sm_stream *stream; /* NULL: none */
    bool stream_is_over, stream_was_reset;
};

struct observer {
    struct sm_factory *factory;
    struct sm_net *net;
    struct sm_datagram *socket;
    struct sm_listener *listener, *attempts;
    uint32_t number, count;          /* of this machine, of all */
    struct peer peers[MACHINES_MAX]; /* by number - 1 */
};

void observe(enum effect effect);
/* A sum over bytes: a block that was altered has another. */
uint32_t checksum(const void *data, size_t size);

/* ---- tasks; their argument is the observer, or a peer ---- */
int datagrams_send(void *arg);
int datagrams_hear(void *arg);
void datagrams_judge(struct observer *observer);
/* Tells the peer that the stream with it was reset here. */
void datagrams_tell_reset(struct peer *peer);
int streams_accept(void *arg);
int streams_connect(void *arg);

#endif
