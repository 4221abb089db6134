/* SPDX-License-Identifier: MIT */
/*
 * The simulated loopback network: what the world's maker needs.
 *
 * Start reading here; then internal.h (the structs), path.c (what happens to one message), rule.c
 * (faults), datagram.c, and stream.h with the stream_*.c files. <steelmill/net.h> is what daemons
 * see.
 *
 * Messages between two machines pass a link: a direction with latency, loss and so on, found by
 * static rules when the network is made. Dynamic rules (faults) change, block or hold messages
 * while they stand; without any they cost one comparison. What a rule does is decided when a
 * message is sent. A machine's messages to itself take 10 to 30 us, keep their order and meet no
 * rule.
 *
 * Every draw is a function of (seed, epoch, sender, receiver, number of the message on that link,
 * purpose): a message that one link loses moves no draw of another.
 */
#ifndef STEELMILL_NET_LOOPBACK_NET_H
#define STEELMILL_NET_LOOPBACK_NET_H

#include "net-loopback/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lo_net;
struct sim_world;
struct sim_machine;

/* ---- sets of machines: bit (index - 1) of an array of words; NULL means all ---- */
#define LO_SET_WORDS(machine_count) (((machine_count) + 63) / 64)

static inline void lo_set_add(uint64_t *set, uint32_t machine_index)
{
    set[(machine_index - 1) / 64] |= UINT64_C(1) << ((machine_index - 1) % 64);
}

/* ---- making it ---- */

/* A static rule: from these machines to those, the fields in link.set are as given. */
struct lo_link_rule {
    const uint64_t *from, *to; /* sets; NULL: all */
    struct lo_link link;
};

struct lo_options {
    struct lo_link link_default;      /* what is not set in it: 1 to 5 ms, nothing else */
    const struct lo_link_rule *rules; /* in order; later ones win */
    uint32_t rule_count;
    uint32_t datagram_buffer_bytes; /* per receiving socket; 0: 212,992 */
    uint32_t stream_buffer_bytes;   /* per direction and side; 0: 262,144; 4 KiB to 8 MiB */
    int64_t queue_limit_ns; /* datagrams that would wait longer for bandwidth are lost; 0: 500 ms */
};

/*
 * Makes the network of a world whose machines have all been added, and none started. Machine i gets
 * the address 127.1.0.0 + i and its interface in sim_machine.net; the network hears of crashes by
 * hooks.
 *   options: NULL for the defaults; nothing of it is kept
 * Returns: 0; -EINVAL (a value is out of range); -E2BIG (the rules make more than 1,024 kinds of
 *   machines).
 */
int lo_net_create(struct lo_net **out, struct sim_world *world, const struct lo_options *options);
/* After the world: its tasks wait on the network's objects. NULL allowed. */
void lo_net_destroy(struct lo_net *net);
/* For the machine's factory: sm__factory_capability_set(f, SM__CAPABILITY_NET, this). */
void *lo_net_capability(struct sim_machine *machine);

/* ---- dynamic rules: faults ---- */

enum lo_effect {
    LO_EFFECT_BLOCK, /* messages vanish */
    LO_EFFECT_HOLD,  /* messages are kept; they go on in their order when the rule is removed */
    LO_EFFECT_LINK,  /* the fields in link.set replace the link's */
    LO_EFFECT_ADD,   /* the fields in link.set come on top: another latency, more loss; the lower
                      * bandwidth counts */
    LO_EFFECT_BLACK_HOLE, /* messages of the connections that exist when the rule comes vanish */
    /* Not of messages: what else the two machines have to do with each other. */
    LO_EFFECT_REFUSE,      /* `to` refuses connections of `from`, as if nobody listened */
    LO_EFFECT_BACKLOG,     /* `to` lets attempts of `from` lie, as with a full backlog */
    LO_EFFECT_SLOW_READER, /* `to` reads at most link.bandwidth of each stream of `from` */
    LO_EFFECT_NO_NAME,     /* `from` does not find `to` by its name */
    LO_EFFECT_LATE_NAME,   /* `from` finds `to` by its name after link.latency */
};

enum lo_scope {
    LO_SCOPE_SETS,  /* from `from` to `to` */
    LO_SCOPE_SIDES, /* where cut[side of the sender][side of the receiver] */
    LO_SCOPE_RING,  /* where the two are no neighbours in the ring */
};

#define LO_SIDES_MAX 4
#define LO_NO_PLACE  UINT32_MAX /* not in the ring: sees all */

struct lo_rule {
    enum lo_effect effect;
    enum lo_scope scope;
    const uint64_t *from, *to; /* LO_SCOPE_SETS: sets; NULL: all */
    /* Per machine, by index - 1: its side (LO_SCOPE_SIDES, below 4) or its place in the ring, 0 to
     * n - 1 (LO_SCOPE_RING). */
    const uint32_t *sides;
    uint8_t cut[LO_SIDES_MAX][LO_SIDES_MAX];
    bool both_ways; /* LO_SCOPE_SETS: from `to` to `from`, too */
    struct lo_link
        link; /* LO_EFFECT_LINK, LO_EFFECT_ADD; one field of it where the effect says so */
};

/*
 * Puts a rule in force, after those that stand already. Nothing of `rule` is kept.
 * Context: host code. Returns: its id, from 1.
 */
uint32_t lo_rule_add(struct lo_net *net, const struct lo_rule *rule);
/* Ends a rule; what it held goes on, with fresh latency. An id that is no more is ignored. */
void lo_rule_remove(struct lo_net *net, uint32_t id);
/* Lets a rule act no more, or again; what it held goes on. An id that is no more is ignored. */
void lo_rule_sleep(struct lo_net *net, uint32_t id, bool asleep);
/* How many messages (attempts, reads, look-ups) it has blocked, held or changed; also after its
 * removal. */
uint64_t lo_rule_affected(const struct lo_net *net, uint32_t id);

/*
 * What happens to the open connections between machines that the rule's scope names, at once; its
 * effect is not looked at. Context: host code. Return: how many.
 */
/* Something on the way resets them: both ends are told. Either end may be `from`. */
uint32_t lo_connections_reset(struct lo_net *net, const struct lo_rule *scope);
/* Half-open: the ends at `from` are gone (their calls return -ECONNRESET), and those at `to` hear
 * of it when they next send. Where both are `from`, one of them is gone. */
uint32_t lo_connections_forget(struct lo_net *net, const struct lo_rule *scope);

/* ---- rules that come and go: sequence.c ---- */

struct lo_sequence;

struct lo_times {
    int64_t min_ns, max_ns; /* both included, at least 1 */
};

/*
 * Flapping: a rule is in force for a time of `down`, not for a time of `up`, and so on, from now
 * on. key: of the random stream of the times number: of the events' records
 */
struct lo_sequence *lo_flap_begin(struct lo_net *net, const struct lo_rule *rule,
                                  struct lo_times down, struct lo_times up, uint64_t key,
                                  uint64_t number);
/*
 * Swizzling: all messages of a machine are held (but to itself), for each of `machines` from a
 * random time of the first half of lasts_ns to one of the second half: a random order of clogging,
 * and another one of release.
 *   machines: a set, as in rules; lasts_ns: at least 2
 */
struct lo_sequence *lo_swizzle_begin(struct lo_net *net, const uint64_t *machines, int64_t lasts_ns,
                                     uint64_t key, uint64_t number);
/* Ends its rules and frees it. Returns how many messages they have affected. */
uint64_t lo_sequence_end(struct lo_sequence *sequence);
uint64_t lo_sequence_affected(const struct lo_sequence *sequence); /* so far */

/* ---- what happened ---- */

/* X(name, value, text): why a message was lost; the record's `flags`. */
#define LO_LOST_LIST(X)                     \
    X(LOSS, 1, "lost on the link")          \
    X(BLOCKED, 2, "blocked")                \
    X(OFF, 3, "machine is off")             \
    X(OVERFLOW, 4, "receive buffer full")   \
    X(NO_PORT, 5, "nobody listens")         \
    X(NO_HOST, 6, "no such machine")        \
    X(QUEUE, 7, "link queue full")          \
    X(BACKLOG, 8, "backlog full")           \
    X(MTU, 9, "larger than the link's mtu") \
    X(BLACK_HOLE, 10, "black hole")

#define LO_LOST_ENUM_(name, value, text) LO_LOST_##name = value,
enum lo_lost { LO_LOST_LIST(LO_LOST_ENUM_) LO_LOST_COUNT };
#undef LO_LOST_ENUM_
const char *lo_lost_text(uint32_t reason);

/* X(name, value, text): what a record of kind SIM_CONTROL is; the record's `size`. */
#define LO_CONTROL_LIST(X)                                                            \
    X(SYN, 1, "syn")                                                                  \
    X(SYN_ACK, 2, "syn-ack")                                                          \
    X(ACK, 3, "ack") /* record.hash: position << 24 | window */                       \
    X(RST, 4, "reset")                                                                \
    X(PROBE, 5, "probe")                                                              \
    X(RETRY, 6, "retry")     /* the sender's own timer */                             \
    X(REFUSED, 7, "refused") /* a datagram bounced; record.hash: the sender's port */ \
    X(STALL, 8, "stall")     /* a slow reader's pause is over */                      \
    X(ALIVE, 9, "keep-alive")                                                         \
    X(WATCH, 10, "watch") /* an end's own timer, for keep-alive and user timeout */

#define LO_CONTROL_ENUM_(name, value, text) LO_CONTROL_##name = value,
enum lo_control { LO_CONTROL_LIST(LO_CONTROL_ENUM_) LO_CONTROL_END_ };
#undef LO_CONTROL_ENUM_
const char *lo_control_text(uint32_t control);

/*
 * Datagrams and segments of streams: sent + duplicated = delivered + all of lost + under way. A
 * segment counts as sent each time.
 */
struct lo_counters {
    uint64_t sent, delivered, duplicated;
    uint64_t lost[LO_LOST_COUNT];
    uint64_t control_lost; /* handshakes, acknowledgements, resets */
    uint64_t sent_bytes, delivered_bytes;
    uint64_t connections; /* established */
    /* By links; those of streams are of segments. */
    uint64_t reordered, queued, corrupted, corrupted_streams;
    uint64_t names_failed, names_late; /* look-ups, by rules */
};
const struct lo_counters *lo_net_counters(const struct lo_net *net);

/* Handles that a machine's daemons left open at its latest proper stop. */
uint32_t lo_net_leaked(const struct sim_machine *machine);
/* Objects in use: sockets, listeners, connections, messages. 0 when all is closed and delivered. */
size_t lo_net_live_objects(const struct lo_net *net);

#endif
