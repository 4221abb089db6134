/* SPDX-License-Identifier: MIT */
/*
 * A scenario, resolved: what the parser makes of a file, and what a run is made from.
 *
 * In this folder: table.c says what a file may hold; start there. read.c goes from a file
 * (source.c) through its document (document.c, node.c, set.c) to this struct by the tables (bind.c,
 * and the types of values: times.c, numbers.c, latency.c, words.c, targets.c). print.c and schema.c
 * read the same tables. A worker needs arena.c, names.c and output.c only, without a YAML library.
 *
 * All of it lies in one arena that is mapped at one fixed address, so that a worker process can map
 * the same memory and use the pointers as they are. Nothing in it points outside; it is read-only
 * once the parser is done. Absent strings are "", absent lists have count 0.
 */
#ifndef STEELMILL_SCENARIOS_FILE_SCENARIO_H
#define STEELMILL_SCENARIOS_FILE_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCN_MACHINES_MAX 1000000u /* of one scenario, all groups together */
#define SCN_WORKERS_MAX  256u     /* threads of a machine in production */
#define SCN_NONE         UINT32_MAX

/* A range of durations: draws are uniform, both ends included. */
struct scn_range {
    int64_t min_ns, max_ns;
};

/* The same of clock rates: how much faster than the world's time, in parts per billion. */
struct scn_drift {
    int64_t min_ppb, max_ppb;
};

enum scn_latency_kind {
    SCN_LATENCY_UNIFORM,     /* a_ns..b_ns; constant where equal */
    SCN_LATENCY_EXPONENTIAL, /* exponential(mean): a_ns = mean */
    SCN_LATENCY_LOGNORMAL,   /* lognormal(median, sigma): a_ns = median, shape_ppm = sigma * 1e6 */
    SCN_LATENCY_BIMODAL,     /* bimodal(fast, slow, share): a_ns, b_ns, shape_ppm of them slow */
};

struct scn_latency {
    uint32_t kind; /* enum scn_latency_kind */
    uint32_t shape_ppm;
    int64_t a_ns, b_ns;
};

/* What a link does to messages. In rules and faults, `set` says which fields are given. */
enum scn_link_field {
    SCN_LINK_LATENCY = 1 << 0,
    SCN_LINK_LOSS = 1 << 1,
    SCN_LINK_DUPLICATE = 1 << 2,
    SCN_LINK_REORDER = 1 << 3,
    SCN_LINK_BANDWIDTH = 1 << 4,
    SCN_LINK_JITTER = 1 << 5,
    SCN_LINK_QUEUE = 1 << 6,
    SCN_LINK_MTU = 1 << 7,
    SCN_LINK_CORRUPT = 1 << 8,
    SCN_LINK_CORRUPT_STREAMS = 1 << 9,
};

/* One end of links: which machines. */
struct scn_end {
    uint32_t group;   /* index into groups; SCN_NONE: any */
    uint32_t index;   /* instance within the group; SCN_NONE: all */
    const char *role; /* of faults: whoever holds it at that moment; "" */
};

struct scn_link {
    uint32_t set; /* enum scn_link_field */
    uint32_t loss_ppm, duplicate_ppm, reorder_ppm, corrupt_ppm, corrupt_streams_ppm;
    uint32_t mtu_bytes;
    struct scn_latency latency, jitter;
    int64_t bandwidth_bytes_per_s, queue_bytes;
    struct scn_end from, to;
};

struct scn_pair {
    const char *key, *value;
};

enum scn_clock_field {
    SCN_CLOCK_OFFSET = 1 << 0,
    SCN_CLOCK_DRIFT = 1 << 1,
};

/* Of each machine alike; each draws its own. */
struct scn_clock {
    uint32_t set;            /* enum scn_clock_field: given, or by default in swarm mode */
    struct scn_range offset; /* of the wall clock, when the run starts */
    struct scn_drift drift;  /* of both clocks */
};

/* What a machine's processor takes for a step; zeros: no time at all. */
struct scn_cpu {
    int64_t per_event_ns, per_byte_ns;
};

/* How large a machine's disk is, and how fast; all zeros: the default. */
struct scn_disk {
    int64_t capacity_bytes;
    struct scn_range read, write, sync;
};

/* An entry of `machines:`: `count` machines of one kind. */
struct scn_group {
    const char *name;
    bool counted; /* `count` was given: instances are called name1, name2, ...; else name */
    uint32_t count;
    uint32_t first_machine; /* index of its first machine; machines are numbered in file order */
    uint32_t daemon_count;
    const char **daemons;
    const char *plugin; /* "": the scenario's */
    uint32_t config_count;
    struct scn_pair *config; /* in file order; scalars as text */
    int64_t memory_bytes;    /* 0: the default */
    struct scn_clock clock;
    struct scn_cpu cpu;
    struct scn_disk disk;
};

enum scn_fault_kind {
    SCN_FAULT_PAUSE,
    SCN_FAULT_CRASH,
    SCN_FAULT_PARTITION,
    SCN_FAULT_LINK, /* `degrade`: latency, loss ... of links for a while */
    SCN_FAULT_CLOG, /* holds messages, then releases them */
    SCN_FAULT_CLOCK_STEP,
    SCN_FAULT_CLOCK_DRIFT,
    SCN_FAULT_SLOW,      /* the processor takes longer */
    SCN_FAULT_NO_MEMORY, /* allocations fail */
    /* Links go down and up; machines are clogged one by one, and so released. */
    SCN_FAULT_FLAP,
    SCN_FAULT_SWIZZLE,
    /* Of connections: attempts are refused, or lie in a full backlog; open ones are reset, lose one
     * end, or their messages; what is read of them is read slowly. */
    SCN_FAULT_REFUSE,
    SCN_FAULT_BACKLOG,
    SCN_FAULT_RESET,
    SCN_FAULT_HALF_OPEN,
    SCN_FAULT_BLACK_HOLE,
    SCN_FAULT_SLOW_READER,
    /* A name does not resolve, or late. */
    SCN_FAULT_NO_NAME,
    SCN_FAULT_LATE_NAME,
    SCN_FAULT_DISK, /* a disk fails, lies, or is slow */
    SCN_FAULT_KIND_COUNT
};

/* For switches: `case SCN_FAULTS_OF_NETWORK:`. */
#define SCN_FAULTS_OF_NETWORK   \
    SCN_FAULT_PARTITION:        \
    case SCN_FAULT_LINK:        \
    case SCN_FAULT_CLOG:        \
    case SCN_FAULT_FLAP:        \
    case SCN_FAULT_SWIZZLE:     \
    case SCN_FAULT_REFUSE:      \
    case SCN_FAULT_BACKLOG:     \
    case SCN_FAULT_RESET:       \
    case SCN_FAULT_HALF_OPEN:   \
    case SCN_FAULT_BLACK_HOLE:  \
    case SCN_FAULT_SLOW_READER: \
    case SCN_FAULT_NO_NAME:     \
    case SCN_FAULT_LATE_NAME

/* "pause", "crash" ...: the key in the file. */
const char *scn_fault_kind_text(uint32_t kind);
/* True for what happens and is over: it has no `for`. */
bool scn_fault_is_at_once(uint32_t kind);

enum scn_split {
    SCN_SPLIT_HALVES,   /* a random half against the rest */
    SCN_SPLIT_ISOLATE,  /* one machine against all */
    SCN_SPLIT_MINORITY, /* a random minority (1 .. (n-1)/2) against the majority */
    SCN_SPLIT_RING,     /* each sees its two neighbours of a random ring only */
    SCN_SPLIT_BRIDGE,   /* two halves that one machine still sees both of */
    SCN_SPLIT_ONE_WAY,  /* like halves, or `from` and `to`, but only one direction is cut */
    SCN_SPLIT_BETWEEN,  /* `from` and `to` do not see each other; the others see all */
    SCN_SPLIT_COUNT
};

/* What a `disk` fault does. Shares are per million; zeros: nothing of the kind. */
struct scn_disk_fault {
    const char *files; /* a pattern with '*' and '?'; "": all of them, and names */
    uint32_t read_error_ppm, write_error_ppm, sync_error_ppm, short_ppm;
    uint32_t lost_write_ppm, misdirected_ppm, bit_rot_ppm; /* these destroy data */
    struct scn_range latency;                              /* max 0: as it is */
    bool stall, full, read_only;
};

/* An entry of `replicas:`: each machine of the group has the same data. */
struct scn_replicas {
    struct scn_end of; /* a whole group */
    uint32_t tolerate; /* so many may lose theirs */
    bool unrestricted;
};

/* An entry of `faults:`. */
struct scn_fault {
    uint32_t kind;       /* enum scn_fault_kind */
    uint32_t line;       /* in the file */
    const char *name;    /* `name:`, else kind and number: "pause#1"; names its random stream */
    uint32_t of_group;   /* `of: client`, `of: client2`; SCN_NONE: any machine */
    uint32_t of_index;   /* within the group; SCN_NONE: a random one each time */
    const char *of_role; /* `of: { role: leader }`: whoever holds it at that moment; "" */
    uint32_t split;      /* enum scn_split, partition only */
    uint32_t count;      /* isolate: how many machines, together */
    bool repeats;        /* `every` was given */
    struct scn_range every, at, lasts /* `for` */, restart;
    bool restarts;             /* crash: comes up again after `restart` */
    bool wipe;                 /* crash: the disk is lost, too */
    struct scn_range down, up; /* flap */
    /* Which links, and what happens to them; slow-reader: its bandwidth; late-name: its latency. */
    struct scn_link link;
    struct scn_range step;  /* clock-step */
    struct scn_drift drift; /* clock-drift */
    uint32_t factor;        /* slow */
    uint32_t share_ppm;     /* no-memory: of the allocations; or, instead, */
    uint64_t nth;           /* the one that fails, counted from the fault's beginning */
    int64_t above_bytes;    /* no-memory: smaller ones are let alone */
    struct scn_disk_fault disk;
};

/* Production: where a machine is, unless --network says where all of them are. */
struct scn_host {
    uint32_t machine, ip;
};

/* Production: what a violated property does, besides being logged and counted. */
enum scn_properties { SCN_PROPERTIES_LOG, SCN_PROPERTIES_ABORT };

/* Production: where a child factory without a pin lives. */
enum scn_placement { SCN_PLACEMENT_BALANCED, SCN_PLACEMENT_PINNED };

/* Child factories with this daemon live on this worker. */
struct scn_pin {
    const char *daemon;
    uint32_t worker; /* from 0 */
};

/* `serve:`, which simulation does not look at. */
struct scn_serve {
    uint32_t workers;
    uint32_t placement; /* enum scn_placement */
    uint32_t pin_count;
    struct scn_pin *pins;
};

enum scn_leaks { SCN_LEAKS_ANY, SCN_LEAKS_NONE };

enum scn_policy { SCN_POLICY_RANDOM, SCN_POLICY_FIFO, SCN_POLICY_PCT };

struct scn {
    uint64_t magic, base, size_bytes; /* of the arena: written by it, checked by scn_arena_attach */
    const char *name, *about;
    const char *file;        /* as given */
    const char *folder;      /* its folder, "." where none */
    const char *plugin;      /* as written */
    const char *plugin_path; /* resolved by the CLI; "" until then */
    int64_t time_ns, heal_ns;
    uint32_t group_count;
    struct scn_group *groups;
    uint32_t machine_count;
    uint32_t host_count;
    struct scn_host *hosts; /* in file order; the other machines have default addresses */
    uint32_t properties;    /* enum scn_properties */
    struct scn_serve serve;
    struct scn_link link_default;
    uint32_t link_count;
    struct scn_link *links; /* later ones win */
    uint32_t replicas_count;
    struct scn_replicas *replicas;
    uint32_t fault_count;
    struct scn_fault *faults;
    uint32_t eventually_count, sometimes_count;
    const char **eventually, **sometimes;
    const char *linearizable; /* "", "register", ... */
    uint32_t leaks;           /* enum scn_leaks: what a machine may leave when it has stopped */
    bool swarm, buggify;
    uint32_t policy; /* enum scn_policy */
    int64_t slack_ns;
    int64_t spin_limit_ns;       /* thread CPU time of one step before it counts as a loop */
    uint64_t instant_events_max; /* events without progress of virtual time */
    uint32_t stack_bytes;
};

/* ---- reading ---- */

/* One message for people, complete with file:line:column and a suggestion where there is one. */
struct scn_error {
    char text[1024];
};

struct scn_arena; /* the memory that a scenario lies in, backed by a memfd */

/*
 * Reads, checks and resolves a scenario file.
 *   sets, set_count: --set KEY=VALUE texts, applied to the document before it is checked
 *   out: the scenario; valid until scn_arena_destroy(*arena)
 * Returns: 0; -ENOENT, -EACCES, -EISDIR...: unreadable; -EINVAL: wrong; -E2BIG, -ENOMEM. `error`
 * says what and where; nothing is left behind.
 */
int scn_read(const char *path, const char *const *sets, size_t set_count, struct scn_arena **arena,
             struct scn **out, struct scn_error *error);

/* Prints the resolved scenario as YAML that scn_read reads back to the same scenario. */
int scn_print(const struct scn *scn, int (*write)(void *arg, const char *text, size_t size),
              void *arg);
/* Prints the JSON Schema of scenario files, from the table that the parser uses. */
int scn_print_schema(int (*write)(void *arg, const char *text, size_t size), void *arg);

/* The name of machine `index` (0-based): "lock", "client2". Returns bytes written, without the NUL.
 */
size_t scn_machine_name(const struct scn *scn, uint32_t index, char *text, size_t size);
/* The group of machine `index`. */
uint32_t scn_machine_group(const struct scn *scn, uint32_t index);

/* ---- the arena (needs no YAML library) ---- */
/*
 * Makes an empty arena that begins with a zeroed struct scn. Several may exist in one process; each
 * has an address of its own, which attaching processes use, too.
 * Returns 0, -ENOMEM, -EEXIST (other mappings lie where arenas belong), -EMFILE...
 */
int scn_arena_create(struct scn_arena **out);
/* Maps an arena that another process made, read-only; the descriptor stays the caller's.
 * Returns 0, -EINVAL (not one of this build's), -EEXIST (something else lies there), -ENOMEM. */
int scn_arena_attach(struct scn_arena **out, int fd, const struct scn **scn);
struct scn *scn_arena_root(struct scn_arena *arena); /* the scenario that it begins with */
int scn_arena_fd(const struct scn_arena *arena);     /* close-on-exec; -1 for an attached one */
void *scn_arena_alloc(struct scn_arena *arena, size_t size);           /* zeroed; NULL when full */
const char *scn_arena_text(struct scn_arena *arena, const char *text); /* a copy; NULL when full */
void scn_arena_destroy(struct scn_arena *arena);                       /* unmaps; NULL allowed */

#endif
