/* SPDX-License-Identifier: MIT */
/*
 * Simulations in unit tests: the insides of <steelmill/sim.h>.
 *
 *   check.c      sim_check: one seed after the other; a failure is confirmed and reported
 *   choice.c     what the environment asks for
 *   system.c     a struct sim_test becomes a scenario and a plugin, as a worker gets them; link.c
 *                its links
 *   body.c       one run: scenarios/worker's, with a machine that runs the body
 *   fault.c      the calls that inject faults; disk.c those of disks, network.c of the network
 *   machines.c   names of machines in those calls; what can be looked at
 *   assertion.c  Check's assertions, on a task
 *   report.c     a failure in words
 *   twice.c      two runs of one seed that differ
 *
 * The parent (Check's process) and the child that runs share one struct unit_shared.
 */
#ifndef STEELMILL_SCENARIOS_UNIT_UNIT_H
#define STEELMILL_SCENARIOS_UNIT_UNIT_H

#include "scenarios/job.h"
#include "scenarios/worker/worker.h"
#include "sim/disk_fault.h"

#include <setjmp.h>
#include <stdio.h>
#include <steelmill/sim.h>
#include <steelmill/sync.h>

#define UNIT_BODY_MACHINE "test"
#define UNIT_FAULTS_KEPT  64u
#define UNIT_FILES_BYTES  256u
#define UNIT_FAULT_BYTES  120u
#define UNIT_TEXT_BYTES   1024u
/* Groups of the test, and the machine of the body. */
#define UNIT_GROUPS_MAX (SIM_GROUPS_MAX + 1)

/* ---- check.c, choice.c ---- */
struct unit_choice {
    bool skipped;    /* SIM_TEST names another one */
    bool single;     /* SIM_SEED: one run, with its log */
    bool foreground; /* and in this process */
    bool all;        /* the test's own seeds */
    uint64_t first, last;
    int log_level;        /* of a single run */
    uint64_t crash_state; /* SIM_CRASH_STATE, of a single run */
};
/* Returns 0, or -EINVAL with one clear message in `text` (UNIT_TEXT_BYTES). */
int unit_choose(struct unit_choice *choice, const struct sim_test *test, const char *name,
                char *text);

/* ---- system.c ---- */
/* A test as scenarios/worker wants it. Its texts are the test's. */
struct unit_system {
    const struct sim_test *test;
    struct scn scn;
    struct scn_group groups[UNIT_GROUPS_MAX];
    const char *daemons[UNIT_GROUPS_MAX][SIM_DAEMONS_MAX];
    struct scn_pair config[UNIT_GROUPS_MAX][SIM_CONFIG_MAX];
    const struct sm_daemon_type *types[UNIT_GROUPS_MAX * SIM_DAEMONS_MAX + 1];
    uint32_t type_count;
    struct sm_plugin plugin;
};
/* Returns 0, or -EINVAL with one clear message in `text` (UNIT_TEXT_BYTES). */
int unit_system_init(struct unit_system *system, const struct sim_test *test, char *text);
/* ---- link.c ---- */
/* True if all values are in range; else `text` says which is not. */
bool unit_link_valid(const struct sim_link *link, const char **text);
/* The fields that are not 0. */
struct scn_link unit_scn_link(const struct sim_link *link);

/* ---- what the parent is told ---- */
struct unit_fault {
    int64_t at_ns;
    char text[UNIT_FAULT_BYTES];
};

struct unit_shared {
    struct job_result result;
    char file[256]; /* of the assertion that failed; "" if none did */
    int line;
    uint64_t crash_state;  /* the one that sim_crash_each is to leave */
    uint64_t crash_states; /* of so many; 0: it was not called */
    uint32_t fault_count;  /* so far; the latest UNIT_FAULTS_KEPT are kept, number n at n % KEPT */
    struct unit_fault faults[UNIT_FAULTS_KEPT];
};

/* ---- network.c ---- */
/* A fault of the network: a rule, or a sequence of rules; neither: it has ended. */
struct unit_network_fault {
    uint32_t rule;
    struct lo_sequence *sequence;
    uint64_t affected; /* until it ended */
};

/* ---- body.c ---- */
struct unit_machine {
    struct sim_disk_fault disk; /* what is wrong with it, if `is_spoiled` */
    char files[UNIT_FILES_BYTES];
    bool is_spoiled;
    struct sm_event settled; /* set: prepared, or off; clear: on its way */
    bool prepared;
};

struct sim_env {
    struct run run;
    const struct unit_system *system;
    struct unit_shared *shared;
    struct unit_machine *machines; /* by index - 1 */
    struct sm_task *body;          /* NULL: not begun */
    bool body_over;
    const struct sim_bad_disk *bad_disk; /* while sim_spoil does its work */
    uint32_t act_count;                  /* injected so far: numbers in the trace */
    struct unit_network_fault *network;  /* by fault number - 1 */
    uint32_t network_count, network_capacity;
    sigjmp_buf way_out; /* foreground: out of a signal handler */
};
extern const struct sm_daemon_type unit_body_daemon;
/* The run of the calling task. */
struct sim_env *unit_env(void);
/* One run in this process; shared->result says how it was. */
void unit_run(const struct unit_system *system, const struct job_command *command,
              struct unit_shared *shared);
/* The same in a child. */
void unit_run_in_child(const struct unit_system *system, const struct job_command *command,
                       struct unit_shared *shared);

/* ---- machines.c ---- */
/* Sets of machines: bit index - 1. */
typedef uint64_t unit_set;
_Static_assert(SIM_MACHINES_MAX + 1 <= 64, "a set of machines is 64 bits");

struct lo_times;
struct sim_machine *unit_machine_at(const struct sim_env *env, uint32_t place);
unit_set unit_all(const struct sim_env *env);
/* The machines that `names` names. An unknown one, or none, fails the run. `call`: who asks. */
unit_set unit_find(struct sim_env *env, const char *call, const char *names);
/* The same for calls that may not touch the body's own machine. */
unit_set unit_find_others(struct sim_env *env, const char *call, const char *names);
/* "server, client1": returns `text`. */
const char *unit_set_text(const struct sim_env *env, unit_set set, char *text, size_t size);
/* The caller has made a mistake: ends the run. */
_Noreturn void unit_misuse(struct sim_env *env, const char *format, ...) SM_PRINTF(2, 3);

/* ---- fault.c ---- */
#define UNIT_CRASH_STATES 1000u
/* How many runs of a seed sim_crash_each gets at most. */
uint32_t unit_crash_states_max(const struct sim_test *test);
/* One that is off stays off: false. */
bool unit_crash(struct sim_env *env, struct sim_machine *machine);
/* Does `one` to each of a set, as an event; `call` names the act. Returns the set. */
unit_set unit_inject(struct sim_env *env, const char *call, const char *machines,
                     bool (*one)(struct sim_env *env, struct sim_machine *machine), bool is_end);
/* Something that happens outside of all tasks. */
struct unit_act {
    void (*perform)(struct sim_env *env, struct unit_act *act);
    bool (*one)(struct sim_env *env, struct sim_machine *machine); /* of fault.c */
    const char *word; /* for the list of faults: "crash" */
    unit_set set, other;
    const struct lo_rule *rule;
    const struct lo_times *times; /* flapping: down, up */
    sm_time lasts_ns;             /* swizzling */
    uint32_t number;              /* of the fault; of the connections that something happened to */
    bool is_end;                  /* of a fault */
    /* Inside. */
    struct sim_env *env;
    struct sm_event happened;
};
/* Performs it, and waits until it has happened. Checks who calls. */
void unit_act(struct sim_env *env, const char *call, struct unit_act *act);
void unit_note_fault(struct sim_env *env, const char *format, ...) SM_PRINTF(2, 3);

/* ---- report.c ---- */
struct unit_report {
    const char *name;
    const struct unit_system *system;
    const struct unit_shared *shared;
    const char *confirmed; /* what a second run said of the digest; "" if there was none */
    int log_fd;            /* of that run; -1: none */
};
/* The whole report, for people. */
void unit_report(FILE *file, const struct unit_report *report);
/* One line on a seed that passed. */
void unit_report_passed(FILE *file, const char *name, const struct job_result *result);
/* The line that runs one seed again, or compares runs of it, without a line feed. */
void unit_print_replay(FILE *file, const char *name, uint64_t seed, bool compares);

/* ---- twice.c ---- */
/* Two runs of one seed differed: runs it twice more, and says in `text` where they part. */
void unit_find_difference(const struct unit_system *system, const struct job_command *first,
                          const struct job_command *second, struct unit_shared *shared, char *text);

/* ---- assertion.c ---- */
/* Fails the running Check test. Outside of any simulation. */
_Noreturn void unit_fail_test(const char *file, int line, const char *text);

#endif
