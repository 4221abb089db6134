/* SPDX-License-Identifier: MIT */
/*
 * Production. With --machine this process becomes steelmill-serve; with --all it watches over one
 * such process per machine, stops them together, and tells how each has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/units.h"
#include "scenarios/cli/load.h"
#include "scenarios/cli/locate.h"
#include "scenarios/cli/signals.h"
#include <steelmill/log.h>

#define ALL_MAX       256u
#define NAME_SIZE     64
#define ARGUMENTS_MAX 16 /* besides the daemons */

/* ---- one machine ---- */

/* Becomes the program. Returns only if that fails. index: of the machine among all that run. */
static void execute(const struct cli_scenario *scenario, const struct cli_args *args,
                    const char *program, const char *machine, uint32_t index)
{
    const char **argv = calloc(ARGUMENTS_MAX + 2 * args->daemon_count, sizeof *argv);
    char fd[16], level[16], limit[32], port[16];
    size_t count = 0;
    if (argv == NULL)
        return;
    snprintf(fd, sizeof fd, "%d", scn_arena_fd(scenario->arena));
    snprintf(level, sizeof level, "%d",
             cli_given(args, CLI_OPT_LOG) ? args->log_level : (int)SM_LOG_INFO);
    snprintf(limit, sizeof limit, "%" PRId64 "ns", args->stop_limit_ns);
    const char *const fixed[] = {program, "--scenario",   fd,   "--machine", machine, "--log-level",
                                 level,   "--stop-limit", limit};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        argv[count++] = fixed[i];
    const char *const given[][2] = {{"--data", args->data},
                                    {"--network", args->network},
                                    {"--history", args->history},
                                    {"--control", args->control}};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (given[i][1] == NULL)
            continue;
        argv[count++] = given[i][0];
        argv[count++] = given[i][1];
    }
    if (args->metrics_port != 0) {
        snprintf(port, sizeof port, "%" PRIu32, args->metrics_port + index);
        argv[count++] = "--metrics";
        argv[count++] = port;
    }
    if (cli_given(args, CLI_OPT_JSON))
        argv[count++] = "--log-json";
    for (size_t i = 0; i < args->daemon_count; i++) {
        argv[count++] = "--daemon";
        argv[count++] = args->daemons[i];
    }
    fcntl(scn_arena_fd(scenario->arena), F_SETFD, 0);
    cli_signals_reset();
    execv(program, (char *const *)argv);
    free(argv);
}

static int check_machine(const struct cli_scenario *scenario, const char *machine)
{
    static char texts[ALL_MAX][NAME_SIZE];
    const char *names[ALL_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < scenario->scn->machine_count; i++) {
        char name[NAME_SIZE];
        scn_machine_name(scenario->scn, i, name, sizeof name);
        if (strcmp(name, machine) == 0)
            return 0;
        if (count < ALL_MAX) {
            memcpy(texts[count], name, sizeof name);
            names[count] = texts[count];
            count++;
        }
    }
    const char *nearest = sm__suggest(machine, names, count);
    cli_error("%s: no machine '%s'%s%s%s", scenario->path, machine,
              nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
              nearest != NULL ? "'?" : "");
    return CLI_USAGE;
}

static int serve_one(const struct cli_scenario *scenario, const struct cli_args *args,
                     const char *program)
{
    int failed = check_machine(scenario, args->machine);
    if (failed != 0)
        return failed;
    execute(scenario, args, program, args->machine, 0);
    cli_error("%s cannot be executed: %s", program, strerror(errno));
    return CLI_NOT_JUDGED;
}

/* ---- all of them ---- */

struct child {
    pid_t pid; /* 0: it has ended */
    int fd;    /* pidfd: readable when it ends */
    char name[NAME_SIZE];
};

static int start(struct child *child, const struct cli_scenario *scenario,
                 const struct cli_args *args, const char *program, uint32_t index)
{
    pid_t parent = getpid();
    child->pid = fork();
    if (child->pid == 0) {
        /* A group of its own: an interrupt from the terminal reaches it through us alone. */
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() == parent)
            execute(scenario, args, program, child->name, index);
        _exit(CLI_NOT_JUDGED);
    }
    child->fd = child->pid > 0 ? (int)syscall(SYS_pidfd_open, child->pid, 0) : -1;
    return child->fd >= 0 ? 0 : -errno;
}

static void stop_all(const struct child *children, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (children[i].pid > 0)
            kill(children[i].pid, SIGTERM);
}

/* Takes a child that has ended. Returns its exit code. */
static int reap(struct child *child)
{
    int status = 0;
    waitpid(child->pid, &status, 0);
    close(child->fd);
    child->pid = 0;
    child->fd = -1;
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    cli_error("machine '%s' was ended by signal %d (%s)", child->name, WTERMSIG(status),
              strsignal(WTERMSIG(status)));
    return CLI_FINDING;
}

/* Waits until all have ended. One that could not begin takes the others with it. */
static int watch(struct child *children, uint32_t count)
{
    struct pollfd *fds = calloc(count, sizeof *fds);
    uint32_t left = count;
    int exit = CLI_PASSED;
    bool stopping = false;
    if (fds == NULL)
        return CLI_NOT_JUDGED;
    while (left > 0) {
        for (uint32_t i = 0; i < count; i++)
            fds[i] = (struct pollfd){children[i].fd, POLLIN, 0};
        /* Once interrupted, cli_poll would return at once, again and again. */
        int ready = stopping ? poll(fds, count, -1) : cli_poll(fds, count, INT64_MAX);
        if (!stopping && cli_interrupted()) {
            stop_all(children, count);
            stopping = true;
        }
        for (uint32_t i = 0; ready > 0 && i < count; i++) {
            if (fds[i].fd < 0 || fds[i].revents == 0)
                continue;
            int code = reap(&children[i]);
            exit = cli_worse(exit, code);
            left--;
            if (code == CLI_USAGE && !stopping) {
                stop_all(children, count);
                stopping = true;
            }
        }
    }
    free(fds);
    return exit;
}

static int serve_all(const struct cli_scenario *scenario, const struct cli_args *args,
                     const char *program)
{
    uint32_t count = scenario->scn->machine_count, started = 0;
    if (count > ALL_MAX) {
        cli_error("%s: --all: %" PRIu32 " machines are too many for one host: at most %u",
                  scenario->path, count, ALL_MAX);
        return CLI_USAGE;
    }
    if (args->control != NULL) {
        cli_error("serve: --control belongs to --machine, not to --all");
        return CLI_USAGE;
    }
    if (args->metrics_port != 0 && args->metrics_port + count - 1 > UINT16_MAX) {
        cli_error("serve: --metrics %" PRIu32 ": %" PRIu32
                  " machines need as many ports from there",
                  args->metrics_port, count);
        return CLI_USAGE;
    }
    struct child *children = calloc(count, sizeof *children);
    int error = children == NULL ? -ENOMEM : 0;
    for (; error == 0 && started < count; started += error == 0) {
        scn_machine_name(scenario->scn, started, children[started].name, NAME_SIZE);
        error = start(&children[started], scenario, args, program, started);
    }
    if (error != 0) {
        cli_error("no process could be started: %s", strerror(-error));
        stop_all(children, started);
    }
    int exit = children != NULL ? watch(children, started) : CLI_NOT_JUDGED;
    free(children);
    return error != 0 ? CLI_NOT_JUDGED : exit;
}

int cli_verb_serve(const struct cli_args *args)
{
    struct cli_scenario scenario;
    char program[PATH_MAX];
    bool all = cli_given(args, CLI_OPT_ALL);
    if (all == (args->machine != NULL)) {
        cli_error("serve: either --machine NAME or --all; usage: steelmill serve %s",
                  args->verb->usage);
        return CLI_USAGE;
    }
    if (all && args->daemon_count > 0) {
        cli_error("serve: --daemon belongs to --machine, not to --all");
        return CLI_USAGE;
    }
    int failed = cli_locate_serve(program);
    if (failed == 0)
        failed = cli_scenario_load(&scenario, args->files[0], args);
    if (failed != 0)
        return failed;
    int exit = all ? serve_all(&scenario, args, program) : serve_one(&scenario, args, program);
    cli_scenario_unload(&scenario);
    return exit;
}
