/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenarios/cli/signals.h"

/* The worker keeps the limit itself; we step in only when it does not. */
#define GRACE_NS INT64_C(2000000000)

/* Both ends of the pipes between us and a worker, and its result. */
struct channels {
    int command[2], reply[2], result;
};

static void close_if_open(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_channels(struct channels *channels)
{
    close_if_open(&channels->command[0]);
    close_if_open(&channels->command[1]);
    close_if_open(&channels->reply[0]);
    close_if_open(&channels->reply[1]);
    close_if_open(&channels->result);
}

/* All are close-on-exec, so that no worker holds another one's pipe open. */
static int open_channels(struct channels *channels)
{
    *channels = (struct channels){{-1, -1}, {-1, -1}, -1};
    channels->result = memfd_create("steelmill-result", MFD_CLOEXEC);
    if (channels->result < 0 || ftruncate(channels->result, sizeof(struct job_result)) != 0 ||
        pipe2(channels->command, O_CLOEXEC) != 0 || pipe2(channels->reply, O_CLOEXEC) != 0) {
        int error = -errno;
        close_channels(channels);
        return error;
    }
    return 0;
}

static void inherit(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFD, 0);
}

/* Becomes the worker, or what `before` names, with the worker's arguments at its end. */
static void execute(const struct cli_worker_setup *setup, const struct channels *channels,
                    const char *const *before)
{
    char numbers[4][16], gap[16];
    const int fds[4] = {setup->scenario_fd, channels->result, channels->command[0],
                        channels->reply[1]};
    static const char *const names[4] = {"--scenario", "--result", "--command", "--reply"};
    const char *argv[32];
    size_t count = 0;
    while (before != NULL && *before != NULL && count < 16)
        argv[count++] = *before++;
    argv[count++] = setup->program;
    for (int i = 0; i < 4; i++) {
        inherit(fds[i]);
        snprintf(numbers[i], sizeof numbers[i], "%d", fds[i]);
        argv[count++] = names[i];
        argv[count++] = numbers[i];
    }
    if (setup->gap_pages > 0) {
        snprintf(gap, sizeof gap, "%" PRIu32, setup->gap_pages);
        argv[count++] = "--gap";
        argv[count++] = gap;
    }
    argv[count] = NULL;
    inherit(setup->log_fd);
    for (int i = 0; i < CLI_TRACE_FDS; i++)
        inherit(setup->trace_fds[i]);
    execvp(argv[0], (char *const *)argv);
}

/* In the child: a process group of its own, so that all of it can be ended; none outlives us. */
static _Noreturn void become_worker(const struct cli_worker_setup *setup,
                                    const struct channels *channels, pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing >= 0) {
        dup2(nothing, STDIN_FILENO);
        if (setup->quiet)
            dup2(nothing, STDOUT_FILENO);
    }
    cli_signals_reset();
    execute(setup, channels, NULL);
    _exit(127);
}

/* When a worker that was given `limit_ns` has had its time. */
static int64_t deadline_after(int64_t limit_ns)
{
    int64_t now = cli_real_ns() + GRACE_NS;
    return limit_ns > INT64_MAX - now ? INT64_MAX : now + limit_ns;
}

void cli_worker_init(struct cli_worker *worker)
{
    *worker = (struct cli_worker){.command_fd = -1, .reply_fd = -1, .result_fd = -1};
    worker->deadline_ns = INT64_MAX;
}

int cli_worker_start(struct cli_worker *worker, const struct cli_worker_setup *setup)
{
    struct channels channels;
    int error = open_channels(&channels);
    if (error != 0)
        return error;
    void *result = mmap(NULL, sizeof(struct job_result), PROT_READ | PROT_WRITE, MAP_SHARED,
                        channels.result, 0);
    pid_t parent = getpid();
    pid_t pid = result != MAP_FAILED ? fork() : -1;
    if (pid < 0) {
        error = -errno;
        if (result != MAP_FAILED)
            munmap(result, sizeof(struct job_result));
        close_channels(&channels);
        return error;
    }
    if (pid == 0)
        become_worker(setup, &channels, parent);
    setpgid(pid, pid);
    cli_worker_init(worker);
    worker->state = CLI_WORKER_STARTING;
    worker->pid = pid;
    worker->command_fd = channels.command[1];
    worker->reply_fd = channels.reply[0];
    worker->result_fd = channels.result;
    worker->result = result;
    worker->deadline_ns = deadline_after(setup->wall_limit_ns);
    channels.command[1] = channels.reply[0] = channels.result = -1;
    close_channels(&channels);
    fcntl(worker->reply_fd, F_SETFL, O_NONBLOCK);
    return 0;
}

int cli_worker_exec(const struct cli_worker_setup *setup, const struct job_command *command,
                    const char *const *argv)
{
    struct channels channels;
    int error = open_channels(&channels);
    if (error != 0)
        return error;
    /* The reading ends stay open in the debugger, so that the worker's reply finds room; the end of
     * commands is ours alone and closes now: after this one command the worker ends. */
    inherit(channels.reply[0]);
    if (write(channels.command[1], command, sizeof *command) != sizeof *command)
        return -errno;
    cli_signals_reset();
    execute(setup, &channels, argv);
    return -errno;
}

void cli_worker_command(struct cli_worker *worker, const struct job_command *command)
{
    memset(worker->result, 0, sizeof *worker->result);
    worker->state = CLI_WORKER_BUSY;
    worker->seed = command->seed;
    worker->reply_bytes = 0;
    worker->deadline_ns = deadline_after(command->wall_limit_ns);
    /* A short or failed write means that the worker is gone, which its reply pipe tells, too. */
    ssize_t written = write(worker->command_fd, command, sizeof *command);
    (void)written;
}

static void release(struct cli_worker *worker)
{
    close_if_open(&worker->command_fd);
    close_if_open(&worker->reply_fd);
    close_if_open(&worker->result_fd);
    if (worker->result != NULL)
        munmap(worker->result, sizeof *worker->result);
    worker->result = NULL;
    worker->state = CLI_WORKER_DOWN;
    worker->deadline_ns = INT64_MAX;
}

static void describe_death(struct cli_worker *worker, int status)
{
    if (WIFSIGNALED(status))
        snprintf(worker->death, sizeof worker->death, "the worker was killed by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == 127)
        snprintf(worker->death, sizeof worker->death, "the worker program could not be executed");
    else
        snprintf(worker->death, sizeof worker->death, "the worker ended with exit code %d",
                 WEXITSTATUS(status));
}

/* Gives a process a moment to end by itself. It stays a zombie, so that its group's number is ours.
 */
static void await_end(pid_t pid)
{
    for (int tries = 0; tries < 200; tries++) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
            return;
        cli_poll(NULL, 0, 1000000);
    }
}

/*
 * Ends the process group and collects the worker. `why` NULL: it closed its reply pipe, so it is
 * about to end by itself, and how it ends is what we want to know.
 */
void cli_worker_kill(struct cli_worker *worker, const char *why)
{
    if (worker->state == CLI_WORKER_DOWN)
        return;
    int status = 0;
    if (why == NULL)
        await_end(worker->pid);
    kill(-worker->pid, SIGKILL);
    waitpid(worker->pid, &status, 0);
    if (why != NULL)
        snprintf(worker->death, sizeof worker->death, "%s", why);
    else
        describe_death(worker, status);
    release(worker);
}

void cli_worker_finish(struct cli_worker *worker)
{
    cli_worker_kill(worker, "ended");
}

static enum cli_worker_news lost(struct cli_worker *worker, const char *why)
{
    cli_worker_kill(worker, why);
    return CLI_WORKER_LOST;
}

enum cli_worker_news cli_worker_look(struct cli_worker *worker)
{
    char *bytes = (char *)&worker->reply;
    while (worker->reply_bytes < sizeof worker->reply) {
        ssize_t got = read(worker->reply_fd, bytes + worker->reply_bytes,
                           sizeof worker->reply - worker->reply_bytes);
        if (got > 0)
            worker->reply_bytes += (size_t)got;
        else if (got == 0)
            return lost(worker, NULL);
        else if (errno == EINTR)
            continue;
        else if (errno != EAGAIN)
            return lost(worker, strerror(errno));
        else
            break;
    }
    if (worker->reply_bytes < sizeof worker->reply)
        return cli_real_ns() < worker->deadline_ns
                   ? CLI_WORKER_NOTHING
                   : lost(worker, "the worker did not answer within the wall-clock limit");
    worker->reply.text[sizeof worker->reply.text - 1] = '\0';
    if (worker->reply.version != JOB_VERSION)
        return lost(worker, "the worker's reply is not of this version of steelmill");
    worker->reply_bytes = 0;
    worker->state = CLI_WORKER_IDLE;
    worker->deadline_ns = INT64_MAX;
    return CLI_WORKER_REPLIED;
}
