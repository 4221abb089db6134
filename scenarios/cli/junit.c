/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/junit.h"

#include <inttypes.h>
#include <stdlib.h>

#include "scenarios/cli/report.h"

/* Text of an attribute or element. Bytes that XML has no place for become '?'. */
static void print_escaped(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '&')
            fputs("&amp;", file);
        else if (byte == '<')
            fputs("&lt;", file);
        else if (byte == '>')
            fputs("&gt;", file);
        else if (byte == '"')
            fputs("&quot;", file);
        else if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte >= 0x7f)
            fputc('?', file);
        else
            fputc(byte, file);
    }
}

static void open_case(FILE *file, const struct cli_summary *summary, const char *name)
{
    fputs("    <testcase classname=\"", file);
    print_escaped(file, summary->scenario->scn->name);
    fputs("\" name=\"", file);
    print_escaped(file, name);
    fputs("\">\n", file);
}

static void print_finding(FILE *file, const struct cli_summary *summary,
                          const struct cli_group *group)
{
    char *report = NULL, name[JOB_NAME_BYTES + 64];
    size_t size;
    snprintf(name, sizeof name, "%s %s %016" PRIx64, cli_finding_kind(group->example->finding),
             group->example->subject, group->signature);
    open_case(file, summary, name);
    fputs("      <failure message=\"", file);
    print_escaped(file, group->example->text);
    fprintf(file, "\">%" PRIu64 " seeds, the first is %" PRIu64 "\n", group->seed_count,
            group->seeds.entries[0].seed);
    FILE *memory = open_memstream(&report, &size);
    if (memory != NULL) {
        cli_report_finding(memory, summary->scenario, group->example, summary->symbols);
        if (fclose(memory) == 0)
            print_escaped(file, report);
        free(report);
    }
    fputs("</failure>\n    </testcase>\n", file);
}

static void print_expectation(FILE *file, const struct cli_summary *summary, const char *property)
{
    char name[256];
    snprintf(name, sizeof name, "sometimes %s", property);
    open_case(file, summary, name);
    if (cli_summary_missed(summary, property))
        fputs("      <failure message=\"it held in no seed\"/>\n", file);
    fputs("    </testcase>\n", file);
}

static void print_others(FILE *file, const struct cli_sweep *sweep,
                         const struct cli_summary *summary, bool judged)
{
    open_case(file, summary, "other seeds");
    if (!judged) {
        fprintf(file, "      <error message=\"%" PRIu64 " seeds were not judged",
                summary->not_judged_count);
        const char *why = sweep->why[0] != '\0' ? sweep->why : summary->not_judged.entries[0].text;
        fputs(": ", file);
        print_escaped(file, why);
        fputs("\"/>\n", file);
    }
    fprintf(file, "      <system-out>%" PRIu64 " seeds passed</system-out>\n",
            summary->passed_count);
    fputs("    </testcase>\n", file);
}

void cli_junit_begin(FILE *file)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"steelmill\">\n", file);
}

void cli_junit_suite(FILE *file, const struct cli_sweep *sweep, const struct cli_summary *summary)
{
    const struct scn *scn = summary->scenario->scn;
    bool judged = summary->not_judged_count == 0 && sweep->why[0] == '\0';
    size_t failures = summary->group_count;
    for (uint32_t i = 0; i < scn->sometimes_count; i++)
        failures += cli_summary_missed(summary, scn->sometimes[i]);
    fputs("  <testsuite name=\"", file);
    print_escaped(file, scn->name);
    fputs("\" file=\"", file);
    print_escaped(file, summary->scenario->path);
    fprintf(file,
            "\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" time=\"%" PRId64 ".%03" PRId64 "\">\n",
            summary->group_count + scn->sometimes_count + 1, failures, !judged,
            sweep->real_ns / 1000000000, sweep->real_ns / 1000000 % 1000);
    print_others(file, sweep, summary, judged);
    for (size_t i = 0; i < summary->group_count; i++)
        print_finding(file, summary, &summary->groups[i]);
    for (uint32_t i = 0; i < scn->sometimes_count; i++)
        print_expectation(file, summary, scn->sometimes[i]);
    fputs("  </testsuite>\n", file);
}

void cli_junit_end(FILE *file)
{
    fputs("</testsuites>\n", file);
}
