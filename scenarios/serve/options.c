/* SPDX-License-Identifier: MIT */
#include "scenarios/serve/serve.h"

#include "core/units.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#define STOP_LIMIT_DEFAULT_NS (10 * SM_S)

static int usage(void)
{
    serve_error("steelmill-serve is started by `steelmill serve FILE --machine NAME`");
    return -EINVAL;
}

/* Room for all machines: the lower half of the address counts them. */
static int parse_network(const char *text, uint32_t *ip_base)
{
    struct in_addr address;

    if (inet_pton(AF_INET, text, &address) == 1) {
        *ip_base = ntohl(address.s_addr);
        if (*ip_base && (*ip_base & 0xffff) == 0)
            return 0;
    }
    serve_error("--network '%s': expected an address such as 127.1.0.0", text);
    return -EINVAL;
}

static int parse(struct serve_options *options, int option)
{
    switch (option) {
    case 's':
        options->scenario_fd = atoi(optarg);
        return 0;
    case 'm':
        options->machine = optarg;
        return 0;
    case 'd':
        options->daemons[options->daemon_count++] = optarg;
        return 0;
    case 'D':
        options->data = optarg;
        return 0;
    case 'c':
        options->control = optarg;
        return 0;
    case 'H':
        options->history = optarg;
        return 0;
    case 'l':
        options->log_level = atoi(optarg);
        return 0;
    case 'j':
        options->log_json = true;
        return 0;
    case 'n':
        return parse_network(optarg, &options->ip_base);
    case 'M':
        options->metrics_port = (uint16_t)atoi(optarg);
        return 0;
    case 't':
        return sm__parse_duration(optarg, &options->stop_limit_ns) ? usage() : 0;
    default:
        return usage();
    }
}

int serve_options_parse(struct serve_options *options, int argc, char **argv)
{
    static const struct option table[] = {
        {"scenario", required_argument, NULL, 's'},   {"machine", required_argument, NULL, 'm'},
        {"daemon", required_argument, NULL, 'd'},     {"data", required_argument, NULL, 'D'},
        {"control", required_argument, NULL, 'c'},    {"history", required_argument, NULL, 'H'},
        {"log-level", required_argument, NULL, 'l'},  {"log-json", no_argument, NULL, 'j'},
        {"stop-limit", required_argument, NULL, 't'}, {"network", required_argument, NULL, 'n'},
        {"metrics", required_argument, NULL, 'M'},    {0},
    };
    int option, error = 0;

    *options = (struct serve_options){.scenario_fd = -1,
                                      .data = "data",
                                      .stop_limit_ns = STOP_LIMIT_DEFAULT_NS,
                                      .log_level = SM_LOG_INFO};
    options->daemons = calloc((size_t)argc + 1, sizeof *options->daemons);
    if (!options->daemons)
        return usage();
    opterr = 0;
    while (!error && (option = getopt_long(argc, argv, "", table, NULL)) != -1)
        error = parse(options, option);
    if (!error && (options->scenario_fd < 0 || !options->machine || optind < argc))
        error = usage();
    return error;
}
