/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "core/seam.h"
#include "scenarios/cli/cli.h"

/* A broken assertion in this program itself: no run was judged, and abort's code would be above
 * 125. */
_Noreturn void sm__bug_report(const char *message)
{
    fflush(stdout);
    fprintf(stderr, "steelmill: a bug in steelmill itself: %s\n", message);
    _exit(CLI_NOT_JUDGED);
}
