/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/tables.h"

#include <inttypes.h>
#include <string.h>

#include "scenarios/cli/style.h"
#include <steelmill/property.h>

const char *cli_property_kind(uint32_t kind)
{
    static const char *const kinds[SM_SITE_KIND_COUNT] = {
        [SM_SITE_ALWAYS] = "always",         [SM_SITE_SOMETIMES] = "sometimes",
        [SM_SITE_REACHABLE] = "reachable",   [SM_SITE_UNREACHABLE] = "unreachable",
        [SM_SITE_EVENTUALLY] = "eventually", [SM_SITE_BUGGIFY] = "buggify",
    };
    return kind < SM_SITE_KIND_COUNT ? kinds[kind] : "unknown";
}

const char *cli_fault_name(const struct scn *scn, uint32_t index)
{
    return index < scn->fault_count ? scn->faults[index].name : "?";
}

bool cli_fault_never_bit(const struct job_fault *fault)
{
    return fault->configured > 0 && fault->observed == 0;
}

void cli_table_faults(FILE *file, const struct scn *scn, const struct job_fault *faults,
                      uint32_t count)
{
    if (count == 0)
        return;
    fprintf(file, "faults      %-24s %12s %12s %12s\n", "", "configured", "fired", "observed");
    for (uint32_t i = 0; i < count; i++) {
        bool never_bit = cli_fault_never_bit(&faults[i]);
        fprintf(file, "            %-24s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "%s%s%s\n",
                cli_fault_name(scn, i), faults[i].configured, faults[i].fired, faults[i].observed,
                never_bit ? cli_style(file, CLI_YELLOW) : "", never_bit ? "  never bit" : "",
                never_bit ? cli_style(file, CLI_PLAIN) : "");
    }
}

static void print_property(FILE *file, const struct job_property *property)
{
    fprintf(file, "            %-12s %-48s %12" PRIu64 " %12" PRIu64,
            cli_property_kind(property->kind), property->name, property->hit_count,
            property->true_count);
    if (property->kind == SM_SITE_EVENTUALLY && property->pending > 0)
        fprintf(file, "  %spending on %" PRIu32 " machine%s%s", cli_style(file, CLI_RED),
                property->pending, property->pending == 1 ? "" : "s", cli_style(file, CLI_PLAIN));
    fputc('\n', file);
}

void cli_table_properties(FILE *file, const struct job_property *properties, uint32_t count)
{
    if (count == 0)
        return;
    fprintf(file, "properties  %-12s %-48s %12s %12s\n", "", "", "evaluated", "true");
    for (uint32_t kind = 0; kind < SM_SITE_KIND_COUNT; kind++)
        for (uint32_t i = 0; i < count; i++)
            if (properties[i].kind == kind)
                print_property(file, &properties[i]);
}
