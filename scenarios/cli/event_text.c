/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/event_text.h"

#include <inttypes.h>
#include <string.h>

#include "scenarios/cli/json.h"

#define NAME_BYTES 128

static const char *kind_text(uint16_t kind)
{
#define KIND_TEXT_(name, value, text) [value] = text,
    static const char *const texts[SIM_KIND_END_] = {SIM_KIND_LIST(KIND_TEXT_)};
#undef KIND_TEXT_
    return kind < SIM_KIND_END_ && texts[kind] != NULL ? texts[kind] : "unknown";
}

/* Records count machines from 1; 0 is the world. */
static const char *machine_text(const struct scn *scn, uint32_t machine, char text[NAME_BYTES])
{
    if (machine == 0)
        snprintf(text, NAME_BYTES, "world");
    else if (machine <= scn->machine_count)
        scn_machine_name(scn, machine - 1, text, NAME_BYTES);
    else
        snprintf(text, NAME_BYTES, "machine#%" PRIu32, machine);
    return text;
}

void cli_print_time(FILE *file, int64_t time_ns)
{
    fprintf(file, "%" PRId64 ".%09" PRId64 "s", time_ns / 1000000000, time_ns % 1000000000);
}

void cli_event_print_text(FILE *file, const struct scn *scn, const struct sim_record *record)
{
    char name[NAME_BYTES];
    fprintf(file, "%6" PRId64 ".%09" PRId64 "s  #%-8" PRIu64 " %-9s  %-12s",
            record->time_ns / 1000000000, record->time_ns % 1000000000, record->seq,
            kind_text(record->kind), machine_text(scn, record->machine, name));
    if (record->task != 0)
        fprintf(file, "  task %" PRIu32, record->task);
    if (record->peer != 0)
        fprintf(file, "  peer %s", machine_text(scn, record->peer, name));
    if (record->object != 0)
        fprintf(file, "  object %" PRIu64, record->object);
    if (record->size != 0)
        fprintf(file, "  size %" PRIu64, record->size);
    if (record->hash != 0)
        fprintf(file, "  hash %016" PRIx64, record->hash);
    if (record->flags != 0)
        fprintf(file, "  flags %x", record->flags);
    if (record->cause != 0)
        fprintf(file, "  cause #%" PRIu64, record->cause);
    fputc('\n', file);
}

void cli_event_print_json(FILE *file, const struct scn *scn, const struct sim_record *record)
{
    char name[NAME_BYTES];
    struct cli_json json;
    cli_json_begin(&json, file);
    cli_json_open(&json, NULL, '{');
    cli_json_i64(&json, "time_ns", record->time_ns);
    cli_json_u64(&json, "seq", record->seq);
    cli_json_text(&json, "kind", kind_text(record->kind));
    cli_json_text(&json, "machine", machine_text(scn, record->machine, name));
    cli_json_u64(&json, "task", record->task);
    if (record->peer != 0)
        cli_json_text(&json, "peer", machine_text(scn, record->peer, name));
    cli_json_u64(&json, "object", record->object);
    cli_json_u64(&json, "size", record->size);
    cli_json_hex(&json, "hash", record->hash);
    cli_json_u64(&json, "flags", record->flags);
    cli_json_u64(&json, "cause", record->cause);
    cli_json_close(&json, '}');
}

struct difference {
    char *text;
    size_t size, length;
};

static void note(struct difference *difference, bool differs, const char *name)
{
    if (!differs || difference->length >= difference->size)
        return;
    difference->length += (size_t)snprintf(difference->text + difference->length,
                                           difference->size - difference->length, "%s%s",
                                           difference->length > 0 ? ", " : "", name);
}

bool cli_event_differs(const struct sim_record *a, const struct sim_record *b, char *text,
                       size_t size)
{
    struct difference difference = {text, size, 0};
    note(&difference, a->time_ns != b->time_ns, "time");
    note(&difference, a->seq != b->seq, "number");
    note(&difference, a->kind != b->kind, "kind");
    note(&difference, a->machine != b->machine, "machine");
    note(&difference, a->task != b->task, "task");
    note(&difference, a->peer != b->peer, "peer");
    note(&difference, a->object != b->object, "object");
    note(&difference, a->size != b->size, "size");
    note(&difference, a->hash != b->hash, "payload");
    note(&difference, a->flags != b->flags, "flags");
    note(&difference, a->cause != b->cause, "cause");
    return difference.length > 0;
}
