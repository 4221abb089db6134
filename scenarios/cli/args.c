/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/args.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"
#include "scenarios/cli/number.h"
#include <steelmill/log.h>

#define WALL_LIMIT_DEFAULT_NS (60 * SM_S)
#define STOP_LIMIT_DEFAULT_NS (10 * SM_S)
#define RUNS_DEFAULT          5
#define SEED_LAST_DEFAULT     100

/* Reads the value of an option. Returns NULL, or what was expected instead. */
typedef const char *(*read_value)(struct cli_args *args, const char *value);

struct option {
    const char *name;
    char letter;       /* short form; 0: none */
    const char *value; /* what the help calls its value; NULL: it takes none */
    read_value read;   /* NULL: that it was given is all there is to know */
    const char *help;
};

static const char *read_seed(struct cli_args *args, const char *value)
{
    return cli_parse_u64(value, &args->seed) ? NULL : "a number, 0 to 2^64-1";
}

static const char *read_seeds(struct cli_args *args, const char *value)
{
    return cli_parse_u64_range(value, &args->seed_first, &args->seed_last)
               ? NULL
               : "a range A..B with A <= B, both included";
}

static const char *read_for(struct cli_args *args, const char *value)
{
    return sm__parse_duration(value, &args->for_ns) == 0 && args->for_ns > 0
               ? NULL
               : "a duration such as 30s or 10m";
}

static const char *read_jobs(struct cli_args *args, const char *value)
{
    uint64_t jobs;
    if (!cli_parse_u64(value, &jobs) || jobs < 1 || jobs > 4096)
        return "a number, 1 to 4096";
    args->jobs = (uint32_t)jobs;
    return NULL;
}

static const char *read_shard(struct cli_args *args, const char *value)
{
    uint64_t shard, count;
    if (!cli_parse_u64_pair(value, "/", &shard, &count) || shard < 1 || shard > count ||
        count > UINT32_MAX)
        return "I/N with 1 <= I <= N";
    args->shard = (uint32_t)shard;
    args->shard_count = (uint32_t)count;
    return NULL;
}

static const char *read_runs(struct cli_args *args, const char *value)
{
    uint64_t runs;
    if (!cli_parse_u64(value, &runs) || runs < 2 || runs > 1000000)
        return "a number, 2 to 1000000";
    args->runs = (uint32_t)runs;
    return NULL;
}

static const char *read_set(struct cli_args *args, const char *value)
{
    const char *equals = strchr(value, '=');
    if (equals == NULL || equals == value)
        return "KEY=VALUE, such as network.default.loss=1%";
    args->sets[args->set_count++] = value;
    return NULL;
}

static const char *read_digest(struct cli_args *args, const char *value)
{
    return cli_parse_digest(value, &args->digest) ? NULL : "16 hexadecimal digits";
}

static const char *read_until(struct cli_args *args, const char *value)
{
    return sm__parse_duration(value, &args->until_ns) == 0 && args->until_ns >= 0
               ? NULL
               : "a duration of virtual time such as 12.5s";
}

static const char *read_wall_limit(struct cli_args *args, const char *value)
{
    return sm__parse_duration(value, &args->wall_limit_ns) == 0 && args->wall_limit_ns > 0
               ? NULL
               : "a duration of real time such as 60s";
}

static const char *read_format(struct cli_args *args, const char *value)
{
    if (strcmp(value, "text") == 0)
        args->format = CLI_FORMAT_TEXT;
    else if (strcmp(value, "json") == 0)
        args->format = CLI_FORMAT_JSON;
    else
        return "text or json";
    return NULL;
}

static const char *read_output(struct cli_args *args, const char *value)
{
    args->output = value;
    return *value != '\0' ? NULL : "a file name";
}

static const char *read_junit(struct cli_args *args, const char *value)
{
    args->junit = value;
    return *value != '\0' ? NULL : "a file name";
}

static const char *read_machine(struct cli_args *args, const char *value)
{
    args->machine = value;
    return *value != '\0' ? NULL : "the name of a machine";
}

static const char *read_daemon(struct cli_args *args, const char *value)
{
    args->daemons[args->daemon_count++] = value;
    return *value != '\0' ? NULL : "the name of a daemon";
}

static const char *read_data(struct cli_args *args, const char *value)
{
    args->data = value;
    return *value != '\0' ? NULL : "a folder";
}

static const char *read_network(struct cli_args *args, const char *value)
{
    args->network = value;
    return *value != '\0' ? NULL : "an address such as 127.1.0.0";
}

static const char *read_metrics(struct cli_args *args, const char *value)
{
    uint64_t port;
    if (!cli_parse_u64(value, &port) || port < 1 || port > UINT16_MAX)
        return "a port, 1 to 65535";
    args->metrics_port = (uint32_t)port;
    return NULL;
}

static const char *read_workers(struct cli_args *args, const char *value)
{
    uint64_t workers;
    if (!cli_parse_u64(value, &workers) || workers < 1 || workers > 256)
        return "a number, 1 to 256";
    snprintf(args->set_workers, sizeof args->set_workers, "serve.workers=%" PRIu64, workers);
    args->sets[args->set_count++] = args->set_workers;
    return NULL;
}

static const char *read_control(struct cli_args *args, const char *value)
{
    args->control = value;
    return *value != '\0' ? NULL : "a path for a socket";
}

static const char *read_history(struct cli_args *args, const char *value)
{
    args->history = value;
    return *value != '\0' ? NULL : "a file name";
}

static const char *read_stop_limit(struct cli_args *args, const char *value)
{
    return sm__parse_duration(value, &args->stop_limit_ns) == 0 && args->stop_limit_ns > 0
               ? NULL
               : "a duration such as 10s";
}

static const char *read_log(struct cli_args *args, const char *value)
{
    static const char *const levels[] = {"error", "warn", "info", "debug", "trace"};
    for (int i = 0; i < (int)(sizeof levels / sizeof *levels); i++)
        if (strcmp(value, levels[i]) == 0) {
            args->log_level = i;
            return NULL;
        }
    return "error, warn, info, debug or trace";
}

static const struct option options[CLI_OPT_COUNT] = {
    [CLI_OPT_SEED] = {"seed", 0, "N", read_seed, "the run's seed"},
    [CLI_OPT_SEEDS] = {"seeds", 0, "A..B", read_seeds, "a range of seeds, both included"},
    [CLI_OPT_FOR] = {"for", 0, "T", read_for, "go on for that long: 30s, 10m, 8h"},
    [CLI_OPT_JOBS] = {"jobs", 'j', "J", read_jobs, "runs at a time (default: all processors)"},
    [CLI_OPT_SHARD] = {"shard", 0, "I/N", read_shard,
                       "only every Nth seed, beginning with the Ith"},
    [CLI_OPT_FRESH] = {"fresh", 0, NULL, NULL, "a process of its own for each run; slower"},
    [CLI_OPT_RUNS] = {"runs", 0, "K", read_runs, "runs of each seed (default: 5; with --seeds 2)"},
    [CLI_OPT_SET] = {"set", 0, "KEY=VALUE", read_set, "change the scenario; can be repeated"},
    [CLI_OPT_DIGEST] = {"digest", 0, "D", read_digest, "the digest that is expected"},
    [CLI_OPT_UNTIL] = {"until", 0, "T", read_until, "stop at that virtual time, unjudged"},
    [CLI_OPT_TRACE] = {"trace", 0, NULL, NULL, "print events as they happen"},
    [CLI_OPT_GDB] = {"gdb", 0, NULL, NULL, "run it under gdb"},
    [CLI_OPT_FORMAT] = {"format", 0, "F", read_format, "text (default) or json, one event a line"},
    [CLI_OPT_OUTPUT] = {"output", 'o', "OUT", read_output, "write to a file"},
    [CLI_OPT_JUNIT] = {"junit", 0, "OUT", read_junit, "write a JUnit report, too"},
    [CLI_OPT_JSON] = {"json", 0, NULL, NULL, "print one JSON object, for programs"},
    [CLI_OPT_SCHEMA] = {"schema", 0, NULL, NULL, "print the JSON Schema of scenario files"},
    [CLI_OPT_LOG] = {"log", 0, "LEVEL", read_log, "log to stderr: error, warn, info, debug, trace"},
    [CLI_OPT_WALL_LIMIT] = {"wall-limit", 0, "T", read_wall_limit,
                            "real time after which a run is given up (default: 60s)"},
    [CLI_OPT_MACHINE] = {"machine", 0, "NAME", read_machine, "the machine to be"},
    [CLI_OPT_DAEMON] = {"daemon", 0, "NAME", read_daemon,
                        "run this daemon, not those of the file; can be repeated"},
    [CLI_OPT_ALL] = {"all", 0, NULL, NULL, "all machines of the file, a process each"},
    [CLI_OPT_DATA] = {"data", 0, "DIR", read_data,
                      "where the machines' files are, in DIR/MACHINE (default: data)"},
    [CLI_OPT_STOP_LIMIT] = {"stop-limit", 0, "T", read_stop_limit,
                            "how long stopping may take (default: 10s)"},
    [CLI_OPT_NETWORK] = {"network", 0, "A.B.0.0", read_network,
                         "machine i is at A.B.0.0 + i, whatever `hosts` says"},
    [CLI_OPT_METRICS] = {"metrics", 0, "PORT", read_metrics,
                         "answer Prometheus at 127.0.0.1:PORT; machine i of --all at PORT + i - 1"},
    [CLI_OPT_HISTORY] = {"history", 0, "FILE", read_history,
                         "append the clients' operations and their outcomes to a file"},
    [CLI_OPT_CONTROL] = {"control", 0, "PATH", read_control,
                         "a socket for `steelmill ctl`, for this user only"},
    [CLI_OPT_WORKERS] = {"workers", 0, "N", read_workers, "threads of each machine (default: 1)"},
    [CLI_OPT_HELP] = {"help", 'h', NULL, NULL, "print this help"},
    [CLI_OPT_VERSION] = {"version", 0, NULL, NULL, "print the version"},
};

static int find_long(const char *name, size_t length)
{
    for (int i = 0; i < CLI_OPT_COUNT; i++)
        if (strlen(options[i].name) == length && memcmp(options[i].name, name, length) == 0)
            return i;
    return -1;
}

static int find_letter(char letter)
{
    for (int i = 0; i < CLI_OPT_COUNT; i++)
        if (options[i].letter != 0 && options[i].letter == letter)
            return i;
    return -1;
}

/* The option was found, but not among those of the verb. */
static void complain_elsewhere(const struct cli_verb *verb, int option)
{
    char verbs[256] = "";
    for (size_t i = 0; i < cli_verb_count; i++)
        if (cli_verbs[i].options >> option & 1) {
            size_t used = strlen(verbs);
            snprintf(verbs + used, sizeof verbs - used, "%s%s", used > 0 ? ", " : "",
                     cli_verbs[i].name);
        }
    cli_error("%s: --%s is not an option of this verb, but of: %s", verb->name,
              options[option].name, verbs);
}

static void complain_unknown(const struct cli_verb *verb, const char *text, const char *name)
{
    const char *names[CLI_OPT_COUNT];
    size_t count = 0;
    for (int i = 0; i < CLI_OPT_COUNT; i++)
        if (verb->options >> i & 1)
            names[count++] = options[i].name;
    const char *nearest = sm__suggest(name, names, count);
    if (nearest != NULL)
        cli_error("%s: unknown option '%s'; did you mean --%s?", verb->name, text, nearest);
    else
        cli_error("%s: unknown option '%s'; see: steelmill %s --help", verb->name, text,
                  verb->name);
}

static int apply(struct cli_args *args, int option, const char *value)
{
    args->given |= UINT32_C(1) << option;
    if (options[option].read == NULL)
        return 0;
    const char *expected = options[option].read(args, value);
    if (expected == NULL)
        return 0;
    cli_error("%s: --%s '%s': expected %s", args->verb->name, options[option].name, value,
              expected);
    return CLI_USAGE;
}

/* Reads the option at argv[*at], and its value, which may be the next argument. */
static int parse_option(struct cli_args *args, int argc, char **argv, int *at)
{
    const char *text = argv[*at];
    const char *value = NULL;
    char name[64] = "";
    int option;
    if (text[1] == '-') {
        size_t length = strcspn(text + 2, "=");
        snprintf(name, sizeof name, "%.*s", (int)length, text + 2);
        option = find_long(text + 2, length);
        if (text[2 + length] == '=')
            value = text + 2 + length + 1;
    } else {
        name[0] = text[1];
        option = find_letter(text[1]);
        if (text[2] != '\0')
            value = text + 2;
    }
    if (option < 0) {
        complain_unknown(args->verb, text, name);
        return CLI_USAGE;
    }
    if (!(args->verb->options >> option & 1)) {
        complain_elsewhere(args->verb, option);
        return CLI_USAGE;
    }
    if (options[option].value == NULL && value != NULL) {
        cli_error("%s: --%s takes no value", args->verb->name, options[option].name);
        return CLI_USAGE;
    }
    if (options[option].value != NULL && value == NULL) {
        if (*at + 1 >= argc) {
            cli_error("%s: --%s needs a value: %s", args->verb->name, options[option].name,
                      options[option].value);
            return CLI_USAGE;
        }
        value = argv[++*at];
    }
    return apply(args, option, value);
}

static int check_files(const struct cli_args *args)
{
    const struct cli_verb *verb = args->verb;
    if (cli_given(args, CLI_OPT_SCHEMA))
        return 0;
    if (args->file_count >= verb->files_min && args->file_count <= verb->files_max)
        return 0;
    if (args->file_count < verb->files_min)
        cli_error("%s: what file? usage: steelmill %s %s", verb->name, verb->name, verb->usage);
    else
        cli_error("%s: one file only, not also '%s'; usage: steelmill %s %s", verb->name,
                  args->files[verb->files_max], verb->name, verb->usage);
    return CLI_USAGE;
}

int cli_args_parse(struct cli_args *args, const struct cli_verb *verb, int argc, char **argv)
{
    *args = (struct cli_args){
        .verb = verb,
        .files = calloc((size_t)argc + 1, sizeof *args->files),
        .sets = calloc((size_t)argc + 1, sizeof *args->sets),
        .daemons = calloc((size_t)argc + 1, sizeof *args->daemons),
        .seed_first = 1,
        .seed_last = SEED_LAST_DEFAULT,
        .shard = 1,
        .shard_count = 1,
        .runs = RUNS_DEFAULT,
        .until_ns = INT64_MAX,
        .wall_limit_ns = WALL_LIMIT_DEFAULT_NS,
        .stop_limit_ns = STOP_LIMIT_DEFAULT_NS,
        .log_level = SM_LOG_WARN,
    };
    if (args->files == NULL || args->sets == NULL || args->daemons == NULL) {
        cli_error("out of memory");
        return CLI_NOT_JUDGED;
    }
    bool options_end = false;
    for (int at = 0; at < argc; at++) {
        const char *text = argv[at];
        if (options_end || text[0] != '-' || text[1] == '\0') {
            args->files[args->file_count++] = text;
        } else if (strcmp(text, "--") == 0) {
            options_end = true;
        } else {
            int failed = parse_option(args, argc, argv, &at);
            if (failed != 0)
                return failed;
            if (cli_given(args, CLI_OPT_HELP) || cli_given(args, CLI_OPT_VERSION))
                return 0;
        }
    }
    return check_files(args);
}

void cli_args_finish(struct cli_args *args)
{
    free(args->files);
    free(args->sets);
    free(args->daemons);
    args->files = args->sets = args->daemons = NULL;
}

void cli_args_print_options(FILE *file, uint32_t set)
{
    for (int i = 0; i < CLI_OPT_COUNT; i++) {
        if (!(set >> i & 1))
            continue;
        char text[64];
        int used = 0;
        if (options[i].letter != 0)
            used = snprintf(text, sizeof text, "-%c, ", options[i].letter);
        snprintf(text + used, sizeof text - (size_t)used, "--%s%s%s", options[i].name,
                 options[i].value != NULL ? " " : "",
                 options[i].value != NULL ? options[i].value : "");
        fprintf(file, "  %-22s %s\n", text, options[i].help);
    }
}
