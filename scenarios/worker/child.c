/* SPDX-License-Identifier: MIT */
/* A forked child for each run, so that nothing a daemon does survives it. */
#include "scenarios/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void redirect(int from, int to)
{
    if (from >= 0)
        dup2(from, to);
}

/*
 * What daemons read and print. The buffers are not malloc'ed: else they would be part of the heap
 * of whichever machine prints first, and be gone when it crashes.
 */
static void set_up_output(const struct job_command *command)
{
    static char in_buffer[BUFSIZ], out_buffer[BUFSIZ];
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    redirect(nothing, STDIN_FILENO);
    if (!(command->flags & JOB_KEEP_OUTPUT)) {
        redirect(nothing, STDOUT_FILENO);
        redirect(nothing, STDERR_FILENO);
    }
    setvbuf(stdin, in_buffer, _IOFBF, sizeof in_buffer);
    setvbuf(stdout, out_buffer, _IOLBF, sizeof out_buffer);
}

static int open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Waits for the child, as long as there is time left. Returns false if it had to be killed. */
static bool await_child(pid_t pid, int64_t (*time_left)(void *arg), void *arg, int *status)
{
    struct pollfd waited = {.fd = open_pidfd(pid), .events = POLLIN};
    bool in_time = true;

    while (waited.fd >= 0) {
        const int64_t left_ms = time_left(arg) / SM_MS;
        in_time = left_ms > 0;
        if (!in_time)
            kill(pid, SIGKILL);
        if (!in_time || poll(&waited, 1, left_ms < INT32_MAX ? (int)left_ms : INT32_MAX) != 0)
            break;
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

void worker_result_init(struct job_result *result, uint64_t seed)
{
    memset(result, 0, sizeof *result);
    result->version = JOB_VERSION;
    result->seed = seed;
    result->verdict = JOB_NOT_JUDGED;
}

bool worker_in_child(const struct job_command *command, struct job_result *result,
                     void (*run)(void *arg), void *arg, int64_t (*time_left)(void *arg))
{
    int status = 0;

    worker_result_init(result, command->seed); /* a child that dies early leaves it so */
    fflush(stdout);
    const pid_t pid = fork();
    if (pid < 0) {
        snprintf(result->text, sizeof result->text, "fork: %s", strerror(errno));
        return true;
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        set_up_output(command);
        run(arg);
        fflush(stdout);
        _exit(0);
    }
    const bool in_time = await_child(pid, time_left, arg, &status);
    if (!in_time) {
        result->verdict = JOB_NOT_JUDGED;
        snprintf(result->text, sizeof result->text, "given up after %.1f s of real time",
                 (double)command->wall_limit_ns / 1e9);
    } else if (result->verdict == JOB_NOT_JUDGED) {
        judge_lost_child(result, status);
    }
    return in_time;
}

struct single {
    void (*run)(void *arg);
    void *arg;
    int64_t started_ns, limit_ns;
};

static void run_single(void *arg)
{
    const struct single *single = arg;
    single->run(single->arg);
}

static int64_t time_left_of_single(void *arg)
{
    const struct single *single = arg;

    if (single->limit_ns <= 0 || single->limit_ns == INT64_MAX)
        return INT64_MAX;
    return single->limit_ns - (worker_real_ns() - single->started_ns);
}

void worker_run_in_child(const struct job_command *command, struct job_result *result,
                         void (*run)(void *arg), void *arg)
{
    struct single single = {run, arg, worker_real_ns(), command->wall_limit_ns};

    worker_in_child(command, result, run_single, &single, time_left_of_single);
}
