/* SPDX-License-Identifier: MIT */
/* The worker's options and its command loop. */
#include "scenarios/worker/series.h"
#include "sim/globals.h"
#include "sim/libc/libc.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

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

bool worker_read_command(const struct worker *worker, struct job_command *command)
{
    return read_all(worker->command_fd, command, sizeof *command);
}

void worker_reply(const struct worker *worker, int status, const char *text)
{
    struct job_reply message = {.version = JOB_VERSION, .status = status};

    snprintf(message.text, sizeof message.text, "%s", text);
    if (write(worker->reply_fd, &message, sizeof message) != (ssize_t)sizeof message)
        exit(0); /* the CLI is gone */
}

/* ---- one run ---- */

static void run_here(void *run)
{
    worker_run(run);
    fflush(stdout);
}

struct run worker_run_of(const struct worker *worker, const struct job_command *command)
{
    return (struct run){.scn = worker->scn,
                        .plugin = worker->plugin,
                        .globals = worker->globals,
                        .command = command,
                        .result = worker->result,
                        .has_traps = true};
}

static void carry_out(const struct worker *worker, const struct job_command *command)
{
    struct run run = worker_run_of(worker, command);

    if (command->version != JOB_VERSION) {
        worker_reply(worker, -EPROTO, "the CLI and the worker are of different versions");
        return;
    }
    if (command->flags & JOB_FOREGROUND)
        run_here(&run);
    else
        worker_run_in_child(command, worker->result, run_here, &run);
    worker_reply(worker, 0, "");
}

static void serve(struct worker *worker, struct series *series)
{
    enum series_end end = SERIES_NEXT;
    struct job_command command;

    while (end == SERIES_COMMAND || (end == SERIES_NEXT && worker_read_command(worker, &command))) {
        /* A program's own variables (sm_main) are put back by nobody: not one process for many
         * runs. */
        if (worker->globals && series_takes(&command)) {
            end = series_run(series, &command);
        } else {
            carry_out(worker, &command);
            end = SERIES_NEXT;
        }
    }
}

/* ---- set-up ---- */

struct options {
    int scenario_fd, result_fd, command_fd, reply_fd;
    unsigned long gap_pages;
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
            options->gap_pages = strtoul(optarg, NULL, 10);
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
 * What is loaded from now on lies elsewhere, also where the host does not randomize addresses. Page
 * by page, so that the gaps between what is there already are used up.
 */
static void leave_gap(unsigned long pages)
{
    while (pages-- > 0)
        mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
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
    void *handle;
    int error = worker_plugin_load(worker->scn->plugin_path, &handle, &worker->plugin, text);
    if (!error)
        error = worker_plugin_check(worker->plugin, worker->scn, text);
    if (!error && handle) /* a program's own variables are its machines' together */
        error = sim_globals_create(&worker->globals, handle, worker->scn->machine_count, text,
                                   JOB_TEXT_BYTES);
    return error;
}

int worker_main(int argc, char **argv)
{
    struct options options;
    struct worker worker = {0};
    struct series *series;
    char text[JOB_TEXT_BYTES] = "";

    if (parse_options(argc, argv, &options)) {
        fprintf(stderr, "steelmill-worker is started by steelmill, not by hand.\n");
        return 2;
    }
    if (options.describe)
        return worker_plugin_describe(options.describe);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    leave_gap(options.gap_pages);
    int error = attach(&worker, &options, text);
    if (!error)
        error = series_create(&series, &worker);
    if (error) {
        worker.reply_fd = options.reply_fd;
        worker_reply(&worker, error, text);
        return 2;
    }
    sim_libc_env_forget();
    backtrace_prepare();
    worker_reply(&worker, 0, "");
    serve(&worker, series);
    _exit(0); /* no destructors of the plugin */
}
