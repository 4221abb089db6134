/* SPDX-License-Identifier: MIT */
#include "node.h"

#include <steelmill/errors.h>

static int read_times(struct sm_factory *factory, struct craft_config *config)
{
    int error = sm_config_duration(factory, "election_timeout", SM_S, &config->election_timeout_ns);
    if (!error)
        error = sm_config_duration(factory, "heartbeat", 100 * SM_MS, &config->heartbeat_ns);
    if (!error)
        error = sm_config_duration(factory, "report_interval", 250 * SM_MS,
                                   &config->report_interval_ns);
    if (!error &&
        (config->heartbeat_ns < SM_MS || config->heartbeat_ns >= config->election_timeout_ns))
        error = sm_factory_fail(factory, -SM_ECONFIG,
                                "config 'heartbeat' must be 1ms or more and less than "
                                "'election_timeout'");
    return error;
}

static int read_numbers(struct sm_factory *factory, struct craft_config *config)
{
    int error = sm_config_i64(factory, "nodes", 5, &config->nodes);
    if (!error)
        error = sm_config_i64(factory, "members", config->nodes, &config->members);
    if (!error)
        error = sm_config_i64(factory, "snapshot_threshold", 256, &config->snapshot_threshold);
    if (!error)
        error = sm_config_i64(factory, "snapshot_trailing", 64, &config->snapshot_trailing);
    if (!error)
        error = sm_config_i64(factory, "append_error_ppm", 0, &config->append_error_ppm);
    if (!error && (config->nodes < 1 || config->nodes > CRAFT_NODES_MAX))
        error = sm_factory_fail(factory, -SM_ECONFIG, "config 'nodes' must be 1 to %u",
                                CRAFT_NODES_MAX);
    if (!error && (config->members < 1 || config->members > config->nodes))
        error = sm_factory_fail(factory, -SM_ECONFIG, "config 'members' must be 1 to 'nodes'");
    if (!error && (config->snapshot_threshold < 1 || config->snapshot_trailing < 1))
        error = sm_factory_fail(factory, -SM_ECONFIG,
                                "config 'snapshot_threshold' and 'snapshot_trailing' must be 1 or "
                                "more");
    if (!error && (config->append_error_ppm < 0 || config->append_error_ppm > 1000000))
        error =
            sm_factory_fail(factory, -SM_ECONFIG, "config 'append_error_ppm' must be 0 to 1000000");
    return error;
}

int craft_config_read(struct sm_factory *factory, struct craft_config *config)
{
    int error = read_times(factory, config);
    if (!error)
        error = read_numbers(factory, config);
    if (!error)
        error = sm_config_bool(factory, "pre_vote", false, &config->pre_vote);
    if (!error)
        error = sm_config_bool(factory, "forget_vote", false, &config->forget_vote);
    const char *judge = sm_factory_config(factory, "judge");
    config->judge = judge ? judge : "judge";
    return error;
}
