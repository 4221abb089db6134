/* SPDX-License-Identifier: MIT */
#include "scenarios/file/output.h"

#include "core/units.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void scn_output_bytes(struct scn_output *out, const char *text, size_t size)
{
    if (!out->error && size)
        out->error = out->write(out->arg, text, size);
}

void scn_output_text(struct scn_output *out, const char *text)
{
    scn_output_bytes(out, text, strlen(text));
}

void scn_outputf(struct scn_output *out, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    scn_output_text(out, text);
}

/* ---- values ---- */

int scn_format_range(char *text, size_t size, const struct scn_range *range)
{
    char min[32], max[32];
    sm__format_duration(min, sizeof min, range->min_ns);
    sm__format_duration(max, sizeof max, range->max_ns);
    if (range->min_ns == range->max_ns)
        return snprintf(text, size, "%s", min);
    return snprintf(text, size, "%s..%s", min, max);
}

/* Writes value / unit, of so many digits after the point, without needless zeros: 1500 of 10,000 is
 * "0.15". */
static int format_fraction(char *text, size_t size, uint32_t value, uint32_t unit, int digits)
{
    uint32_t rest = value % unit;
    if (rest == 0)
        return snprintf(text, size, "%u", value / unit);
    while (rest % 10 == 0) {
        rest /= 10;
        digits--;
    }
    return snprintf(text, size, "%u.%0*u", value / unit, digits, rest);
}

int scn_format_share(char *text, size_t size, uint32_t ppm)
{
    char number[32];
    format_fraction(number, sizeof number, ppm, 10000, 4);
    return snprintf(text, size, "%s%%", number);
}

int scn_format_ppb(char *text, size_t size, int64_t ppb)
{
    char number[32];
    format_fraction(number, sizeof number, (uint32_t)(ppb < 0 ? -ppb : ppb), 1000, 3);
    return snprintf(text, size, "%s%sppm", ppb < 0 ? "-" : "", number);
}

int scn_format_bytes(char *text, size_t size, int64_t bytes)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (bytes && bytes % 1024 == 0 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1024;
        unit++;
    }
    return snprintf(text, size, "%" PRId64 "%s", bytes, units[unit]);
}

int scn_format_latency(char *text, size_t size, const struct scn_latency *latency)
{
    char a[32], b[32], shape[48];
    sm__format_duration(a, sizeof a, latency->a_ns);
    sm__format_duration(b, sizeof b, latency->b_ns);
    switch ((enum scn_latency_kind)latency->kind) {
    case SCN_LATENCY_UNIFORM:
        return scn_format_range(text, size, &(struct scn_range){latency->a_ns, latency->b_ns});
    case SCN_LATENCY_EXPONENTIAL:
        return snprintf(text, size, "exponential(%s)", a);
    case SCN_LATENCY_LOGNORMAL:
        format_fraction(shape, sizeof shape, latency->shape_ppm, 1000000, 6);
        return snprintf(text, size, "lognormal(%s, %s)", a, shape);
    case SCN_LATENCY_BIMODAL:
        scn_format_share(shape, sizeof shape, latency->shape_ppm);
        return snprintf(text, size, "bimodal(%s, %s, %s)", a, b, shape);
    }
    return snprintf(text, size, "?");
}

int scn_format_link(char *text, size_t size, const struct scn_link *link)
{
    static const struct {
        uint32_t bit;
        const char *name;
        size_t offset;
    } shares[] = {
        {SCN_LINK_LOSS, "loss", offsetof(struct scn_link, loss_ppm)},
        {SCN_LINK_DUPLICATE, "duplicate", offsetof(struct scn_link, duplicate_ppm)},
        {SCN_LINK_REORDER, "reorder", offsetof(struct scn_link, reorder_ppm)},
        {SCN_LINK_CORRUPT, "corrupt", offsetof(struct scn_link, corrupt_ppm)},
        {SCN_LINK_CORRUPT_STREAMS, "corrupt_streams",
         offsetof(struct scn_link, corrupt_streams_ppm)},
    };
    char line[400] = "", value[SCN_VALUE_BYTES];
    int used = 0;
    if (link->set & SCN_LINK_LATENCY) {
        scn_format_latency(value, sizeof value, &link->latency);
        used += snprintf(line, sizeof line, ", latency %s", value);
    }
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        if (!(link->set & shares[i].bit))
            continue;
        uint32_t ppm;
        memcpy(&ppm, (const char *)link + shares[i].offset, sizeof ppm);
        scn_format_share(value, sizeof value, ppm);
        used += snprintf(line + used, sizeof line - (size_t)used, ", %s %s", shares[i].name, value);
    }
    if (link->set & SCN_LINK_BANDWIDTH) {
        scn_format_bytes(value, sizeof value, link->bandwidth_bytes_per_s);
        used += snprintf(line + used, sizeof line - (size_t)used, ", bandwidth %s/s", value);
    }
    if (link->set & SCN_LINK_JITTER) {
        scn_format_latency(value, sizeof value, &link->jitter);
        used += snprintf(line + used, sizeof line - (size_t)used, ", jitter %s", value);
    }
    if (link->set & SCN_LINK_QUEUE) {
        scn_format_bytes(value, sizeof value, link->queue_bytes);
        used += snprintf(line + used, sizeof line - (size_t)used, ", queue %s", value);
    }
    if (link->set & SCN_LINK_MTU)
        snprintf(line + used, sizeof line - (size_t)used, ", mtu %u", link->mtu_bytes);
    return snprintf(text, size, "%s", line[0] ? line + 2 : "");
}

int scn_format_target(char *text, size_t size, const struct scn *scn, uint32_t group,
                      uint32_t index)
{
    if (group == SCN_NONE)
        return snprintf(text, size, "any");
    if (index == SCN_NONE || !scn->groups[group].counted)
        return snprintf(text, size, "%s", scn->groups[group].name);
    return snprintf(text, size, "%s%u", scn->groups[group].name, index + 1);
}
