/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/report.h"

#include <inttypes.h>
#include <string.h>

#include "scenarios/cli/event_text.h"
#include "scenarios/cli/shell.h"
#include "scenarios/cli/signature.h"
#include "scenarios/cli/style.h"
#include "scenarios/cli/text.h"

const char *cli_finding_kind(uint32_t finding)
{
    static const char *const kinds[] = {
        [JOB_FINDING_NONE] = "none",
        [JOB_FINDING_PROPERTY] = "property",
        [JOB_FINDING_EVENTUALLY] = "eventually",
        [JOB_FINDING_SIGNAL] = "signal",
        [JOB_FINDING_OVERFLOW] = "stack overflow",
        [JOB_FINDING_ASSERT] = "assertion",
        [JOB_FINDING_SPIN] = "spin",
        [JOB_FINDING_STUCK] = "stuck",
        [JOB_FINDING_DEADLOCK] = "deadlock",
        [JOB_FINDING_DAEMON] = "daemon failed",
        [JOB_FINDING_HEAP] = "heap corrupted",
        [JOB_FINDING_HISTORY] = "history",
        [JOB_FINDING_EXIT] = "exit",
    };
    return finding < sizeof kinds / sizeof *kinds ? kinds[finding] : "unknown";
}

static const char *or_dash(const char *text)
{
    return *text != '\0' ? text : "-";
}

static void print_where(FILE *file, const struct job_result *result)
{
    fputs("  at        ", file);
    cli_print_time(file, result->finding_ns);
    fprintf(file, ", event #%" PRIu64 "\n", result->finding_event);
    fprintf(file, "  machine   %s, daemon %s, task %s\n", or_dash(result->machine),
            or_dash(result->daemon), or_dash(result->task));
    if (result->finding == JOB_FINDING_SIGNAL && result->fault_address != 0)
        fprintf(file, "  address   0x%" PRIx64 "\n", result->fault_address);
}

static void print_user_frame(FILE *file, size_t number, const struct cli_frame *frame)
{
    char name[256];
    if (frame->function[0] != '\0')
        snprintf(name, sizeof name, "%s%s", frame->function, frame->inlined ? " (inlined)" : "");
    else
        snprintf(name, sizeof name, "0x%" PRIx64, frame->address);
    fprintf(file, "    #%-3zu %s%-32s%s ", number, cli_style(file, CLI_BOLD), name,
            cli_style(file, CLI_PLAIN));
    if (frame->file[0] != '\0')
        fprintf(file, " %s:%" PRIu32 "\n", frame->file, frame->line);
    else
        fprintf(file, " %s\n", frame->module);
}

/* Frames that are not the user's, as one line. Returns how many there are in a row. */
static size_t print_folded(FILE *file, const struct cli_frame *frames, size_t count)
{
    size_t length = 1;
    while (length < count && frames[length].owner == frames[0].owner)
        length++;
    const char *owner = frames[0].owner == CLI_FRAME_STEELMILL ? "steelmill" : "the C library";
    fprintf(file, "         %s%s", cli_style(file, CLI_DIM),
            frames[0].function[0] != '\0' ? frames[0].function : frames[0].module);
    if (length > 1)
        fprintf(file, " and %zu more", length - 1);
    fprintf(file, ", in %s%s\n", owner, cli_style(file, CLI_PLAIN));
    return length;
}

static void print_backtrace(FILE *file, const struct job_result *result,
                            const struct cli_frame *frames, size_t count)
{
    if (count == 0)
        return;
    fputs("  backtrace\n", file);
    for (size_t i = 0; i < count;) {
        if (frames[i].owner == CLI_FRAME_USER) {
            print_user_frame(file, i, &frames[i]);
            i++;
        } else {
            i += print_folded(file, frames + i, count - i);
        }
    }
    if (result->frames_skipped > 0)
        fprintf(file, "         %" PRIu32 " frames in between are left out\n",
                result->frames_skipped);
}

static void print_context(FILE *file, const char *text)
{
    if (*text == '\0')
        return;
    fputs("  faults around it\n", file);
    cli_print_lines(file, "    ", "    ", text);
}

static void print_last_events(FILE *file, const struct scn *scn, const struct job_result *result)
{
    if (result->last_event_count == 0)
        return;
    fputs("  last events\n", file);
    for (uint32_t i = 0; i < result->last_event_count; i++) {
        struct sim_record record;
        memcpy(&record, result->last_events[i], sizeof record);
        cli_event_print_text(file, scn, &record);
    }
}

void cli_report_finding(FILE *file, const struct cli_scenario *scenario,
                        const struct job_result *result, struct cli_symbols *symbols)
{
    struct cli_frame frames[CLI_FRAMES_MAX];
    size_t count = cli_symbols_resolve(symbols, result, frames);
    fprintf(file, "%s%sfinding: %s%s\n", cli_style(file, CLI_BOLD), cli_style(file, CLI_RED),
            result->text[0] != '\0' ? result->text : cli_finding_kind(result->finding),
            cli_style(file, CLI_PLAIN));
    print_where(file, result);
    print_backtrace(file, result, frames, count);
    print_context(file, result->context);
    print_last_events(file, scenario->scn, result);
    fprintf(file, "  digest    %016" PRIx64 "\n", result->digest);
    fprintf(file, "  signature %016" PRIx64 " (%s)\n", cli_signature(result, frames, count),
            cli_finding_kind(result->finding));
    fputs("  replay    ", file);
    cli_shell_replay(file, scenario, result->seed, result->digest);
    fputc('\n', file);
}
