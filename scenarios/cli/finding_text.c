/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/finding_text.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "scenarios/cli/backtrace.h"
#include "scenarios/cli/event_text.h"
#include "scenarios/cli/text.h"

static const char *or_dash(const char *text)
{
    return *text != '\0' ? text : "-";
}

static void print_where(FILE *file, const struct job_result *result)
{
    fputs("  at        ", file);
    cli_print_time(file, result->finding_ns);
    fprintf(file, ", event #%" PRIu64 "\n", result->finding_event);
    if (result->machine[0] != '\0')
        fprintf(file, "  machine   %s, daemon %s, task %s\n", result->machine,
                or_dash(result->daemon), or_dash(result->task));
    if (result->signal == SIGSEGV || result->signal == SIGBUS)
        fprintf(file, "  address   0x%" PRIx64 "\n", result->fault_address);
}

static void print_context(FILE *file, const char *text)
{
    if (*text == '\0')
        return;
    fputs("  faults around it\n", file);
    cli_print_lines(file, "    ", "    ", text);
}

static void print_output(FILE *file, const char *text)
{
    if (*text == '\0')
        return;
    fputs("  last output\n", file);
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

void cli_print_finding(FILE *file, const struct scn *scn, const struct job_result *result,
                       const struct cli_frame *frames, size_t count)
{
    print_where(file, result);
    cli_print_backtrace(file, result, frames, count);
    print_context(file, result->context);
    print_output(file, result->output);
    print_last_events(file, scn, result);
}
