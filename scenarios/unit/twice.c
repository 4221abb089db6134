/* SPDX-License-Identifier: MIT */
/* Two runs of one seed that differ: where they part. Both are run again, with traces. */
#include "scenarios/cli/event_text.h"
#include "scenarios/unit/unit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The run is repeated so often until it differs: it may do so now and then only. */
#define TRIES_MAX 5

/* Runs a command with a trace; returns the descriptor of it. */
static int run_traced(const struct unit_system *system, const struct job_command *command,
                      struct unit_shared *shared)
{
    struct job_command traced = *command;

    traced.trace_fd = memfd_create("trace", MFD_CLOEXEC);
    traced.log_fd = -1;
    traced.log_level = -1;
    unit_run_in_child(system, &traced, shared);
    return traced.trace_fd;
}

/* Reads record number `index`. Returns false behind the last one. */
static bool read_record(int fd, uint64_t index, struct sim_record *record)
{
    return fd >= 0 && pread(fd, record, sizeof *record, (off_t)(index * sizeof *record)) ==
                          (ssize_t)sizeof *record;
}

static void describe(const struct scn *scn, bool exists, const struct sim_record *record,
                     char *text, size_t size)
{
    FILE *file = fmemopen(text, size, "w");

    text[0] = '\0';
    if (!file)
        return;
    if (exists)
        cli_event_print_text(file, scn, record);
    else
        fputs("nothing: the run is over\n", file);
    fclose(file);
    text[strcspn(text, "\n")] = '\0';
}

/* Compares two traces; says in `text` what differs first. Returns false if nothing does. */
static bool compare(const struct scn *scn, int a, int b, char *text)
{
    struct sim_record one, other;
    char lines[2][256];

    for (uint64_t i = 0;; i++) {
        const bool has_one = read_record(a, i, &one), has_other = read_record(b, i, &other);
        if (!has_one && !has_other)
            return false;
        if (has_one && has_other && memcmp(&one, &other, sizeof one) == 0)
            continue;
        describe(scn, has_one, &one, lines[0], sizeof lines[0]);
        describe(scn, has_other, &other, lines[1], sizeof lines[1]);
        snprintf(text, UNIT_TEXT_BYTES, "they part at event #%" PRIu64 ":\n    %s\n    %s", i + 1,
                 lines[0], lines[1]);
        return true;
    }
}

void unit_find_difference(const struct unit_system *system, const struct job_command *first,
                          const struct job_command *second, struct unit_shared *shared, char *text)
{
    bool found = false;

    snprintf(text, UNIT_TEXT_BYTES, "they differ now and then only");
    for (int i = 0; i < TRIES_MAX && !found; i++) {
        const int a = run_traced(system, first, shared);
        const int b = run_traced(system, second, shared);
        found = compare(&system->scn, a, b, text);
        close(a);
        close(b);
    }
}
