/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/signature.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#define FUNCTIONS_MAX 3
#define NAME_BYTES    96

/* The text that is hashed. What does not fit any more is left out. */
struct text {
    size_t length;
    char bytes[JOB_NAME_BYTES + (FUNCTIONS_MAX + 2) * NAME_BYTES];
};

static void append(struct text *text, const char *part, size_t length)
{
    if (length + 1 > sizeof text->bytes - text->length)
        return;
    memcpy(text->bytes + text->length, part, length);
    text->length += length;
    text->bytes[text->length++] = '\n';
}

/* The compiler's suffixes (.part.0, .constprop.1, .cold) are no part of a function's name. */
static size_t name_length(const char *function)
{
    size_t length = strcspn(function, ".");
    return length < NAME_BYTES ? length : NAME_BYTES - 1;
}

static bool same_function(const struct cli_frame *a, const struct cli_frame *b)
{
    size_t length = name_length(a->function);
    return length == name_length(b->function) && memcmp(a->function, b->function, length) == 0;
}

/*
 * Where a task is stopped for want of progress, or of stack, is a matter of luck near its top:
 * then its outermost functions say more.
 */
static bool top_is_luck(uint32_t finding)
{
    return finding == JOB_FINDING_SPIN || finding == JOB_FINDING_STUCK ||
           finding == JOB_FINDING_OVERFLOW;
}

uint64_t cli_signature(const struct job_result *result, const struct cli_frame *frames,
                       size_t frame_count)
{
    struct text text = {0};
    char kind[16];
    const struct cli_frame *last = NULL;
    bool from_outside = top_is_luck(result->finding);
    int length = snprintf(kind, sizeof kind, "%u", result->finding);
    append(&text, kind, (size_t)length);
    append(&text, result->subject, strlen(result->subject));
    for (size_t i = 0, taken = 0; i < frame_count && taken < FUNCTIONS_MAX; i++) {
        const struct cli_frame *frame = &frames[from_outside ? frame_count - 1 - i : i];
        bool named = frame->owner == CLI_FRAME_USER && frame->function[0] != '\0';
        if (!named || (last != NULL && same_function(last, frame)))
            continue;
        append(&text, frame->function, name_length(frame->function));
        last = frame;
        taken++;
    }
    return XXH3_64bits(text.bytes, text.length);
}
