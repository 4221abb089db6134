/* SPDX-License-Identifier: MIT */
/*
 * steelmill-worker: the simulating process (see scenarios/job.h for how it is talked to).
 *
 *   main.c      options, the command loop; alone.c: as a program of its own
 *   child.c     a forked child per run; series.c: one for many, as long as they pass
 *   plugin.c    loading a plugin and checking it against the scenario
 *   run.c       one run from start to verdict
 *   program.c   how a machine of the scenario starts and stops
 *   nemesis.c   carries the plan out; machine_fault.c: clocks, processors, memory;
 *               network_fault.c: links, connections, names
 *   leak.c      what machines have not freed
 *   finding.c   a failure becomes a finding in the result; signals and loops
 *   sanitizer.c so does a sanitizer's report, in builds that have one
 *   backtrace.c return addresses and modules
 *   output.c    log lines, and what daemons print
 *   watch.c     verify: who brought an event about
 */
#ifndef STEELMILL_SCENARIOS_WORKER_WORKER_H
#define STEELMILL_SCENARIOS_WORKER_WORKER_H

#include "scenarios/file/scenario.h"
#include "scenarios/job.h"
#include "scenarios/plan/plan.h"
#include "sim/world.h"

#include <steelmill/plugin.h>

struct lo_net;
struct sim_globals;
struct sim_disks;

/* ---- main.c ---- */
/* The program, alone or with sm_main. Returns its exit code. */
int worker_main(int argc, char **argv);

/* ---- plugin.c ---- */
/* Before any is loaded: the program is linked with its daemons, and loads nothing else. */
void worker_plugin_set_own(const struct sm_plugin *plugin);
/*
 * Loads a plugin; handle: the loader's, NULL for the program's own. Returns 0, or -EINVAL with one
 * clear message in `text` (JOB_TEXT_BYTES).
 */
int worker_plugin_load(const char *path, void **handle, const struct sm_plugin **out, char *text);
/* Checks that every daemon that the scenario names is there. Returns 0, -EINVAL. */
int worker_plugin_check(const struct sm_plugin *plugin, const struct scn *scn, char *text);
const struct sm_daemon_type *worker_plugin_type(const struct sm_plugin *plugin, const char *name);
/* Prints what a plugin offers (see job.h); returns the exit code. */
int worker_plugin_describe(const char *path);

/* ---- main.c: the process, and its side of the pipes ---- */
struct worker {
    const struct scn *scn;
    const struct sm_plugin *plugin;
    struct sim_globals *globals;
    struct job_result *result;
    int command_fd, reply_fd;
};
/* False: there are no more. */
bool worker_read_command(const struct worker *worker, struct job_command *command);
void worker_reply(const struct worker *worker, int status, const char *text);

/* ---- run.c ---- */
/* One run, as a whole; everything about it lives here. */
struct run {
    const struct scn *scn;
    const struct sm_plugin *plugin;
    const struct sim_globals *globals; /* the machines' copies of it; NULL: none */
    const struct job_command *command;
    struct job_result *result;
    struct sim_world *world;
    struct lo_net *net;
    struct sim_disks *disks;
    struct plan plan;
    void *plan_memory;
    struct nemesis *nemesis;
    bool over;          /* the verdict stands: what happens now is only clearing up */
    bool unusable;      /* a machine could not start because of the scenario itself */
    int64_t started_ns; /* real time */
    struct output *output;
    bool has_traps; /* for what goes past libc (sim/trap.h) */
    /* Hooks of scenarios/unit; NULL here. */
    int (*start)(void *run, struct sim_machine *machine); /* instead of worker_machine_start */
    void (*ended)(struct run *run); /* instead of the end of the process, after a signal or exit */
};
/* The run of a command, not begun. */
struct run worker_run_of(const struct worker *worker, const struct job_command *command);
int64_t worker_real_ns(void); /* a clock that goes on steadily */
/* Runs a command and fills the result. Does not return a failure: that is a verdict, too. */
void worker_run(struct run *run);
/*
 * The same in three steps, for those who let time pass in a way of their own: all is ready to run
 * and armed (0; else the result says why not); time is up, or nothing is left (idle): judges, and
 * stops the machines; the result is completed.
 */
int worker_run_begin(struct run *run);
void worker_run_conclude(struct run *run, bool idle);
void worker_run_end(struct run *run);
/* Frees the world of a run whose process goes on. */
void worker_run_free(struct run *run);
/* Fills in what is counted, and hands out the last of log and trace. The verdict stands already. */
void worker_finish(struct run *run);
/* Adds a line to the result's notes, as far as there is room. */
void worker_note(struct run *run, const char *format, ...) SM_PRINTF(2, 3);

/* ---- leak.c: after the machines have stopped ---- */
void worker_judge_leaks(struct run *run);

/* ---- output.c ---- */
/* What leaves a run as text: the log, and what daemons print. In the order in which it came. */
void output_create(struct run *run);
void output_destroy(struct run *run);
/* sim_options.log and .output */
void output_take_log(void *run, const char *text, size_t size);
void output_take_print(void *run, const struct sim_machine *machine, int stream, const char *text,
                       size_t size);
void output_flush(struct run *run);
/* The last lines that were printed, into the result. */
void output_keep(const struct run *run, struct job_result *result);
/* Raw: nothing of libc's in between. */
void output_write(int fd, const void *data, size_t size);

/* ---- watch.c: sim_options.scheduled and .reached ---- */
void watch_scheduled(void *run, const void *object);
void watch_reached(void *run, const void *object);

/* ---- child.c ---- */
void worker_result_init(struct job_result *result, uint64_t seed);
/*
 * Calls `run` in a forked child, which fills the result; where it does not, says what became of it.
 */
void worker_run_in_child(const struct job_command *command, struct job_result *result,
                         void (*run)(void *arg), void *arg);
/*
 * The same; the child is given up when time_left(arg), asked now and then, is not above 0: ns.
 * Returns false if that was so.
 */
bool worker_in_child(const struct job_command *command, struct job_result *result,
                     void (*run)(void *arg), void *arg, int64_t (*time_left)(void *arg));

/* ---- program.c ---- */
/* Makes the machine's factory and prepares its daemons; their `run` hooks are started. */
int worker_machine_prepare(struct run *run, struct sim_machine *machine);
int worker_machine_start(void *run, struct sim_machine *machine);
int worker_machine_stop(void *run, struct sim_machine *machine, sm_time deadline);

/* ---- nemesis.c ---- */
/* The machine that a fault aims at: fixed by the plan, or one that holds the role now; NULL. */
struct sim_machine *nemesis_target(const struct run *run, const struct plan_fault *fault);
struct nemesis *nemesis_create(struct run *run);
void nemesis_destroy(struct nemesis *nemesis);
/* Counts per entry of `faults:`, into the result. */
void nemesis_count(const struct nemesis *nemesis, struct job_result *result);
/* In words: the faults that are active, or ended in the last ten virtual seconds. Returns their
 * kinds, a bit per enum scn_fault_kind. */
uint64_t nemesis_context(const struct nemesis *nemesis, char *text, size_t size);

/* ---- finding.c ---- */
/* From here on signals, loops and exits of this process are findings of the run. */
void finding_arm(struct run *run);
void finding_disarm(struct run *run);
/* sim_options.failed */
void finding_of_failure(void *run, struct sim_world *world, const struct sim_failure *failure);
/* Writes down machine, task, time and the latest events. */
void finding_note_where(struct run *run, struct sim_machine *machine, const struct sm_task *task);
/* Ends the run's process (or see run.ended): the result is complete. */
_Noreturn void finding_end_child(struct run *run);
/* A finding without a backtrace: what is judged at the end. */
void finding_of_judgement(struct run *run, enum job_finding kind, const char *subject,
                          const char *format, ...) SM_PRINTF(4, 5);
/*
 * What a sanitizer has seen, from within its report: ends the run's process. Outside of a run, or
 * when its verdict stands, it just returns.
 */
void finding_of_report(const char *subject, const char *text);

/* ---- backtrace.c ---- */
/* Once, after the plugins are loaded: remembers the modules, and warms the unwinder up. */
void backtrace_prepare(void);
/* The modules that the result's frames lie in. */
void backtrace_modules(struct job_result *result);
/* The caller's own stack. */
void backtrace_take(struct job_result *result);
/* Leaves out the innermost frames up to the last one of a sanitizer's library, if there are any. */
void backtrace_skip_sanitizer(struct job_result *result);
/* The stack of a task that is parked. */
void backtrace_take_parked(struct job_result *result, const struct sm_task *task,
                           const struct sm__stack_pool *stacks);
/* The stack that a signal has interrupted. */
struct backtrace_registers {
    uint64_t instruction, stack_pointer, frame_pointer;
    uint64_t link; /* 0 where return addresses are pushed */
};
void backtrace_take_at(struct job_result *result, const struct backtrace_registers *registers,
                       const struct sm__stack_pool *stacks);

#endif
