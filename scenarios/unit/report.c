/* SPDX-License-Identifier: MIT */
/* A failure in words: as the command line program puts it, and the line that runs the seed again.
 */
#include "scenarios/unit/unit.h"

#include "scenarios/cli/event_text.h"
#include "scenarios/cli/finding_text.h"
#include "scenarios/cli/number.h"
#include "scenarios/cli/path.h"
#include "scenarios/cli/shell.h"
#include "scenarios/cli/style.h"
#include "scenarios/cli/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_BYTES 8192
#define LOG_LINES 24

/* ---- the line to paste ---- */

/* This program, as it was called. The arguments of a process end with a zero byte each. */
static void print_command(FILE *file)
{
    char text[8192];
    const int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    const ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

    if (fd >= 0)
        close(fd);
    if (size <= 0) {
        cli_shell_word(file, program_invocation_name);
        return;
    }
    text[size] = '\0';
    for (const char *word = text; word < text + size; word += strlen(word) + 1) {
        fputs(word > text ? " " : "", file);
        cli_shell_word(file, word);
    }
}

void unit_print_replay(FILE *file, const char *name, uint64_t seed, bool compares)
{
    /* Check runs less if these are set. */
    static const char *const choices[] = {"CK_RUN_SUITE", "CK_RUN_CASE"};

    fputs("SIM_TEST=", file);
    cli_shell_word(file, name);
    if (compares)
        fprintf(file, " SIM_SEEDS=%" PRIu64 "..%" PRIu64 " ", seed, seed);
    else
        fprintf(file, " SIM_SEED=%" PRIu64 " ", seed);
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (getenv(choices[i])) {
            fprintf(file, "%s=", choices[i]);
            cli_shell_word(file, getenv(choices[i]));
            fputc(' ', file);
        }
    }
    print_command(file);
}

/* ---- whose code a frame is ---- */

/* All code of the installed library lies in a section of its own (bundle.sh). */
extern const char __start_sm_text[] __attribute__((weak, visibility("hidden")));
extern const char __stop_sm_text[] __attribute__((weak, visibility("hidden")));

static const struct job_module *own_module(const struct job_result *result)
{
    const uint64_t code = (uint64_t)(uintptr_t)__start_sm_text;

    for (uint32_t i = 0; i < result->module_count; i++) {
        if (code >= result->modules[i].begin && code < result->modules[i].end)
            return &result->modules[i];
    }
    return NULL;
}

/* The library is linked into the user's program: its frames are told apart by their addresses. */
static void mark_own_frames(const struct job_result *result, struct cli_frame *frames, size_t count)
{
    const struct job_module *module = own_module(result);

    if (!module)
        return;
    const uint64_t begin = (uint64_t)(uintptr_t)__start_sm_text - module->bias;
    const uint64_t end = (uint64_t)(uintptr_t)__stop_sm_text - module->bias;
    for (size_t i = 0; i < count; i++) {
        if (frames[i].address >= begin && frames[i].address < end &&
            strcmp(frames[i].module, cli_path_base(module->path)) == 0)
            frames[i].owner = CLI_FRAME_STEELMILL;
    }
}

/* ---- the parts ---- */

/* As the result has room for them: the latest faults. */
static void copy_faults(struct job_result *result, const struct unit_shared *shared)
{
    const uint32_t count = shared->fault_count;
    const uint32_t kept = count < UNIT_FAULTS_KEPT ? count : UNIT_FAULTS_KEPT;
    size_t used = 0;

    result->context[0] = '\0';
    for (uint32_t i = count - kept; i < count && used < sizeof result->context; i++) {
        const struct unit_fault *fault = &shared->faults[i % UNIT_FAULTS_KEPT];
        used += (size_t)snprintf(result->context + used, sizeof result->context - used,
                                 "%" PRId64 ".%09" PRId64 "s %s\n", fault->at_ns / SM_S,
                                 fault->at_ns % SM_S, fault->text);
    }
}

/* The last lines of a text; `*from` is where they begin. */
static const char *last_lines(const char *text, size_t size, uint32_t count)
{
    const char *at = text + size;

    while (at > text && (at == text + size || at[-1] != '\n' || --count > 0))
        at--;
    return at;
}

static void print_log(FILE *file, int fd)
{
    static char text[LOG_BYTES + 1];
    const off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    const off_t from = end > LOG_BYTES ? end - LOG_BYTES : 0;
    const ssize_t size = end > 0 ? pread(fd, text, LOG_BYTES, from) : 0;

    if (size <= 0)
        return;
    text[size] = '\0';
    fputs("  log\n", file);
    cli_print_lines(file, "    ", "    ", last_lines(text, (size_t)size, LOG_LINES));
}

static void print_heading(FILE *file, const struct unit_report *report)
{
    const struct unit_shared *shared = report->shared;

    fprintf(file, "%s%s%s: seed %" PRIu64 ": ", cli_style(file, CLI_BOLD), cli_style(file, CLI_RED),
            report->name, shared->result.seed);
    if (shared->file[0])
        fprintf(file, "%s:%d: ", shared->file, shared->line);
    fprintf(file, "%s%s\n", shared->result.text, cli_style(file, CLI_PLAIN));
}

void unit_report(FILE *file, const struct unit_report *report)
{
    static struct job_result result; /* big, and its copy may be written to */
    struct cli_frame frames[CLI_FRAMES_MAX];
    struct cli_symbols *symbols = cli_symbols_create();

    result = report->shared->result;
    copy_faults(&result, report->shared);
    print_heading(file, report);
    if (result.finding != JOB_FINDING_NONE && symbols) {
        const size_t count = cli_symbols_resolve(symbols, &result, frames);
        mark_own_frames(&result, frames, count);
        cli_print_finding(file, &report->system->scn, &result, frames, count);
        print_log(file, report->log_fd);
        fprintf(file, "  digest    %016" PRIx64 "%s\n", result.digest, report->confirmed);
    }
    fputs("  replay    ", file);
    if (report->shared->crash_states > 1)
        fprintf(file, "SIM_CRASH_STATE=%" PRIu64 " ", report->shared->crash_state);
    unit_print_replay(file, report->name, result.seed, false);
    fputc('\n', file);
    fflush(file);
    cli_symbols_destroy(symbols);
}

void unit_report_passed(FILE *file, const char *name, const struct job_result *result)
{
    fprintf(file, "%s: seed %" PRIu64 ": passed\n  at        ", name, result->seed);
    cli_print_time(file, result->virtual_ns);
    fprintf(file, ", event #%" PRIu64 "\n  digest    %016" PRIx64 "\n", result->events,
            result->digest);
}
