/* SPDX-License-Identifier: MIT */
/*
 * How the CLI talks to its workers.
 *
 * The simulating process is a program of its own, steelmill-worker: it loads plugins, and nothing
 * that a daemon may use (no YAML, DWARF or database libraries). The CLI starts it with
 *
 *   steelmill-worker --scenario FD --result FD --command FD --reply FD
 *
 *   scenario  memfd of the arena (file/scenario.h), mapped at its fixed address
 *   result    memfd of one struct job_result, shared; written by the run, read by the CLI
 *   command   pipe of struct job_command, CLI to worker; end of file ends the worker
 *   reply     pipe of struct job_reply, worker to CLI: one when the worker is ready (or cannot be),
 *             then one for each command
 *
 * and for verify with --gap PAGES of address space that stay free, so that plugins lie elsewhere.
 *
 * The worker forks a child for each run, or for many that pass, so a daemon that crashes never
 * takes the worker down. Log lines and trace records go from that child to the descriptors that the
 * command names, by raw writes.
 */
#ifndef STEELMILL_SCENARIOS_JOB_H
#define STEELMILL_SCENARIOS_JOB_H

#include <stdbool.h>
#include <stdint.h>

#define JOB_VERSION        2u
#define JOB_FRAMES_MAX     48
#define JOB_TEXT_BYTES     2048
#define JOB_NAME_BYTES     64
#define JOB_PROPERTIES_MAX 512
#define JOB_FAULTS_MAX     64 /* entries of `faults:` that are counted one by one */
#define JOB_EVENTS_LAST    24
#define JOB_MODULES_MAX    64
#define JOB_PATH_BYTES     512
#define JOB_OUTPUT_BYTES   4096

enum job_flags {
    JOB_LOG_JSON = 1u << 0,
    JOB_FOREGROUND = 1u << 1,  /* run in the worker itself, without a fork (for gdb) */
    JOB_KEEP_OUTPUT = 1u << 2, /* what daemons print goes to stdout, too, line by line */
    JOB_SERIES = 1u << 3,      /* the child may be one that has carried out other commands */
    JOB_PRINT_ASIDE = 1u << 4, /* what is kept so goes to stderr: stdout has the results of tests */
};

#define JOB_FILL(byte)             (0x100u | (byte)) /* zero is a fill, too */
#define JOB_STACK_FILL_QUICK(byte) (0x300u | (byte)) /* see core/fiber.h */

struct job_command {
    uint32_t version; /* JOB_VERSION */
    uint32_t flags;   /* enum job_flags */
    uint64_t seed;
    int32_t log_level; /* enum sm_log_level; -1: nothing */
    int32_t log_fd;    /* inherited by the worker; -1: none */
    int32_t trace_fd;  /* raw records, 64 bytes each (sim/record.h); -1: none */
    int32_t reserved;
    int64_t until_ns;      /* stop the run there, unjudged; INT64_MAX: at its end */
    int64_t wall_limit_ns; /* real time after which it is given up, not judged */
    /* verify part (b): other bases (a multiple of 2 MiB) and fill bytes; 0: the usual ones. */
    uint64_t base_shift;
    uint32_t heap_fill, stack_fill; /* JOB_FILL(byte); stacks: or the quick one */
    /*
     * verify: who brought event `watch_event` about, given its cause? The run ends there, unjudged;
     * frames, machine, task and daemon are those of the call that scheduled it (none: frame_count
     * 0).
     */
    uint64_t watch_event, watch_cause; /* 0: off */
};

struct job_reply {
    uint32_t version;
    int32_t status; /* 0: the result is complete; -errno: see text (plugin missing, ...) */
    char text[JOB_TEXT_BYTES];
};

enum job_verdict {
    JOB_PASSED,
    JOB_FINDING,
    JOB_NOT_JUDGED, /* wall-clock limit, worker lost */
    JOB_UNUSABLE,   /* the scenario cannot be run: exit 2 (unknown daemon, bad configuration) */
};

enum job_finding {
    JOB_FINDING_NONE,
    JOB_FINDING_PROPERTY,   /* always or unreachable */
    JOB_FINDING_EVENTUALLY, /* still pending at the end */
    JOB_FINDING_SIGNAL,     /* SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL */
    JOB_FINDING_OVERFLOW,   /* a task's stack */
    JOB_FINDING_ASSERT,     /* a steelmill assertion: misuse of the contract */
    JOB_FINDING_SPIN,       /* a task that does not yield */
    JOB_FINDING_STUCK,      /* too many events in one instant */
    JOB_FINDING_DEADLOCK,   /* no event left while properties are pending */
    JOB_FINDING_DAEMON,     /* a daemon's prepare, run or stop failed */
    JOB_FINDING_HEAP,       /* a machine's heap is corrupted */
    JOB_FINDING_HISTORY,    /* the history is not linearizable */
    JOB_FINDING_EXIT,       /* the daemon ended the process */
    JOB_FINDING_SANITIZER,  /* a report of AddressSanitizer or UndefinedBehaviorSanitizer */
    JOB_FINDING_LEAK,       /* a machine that has stopped had not freed all, and must */
    JOB_FINDING_ESCAPE,     /* the daemon called what is not simulated: fork, socket, ... */
    JOB_FINDING_TRAP,       /* it went past libc: a system call, the time stamp counter */
};

struct job_property {
    char name[JOB_NAME_BYTES];
    uint32_t kind;       /* enum sm_site_kind */
    uint32_t pending;    /* eventually: machines whose last evaluation was false */
    uint64_t hit_count;  /* evaluations; buggify: reached */
    uint64_t true_count; /* that held; buggify: fired */
};

struct job_fault {
    uint64_t configured, fired,
        observed; /* in the plan; executed; that had an effect on something */
};

/* An executable mapping, for addresses to become module + offset. */
struct job_module {
    uint64_t begin, end, bias; /* bias: address minus the ELF file's own virtual address */
    char path[JOB_PATH_BYTES];
};

/* Of what was not durable, what all losses of power have taken and left: sectors of 512 bytes, and
 * changes of names. */
struct job_losses {
    uint64_t lost_sectors, kept_sectors, lost_names, kept_names;
};

struct job_result {
    uint32_t version;
    uint32_t verdict; /* enum job_verdict */
    uint64_t seed, digest, events;
    int64_t virtual_ns, real_ns; /* real: of the run itself, without start-up */
    uint64_t messages_sent, messages_delivered, messages_lost;
    uint64_t heap_peak_bytes, tasks_peak;
    struct job_losses losses;

    uint32_t fault_count;
    struct job_fault faults[JOB_FAULTS_MAX];
    uint32_t property_count;
    struct job_property properties[JOB_PROPERTIES_MAX]; /* sorted by name */

    /* The finding. */
    uint32_t finding; /* enum job_finding */
    int32_t signal;
    uint64_t fault_address;
    char text[JOB_TEXT_BYTES];    /* "always 'no stale write' violated: token=3 highest=4" */
    char subject[JOB_NAME_BYTES]; /* the property's name, the signal's, the daemon's: for signatures
                                   */
    char machine[JOB_NAME_BYTES], task[JOB_NAME_BYTES], daemon[JOB_NAME_BYTES];
    int64_t finding_ns;
    uint64_t finding_event;
    uint64_t context_kinds;       /* a bit per enum scn_fault_kind of `context` */
    char context[JOB_TEXT_BYTES]; /* faults that were active or ended in the last 10 virtual seconds
                                   */
    uint32_t frame_count;
    uint64_t frames[JOB_FRAMES_MAX]; /* innermost first; return addresses but for the first */
    uint32_t frames_skipped;         /* stack overflow: left out in the middle */
    uint32_t module_count;
    struct job_module modules[JOB_MODULES_MAX];
    uint32_t last_event_count;
    uint8_t last_events[JOB_EVENTS_LAST][64]; /* struct sim_record, oldest first */
    char output[JOB_OUTPUT_BYTES]; /* the last lines that daemons had printed before the finding */
    char note[JOB_TEXT_BYTES]; /* warnings: configuration that nobody read, faults that never bit */
};

#endif
