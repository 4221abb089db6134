/* SPDX-License-Identifier: MIT */
/*
 * The network's own structs, but for streams (stream.h).
 */
#ifndef STEELMILL_NET_LOOPBACK_INTERNAL_H
#define STEELMILL_NET_LOOPBACK_INTERNAL_H

#include "core/fetch.h"
#include "core/list.h"
#include "core/random.h"
#include "net-loopback/net.h"
#include "net-loopback/pool.h"
#include "sim/world.h"

#include <steelmill/net.h>

#define LO_IP_BASE 0x7f010000u /* 127.1.0.0; machine i is at LO_IP_BASE + i */

/* ---- path.c: one direction between two machines ---- */

/* Which draw of a message: the purpose is part of the draw's index. */
enum lo_purpose {
    LO_DRAW_LOSS,
    LO_DRAW_LATENCY,
    LO_DRAW_DUPLICATE,
    LO_DRAW_DUPLICATE_LATENCY,
    LO_DRAW_REORDER,
    LO_DRAW_REORDER_DELAY,
    LO_DRAW_RULE,  /* mixed with the rule's number */
    LO_DRAW_MIXED, /* mixed with an enum lo_mixed */
    LO_DRAW_PURPOSES = 8,
};

/* More purposes than a message has draws. */
enum lo_mixed { LO_MIXED_JITTER = 1, LO_MIXED_CORRUPT, LO_MIXED_GARBLE, LO_MIXED_SECOND_JITTER };

/* State of a direction that has been used. Found by (from, to) only, never enumerated. */
struct lo_path {
    uint64_t pair; /* from << 32 | to, machine indexes; 0: a free slot */
    uint64_t key, epoch;
    uint64_t messages;          /* sent so far: the next message's number */
    int64_t busy_until;         /* its bandwidth is taken until then */
    int64_t floor_ns;           /* the latest arrival among messages that must keep their order */
    const struct lo_link *link; /* NULL: the machine itself */
    uint64_t unused;            /* one cache line */
};
_Static_assert(sizeof(struct lo_path) == 64, "one cache line");

struct lo_paths {
    struct lo_path *slots;
    uint32_t capacity, count;
};

/* The static links, resolved: machines that no rule tells apart are of one class. */
struct lo_classes {
    uint32_t count;
    uint16_t *class_of;    /* by machine index - 1 */
    struct lo_link *links; /* [from class * count + to class] */
};

enum lo_fate { LO_FATE_PASSES, LO_FATE_LOST, LO_FATE_HELD };

struct lo_judgement {
    enum lo_fate fate;
    enum lo_lost reason;         /* lost */
    int64_t delay_ns;            /* passes: from now to its arrival */
    int64_t duplicate_ns;        /* passes: the same for a second copy; 0: there is none */
    uint64_t garble;             /* passes: for lo_garble; 0: its bytes are as they were */
    struct lo_active_rule *rule; /* held: by which */
};

/* Alters one byte. size: 1 or more. */
static inline void lo_garble(unsigned char *data, uint32_t size, uint64_t garble)
{
    data[(uint32_t)(garble >> 8) % size] ^= (unsigned char)(garble % 255 + 1);
}

/* ---- rule.c ---- */

/* A message that a rule holds, and how it goes on. */
struct lo_held {
    struct lo_held *next;
    void (*release)(struct lo_net *net, struct lo_held *held);
    void *object;
    uint64_t number; /* of the message on its path */
    uint32_t what;
};

struct lo_active_rule {
    uint32_t id;
    enum lo_effect effect;
    enum lo_scope scope;
    uint64_t *from, *to;
    uint32_t *sides;
    uint32_t ring_count;
    uint8_t cut[LO_SIDES_MAX][LO_SIDES_MAX];
    bool both_ways, asleep;
    struct lo_link link;
    uint64_t connections_max; /* black hole: the latest connection that it is for */
    struct lo_held *first, *last;
};

struct lo_rules {
    struct lo_active_rule **active; /* in the order in which they came */
    uint32_t count, capacity;
    uint64_t *affected; /* by id - 1 */
    uint32_t ids, ids_capacity;
};

/* ---- port.c: who holds a port ---- */

struct lo_ports {
    struct lo_port *slots;
    uint32_t capacity, count;
};

/* ---- handles ---- */

enum lo_magic {
    LO_MAGIC_CLOSED = 0x6c6f0001,
    LO_MAGIC_DATAGRAM = 0x6c6f0002,
    LO_MAGIC_LISTENER = 0x6c6f0003,
    LO_MAGIC_STREAM = 0x6c6f0004,
};

/* The first member of whatever a program gets a pointer to. */
struct lo_handle {
    uint32_t magic; /* enum lo_magic */
    uint16_t port;
    struct sm_net *interface;
    struct sm__list link; /* in one of the interface's lists; unused: in the pool's */
};

/* A machine's interface; lives as long as the network. */
struct sm_net {
    /* The socket of the latest datagram; NULL: look it up. First, so that the scheduler fetches it
     * from memory in time. */
    _Alignas(64) struct sm_datagram *last_heard;
    struct lo_net *net;
    struct sim_machine *machine;
    uint32_t index; /* the machine's */
    bool up;
    uint16_t last_heard_port;
    uint32_t leaked;
    uint64_t port_key, port_draws; /* the stream that free ports are drawn from */
    uint64_t name_draws;           /* of the stream of late names */
    struct lo_ports datagram_ports, listener_ports, outgoing_ports;
    struct sm__list datagrams, listeners; /* open handles */
    struct sm__list streams;              /* ends that live, or that the program holds */
};

struct lo_net {
    struct sim_world *world;
    struct sm_net *interfaces; /* by machine index - 1 */
    uint32_t machine_count;
    uint32_t datagram_buffer_bytes, stream_buffer_bytes;
    int64_t queue_limit_ns;
    uint64_t link_name; /* hash of the stream's name */
    struct lo_classes classes;
    struct lo_paths paths;
    struct lo_rules rules;
    struct lo_pool pool;
    struct lo_objects datagrams, listeners, connections;
    struct lo_counters counters;
    uint64_t message_ids, connection_ids;
    struct sm__list sequences;
    struct lo_names {
        uint32_t *slots; /* machine index; 0: free */
        uint32_t capacity;
    } names;
};

/* ---- net.c ---- */
static inline struct sm_net *lo_interface(struct lo_net *net, uint32_t machine_index)
{
    return &net->interfaces[machine_index - 1];
}

/* Writes down that a message from `from` to `to` was lost, and counts it. */
void lo_note_lost(const struct sm_net *from, const struct sm_net *to, enum lo_lost reason,
                  uint64_t object, uint64_t hash, uint32_t size);
void lo_note_control_lost(const struct sm_net *from, const struct sm_net *to, enum lo_lost reason,
                          uint64_t object);
/* A use of a handle that is not one, was closed, or is another machine's. Says which. */
_Noreturn void lo_handle_bug(const struct lo_handle *handle, uint32_t magic, const char *call);

static inline void lo_handle_check(const struct lo_handle *handle, uint32_t magic, const char *call)
{
    const struct sm_task *task = sm__current;

    if (SM_UNLIKELY(handle->magic != magic ||
                    (task && task->home != &handle->interface->machine->home)))
        lo_handle_bug(handle, magic, call);
}

/* An interface is used by its own machine only. */
static inline void lo_interface_check(const struct sm_net *interface, const char *call)
{
    SM_ASSERT_MSG(sm__current && sm__current->home == &interface->machine->home,
                  "%s: this is the network of machine '%s', the caller runs on '%s'", call,
                  interface->machine->name, sm__current ? sm__current->home->name : "");
}

/* ---- address.c ---- */
void lo_names_init(struct lo_net *net);
void lo_names_finish(struct lo_net *net);
/* The machine that has an address, as seen from an interface; NULL: there is none. */
static inline struct sm_net *lo_interface_at(struct sm_net *from, uint32_t ip)
{
    const uint32_t index = ip - LO_IP_BASE;

    if (SM_UNLIKELY(index - 1 >= from->net->machine_count))
        return ip == 0x7f000001u ? from : NULL;
    return lo_interface(from->net, index);
}

/* ---- port.c ---- */
void *lo_ports_find(const struct lo_ports *ports, uint16_t port);
void lo_ports_put(struct lo_ports *ports, uint16_t port, void *holder); /* must be free */
void lo_ports_remove(struct lo_ports *ports, uint16_t port);
void lo_ports_finish(struct lo_ports *ports);
/* A free port of 32768 to 60999, by the machine's stream; 0: none is left. */
uint16_t lo_ports_pick(struct sm_net *interface, const struct lo_ports *ports);

/* ---- class.c ---- */
/* Returns 0, -E2BIG. */
int lo_classes_init(struct lo_net *net, const struct lo_options *options);
void lo_classes_finish(struct lo_net *net);
static inline const struct lo_link *lo_classes_link(const struct lo_classes *classes, uint32_t from,
                                                    uint32_t to)
{
    const uint32_t row = classes->class_of[from - 1], column = classes->class_of[to - 1];
    return &classes->links[(size_t)row * classes->count + column];
}
/* Copies the fields of `from` that are set into `into`. */
void lo_link_override(struct lo_link *into, const struct lo_link *from);
bool lo_link_valid(const struct lo_link *link);

static inline bool lo_set_has(const uint64_t *set, uint32_t machine_index)
{
    return !set || (set[(machine_index - 1) / 64] >> ((machine_index - 1) % 64) & 1);
}

/* ---- path.c ---- */
/* The state of a direction; the pointer is valid until the next call. */
struct lo_path *lo_path_get(struct lo_net *net, uint32_t from, uint32_t to);
/* Where a direction's state is, or is to be looked for first. There must be a table. */
static inline uint32_t lo_path_home(const struct lo_paths *paths, uint64_t pair)
{
    return (uint32_t)(sm__random_mix(pair) >> 32) & (paths->capacity - 1);
}

/* Has the state of a direction fetched from memory: lo_path_get will want it soon. */
static inline SM_FETCHES void lo_path_fetch(const struct lo_net *net, uint32_t from, uint32_t to)
{
    if (net->paths.capacity)
        __builtin_prefetch(&net->paths.slots[lo_path_home(&net->paths, (uint64_t)from << 32 | to)]);
}

void lo_paths_finish(struct lo_paths *paths);
/* Decides what becomes of message `number` of a path. size: payload; connection: whose it is, 0: it
 * is a datagram. */
void lo_path_judge(struct lo_net *net, struct lo_path *path, uint64_t number, uint32_t size,
                   uint64_t connection, struct lo_judgement *judgement);
/* Moves an arrival behind those that had to keep their order before it. */
void lo_path_keep_order(struct lo_path *path, int64_t now, int64_t *delay_ns);

/* ---- rule.c ---- */
/* A message that rules look at. */
struct lo_subject {
    const struct lo_path *path;
    uint64_t number, connection;
    const struct lo_link *link; /* becomes `changed` where a rule changes it */
    struct lo_link changed;
    int64_t extra_ns;          /* what rules add to its delay */
    struct lo_active_rule *by; /* the latest that has affected it */
};
/* Lets the active rules act on a message: LO_FATE_PASSES, or what the first one that stops it
 * (`by`) makes of it. */
enum lo_fate lo_rules_judge(struct lo_net *net, struct lo_subject *subject);
/* The first rule with an effect that is not of messages; NULL: there is none. Never of a machine
 * and itself. */
struct lo_active_rule *lo_rules_find(const struct lo_net *net, enum lo_effect effect, uint32_t from,
                                     uint32_t to);
/* The same, and it counts as affected. */
struct lo_active_rule *lo_rules_meet(struct lo_net *net, enum lo_effect effect, uint32_t from,
                                     uint32_t to);
/* A rule on its own, to ask whom it is about; freed by lo_rule_scope_free. */
struct lo_active_rule *lo_rule_scope(const struct lo_net *net, const struct lo_rule *rule);
void lo_rule_scope_free(struct lo_active_rule *scope);
bool lo_rule_is_about(const struct lo_active_rule *rule, uint32_t from, uint32_t to);
void lo_rules_finish(struct lo_net *net);

/* ---- sequence.c ---- */
void lo_sequences_finish(struct lo_net *net); /* after the world */
/* Keeps a message until the rule ends. */
void lo_rule_hold(struct lo_net *net, struct lo_active_rule *rule,
                  void (*release)(struct lo_net *net, struct lo_held *held), void *object,
                  uint64_t number, uint32_t what);

/* ---- datagram.c ---- */
void lo_datagrams_init(struct lo_net *net);
void lo_datagrams_crashed(struct sm_net *interface); /* drops all sockets */

#endif
