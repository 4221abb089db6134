/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/text.h"

#include <string.h>

#include "scenarios/cli/cli.h"
#include "scenarios/cli/style.h"

void cli_print_lines(FILE *file, const char *first, const char *next, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        fprintf(file, "%s%.*s\n", first, (int)length, text);
        text += length + (text[length] == '\n');
        first = next;
    }
}

const char *cli_verdict_text(int exit)
{
    switch (exit) {
    case CLI_PASSED:
        return "passed";
    case CLI_FINDING:
        return "finding";
    case CLI_USAGE:
        return "unusable";
    case CLI_DIVERGED:
        return "diverged";
    default:
        return "not judged";
    }
}

void cli_print_verdict(FILE *file, int exit)
{
    enum cli_style style = exit == CLI_PASSED    ? CLI_GREEN
                           : exit == CLI_FINDING ? CLI_RED
                                                 : CLI_YELLOW;
    fprintf(file, "verdict     %s%s%s", cli_style(file, style), cli_verdict_text(exit),
            cli_style(file, CLI_PLAIN));
}
