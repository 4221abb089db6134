/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/backtrace.h"

#include <inttypes.h>
#include <string.h>

#include "scenarios/cli/style.h"

/* How many frames in a row belong to the same foreign owner. */
static size_t foreign_run(const struct cli_frame *frames, size_t count)
{
    size_t length = 1;
    while (length < count && frames[length].owner == frames[0].owner)
        length++;
    return length;
}

/* Frames that are not the user's, as one line. */
static void print_foreign(FILE *file, const struct cli_frame *frames, size_t length)
{
    const char *owner = frames[0].owner == CLI_FRAME_STEELMILL ? "steelmill" : "the C library";
    fprintf(file, "         %s%s", cli_style(file, CLI_DIM),
            frames[0].function[0] != '\0' ? frames[0].function : frames[0].module);
    if (length > 1)
        fprintf(file, " and %zu more", length - 1);
    fprintf(file, ", in %s%s\n", owner, cli_style(file, CLI_PLAIN));
}

static bool same_place(const struct cli_frame *a, const struct cli_frame *b)
{
    return a->address == b->address && a->line == b->line && a->inlined == b->inlined &&
           strcmp(a->function, b->function) == 0 && strcmp(a->module, b->module) == 0;
}

/* How many frames in a row are a function that calls itself at one place. */
static size_t recursion_run(const struct cli_frame *frames, size_t count)
{
    size_t length = 1;
    /* The innermost frame is somewhere else in the function than its callers. */
    while (length < count && frames[length].owner == CLI_FRAME_USER &&
           (length < 2 ? strcmp(frames[0].function, frames[1].function) == 0 &&
                             frames[0].function[0] != '\0'
                       : same_place(&frames[1], &frames[length])))
        length++;
    return length > 3 ? length : 1;
}

static void print_user(FILE *file, size_t number, const struct cli_frame *frame, size_t times)
{
    char name[256];
    if (frame->function[0] != '\0')
        snprintf(name, sizeof name, "%s%s", frame->function, frame->inlined ? " (inlined)" : "");
    else
        snprintf(name, sizeof name, "0x%" PRIx64, frame->address);
    fprintf(file, "    #%-3zu %s%-32s%s ", number, cli_style(file, CLI_BOLD), name,
            cli_style(file, CLI_PLAIN));
    if (frame->file[0] != '\0')
        fprintf(file, " %s:%" PRIu32, frame->file, frame->line);
    else
        fprintf(file, " %s", frame->module);
    if (times > 1)
        fprintf(file, "  %zu times", times);
    fputc('\n', file);
}

void cli_print_backtrace(FILE *file, const struct job_result *result,
                         const struct cli_frame *frames, size_t count)
{
    if (count == 0)
        return;
    fputs("  backtrace\n", file);
    for (size_t i = 0; i < count;) {
        size_t length;
        if (frames[i].owner == CLI_FRAME_USER) {
            length = recursion_run(frames + i, count - i);
            print_user(file, i, &frames[i], length);
        } else {
            length = foreign_run(frames + i, count - i);
            print_foreign(file, frames + i, length);
        }
        i += length;
    }
    if (result->frames_skipped > 0)
        fprintf(file, "         %" PRIu32 " frames in between are left out\n",
                result->frames_skipped);
}

void cli_backtrace_json(struct cli_json *json, const char *name, const struct cli_frame *frames,
                        size_t count)
{
    static const char *const owners[] = {[CLI_FRAME_USER] = "user",
                                         [CLI_FRAME_STEELMILL] = "steelmill",
                                         [CLI_FRAME_SYSTEM] = "system"};
    cli_json_open(json, name, '[');
    for (size_t i = 0; i < count; i++) {
        cli_json_open(json, NULL, '{');
        cli_json_text(json, "function", frames[i].function);
        cli_json_text(json, "file", frames[i].file);
        cli_json_u64(json, "line", frames[i].line);
        cli_json_text(json, "module", frames[i].module);
        cli_json_text(json, "owner", owners[frames[i].owner]);
        cli_json_bool(json, "inlined", frames[i].inlined);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}
