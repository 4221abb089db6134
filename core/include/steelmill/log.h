/* SPDX-License-Identifier: MIT */
/*
 * The log: structured, leveled, scoped by machine and daemon.
 *
 *   sm_log_info(self->log, "lease acquired", sm_u64("token", token), sm_str("key", key));
 *
 * People read it as text, programs as JSON lines (the host program chooses). Time, machine, daemon
 * and task are added by steelmill. In simulation the times are virtual.
 */
#ifndef STEELMILL_LOG_H
#define STEELMILL_LOG_H

#include <steelmill/base.h>

SM_C_BEGIN

struct sm_factory;
struct sm_log;

enum sm_log_level { SM_LOG_ERROR, SM_LOG_WARN, SM_LOG_INFO, SM_LOG_DEBUG, SM_LOG_TRACE };

enum sm_field_kind { SM_FIELD_END, SM_FIELD_I64, SM_FIELD_U64, SM_FIELD_STR, SM_FIELD_HEX };

struct sm_field {
    const char *name; /* a static string */
    enum sm_field_kind kind;
    union {
        int64_t i64;
        uint64_t u64;
        const char *str; /* read during the call only; NULL prints as null */
    } value;
};

static inline struct sm_field sm_i64(const char *name, int64_t value)
{
    struct sm_field f;
    f.name = name;
    f.kind = SM_FIELD_I64;
    f.value.i64 = value;
    return f;
}

static inline struct sm_field sm_u64(const char *name, uint64_t value)
{
    struct sm_field f;
    f.name = name;
    f.kind = SM_FIELD_U64;
    f.value.u64 = value;
    return f;
}

static inline struct sm_field sm_hex(const char *name, uint64_t value)
{
    struct sm_field f;
    f.name = name;
    f.kind = SM_FIELD_HEX;
    f.value.u64 = value;
    return f;
}

static inline struct sm_field sm_str(const char *name, const char *value)
{
    struct sm_field f;
    f.name = name;
    f.kind = SM_FIELD_STR;
    f.value.str = value;
    return f;
}

static inline struct sm_field sm__field_end(void)
{
    struct sm_field f;
    f.name = NULL;
    f.kind = SM_FIELD_END;
    f.value.u64 = 0;
    return f;
}

/*
 * The log of a factory: a capability as `net` and `disk` are. It lives as long as the factory.
 * Returns: never NULL.
 */
SM_API struct sm_log *sm_log_get(struct sm_factory *factory);

/* True if a line of that level would be kept: guard for costly arguments. */
SM_API bool sm_log_enabled(const struct sm_log *log, enum sm_log_level level);

/*
 * Writes one line. Use the macros below, which end the list of fields.
 *   message: a static text without values in it, so that lines of one kind can be found
 *   fields: ended by SM_FIELD_END; at most 16
 * Context: anywhere. Blocks? never. Randomness: none; the log is outside of the digest.
 */
SM_API void sm_log_write(struct sm_log *log, enum sm_log_level level, const char *message,
                         const struct sm_field *fields);

#ifndef __cplusplus
#define SM_LOG_(log, level, message, ...)                                                        \
    do {                                                                                         \
        if (sm_log_enabled((log), (level)))                                                      \
            sm_log_write((log), (level), (message),                                              \
                         (const struct sm_field[]){__VA_ARGS__ __VA_OPT__(, ) sm__field_end()}); \
    } while (0)
#define sm_log_error(log, ...) SM_LOG_(log, SM_LOG_ERROR, __VA_ARGS__)
#define sm_log_warn(log, ...)  SM_LOG_(log, SM_LOG_WARN, __VA_ARGS__)
#define sm_log_info(log, ...)  SM_LOG_(log, SM_LOG_INFO, __VA_ARGS__)
#define sm_log_debug(log, ...) SM_LOG_(log, SM_LOG_DEBUG, __VA_ARGS__)
#define sm_log_trace(log, ...) SM_LOG_(log, SM_LOG_TRACE, __VA_ARGS__)
#endif

SM_C_END
#endif
