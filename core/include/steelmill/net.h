/* SPDX-License-Identifier: MIT */
/*
 * The network of a machine: datagrams and byte streams to other machines, by name and port.
 *
 * Streams behave as TCP does towards a program, datagrams as UDP. Every machine has an address in
 * 127.0.0.0/8 in both worlds. "localhost" and 127.0.0.1 mean the machine itself.
 * Handles belong to the machine: a crash drops them; stopping a factory cancels waiting calls and
 * leaves handles to be closed by whoever opened them (in stop or destroy).
 * Context of every call: a task or hook of the machine.
 */
#ifndef STEELMILL_NET_H
#define STEELMILL_NET_H

#include <steelmill/base.h>
#include <steelmill/sync.h>
#include <steelmill/time.h>

SM_C_BEGIN

struct sm_factory;
struct sm_net;
struct sm_datagram; /* a datagram socket */
struct sm_listener;
struct sm_stream;

struct sm_address {
    uint32_t ip;   /* host byte order: 0x7f000101 is 127.0.1.1 */
    uint16_t port; /* host byte order */
    uint16_t reserved;
};

#define SM_DATAGRAM_BYTES_MAX 65507
/* 127.255.255.255: every machine of the network, the sender too. In simulation only. */
#define SM_IP_BROADCAST 0x7fffffffu

/* The network of the factory's machine: a capability, inherited. NULL: there is none here. */
SM_API struct sm_net *sm_net_get(struct sm_factory *factory);

/*
 * Finds a machine's address by name ("lock", "client2", "localhost", or dotted "127.0.1.1").
 * Blocks? possibly, until the deadline or cancellation.
 * Returns: 0; -ENOENT: no such name; -ETIMEDOUT; -ECANCELED.
 */
SM_API int sm_net_resolve(struct sm_net *net, const char *name, uint32_t *ip, sm_time deadline);

/*
 * A port by its number ("7000"), or by the name of a service that the configuration of the factory,
 * or of one above it, gives a number: `config: { service.raft: 7000 }`.
 *   service: at most 63 bytes
 * Returns: 0; -ENOENT: no such service; -SM_ECONFIG with a detail: its value is no port. *port is 0
 *   then.
 */
SM_API int sm_net_port(struct sm_factory *factory, const char *service, uint16_t *port);

/* The machine's own address. */
SM_API uint32_t sm_net_ip(const struct sm_net *net);

/* ---- datagrams ---- */

/* port: 0 picks a free one. Returns 0, -EADDRINUSE, -ENOMEM. */
SM_API int sm_datagram_open(struct sm_net *net, struct sm_datagram **out, uint16_t port);
/*
 * Gives a socket a peer: it receives from that alone (what others send bounces), and hears of each
 * bounce at its next call, be it a send or a receive, also one that waits. What has come before
 * stays to be received. A later call gives it another peer.
 * Returns: 0; -EINVAL: port 0, or the broadcast address.
 */
SM_API int sm_datagram_connect(struct sm_datagram *socket, const struct sm_address *peer);
/*
 * Sends one datagram; whether it arrives, nobody says. The bytes are copied before it returns.
 *   to: NULL: the socket's peer. SM_IP_BROADCAST: a copy for each machine; none of them bounces
 * Returns: 0; -EMSGSIZE above SM_DATAGRAM_BYTES_MAX; -EINVAL: port 0; -EDESTADDRREQ: `to` is NULL
 *   and there is no peer; -EOPNOTSUPP: broadcast, in production; -ECONNREFUSED: an earlier one
 *   bounced (nobody had the port), told once; this one was not sent.
 */
SM_API int sm_datagram_send(struct sm_datagram *socket, const struct sm_address *to,
                            const void *data, size_t size);
/*
 * Receives one datagram.
 *   from: the sender; may be NULL
 * Returns: the datagram's full size, of which at most `capacity` bytes were copied (the rest is
 *   dropped); -ETIMEDOUT; -ECANCELED; a socket with a peer also -ECONNREFUSED.
 */
SM_API int sm_datagram_receive(struct sm_datagram *socket, void *buffer, size_t capacity,
                               struct sm_address *from, sm_time deadline);
SM_API uint16_t sm_datagram_port(const struct sm_datagram *socket);
SM_API struct sm_waitable *sm_datagram_waitable(struct sm_datagram *socket);
/* NULL allowed. No task may be waiting on it (asserted). */
SM_API void sm_datagram_close(struct sm_datagram *socket);

/* ---- byte streams ---- */

/* backlog: connections that wait to be accepted, 1 to 4096. Returns 0, -EADDRINUSE, -ENOMEM,
 * -EINVAL. */
SM_API int sm_listener_open(struct sm_net *net, struct sm_listener **out, uint16_t port,
                            int backlog);
/* Returns 0 and a stream that the caller closes; -ETIMEDOUT; -ECANCELED. `peer` may be NULL. */
SM_API int sm_listener_accept(struct sm_listener *listener, struct sm_stream **out,
                              struct sm_address *peer, sm_time deadline);
SM_API uint16_t sm_listener_port(const struct sm_listener *listener);
SM_API struct sm_waitable *sm_listener_waitable(struct sm_listener *listener);
SM_API void sm_listener_close(struct sm_listener *listener);

/* Returns 0; -ECONNREFUSED: nobody listens; -ETIMEDOUT; -ECANCELED; -ENOMEM; -EADDRNOTAVAIL. */
SM_API int sm_stream_connect(struct sm_net *net, struct sm_stream **out,
                             const struct sm_address *to, sm_time deadline);
/* Resolves and connects. Also -ENOENT. */
SM_API int sm_stream_dial(struct sm_net *net, struct sm_stream **out, const char *machine,
                          uint16_t port, sm_time deadline);
/*
 * Reads what is there, waiting for at least one byte.
 *   capacity: 1 to 2^30
 * Returns: the count, 1 or more; 0 when the peer has shut down and all was read; -ECONNRESET: the
 *   peer has reset the connection; -ECONNABORTED: it was given up, since the peer did not answer;
 *   -ETIMEDOUT; -ECANCELED.
 */
SM_API int sm_stream_read(struct sm_stream *stream, void *buffer, size_t capacity,
                          sm_time deadline);
/*
 * Writes what fits, waiting for room for at least one byte. The bytes are copied.
 * Returns: the count, 1 or more, possibly short; -EPIPE after shutdown; -ECONNRESET, -ECONNABORTED
 *   as a read; -ETIMEDOUT; -ECANCELED.
 */
SM_API int sm_stream_write(struct sm_stream *stream, const void *data, size_t size,
                           sm_time deadline);
/*
 * The same, for exactly `size` bytes. On failure `*done` (may be NULL) says how many went through.
 * Returns: 0; read_exact also -EPIPE: the stream ended before; and all that read and write return.
 */
SM_API int sm_stream_read_exact(struct sm_stream *stream, void *buffer, size_t size, size_t *done,
                                sm_time deadline);
SM_API int sm_stream_write_all(struct sm_stream *stream, const void *data, size_t size,
                               size_t *done, sm_time deadline);
/* No more writes: the peer reads an end after what was written. Never blocks. Returns 0, -ENOTCONN.
 */
SM_API int sm_stream_shutdown(struct sm_stream *stream);
SM_API void sm_stream_address(const struct sm_stream *stream, struct sm_address *local,
                              struct sm_address *peer);
/* SM_READ: a read would not block; SM_WRITE: a write would not. */
SM_API struct sm_waitable *sm_stream_waitable(struct sm_stream *stream);
/*
 * A stream that writes finds out that its peer is gone, in about 15 minutes; one that only reads
 * never does. These two change that. Both begin to count anew when they are set.
 *
 * Keep-alive: when the peer was silent for idle_ns it is asked, every interval_ns, until it answers
 * or `probes` questions were in vain: then the connection is given up.
 *   idle_ns: 0 turns it off; it and interval_ns up to SM_STREAM_PATIENCE_MAX; production rounds
 *     them up to seconds
 *   probes: 1 to 127
 * User timeout: when bytes that were written stay unacknowledged for so long, or unsent since the
 * peer does not read, the connection is given up.
 *   timeout_ns: 0 turns it off; up to SM_STREAM_PATIENCE_MAX; production rounds it up to ms
 * Returns: 0, -EINVAL, -ENOTCONN.
 */
#define SM_STREAM_PATIENCE_MAX (32767 * SM_S)
SM_API int sm_stream_keep_alive(struct sm_stream *stream, sm_time idle_ns, sm_time interval_ns,
                                int probes);
SM_API int sm_stream_user_timeout(struct sm_stream *stream, sm_time timeout_ns);
/* Closes as close(2) does: in the background, with a reset if unread bytes are left. NULL allowed.
 */
SM_API void sm_stream_close(struct sm_stream *stream);
/*
 * Closes, and waits until the peer's host has acknowledged all that was written. Whatever it
 * returns, the stream is closed; what is not delivered yet goes on in the background.
 * Returns: 0: delivered (whether the peer's program has read it, nobody says); -ECONNRESET: reset
 *   before that, by the peer or since unread bytes were left; -ECONNABORTED; -ETIMEDOUT;
 *   -ECANCELED.
 */
SM_API int sm_stream_linger(struct sm_stream *stream, sm_time deadline);
/* Closes with a reset: what was not delivered yet is dropped. */
SM_API void sm_stream_abort(struct sm_stream *stream);

SM_C_END
#endif
