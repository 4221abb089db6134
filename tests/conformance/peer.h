/* SPDX-License-Identifier: MIT */
/*
 * A peer on another machine, "m2", that does to its ends of connections what a body tells it to.
 *
 * In simulation it is the second machine of the world; in production a process of its own. What a
 * body says goes over a connection of its own; what it says applies to the connection that the peer
 * has accepted last. Each order is carried out when the call returns.
 */
#ifndef STEELMILL_TESTS_CONFORMANCE_PEER_H
#define STEELMILL_TESTS_CONFORMANCE_PEER_H

#include "tests/conformance/conformance.h"

#define PEER_PORT 7001 /* for streams, and for datagrams: those are sent back */

/* ---- the body's side ---- */
/* Starts the peer and waits until it takes orders. */
void peer_up(void);
/* The connection for orders is closed; the peer itself goes with its world. */
void peer_done(void);
/* Dials the peer. */
struct sm_stream *peer_connect(void);

enum peer_order {
    PEER_ACCEPT = 'n',    /* has accepted it, and that is all */
    PEER_WRITE = 'w',     /* "hello" */
    PEER_SHUTDOWN = 'h',  /* writes no more */
    PEER_CLOSE = 'c',     /* in good order, or by a reset where it has not read all */
    PEER_ABORT = 'a',     /* closes with a reset */
    PEER_SINK = 's',      /* reads all that comes, until the end, and closes */
    PEER_ECHO = 'e',      /* sends all back, until the end, and closes */
    PEER_DEAF = 'u',      /* closes its datagram socket */
    PEER_UNLISTEN = 'l',  /* closes its listener */
    PEER_TAKES_TWO = '2', /* the same with one that has a backlog of 1 and accepts nobody */
};
void peer_do(enum peer_order order);

/* ---- what happens to the machine: as peer_do, by the world ---- */
void peer_killed(void); /* its program dies, its host goes on */
void peer_stopped(void);
void peer_rebooted(void); /* killed, and up again */

/* ---- for the worlds ---- */
/* Adds the peer's daemon to a factory of the machine and starts it. Returns 0, or a failure. */
int peer_begin(struct sm_factory *factory);
/* In a task of the body: starts the machine, kills its program, stops it properly. */
void conformance_peer_start(void);
void conformance_peer_kill(void);
void conformance_peer_stop(void);

#endif
