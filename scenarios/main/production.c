/* SPDX-License-Identifier: MIT */
#include "scenarios/main/main.h"
#include "scenarios/serve/serve.h"
#include "scenarios/worker/worker.h"

int sm_main(int argc, char **argv, const struct sm_plugin *plugin)
{
    worker_plugin_set_own(plugin);
    return main_is_started(argc, argv) ? serve_main(argc, argv)
                                       : main_become("STEELMILL_SERVE", argc, argv);
}
