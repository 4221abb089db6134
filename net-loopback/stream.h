/* SPDX-License-Identifier: MIT */
/*
 * Streams, from the inside.
 *
 * A connection has two ends, each the sender of one direction and the receiver of the other. The
 * end that a program holds is its struct sm_stream.
 *
 *   client:  CONNECTING --syn-ack--> OPEN ------+
 *   server:  ACCEPTING ---ack------> OPEN ------+--> DEAD   reset, given up, aborted, crashed, or
 *            (in the listener's backlog)                    closed and all acknowledged both ways
 *
 *   1. Bytes lie in segments, which are shared by the sender (until acknowledged), events in flight
 *      and the receiver (until read). A segment that was sent does not change any more.
 *   2. A receiver takes segments in the order of their positions, whatever the order of their
 * events.
 *   3. At most one retry event is pending per end; it is set only when something was lost on the
 * way, so a stream without losses has no timers at all, unless its program has asked for keep-alive
 * or a user timeout.
 *   4. A DEAD end sends nothing but resets, in answer to whatever still arrives on a machine that
 * is up.
 *   5. A connection is freed when both ends are over (DEAD, let go by program and listener) and no
 *      event refers to it. An end that crashed with its machine tells nobody.
 *
 * Acknowledgements that nobody waits for take no event: they are noted at the sender with the time
 * of their arrival, and count from then on.
 *
 * The files: stream_open.c (listen, connect, accept), stream_send.c (segments on their way),
 * stream_arrive.c, stream_control.c (handshake, acknowledgements, resets), stream_retry.c,
 * stream_watch.c (keep-alive, user timeout), stream_call.c (read and write), stream_close.c.
 */
#ifndef STEELMILL_NET_LOOPBACK_STREAM_H
#define STEELMILL_NET_LOOPBACK_STREAM_H

#include "net-loopback/internal.h"

#include <errno.h>

#define LO_SEGMENT_BYTES_MAX (64u * 1024)

struct lo_segment {
    struct lo_segment *next;    /* at the sender, by position */
    struct lo_segment *next_in; /* at the receiver, by position */
    struct sm_stream *to;
    uint64_t position; /* of its first byte in the direction */
    uint64_t hash;
    uint64_t garble; /* what the link does to the copy under way (lo_garble); 0: nothing */
    uint32_t size, capacity;
    uint32_t references;
    uint32_t in_flight; /* copies on the way */
    uint8_t class;
    bool fin;     /* the end of the direction; takes one position, has no bytes */
    bool arrived; /* at least once */
    bool held;    /* by a rule */
    unsigned char data[];
};

enum lo_end_state { LO_END_NONE, LO_END_CONNECTING, LO_END_ACCEPTING, LO_END_OPEN, LO_END_DEAD };

struct lo_sender {
    struct lo_segment *first, *last; /* not acknowledged, or not sent yet */
    struct lo_segment *unsent;       /* the first that was never sent */
    uint64_t written, acked;         /* positions */
    uint64_t window_end;             /* what the receiver has room for */
    uint64_t window_lost;            /* end of a window that was told, but lost on the way */
    bool fin;                        /* no more is written */
    /* An acknowledgement under way that nobody waits for. */
    int64_t ack_due_ns; /* 0: there is none */
    uint64_t ack_position, ack_window_end;
};

struct lo_receiver {
    struct lo_segment *first, *last; /* in order, to be read */
    struct lo_segment *early;        /* those behind a gap */
    uint32_t first_read;             /* bytes of the first that were read already */
    uint32_t unread;                 /* bytes */
    uint64_t arrived;                /* position up to which all is here */
    uint64_t advertised;             /* window end that the sender was told */
    bool fin;                        /* the end has arrived */
    bool stalled;                    /* a slow reader: an event lets it read on */
};

/* Keep-alive and user timeout. */
struct lo_watch {
    int64_t idle_ns, interval_ns; /* idle_ns 0: no keep-alive */
    int64_t user_timeout_ns;      /* 0: none */
    int64_t heard_ns;             /* the latest sign of life of the peer */
    int64_t asked_ns;             /* the latest keep-alive */
    int64_t moved_ns;             /* since when nothing was acknowledged of what is outstanding */
    uint32_t probes, unanswered;
    struct sim_event *event;
};

/* One end of a connection: the program's stream. */
struct sm_stream {
    struct lo_handle handle; /* linked in interface->streams while not over */
    struct sm_waitable any, readers, writers;
    struct lo_connection *connection;
    struct sm_stream *peer;
    struct sm_listener *listener; /* whose backlog it is in */
    struct sm_stream *next_accept;
    enum lo_end_state state;
    int error;      /* why it is DEAD: what calls return, positive */
    bool is_held;   /* the program has it */
    bool finished;  /* DEAD in good order: it still acknowledges, and does not reset */
    bool ack_held;  /* a rule holds its acknowledgement */
    bool lingers;   /* a task waits until all is acknowledged */
    uint32_t tries; /* retries since the last sign of life */
    struct sim_event *retry;
    struct lo_watch watch;
    struct lo_sender out;
    struct lo_receiver in;
};

struct lo_connection {
    struct sm_stream ends[2]; /* client, server */
    uint64_t id;
    uint32_t references; /* events and calls that use it */
};

struct sm_listener {
    struct lo_handle handle;
    struct sm_waitable any, acceptors;
    uint32_t backlog, pending;      /* pending: ACCEPTING, or waiting to be accepted */
    struct sm_stream *first, *last; /* wait to be accepted */
};

static inline struct lo_net *lo_net_of(const struct sm_stream *end)
{
    return end->handle.interface->net;
}

static inline bool lo_end_alive(const struct sm_stream *end)
{
    return end->state != LO_END_NONE && end->state != LO_END_DEAD;
}

/* Closed by the program, but what it wrote is still being delivered. */
static inline bool lo_end_orphan(const struct sm_stream *end)
{
    return !end->is_held && !end->listener;
}

static inline uint32_t lo_sender_room(const struct sm_stream *end)
{
    const uint64_t taken = end->out.written - end->out.acked;
    const uint32_t limit = lo_net_of(end)->stream_buffer_bytes;
    return taken < limit ? limit - (uint32_t)taken : 0;
}

static inline bool lo_end_readable(const struct sm_stream *end)
{
    return (end->in.unread || end->in.fin || end->state == LO_END_DEAD) && !end->in.stalled;
}

/* It has missed news of a wider window: nothing else may come of itself. */
static inline bool lo_sender_uninformed(const struct sm_stream *end)
{
    return end->out.window_end < end->out.window_lost;
}

static inline void lo_connection_hold(struct lo_connection *connection)
{
    connection->references++;
}

/* ---- stream_open.c ---- */
void lo_streams_init(struct lo_net *net);
/* The last step of the handshake has reached the server's end: it can be accepted. */
void lo_end_established(struct sm_stream *end);
/* Takes an end out of its listener's backlog, where it is in one. */
void lo_backlog_leave(struct sm_stream *end);
/* A connection attempt has reached the server. */
void lo_syn_arrives(struct sm_stream *end);
void lo_listener_close(struct sm_listener *listener); /* resets its backlog */
/* A connection is asked for: `end` is to be the server's. */
void lo_syn_arrives(struct sm_stream *end);
/* Its backlog must be empty. */
void lo_listener_free(struct sm_listener *listener);

/* ---- stream_call.c ---- */
/* The `ready` of a stream's waitable. */
uint32_t lo_stream_ready(struct sm_waitable *self, uint32_t interest);

/* ---- stream_send.c ---- */
void lo_segment_drop(struct lo_net *net, struct lo_segment *segment);
/* Copies what there is room for into segments. Returns how many bytes. */
uint32_t lo_sender_append(struct sm_stream *end, const void *data, size_t size);
/* Writes the end of the direction, once. */
void lo_sender_append_fin(struct sm_stream *end);
/* Sends what the window allows. */
void lo_sender_pump(struct sm_stream *end);
void lo_segment_transmit(struct sm_stream *end, struct lo_segment *segment);
/* Forgets all that was not delivered. */
void lo_sender_clear(struct sm_stream *end);
/* Takes an acknowledgement: frees, sends on, wakes. */
void lo_sender_acked(struct sm_stream *end, uint64_t position, uint64_t window_end);
/* Counts a noted acknowledgement whose time has come. */
void lo_sender_poll(struct sm_stream *end);
/*
 * Notes an acknowledgement that will arrive in `delay_ns`, if nothing waits for it; false:
 * something does, it must be an event.
 */
bool lo_sender_note_ack(struct sm_stream *end, uint64_t position, uint64_t window_end,
                        int64_t delay_ns);
/* After a change: if the end has begun to wait for acknowledgements, a noted one becomes an event.
 */
void lo_sender_expect(struct sm_stream *end);

/* ---- stream_arrive.c ---- */
void lo_segment_arrives(struct sim_world *world, struct sim_event *event);

/* ---- stream_fault.c ---- */
/* How much a read may take: less than `capacity` where a rule (`*slow`) makes a slow reader of it.
 */
uint32_t lo_reader_share(struct sm_stream *stream, uint32_t capacity, struct lo_active_rule **slow);
/* A slow reader has read so much: it pauses. */
void lo_reader_stall(struct sm_stream *stream, const struct lo_active_rule *slow, uint32_t count);

/* ---- stream_control.c ---- */
/* Sends a control message to the peer. A reset to a dead peer is not sent. */
void lo_control_send(struct sm_stream *end, enum lo_control what);
/* An acknowledgement is under way from `end` to its peer. */
void lo_ack_fly(struct sm_stream *end, uint64_t position, uint64_t window_end, int64_t delay_ns);
/* Tells the sender what has arrived and how much more may come. */
void lo_acknowledge(struct sm_stream *end);

/* ---- stream_retry.c ---- */
/* Something that `end` waits for was lost: it will try again. */
void lo_end_retry_later(struct sm_stream *end);

/* ---- stream_watch.c ---- */
/* Something was written, where nothing was outstanding before. */
void lo_watch_outstanding(struct sm_stream *end);

static inline void lo_watch_heard(struct sm_stream *end)
{
    end->watch.heard_ns = lo_net_of(end)->world->now;
    end->watch.unanswered = 0;
}

/* ---- stream_close.c ---- */
/* DEAD at once, without a message. error: what calls return from now on, positive. */
void lo_end_die(struct sm_stream *end, int error);
/* Resets: the peer is told. */
void lo_end_reset(struct sm_stream *end);
/* The program lets go of it, as close(2) does. */
void lo_end_let_go(struct sm_stream *end);
/* The program does not want the connection any more that it is making. */
void lo_end_give_up(struct sm_stream *end);
/* The opposite of lo_connection_hold. Lets ends die that have nothing to do any more, and frees the
 * connection when it is over: the caller does not touch it afterwards. */
void lo_connection_drop(struct lo_connection *connection);
void lo_end_wake(struct sm_stream *end);
uint32_t lo_streams_count_open(const struct sm_net *interface); /* that the program holds */
void lo_streams_crashed(struct sm_net *interface); /* drops ends and listeners, silently */
void lo_streams_close(struct sm_net *interface);   /* as a kernel closes a process's */
void lo_streams_stopped(struct sm_net *interface); /* closes what is open first */

#endif
