/* SPDX-License-Identifier: MIT */
/* A planned fault in words. */
#include "scenarios/plan/plan.h"

#include "scenarios/file/output.h"

#include <steelmill/time.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define NAMES_SHOWN 8u /* machines that are named one by one */

/* A text that grows in the caller's buffer; `used` counts what does not fit, too. */
struct line {
    char *text;
    size_t size;
    int used;
};

static void put(struct line *line, const char *format, ...) SM_PRINTF(2, 3);

static void put(struct line *line, const char *format, ...)
{
    va_list args;
    size_t used = (size_t)line->used < line->size ? (size_t)line->used : line->size;
    va_start(args, format);
    line->used += vsnprintf(line->text + used, line->size - used, format, args);
    va_end(args);
}

/* Three decimals of the unit that fits, without needless zeros: 3.2s, 17.25ms. */
static void put_duration(struct line *line, int64_t ns)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"s", SM_S}, {"ms", SM_MS}, {"us", SM_US}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (ns < units[i].ns)
            continue;
        int64_t thousandths = ns % units[i].ns / (units[i].ns / 1000);
        int digits = 3;
        for (; digits > 0 && thousandths % 10 == 0; digits--)
            thousandths /= 10;
        put(line, "%" PRId64, ns / units[i].ns);
        if (digits)
            put(line, ".%0*" PRId64, digits, thousandths);
        put(line, "%s", units[i].name);
        return;
    }
    put(line, "%" PRId64 "ns", ns);
}

static void put_machine(struct line *line, const struct scn *scn, uint32_t machine)
{
    char name[SCN_VALUE_BYTES];
    scn_machine_name(scn, machine, name, sizeof name);
    put(line, "%s", name);
}

static void put_target(struct line *line, const struct scn *scn, const struct plan_fault *fault)
{
    if (fault->machine == SCN_NONE)
        put(line, "the %s", scn->faults[fault->fault].of_role);
    else
        put_machine(line, scn, fault->machine);
}

/* "client1 store": the machines of one side. */
static void put_side(struct line *line, const struct scn *scn, const uint32_t *sides, uint32_t side)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < scn->machine_count; i++) {
        if (sides[i] != side || ++count > NAMES_SHOWN)
            continue;
        put(line, " ");
        put_machine(line, scn, i);
    }
    if (count > NAMES_SHOWN)
        put(line, " and %u more", count - NAMES_SHOWN);
}

/* The machines in the order of the ring. */
static void put_ring(struct line *line, const struct scn *scn, const uint32_t *places)
{
    uint32_t count = scn->machine_count, shown = count < NAMES_SHOWN ? count : NAMES_SHOWN;
    uint32_t order[NAMES_SHOWN] = {0};
    for (uint32_t i = 0; i < count; i++)
        if (places[i] < shown)
            order[places[i]] = i;
    for (uint32_t i = 0; i < shown; i++) {
        put(line, i ? " - " : " ");
        put_machine(line, scn, order[i]);
    }
    put(line, shown < count ? " - and %u more" : " -", count - shown);
}

static void put_end(struct line *line, const struct scn *scn, const struct scn_end *end)
{
    char text[SCN_VALUE_BYTES];
    scn_format_target(text, sizeof text, scn, end->group, end->index);
    if (*end->role)
        put(line, "the %s", end->role);
    else
        put(line, "%s", text);
}

/* " client -> store" */
static void put_links(struct line *line, const struct scn *scn, const struct scn_link *link,
                      const char *arrow)
{
    put(line, " ");
    put_end(line, scn, &link->from);
    put(line, " %s ", arrow);
    put_end(line, scn, &link->to);
}

static void put_partition(struct line *line, const struct scn *scn, const struct plan_fault *fault)
{
    static const char *const splits[] = {
        [SCN_SPLIT_HALVES] = "halves:",     [SCN_SPLIT_ISOLATE] = "isolate",
        [SCN_SPLIT_MINORITY] = "minority:", [SCN_SPLIT_RING] = "ring:",
        [SCN_SPLIT_BRIDGE] = "bridge:",     [SCN_SPLIT_ONE_WAY] = "one-way:",
        [SCN_SPLIT_BETWEEN] = "between:",
    };
    const struct scn_fault *entry = &scn->faults[fault->fault];
    uint32_t split = entry->split;
    bool one_way = split == SCN_SPLIT_ONE_WAY;
    put(line, "partition %s", splits[split]);
    if (!fault->sides && split != SCN_SPLIT_ISOLATE) {
        put_links(line, scn, &entry->link, one_way ? "-/->" : "|");
        return;
    }
    if (split == SCN_SPLIT_ISOLATE && fault->sides) {
        put_side(line, scn, fault->sides, 1);
        return;
    }
    if (split == SCN_SPLIT_ISOLATE || (split == SCN_SPLIT_MINORITY && *entry->of_role)) {
        put(line, " the %s", entry->of_role);
        return;
    }
    if (split == SCN_SPLIT_RING) {
        put_ring(line, scn, fault->sides);
        return;
    }
    put_side(line, scn, fault->sides, one_way ? 0 : 1);
    put(line, one_way ? " -/->" : " |");
    if (split == SCN_SPLIT_BRIDGE) {
        put_side(line, scn, fault->sides, 2);
        put(line, " |");
    }
    put_side(line, scn, fault->sides, one_way ? 1 : 0);
}

/* "no-memory store 5% above 1KiB" */
static void put_machine_fault(struct line *line, const struct scn *scn,
                              const struct plan_fault *fault)
{
    const struct scn_fault *entry = &scn->faults[fault->fault];
    char value[SCN_VALUE_BYTES];
    put(line, "%s ", scn_fault_kind_text(fault->kind));
    put_target(line, scn, fault);
    if (fault->kind == SCN_FAULT_CLOCK_STEP) {
        put(line, fault->amount < 0 ? " by -" : " by ");
        put_duration(line, fault->amount < 0 ? -fault->amount : fault->amount);
    } else if (fault->kind == SCN_FAULT_CLOCK_DRIFT) {
        scn_format_ppb(value, sizeof value, fault->amount);
        put(line, " by %s", value);
    } else if (fault->kind == SCN_FAULT_SLOW) {
        put(line, " %u times", entry->factor);
    } else if (entry->nth) {
        put(line, " allocation %" PRIu64, entry->nth);
    } else {
        scn_format_share(value, sizeof value, entry->share_ppm);
        put(line, " %s", value);
    }
    if (entry->above_bytes > 0) {
        scn_format_bytes(value, sizeof value, entry->above_bytes);
        put(line, " above %s", value);
    }
}

static void put_share(struct line *line, const char *name, uint32_t share_ppm)
{
    char value[SCN_VALUE_BYTES];
    if (share_ppm == 0)
        return;
    scn_format_share(value, sizeof value, share_ppm);
    put(line, " %s %s", name, value);
}

/* " read_error 5% bit_rot 1% of *.wal" */
static void put_disk_fault(struct line *line, const struct scn_disk_fault *disk)
{
    put_share(line, "read_error", disk->read_error_ppm);
    put_share(line, "write_error", disk->write_error_ppm);
    put_share(line, "sync_error", disk->sync_error_ppm);
    put_share(line, "short", disk->short_ppm);
    put(line, "%s%s%s%s", disk->latency.max_ns > 0 ? " slow" : "", disk->stall ? " stalled" : "",
        disk->full ? " full" : "", disk->read_only ? " read_only" : "");
    put_share(line, "lost_write", disk->lost_write_ppm);
    put_share(line, "misdirected", disk->misdirected_ppm);
    put_share(line, "bit_rot", disk->bit_rot_ppm);
    if (*disk->files)
        put(line, " of %s", disk->files);
}

static void put_link_fault(struct line *line, const struct scn *scn, const struct scn_fault *entry)
{
    char value[400];
    bool both_ways = entry->kind == SCN_FAULT_FLAP || entry->kind == SCN_FAULT_RESET ||
                     entry->kind == SCN_FAULT_BLACK_HOLE;
    put(line, "%s", scn_fault_kind_text(entry->kind));
    put_links(line, scn, &entry->link, both_ways ? "<->" : "->");
    if (entry->kind == SCN_FAULT_LINK) {
        scn_format_link(value, sizeof value, &entry->link);
        put(line, " to %s", value);
    } else if (entry->kind == SCN_FAULT_SLOW_READER) {
        scn_format_bytes(value, sizeof value, entry->link.bandwidth_bytes_per_s);
        put(line, " at %s/s", value);
    } else if (entry->kind == SCN_FAULT_LATE_NAME) {
        scn_format_latency(value, sizeof value, &entry->link.latency);
        put(line, " by %s", value);
    }
}

static void put_network_fault(struct line *line, const struct scn *scn,
                              const struct plan_fault *fault)
{
    const struct scn_fault *entry = &scn->faults[fault->fault];
    const struct scn_end of = {entry->of_group, entry->of_index, entry->of_role};
    if (fault->kind == SCN_FAULT_PARTITION) {
        put_partition(line, scn, fault);
    } else if (fault->kind == SCN_FAULT_SWIZZLE) {
        put(line, "swizzle ");
        put_end(line, scn, &of);
    } else {
        put_link_fault(line, scn, entry);
    }
}

static void put_what(struct line *line, const struct scn *scn, const struct plan_fault *fault)
{
    switch ((enum scn_fault_kind)fault->kind) {
    case SCN_FAULT_PAUSE:
    case SCN_FAULT_CRASH:
        put(line, fault->kind == SCN_FAULT_PAUSE ? "pause " : "crash ");
        put_target(line, scn, fault);
        put(line, "%s", scn->faults[fault->fault].wipe ? " and wipe its disk," : "");
        break;
    case SCN_FAULTS_OF_NETWORK:
        put_network_fault(line, scn, fault);
        break;
    case SCN_FAULT_CLOCK_STEP:
    case SCN_FAULT_CLOCK_DRIFT:
    case SCN_FAULT_SLOW:
    case SCN_FAULT_NO_MEMORY:
        put_machine_fault(line, scn, fault);
        break;
    case SCN_FAULT_DISK:
        put(line, "disk ");
        put_target(line, scn, fault);
        put_disk_fault(line, &scn->faults[fault->fault].disk);
        break;
    case SCN_FAULT_KIND_COUNT:
        break;
    }
}

int plan_describe(const struct scn *scn, const struct plan_fault *fault, char *text, size_t size)
{
    struct line line = {.text = text, .size = size};
    put(&line, "%4" PRId64 ".%03" PRId64 "s ", fault->begin_ns / SM_S,
        fault->begin_ns % SM_S / SM_MS);
    put_what(&line, scn, fault);
    const bool at_once = scn_fault_is_at_once(fault->kind);
    if (!at_once && fault->end_ns == INT64_MAX) {
        put(&line, " for good");
    } else if (!at_once) {
        put(&line, " for ");
        put_duration(&line, fault->end_ns - fault->begin_ns);
    }
    if (fault->masked)
        put(&line, " (masked)");
    return line.used;
}
