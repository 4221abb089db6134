/* SPDX-License-Identifier: MIT */
/*
 * A TCP connection of lwIP's, for tasks that want to wait. The callbacks of the raw API only take
 * notes here and wake the task; what there is to do the task does.
 *
 * Deadlines are absolute, on sm_now()'s clock. A connection is used by one task.
 */
#ifndef LWIP_CONN_H
#define LWIP_CONN_H

#include <steelmill/sync.h>

#include <lwip/tcp.h>

struct conn {
    struct tcp_pcb *pcb; /* NULL: lwIP has dropped it */
    int error;           /* why */
    bool connected;
    bool ended;          /* the peer sends no more */
    struct pbuf *unread; /* received; NULL: all was read */
    struct sm_event changed;
    struct conn *next; /* of those that a listener has accepted */
};

/* The caller's memory; conn_close when done. */
void conn_init(struct conn *conn);
/* Takes what lwIP has accepted. */
void conn_accepted(struct conn *conn, struct tcp_pcb *pcb);

/* Blocks? until connected. Returns 0; -ECONNRESET and other -errno; -ETIMEDOUT; -ECANCELED. */
int conn_connect(struct conn *conn, const ip_addr_t *to, uint16_t port, sm_time deadline);
/* Blocks? while lwIP has no room. Returns 0; otherwise part of it may have been sent: as above. */
int conn_write_all(struct conn *conn, const void *data, size_t size, sm_time deadline);
/*
 * Reads what is there, `capacity` bytes at most, waiting for one.
 * Returns: the count; 0 at the end; else as above.
 */
int conn_read(struct conn *conn, void *buffer, size_t capacity, sm_time deadline);
/* Returns 0; -EPIPE: it ended before; else as above. */
int conn_read_exact(struct conn *conn, void *buffer, size_t size, sm_time deadline);
/* Blocks? until the peer's lwIP has acknowledged all that was written. Returns as conn_connect. */
int conn_drain(struct conn *conn, sm_time deadline);
/* The peer reads an end after what was written. Returns 0, or -errno. */
int conn_shutdown(struct conn *conn);
/* Lets lwIP finish the connection by itself. Once after conn_init. */
void conn_close(struct conn *conn);
/* Instead: with a reset, at once. */
void conn_abort(struct conn *conn);

#endif
