/* SPDX-License-Identifier: MIT */
/* The worker's command loop: a forked child for each run, so that nothing a daemon does survives
 * it. */
#include "scenarios/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct worker {
    const struct scn *scn;
    const struct sm_plugin *plugin;
    struct job_result *result;
    int command_fd, reply_fd;
};

/* ---- pipes ---- */

/* True when all of it was read; false at the end of the file. */
static bool read_all(int fd, void *data, size_t size)
{
    char *bytes = data;

    while (size > 0) {
        const ssize_t count = read(fd, bytes, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        bytes += count;
        size -= (size_t)count;
    }
    return true;
}

static void reply(const struct worker *worker, int status, const char *text)
{
    struct job_reply message = {.version = JOB_VERSION, .status = status};

    snprintf(message.text, sizeof message.text, "%s", text);
    if (write(worker->reply_fd, &message, sizeof message) != (ssize_t)sizeof message)
        exit(0); /* the CLI is gone */
}

/* ---- one run ---- */

static void redirect(int from, int to)
{
    if (from >= 0)
        dup2(from, to);
}

/* What daemons read and print. */
static void set_up_output(const struct job_command *command)
{
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    redirect(nothing, STDIN_FILENO);
    if (!(command->flags & JOB_KEEP_OUTPUT)) {
        redirect(nothing, STDOUT_FILENO);
        redirect(nothing, STDERR_FILENO);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
}

static void run_here(const struct worker *worker, const struct job_command *command)
{
    struct run run = {
        .scn = worker->scn, .plugin = worker->plugin, .command = command, .result = worker->result};

    worker_run(&run);
    fflush(stdout);
}

static int open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Waits for the child, for at most `limit_ns` of real time. Returns false if it had to be killed.
 */
static bool await_child(pid_t pid, int64_t limit_ns, int *status)
{
    struct pollfd waited = {.fd = open_pidfd(pid), .events = POLLIN};
    bool in_time = true;

    if (waited.fd >= 0 && limit_ns > 0 && limit_ns < INT64_MAX) {
        const int64_t limit_ms = limit_ns / SM_MS;
        in_time = poll(&waited, 1, limit_ms < INT32_MAX ? (int)limit_ms : -1) != 0;
        if (!in_time)
            kill(pid, SIGKILL);
    }
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
    if (waited.fd >= 0)
        close(waited.fd);
    return in_time;
}

/* The child is gone without having written a verdict: something ended the process. */
static void judge_lost_child(struct job_result *result, int status)
{
    if (WIFEXITED(status)) {
        result->verdict = JOB_FINDING;
        result->finding = JOB_FINDING_EXIT;
        snprintf(result->subject, sizeof result->subject, "exit");
        snprintf(result->text, sizeof result->text,
                 "a daemon ended the process with exit code %d, past its exit handlers",
                 WEXITSTATUS(status));
        return;
    }
    result->verdict = JOB_NOT_JUDGED;
    snprintf(result->text, sizeof result->text, "the run's process was killed by signal %d (%s)",
             WTERMSIG(status), strsignal(WTERMSIG(status)));
}

static void run_in_child(const struct worker *worker, const struct job_command *command)
{
    int status = 0;

    memset(worker->result, 0, sizeof *worker->result); /* a child that dies early leaves it so */
    worker->result->version = JOB_VERSION;
    worker->result->seed = command->seed;
    worker->result->verdict = JOB_NOT_JUDGED;
    const pid_t pid = fork();
    if (pid < 0) {
        snprintf(worker->result->text, sizeof worker->result->text, "fork: %s", strerror(errno));
        return;
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        set_up_output(command);
        run_here(worker, command);
        _exit(0);
    }
    const bool in_time = await_child(pid, command->wall_limit_ns, &status);
    if (!in_time) {
        worker->result->verdict = JOB_NOT_JUDGED;
        snprintf(worker->result->text, sizeof worker->result->text,
                 "given up after %.1f s of real time", (double)command->wall_limit_ns / 1e9);
    } else if (worker->result->verdict == JOB_NOT_JUDGED) {
        judge_lost_child(worker->result, status);
    }
}

static void serve(const struct worker *worker)
{
    struct job_command command;

    while (read_all(worker->command_fd, &command, sizeof command)) {
        if (command.version != JOB_VERSION) {
            reply(worker, -EPROTO, "the CLI and the worker are of different versions");
            continue;
        }
        if (command.flags & JOB_FOREGROUND)
            run_here(worker, &command);
        else
            run_in_child(worker, &command);
        reply(worker, 0, "");
    }
}

/* ---- set-up ---- */

struct options {
    int scenario_fd, result_fd, command_fd, reply_fd;
    size_t gap_bytes;
    const char *describe;
};

static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option table[] = {
        {"scenario", required_argument, NULL, 's'},
        {"result", required_argument, NULL, 'r'},
        {"command", required_argument, NULL, 'c'},
        {"reply", required_argument, NULL, 'p'},
        {"describe", required_argument, NULL, 'd'},
        {"gap", required_argument, NULL, 'g'},
        {0},
    };
    int option;

    *options = (struct options){-1, -1, -1, -1, 0, NULL};
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (option) {
        case 's':
            options->scenario_fd = atoi(optarg);
            break;
        case 'r':
            options->result_fd = atoi(optarg);
            break;
        case 'c':
            options->command_fd = atoi(optarg);
            break;
        case 'p':
            options->reply_fd = atoi(optarg);
            break;
        case 'g':
            options->gap_bytes = strtoul(optarg, NULL, 10);
            break;
        case 'd':
            options->describe = optarg;
            break;
        default:
            return -EINVAL;
        }
    }
    if (options->describe)
        return 0;
    return options->scenario_fd < 0 || options->result_fd < 0 || options->command_fd < 0 ||
                   options->reply_fd < 0
               ? -EINVAL
               : 0;
}

/*
 * Whatever is loaded from now on lies elsewhere: two workers never have the same addresses of code
 * and static data, also where the host does not randomize them.
 */
static void leave_gap(size_t bytes)
{
    if (bytes > 0)
        mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static int attach(struct worker *worker, const struct options *options, char *text)
{
    struct scn_arena *arena;

    worker->command_fd = options->command_fd;
    worker->reply_fd = options->reply_fd;
    worker->result = mmap(NULL, sizeof *worker->result, PROT_READ | PROT_WRITE, MAP_SHARED,
                          options->result_fd, 0);
    if (worker->result == MAP_FAILED) {
        snprintf(text, JOB_TEXT_BYTES, "the result cannot be mapped: %s", strerror(errno));
        return -EINVAL;
    }
    if (scn_arena_attach(&arena, options->scenario_fd, &worker->scn)) {
        snprintf(text, JOB_TEXT_BYTES, "the scenario cannot be mapped: is the CLI of this build?");
        return -EINVAL;
    }
    const int error = worker_plugin_load(worker->scn->plugin_path, &worker->plugin, text);
    return error ? error : worker_plugin_check(worker->plugin, worker->scn, text);
}

int main(int argc, char **argv)
{
    struct options options;
    struct worker worker;
    char text[JOB_TEXT_BYTES] = "";

    if (parse_options(argc, argv, &options)) {
        fprintf(stderr, "steelmill-worker is started by steelmill, not by hand.\n");
        return 2;
    }
    if (options.describe)
        return worker_plugin_describe(options.describe);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    leave_gap(options.gap_bytes);
    const int error = attach(&worker, &options, text);
    if (error) {
        worker.reply_fd = options.reply_fd;
        reply(&worker, error, text);
        return 2;
    }
    backtrace_prepare();
    reply(&worker, 0, "");
    serve(&worker);
    return 0;
}
