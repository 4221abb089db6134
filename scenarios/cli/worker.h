/* SPDX-License-Identifier: MIT */
/*
 * A worker process, seen from the command line program: starting it, commanding it, its replies,
 * its death. The protocol is in scenarios/job.h.
 *
 *   DOWN --start--> STARTING --ready--> IDLE --command--> BUSY --reply--> IDLE
 *   STARTING, IDLE, BUSY --death, garbage, kill--> DOWN
 *
 * Nothing here waits for replies: the callers poll the descriptors, a sweep those of many workers.
 */
#ifndef STEELMILL_SCENARIOS_CLI_WORKER_H
#define STEELMILL_SCENARIOS_CLI_WORKER_H

#include <sys/types.h>

#include "scenarios/job.h"
#include <steelmill/base.h>

enum cli_worker_state { CLI_WORKER_DOWN, CLI_WORKER_STARTING, CLI_WORKER_IDLE, CLI_WORKER_BUSY };

struct cli_worker {
    enum cli_worker_state state;
    pid_t pid;
    int command_fd, reply_fd, result_fd;
    struct job_result *result; /* shared with the worker */
    struct job_reply reply;
    size_t reply_bytes;  /* read so far */
    uint64_t seed;       /* of the command that it is busy with */
    int64_t deadline_ns; /* on cli_real_ns: when to give up; INT64_MAX while idle */
    char death[128];     /* why it is down: "killed by signal 9 (Killed)" */
};

#define CLI_TRACE_FDS 3

/* What a worker is started with. Descriptors stay the caller's; -1: none. */
struct cli_worker_setup {
    const char *program; /* path of the worker program */
    int scenario_fd;
    int log_fd, trace_fds[CLI_TRACE_FDS]; /* inherited under their own numbers */
    bool quiet;                           /* what the worker prints on stdout is dropped */
    uint32_t gap_pages; /* moves the plugin's code and static data; 0: as they come */
    int64_t wall_limit_ns;
};

/* What became of a worker that was looked at. */
enum cli_worker_news {
    CLI_WORKER_NOTHING, /* no complete reply yet */
    CLI_WORKER_REPLIED, /* `reply` is complete; the state is IDLE */
    CLI_WORKER_LOST,    /* it is DOWN now; `death` says why */
};

/* Starts a worker that is DOWN. Returns 0 (STARTING), -errno. */
int cli_worker_start(struct cli_worker *worker, const struct cli_worker_setup *setup);
/*
 * Replaces this process by `argv`, with `worker`'s arguments after it and one command waiting in
 * the pipe; for debuggers. Returns only on failure: -errno.
 */
int cli_worker_exec(const struct cli_worker_setup *setup, const struct job_command *command,
                    const char *const *argv);
/* Commands an IDLE worker. A worker that died meanwhile is found by the next look. */
void cli_worker_command(struct cli_worker *worker, const struct job_command *command);
/* Reads what there is of a reply. Never waits. */
enum cli_worker_news cli_worker_look(struct cli_worker *worker);
/* Ends a worker and all that it started. DOWN is allowed. */
void cli_worker_kill(struct cli_worker *worker, const char *why);
/* Ends a worker and frees what belongs to it. */
void cli_worker_finish(struct cli_worker *worker);

/* Before its first start. */
void cli_worker_init(struct cli_worker *worker);

#endif
