/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/load.h"

#include <errno.h>
#include <stdio.h>

#include "scenarios/cli/locate.h"
#include "scenarios/cli/near_file.h"

static int find_plugin(struct cli_scenario *scenario)
{
    char path[PATH_MAX];
    struct scn *scn = scenario->scn;
    int failed = cli_locate_plugin(scenario->path, scn->plugin, scn->folder, path);
    if (failed != 0)
        return failed;
    scn->plugin_path = scn_arena_text(scenario->arena, path);
    if (scn->plugin_path == NULL) {
        cli_error("%s: the scenario is too large", scenario->path);
        return CLI_USAGE;
    }
    return 0;
}

static void report_unread(const char *path, int failed, const char *text)
{
    char near[PATH_MAX];
    if ((failed == -ENOENT || failed == -EISDIR) && cli_near_file(path, near))
        fprintf(stderr, "%s; did you mean %s?\n", text, near);
    else
        fprintf(stderr, "%s\n", text);
}

int cli_scenario_load(struct cli_scenario *out, const char *path, const struct cli_args *args)
{
    struct scn_error error;
    *out = (struct cli_scenario){
        .path = path,
        .sets = (const char *const *)args->sets,
        .set_count = args->set_count,
    };
    int failed = scn_read(path, out->sets, out->set_count, &out->arena, &out->scn, &error);
    if (failed != 0) {
        report_unread(path, failed, error.text);
        return CLI_USAGE;
    }
    failed = find_plugin(out);
    if (failed != 0)
        cli_scenario_unload(out);
    return failed;
}

void cli_scenario_unload(struct cli_scenario *scenario)
{
    if (scenario->arena != NULL)
        scn_arena_destroy(scenario->arena);
    scenario->arena = NULL;
    scenario->scn = NULL;
}
