/* SPDX-License-Identifier: MIT */
/*
 * A worker that simulates nothing. It speaks the protocol of scenarios/job.h and does what
 * FAKE_WORKER says, so that the tests of the command line program see every kind of worker:
 *
 *   FAKE_WORKER="fail:3 fail:7 crash:5 die:9"   behaviour:seed, separated by blanks; seed * is any
 *
 *   fail      a property is violated                 die       ends by SIGKILL
 *   crash     a SIGSEGV with another backtrace       hang      never answers
 *   unusable  the scenario cannot be run             garbage   answers in another version
 *   damaged   the result is of another seed          short     half an answer, then the end
 *   skew      the events depend on the process       unjudged  gives the run up
 *   together  the events depend on stack and heap    shy       so they do, but not in runs whose
 *             fill at once                                     events are asked for
 *   stillborn (any seed) ends before it is ready     unready   (any seed) refuses the scenario
 *
 * Everything else in a result is a function of the seed.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/seam.h"
#include "scenarios/file/scenario.h"
#include "scenarios/job.h"
#include "sim/record.h"
#include "tests/cli/fake_plugin.h"
#include <errno.h>
#include <steelmill/property.h>

#define EVENT_COUNT 8

static struct job_result *result;
static const struct scn *scn;
static int reply_fd;

_Noreturn void sm__bug_report(const char *message)
{
    fprintf(stderr, "fake worker: %s\n", message);
    _exit(1);
}

static bool told_to(const char *behaviour, uint64_t seed)
{
    const char *rules = getenv("FAKE_WORKER");
    char one[64], any[64];
    snprintf(one, sizeof one, " %s:%llu ", behaviour, (unsigned long long)seed);
    snprintf(any, sizeof any, " %s:* ", behaviour);
    char padded[1024];
    snprintf(padded, sizeof padded, " %s ", rules != NULL ? rules : "");
    return strstr(padded, one) != NULL || strstr(padded, any) != NULL;
}

static void reply(uint32_t version, int status, const char *text, size_t size)
{
    struct job_reply message = {.version = version, .status = status};
    snprintf(message.text, sizeof message.text, "%s", text);
    if (write(reply_fd, &message, size) != (ssize_t)size)
        _exit(1);
}

/* ---- a result ---- */

static int add_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size, (void)arg;
    for (int i = 0; i < info->dlpi_phnum && result->module_count < JOB_MODULES_MAX; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
            continue;
        struct job_module *module = &result->modules[result->module_count++];
        module->begin = info->dlpi_addr + part->p_vaddr;
        module->end = module->begin + part->p_memsz;
        module->bias = info->dlpi_addr;
        snprintf(module->path, sizeof module->path, "%s", info->dlpi_name);
        if (module->path[0] == '\0' &&
            readlink("/proc/self/exe", module->path, sizeof module->path - 1) < 0)
            module->path[0] = '\0';
    }
    return 0;
}

static void capture(void)
{
    void *addresses[JOB_FRAMES_MAX];
    int count = backtrace(addresses, JOB_FRAMES_MAX);
    for (int i = 0; i < count; i++)
        result->frames[i] = (uint64_t)(uintptr_t)addresses[i];
    result->frame_count = (uint32_t)count;
    dl_iterate_phdr(add_module, NULL);
}

static void call_plugin(int how)
{
    void *plugin = dlopen(scn->plugin_path, RTLD_NOW);
    void (*plugin_fail)(int, void (*)(void)) = NULL;
    if (plugin != NULL)
        *(void **)&plugin_fail = dlsym(plugin, "fake_plugin_fail");
    if (plugin_fail != NULL)
        plugin_fail(how, capture);
}

static void fail(enum job_finding kind, const char *subject, const char *text, int how)
{
    call_plugin(how);
    result->verdict = JOB_FINDING;
    result->finding = kind;
    result->finding_ns = 5000000001;
    result->finding_event = 6;
    snprintf(result->text, sizeof result->text, "%s: token=%llu", text,
             (unsigned long long)result->seed);
    snprintf(result->subject, sizeof result->subject, "%s", subject);
    snprintf(result->machine, sizeof result->machine, "client2");
    snprintf(result->daemon, sizeof result->daemon, "writer");
    snprintf(result->task, sizeof result->task, "write-loop");
    snprintf(result->context, sizeof result->context, "pause client2 for 3s\ncrash store");
}

static void add_property(const char *name, uint32_t kind, uint64_t hits, uint64_t held)
{
    struct job_property *property = &result->properties[result->property_count++];
    snprintf(property->name, sizeof property->name, "%s", name);
    property->kind = kind;
    property->hit_count = hits;
    property->true_count = held;
}

static bool depends_on_fills(const struct job_command *command)
{
    return command->stack_fill != 0 && command->heap_fill != 0 &&
           (told_to("together", command->seed) ||
            (told_to("shy", command->seed) && command->trace_fd < 0));
}

static struct sim_record make_record(const struct job_command *command, uint64_t seq)
{
    const uint64_t seed = command->seed;
    struct sim_record record = {
        .time_ns = (int64_t)seq * 1000000000,
        .seq = seq,
        .cause = seq - 1,
        .object = seed,
        .machine = 1,
        .kind = seq == EVENT_COUNT ? SIM_END : SIM_DATAGRAM,
        .peer = seq % 2,
        .size = 64,
    };
    if (seq == 5 && told_to("skew", seed))
        record.object = (uint64_t)getpid() << 8;
    if (seq == 5 && depends_on_fills(command))
        record.object = 1234;
    return record;
}

static void fill_events(const struct job_command *command)
{
    for (uint64_t seq = 1; seq <= EVENT_COUNT; seq++) {
        struct sim_record record = make_record(command, seq);
        if (command->trace_fd >= 0 &&
            write(command->trace_fd, &record, sizeof record) != (ssize_t)sizeof record)
            _exit(1);
        memcpy(result->last_events[seq - 1], &record, sizeof record);
        result->digest = (result->digest + record.object) * UINT64_C(0x9e3779b97f4a7c15);
    }
    result->last_event_count = EVENT_COUNT;
}

static void fill_result(const struct job_command *command)
{
    uint64_t seed = command->seed;
    result->version = JOB_VERSION;
    result->seed = seed + told_to("damaged", seed);
    result->events = EVENT_COUNT;
    result->virtual_ns = EVENT_COUNT * INT64_C(1000000000);
    result->real_ns = 1000000;
    result->messages_sent = 10;
    result->messages_delivered = 9;
    result->messages_lost = 1;
    result->fault_count = scn->fault_count < JOB_FAULTS_MAX ? scn->fault_count : JOB_FAULTS_MAX;
    for (uint32_t i = 0; i < result->fault_count; i++)
        result->faults[i] = (struct job_fault){2, 1, i == 0};
    add_property("elections", SM_SITE_SOMETIMES, 10, seed % 5);
    add_property("failover", SM_SITE_REACHABLE, 0, 0);
    add_property("no stale write", SM_SITE_ALWAYS, 100, 100);
    fill_events(command);
    if (told_to("fail", seed))
        fail(JOB_FINDING_PROPERTY, "no stale write", "always 'no stale write' violated",
             FAKE_PLUGIN_WRITE);
    if (told_to("crash", seed))
        fail(JOB_FINDING_SIGNAL, "SIGSEGV", "SIGSEGV at address 0x8", FAKE_PLUGIN_READ);
    if (told_to("unusable", seed) || told_to("unjudged", seed)) {
        result->verdict = told_to("unusable", seed) ? JOB_UNUSABLE : JOB_NOT_JUDGED;
        snprintf(result->text, sizeof result->text, "daemon 'wrier' is not known");
    }
}

/* Where a watched event comes from: always the same call. */
static void fill_origin(void)
{
    call_plugin(FAKE_PLUGIN_WRITE);
    snprintf(result->machine, sizeof result->machine, "client2");
    snprintf(result->daemon, sizeof result->daemon, "writer");
    snprintf(result->task, sizeof result->task, "write-loop");
}

static void obey(const struct job_command *command)
{
    const size_t whole = sizeof(struct job_reply);
    if (told_to("die", command->seed))
        raise(SIGKILL);
    while (told_to("hang", command->seed))
        pause();
    if (told_to("short", command->seed)) {
        reply(JOB_VERSION, 0, "", whole / 2);
        _exit(7);
    }
    if (!(command->flags & JOB_KEEP_OUTPUT)) /* logs have a descriptor of their own */
        close(STDERR_FILENO);
    memset(result, 0, sizeof *result);
    fill_result(command);
    if (command->watch_event != 0)
        fill_origin();
    if (command->log_fd >= 0 && command->log_level >= 2)
        dprintf(command->log_fd, "seed %llu was run\n", (unsigned long long)command->seed);
    reply(told_to("garbage", command->seed) ? 999 : JOB_VERSION, 0, "", whole);
}

/* ---- the program ---- */

static int describe(const char *plugin)
{
    if (told_to("unready", 0)) {
        fprintf(stderr, "%s: not a plugin\n", plugin);
        return 2;
    }
    printf("daemon\twriter\tWrites to the store.\tthread-safe\n"
           "daemon\tstore\tKeeps what was written.\t\n"
           "property\talways\tno stale write\tstore.c:12\n");
    return 0;
}

static int number_after(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return atoi(argv[i + 1]);
    return -1;
}

int main(int argc, char **argv)
{
    struct scn_arena *arena;
    struct job_command command;
    if (argc == 3 && strcmp(argv[1], "--describe") == 0)
        return describe(argv[2]);
    int result_fd = number_after(argc, argv, "--result");
    int command_fd = number_after(argc, argv, "--command");
    reply_fd = number_after(argc, argv, "--reply");
    if (told_to("stillborn", 0))
        return 7;
    result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED, result_fd, 0);
    if (result == MAP_FAILED ||
        scn_arena_attach(&arena, number_after(argc, argv, "--scenario"), &scn) != 0)
        return 1;
    if (told_to("unready", 0))
        reply(JOB_VERSION, -EINVAL, "daemon 'wrier' is not known; did you mean 'writer'?",
              sizeof(struct job_reply));
    else
        reply(JOB_VERSION, 0, "", sizeof(struct job_reply));
    while (read(command_fd, &command, sizeof command) == (ssize_t)sizeof command)
        obey(&command);
    return 0;
}
