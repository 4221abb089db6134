/* SPDX-License-Identifier: MIT */
/*
 * What a link does to messages: the values that scenarios give.
 */
#ifndef STEELMILL_NET_LOOPBACK_LINK_H
#define STEELMILL_NET_LOOPBACK_LINK_H

#include <stdint.h>

enum lo_latency_kind {
    LO_LATENCY_UNIFORM,     /* a_ns to b_ns, both included; constant where equal */
    LO_LATENCY_EXPONENTIAL, /* a_ns is the mean */
    LO_LATENCY_LOGNORMAL,   /* a_ns is the median, shape_ppm the logarithm's deviation * 10^6 */
    LO_LATENCY_BIMODAL,     /* a_ns, and b_ns for shape_ppm of the messages */
};

struct lo_latency {
    uint32_t kind; /* enum lo_latency_kind */
    uint32_t shape_ppm;
    int64_t a_ns, b_ns; /* 0 to 24 h */
};

enum lo_link_field {
    LO_LINK_LATENCY = 1 << 0,
    LO_LINK_LOSS = 1 << 1,
    LO_LINK_DUPLICATE = 1 << 2,
    LO_LINK_REORDER = 1 << 3,
    LO_LINK_BANDWIDTH = 1 << 4,
    LO_LINK_JITTER = 1 << 5,
    LO_LINK_QUEUE = 1 << 6,
    LO_LINK_MTU = 1 << 7,
    LO_LINK_CORRUPT = 1 << 8,
    LO_LINK_CORRUPT_STREAMS = 1 << 9,
};

#define LO_MTU_BYTES_MIN 68 /* what every link of the internet must carry (RFC 791) */

/*
 * One direction between two machines.
 *   latency    drawn for each message on its own, so messages overtake each other within its spread
 *   jitter     a second delay on top, drawn on its own; all zero: none
 *   loss       of datagrams; for a stream it means a retransmission
 *   duplicate  a second copy of a datagram, with a latency of its own
 *   reorder    a message that is kept back for up to 4 latencies + 100 us, so that others overtake
 *              it
 *   bandwidth  messages go one after the other, each as long as its bytes take; 0: no limit
 *   queue      bytes that may wait for bandwidth: a datagram that finds more is lost, a stream
 * waits (its window is what limits it); 0: what the network's queue_limit_ns says mtu datagrams
 * that need a larger packet (28 bytes of headers) vanish, as behind a router that drops what it
 * should fragment; streams are cut to it, and pay for more headers; 0: no limit corrupt datagrams
 * of which one byte arrives altered corrupt_streams  the same of a stream's segments: the one thing
 * that alters a stream's bytes
 */
struct lo_link {
    uint32_t set; /* enum lo_link_field: which fields are given */
    uint32_t loss_ppm, duplicate_ppm, reorder_ppm, corrupt_ppm, corrupt_streams_ppm;
    uint32_t mtu_bytes;
    struct lo_latency latency, jitter;
    int64_t bandwidth_bytes_per_s, queue_bytes;
};

#endif
