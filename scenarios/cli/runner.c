/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/runner.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/cli/locate.h"
#include "scenarios/cli/signals.h"

/* A descriptor for logs alone: what daemons print on stderr may be dropped. Open until we end. */
static int log_descriptor(const struct cli_args *args)
{
    static int fd = -1;
    if (args->log_level == CLI_LOG_NOTHING)
        return -1;
    if (fd < 0)
        fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return fd;
}

struct cli_worker_setup cli_runner_setup(const struct cli_scenario *scenario,
                                         const struct cli_args *args, const char *program)
{
    return (struct cli_worker_setup){
        .program = program,
        .scenario_fd = scn_arena_fd(scenario->arena),
        .log_fd = log_descriptor(args),
        .trace_fds = {-1, -1, -1},
        .wall_limit_ns = args->wall_limit_ns,
    };
}

int cli_runner_init(struct cli_runner *runner, const struct cli_scenario *scenario,
                    const struct cli_args *args)
{
    *runner = (struct cli_runner){.scenario = scenario, .pump = {.fd = -1}};
    cli_worker_init(&runner->worker);
    int failed = cli_locate_worker(runner->program);
    runner->setup = cli_runner_setup(scenario, args, runner->program);
    return failed;
}

/* Waits for a reply. Returns true with it, false with `outcome` set. */
static bool wait_for_reply(struct cli_runner *runner, struct cli_outcome *outcome)
{
    struct cli_worker *worker = &runner->worker;
    enum cli_worker_news news = CLI_WORKER_NOTHING;
    while (news == CLI_WORKER_NOTHING) {
        struct pollfd fds[2] = {{worker->reply_fd, POLLIN, 0}, {runner->pump.fd, POLLIN, 0}};
        int64_t left =
            worker->deadline_ns == INT64_MAX ? INT64_MAX : worker->deadline_ns - cli_real_ns();
        cli_poll(fds, 2, left);
        if (cli_interrupted()) {
            cli_worker_kill(worker, "interrupted");
            news = CLI_WORKER_LOST;
            break;
        }
        if (fds[1].revents != 0 && !runner->pump.read(runner->pump.arg)) {
            cli_worker_kill(worker, "its events could not be written");
            news = CLI_WORKER_LOST;
            break;
        }
        news = cli_worker_look(worker);
    }
    if (runner->pump.fd >= 0)
        runner->pump.read(runner->pump.arg);
    if (news == CLI_WORKER_LOST)
        cli_outcome_not_judged(outcome, worker->seed, worker->death);
    return news == CLI_WORKER_REPLIED;
}

bool cli_runner_start(struct cli_runner *runner, struct cli_outcome *outcome)
{
    struct cli_worker *worker = &runner->worker;
    if (worker->state != CLI_WORKER_DOWN)
        return true;
    fflush(stdout);
    int error = cli_worker_start(worker, &runner->setup);
    if (error != 0) {
        char why[128];
        snprintf(why, sizeof why, "no worker could be started: %s", strerror(-error));
        cli_outcome_not_judged(outcome, 0, why);
        return false;
    }
    if (wait_for_reply(runner, outcome) && cli_outcome_of_start(outcome, worker))
        return true;
    cli_worker_kill(worker, "not ready");
    return false;
}

void cli_runner_run(struct cli_runner *runner, const struct job_command *command,
                    struct cli_outcome *outcome)
{
    if (cli_runner_start(runner, outcome)) {
        cli_worker_command(&runner->worker, command);
        if (wait_for_reply(runner, outcome))
            cli_outcome_of_run(outcome, &runner->worker);
    }
    if (outcome->exit == CLI_PASSED && command->until_ns < runner->scenario->scn->time_ns) {
        outcome->exit = CLI_NOT_JUDGED; /* it passed as far as it came */
        snprintf(outcome->text, sizeof outcome->text, "stopped by --until");
    }
    outcome->seed = command->seed;
}

void cli_runner_stop(struct cli_runner *runner)
{
    cli_worker_finish(&runner->worker);
}

struct job_command cli_runner_command(const struct cli_args *args,
                                      const struct cli_worker_setup *setup, uint64_t seed)
{
    return (struct job_command){
        .version = JOB_VERSION,
        .flags = cli_given(args, CLI_OPT_JSON) ? JOB_LOG_JSON : 0,
        .seed = seed,
        .log_level = args->log_level,
        .log_fd = setup->log_fd,
        .trace_fd = -1,
        .until_ns = args->until_ns,
        .wall_limit_ns = args->wall_limit_ns,
    };
}
