/* SPDX-License-Identifier: MIT */
/*
 * The table-driven binder: one table describes what a map in a scenario file may hold, and serves
 * the parser, its messages, the printer, and the JSON Schema.
 *
 *   table*.c   the tables
 *   bind.c     reads maps and lists by their tables
 *   values.c   types of single values
 *   targets.c  types that name machines
 *   print.c, schema.c  the other two readers of the tables
 */
#ifndef STEELMILL_SCENARIOS_FILE_BIND_H
#define STEELMILL_SCENARIOS_FILE_BIND_H

#include "scenarios/file/node.h"
#include "scenarios/file/output.h"
#include "scenarios/file/scenario.h"

struct bind_field;
struct bind_table;

/* What the reader of one scenario carries along. */
struct bind {
    struct scn_tree *tree; /* for messages */
    struct scn_arena *arena;
    struct scn *scn;
    const char *empty;                /* "" in the arena */
    const struct scn_group **by_name; /* all groups, sorted by name; after `machines` is read */
};

enum bind_shape {
    BIND_VALUE,  /* on one line: `read` and `print` do it */
    BIND_MAP,    /* field->table, at `offset` of the target */
    BIND_LIST,   /* of maps: pointer at `offset`, count at `second` */
    BIND_NAMED,  /* machines: a map of maps, keyed by name */
    BIND_ONE_OF, /* faults: a list of maps of one key, which chooses the table */
};

/* A type of values. */
struct bind_type {
    enum bind_shape shape;
    const char *expected; /* "a duration such as 10ms or 5s" */
    /* Reads a node that is not null into target + offset. Returns 0, or fails through bind_fail. */
    int (*read)(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                char *target);
    void (*print)(struct scn_output *out, const struct bind_field *field, const char *source);
    const char *schema;    /* JSON, without braces; NULL: made from shape, words or limits */
    bool fallback_is_json; /* numbers and truth values stand without quotes in the schema */
};

/* One key of a map. */
struct bind_field {
    const char *key;
    const char *about; /* one line, no full stop */
    const struct bind_type *type;
    size_t offset, second; /* in the target; `second` for types of two parts, and counts */
    const char *fallback;  /* as a file would write it; NULL: stays zero */
    bool required;
    uint32_t bit;             /* ORed into the table's `set` when the key is given or falls back */
    int64_t min, max;         /* of numbers, durations, bytes, elements; both 0: any */
    const char *const *words; /* bind_word: what may be written, ended by NULL; the index counts */
    const struct bind_table *table; /* of the map, or of the elements */
    /* Whether print writes the key; NULL: when its bit is set, or if it has none, always. */
    bool (*when)(const char *source);
};

/* One map. */
struct bind_table {
    const char *what; /* "a machine" */
    const char *about;
    const struct bind_field *fields;
    size_t count;
    size_t size;       /* of an element in a list */
    size_t set_offset; /* of the uint32_t that takes the bits */
    /* Checks what concerns several fields. */
    int (*check)(struct bind *b, const struct scn_node *map, char *target);
    const char *schema; /* JSON members to add; NULL: none */
};

extern const struct bind_table bind_scenario;

/* ---- reading (bind.c) ---- */
int bind_map(struct bind *b, const struct bind_table *table, const struct scn_node *map,
             char *target);
/* Fails at a node. Returns -EINVAL. */
int bind_fail(struct bind *b, const struct scn_node *node, const char *format, ...) SM_PRINTF(3, 4);
/* "'key' must be <expected>, not <what is there><hint>". hint may be "". */
int bind_fail_type(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                   const char *hint);
/* The same for a value outside of the field's limits, which are given as texts. */
int bind_fail_limits(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                     const char *min, const char *max);
/* Memory of the scenario; NULL: full, and the error says so. */
void *bind_alloc(struct bind *b, size_t size);
const char *bind_text_copy(struct bind *b, const char *text);
/* `word`'s nearest of `words`, or NULL; words of any length are safe. */
const char *bind_suggest(const char *word, const char *const *words, size_t count);
/* Letters, digits, '-', '_' (and those in `more`), beginning with a letter, up to `size_max`. */
bool bind_is_name(const char *text, const char *more, size_t size_max);

/* The number of the one machine, from 0, that a node of a name says (targets.c). */
int bind_machine_number(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                        uint32_t *number);

/* ---- types ---- */
/* Values: the C type they are read into. */
extern const struct bind_type bind_text;     /* const char * */
extern const struct bind_type bind_name;     /* const char * */
extern const struct bind_type bind_bool;     /* bool */
extern const struct bind_type bind_u32;      /* uint32_t */
extern const struct bind_type bind_u64;      /* uint64_t */
extern const struct bind_type bind_duration; /* int64_t, ns */
extern const struct bind_type bind_range;    /* struct scn_range */
extern const struct bind_type bind_offset;   /* struct scn_range, may be negative */
extern const struct bind_type bind_drift;    /* struct scn_drift */
extern const struct bind_type bind_restart;  /* struct scn_range, and at `second` bool: not never */
extern const struct bind_type bind_share;    /* uint32_t, parts per million */
extern const struct bind_type bind_bytes;    /* int64_t */
extern const struct bind_type bind_bytes_u32; /* uint32_t */
extern const struct bind_type bind_rate;      /* int64_t, bytes per second */
extern const struct bind_type bind_latency;   /* struct scn_latency */
extern const struct bind_type bind_word;      /* uint32_t: the word's index */
extern const struct bind_type bind_word_text; /* const char *: the word itself */
extern const struct bind_type bind_names;     /* const char **, and at `second` uint32_t */
extern const struct bind_type bind_texts;     /* const char **, and at `second` uint32_t */
extern const struct bind_type bind_config;    /* struct scn_pair *, and at `second` uint32_t */
/* What names machines. */
extern const struct bind_type bind_end;       /* struct scn_end */
extern const struct bind_type bind_fault_end; /* the same, or a role */
extern const struct bind_type bind_of;        /* struct scn_fault: of_group, of_index, of_role */
extern const struct bind_type bind_hosts;     /* struct scn: hosts */
extern const struct bind_type bind_pins;      /* struct scn_serve: pins */
/* Shapes. */
extern const struct bind_type bind_submap;   /* a map in a part of the same target */
extern const struct bind_type bind_list;     /* pointer, and at `second` uint32_t */
extern const struct bind_type bind_machines; /* struct scn: groups */
extern const struct bind_type bind_faults;   /* struct scn: faults */

#endif
