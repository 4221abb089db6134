/* SPDX-License-Identifier: MIT */
/*
 * The text of a scenario file, and messages that point into it.
 */
#ifndef STEELMILL_SCENARIOS_FILE_SOURCE_H
#define STEELMILL_SCENARIOS_FILE_SOURCE_H

#include "scenarios/file/scenario.h"

#include <steelmill/base.h>

#include <stdarg.h>

#define SCN_FILE_BYTES_MAX ((size_t)4 << 20)

struct scn_source {
    const char *name; /* as the user gave it */
    char *text;       /* ended by a NUL that `size` does not count */
    size_t size;
};

/* Where something was written. */
struct scn_place {
    uint32_t line, column; /* from 1; columns count characters; line 0: nowhere in particular */
    const char *set;       /* the --set text that it comes from; NULL: the file */
};

/*
 * Reads a whole file. `source->text` is the caller's to free, also after a failure.
 * Returns 0, -errno of what failed, -EISDIR, -E2BIG, -ENOMEM; `error` says which.
 */
int scn_source_read(struct scn_source *source, const char *path, struct scn_error *error);

/*
 * Refuses what is not a text: bytes that are not UTF-8, control characters, and line separators
 * that editors do not count. Drops a byte order mark. Returns 0, -EINVAL.
 */
int scn_source_check(struct scn_source *source, struct scn_error *error);

/*
 * Writes "name:line:column: message", the line, and a caret below the column. Returns -EINVAL.
 */
int scn_source_fail(const struct scn_source *source, struct scn_place place,
                    struct scn_error *error, const char *format, ...) SM_PRINTF(4, 5);
int scn_source_vfail(const struct scn_source *source, struct scn_place place,
                     struct scn_error *error, const char *format, va_list args) SM_PRINTF(4, 0);

#endif
