/* SPDX-License-Identifier: MIT */
/* What a good scenario file is read as, --set, printing, the schema, and the arena. */
#include "tests/scenarios/support.h"
#include "tests/suite.h"

#include "scenarios/file/reader.h"

#include <steelmill/time.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- reading ---- */

/* The example of the documentation is read as a reader would: head, machines, links. */
START_TEST(example)
{
    struct loaded it = load("example.yaml", NULL, 0);
    const struct scn *scn = it.scn;
    ck_assert_str_eq(scn->name, "lease-lock");
    ck_assert_str_eq(scn->plugin, "lease-lock");
    ck_assert_str_eq(scn->plugin_path, "");
    ck_assert_str_eq(scn->folder, SCENARIO_TESTS);
    ck_assert_int_eq(scn->time_ns, 120 * SM_S);
    ck_assert_int_eq(scn->heal_ns, 20 * SM_S);
    ck_assert_uint_eq(scn->group_count, 3);
    ck_assert_uint_eq(scn->machine_count, 5);
    ck_assert(!scn->groups[0].counted && scn->groups[2].counted);
    ck_assert_uint_eq(scn->groups[2].first_machine, 2);
    ck_assert_str_eq(scn->groups[2].daemons[0], "lock_client");
    ck_assert_str_eq(scn->groups[1].config[0].key, "check_fence");
    ck_assert_str_eq(scn->groups[1].config[0].value, "true");
    ck_assert_uint_eq(scn->link_default.latency.kind, SCN_LATENCY_UNIFORM);
    ck_assert_int_eq(scn->link_default.latency.a_ns, SM_MS);
    ck_assert_int_eq(scn->link_default.latency.b_ns, 5 * SM_MS);
    ck_assert_uint_eq(scn->link_default.loss_ppm, 1000);
    ck_assert_uint_eq(scn->links[0].set, SCN_LINK_LATENCY);
    ck_assert_uint_eq(scn->links[0].from.group, 2);
    ck_assert_uint_eq(scn->links[0].from.index, SCN_NONE);
    ck_assert_uint_eq(scn->links[0].latency.kind, SCN_LATENCY_LOGNORMAL);
    ck_assert_int_eq(scn->links[0].latency.a_ns, 2 * SM_MS);
    ck_assert_uint_eq(scn->links[0].latency.shape_ppm, 800000);
    ck_assert(scn->swarm && scn->buggify);
    ck_assert_str_eq(scn->eventually[0], "every_client_acquired");
    ck_assert_str_eq(scn->linearizable, "register");
    unload(&it);
}
END_TEST

/* The example's faults: kinds, targets, ranges, names, lines. */
START_TEST(example_faults)
{
    struct loaded it = load("example.yaml", NULL, 0);
    const struct scn_fault *pause = &it.scn->faults[0], *crash = &it.scn->faults[2];
    ck_assert_uint_eq(it.scn->fault_count, 3);
    ck_assert_uint_eq(pause->kind, SCN_FAULT_PAUSE);
    ck_assert_uint_eq(pause->line, 17);
    ck_assert_str_eq(pause->name, "pause#1");
    ck_assert_uint_eq(pause->of_group, 2);
    ck_assert_uint_eq(pause->of_index, SCN_NONE);
    ck_assert(pause->repeats);
    ck_assert_int_eq(pause->every.max_ns, 15 * SM_S);
    ck_assert_int_eq(pause->lasts.min_ns, SM_S);
    ck_assert_uint_eq(it.scn->faults[1].split, SCN_SPLIT_HALVES);
    ck_assert(!crash->repeats && crash->restarts && !crash->wipe);
    ck_assert_int_eq(crash->at.min_ns, 40 * SM_S);
    ck_assert_int_eq(crash->restart.max_ns, 3 * SM_S);
    unload(&it);
}
END_TEST

/* Every key of the format has an effect: targets by number and by role, all kinds of values. */
START_TEST(full)
{
    struct loaded it = load("full.yaml", NULL, 0);
    const struct scn *scn = it.scn;
    ck_assert_str_eq(scn->about, "Quotes \" and \\, a colon: and\na line break.");
    ck_assert_uint_eq(scn->groups[0].daemon_count, 2);
    ck_assert_uint_eq(scn->groups[1].daemon_count, 1);
    ck_assert_str_eq(scn->groups[0].plugin, "old-version");
    ck_assert_int_eq(scn->groups[0].memory_bytes, 64 << 20);
    ck_assert_uint_eq(scn->groups[0].config_count, 5);
    ck_assert_str_eq(scn->groups[0].config[2].value, "");
    ck_assert_int_eq(scn->groups[0].clock.offset.min_ns, -50 * SM_MS); /* swarm's default */
    ck_assert_int_eq(scn->groups[0].clock.drift.max_ppb, 50000);
    ck_assert_int_eq(scn->groups[1].clock.offset.min_ns, -3600 * SM_S);
    ck_assert_int_eq(scn->groups[1].clock.offset.max_ns, 2500 * SM_MS);
    ck_assert_int_eq(scn->groups[1].clock.drift.min_ppb, -20);
    ck_assert_int_eq(scn->groups[1].clock.drift.max_ppb, 50500);
    ck_assert_int_eq(scn->groups[1].cpu.per_event_ns, 20 * SM_US);
    ck_assert_int_eq(scn->groups[1].cpu.per_byte_ns, 10);
    ck_assert_int_eq(scn->link_default.bandwidth_bytes_per_s, 10000000);
    ck_assert_uint_eq(scn->link_default.loss_ppm, 1);
    ck_assert_uint_eq(scn->link_default.latency.kind, SCN_LATENCY_BIMODAL);
    ck_assert_uint_eq(scn->link_default.latency.shape_ppm, 50000);
    ck_assert_uint_eq(scn->host_count, 2);
    ck_assert_uint_eq(scn->hosts[0].machine, 1);
    ck_assert_uint_eq(scn->hosts[0].ip, 0x0a000008);
    ck_assert_uint_eq(scn->hosts[1].machine, 5);
    ck_assert_uint_eq(scn->properties, SCN_PROPERTIES_ABORT);
    ck_assert_uint_eq(scn->serve.workers, 4);
    ck_assert_uint_eq(scn->serve.placement, SCN_PLACEMENT_PINNED);
    ck_assert_uint_eq(scn->serve.pin_count, 2);
    ck_assert_str_eq(scn->serve.pins[1].daemon, "metrics");
    ck_assert_uint_eq(scn->serve.pins[1].worker, 3);
    ck_assert_uint_eq(scn->links[1].from.index, 1);
    ck_assert_uint_eq(scn->links[1].latency.kind, SCN_LATENCY_EXPONENTIAL);
    ck_assert_uint_eq(scn->links[2].from.group, SCN_NONE);
    ck_assert_uint_eq(scn->faults[0].of_index, 2);
    ck_assert_str_eq(scn->faults[1].of_role, "leader");
    ck_assert(scn->faults[1].wipe && !scn->faults[1].restarts);
    ck_assert_uint_eq(scn->faults[2].of_group, SCN_NONE);
    ck_assert(scn->faults[2].restarts); /* the default */
    ck_assert_uint_eq(scn->faults[4].split, SCN_SPLIT_ONE_WAY);
    ck_assert_uint_eq(scn->faults[5].link.set, SCN_LINK_LATENCY | SCN_LINK_LOSS);
    ck_assert_uint_eq(scn->faults[5].link.to.index, 4);
    ck_assert_int_eq(scn->faults[7].step.min_ns, -2 * SM_S);
    ck_assert_int_eq(scn->faults[7].step.max_ns, 2 * SM_S);
    ck_assert_int_eq(scn->faults[8].drift.min_ppb, -500000);
    ck_assert_int_eq(scn->faults[8].drift.max_ppb, -500);
    ck_assert_uint_eq(scn->faults[9].factor, 50);
    ck_assert_uint_eq(scn->faults[10].share_ppm, 50000);
    ck_assert_int_eq(scn->faults[10].above_bytes, 1024);
    ck_assert_uint_eq(scn->faults[11].nth, 100);
    ck_assert_uint_eq(scn->leaks, SCN_LEAKS_NONE);
    ck_assert(scn->swarm && !scn->buggify);
    ck_assert_uint_eq(scn->policy, SCN_POLICY_PCT);
    ck_assert_int_eq(scn->slack_ns, 5 * SM_US);
    ck_assert_int_eq(scn->spin_limit_ns, 500 * SM_MS);
    ck_assert_uint_eq(scn->instant_events_max, 5000);
    ck_assert_uint_eq(scn->stack_bytes, 256 << 10);
    unload(&it);
}
END_TEST

#define SMALL "scenario: s\nplugin: p\ntime: 1s\n"

/* What a file leaves out has the documented default. */
START_TEST(defaults)
{
    struct loaded it = load_text(SMALL "machines: { a: { daemons: [d] } }\n");
    ck_assert_int_eq(it.scn->heal_ns, 0);
    ck_assert_int_eq(it.scn->link_default.latency.a_ns, SM_MS);
    ck_assert_int_eq(it.scn->link_default.latency.b_ns, SM_MS);
    ck_assert_int_eq(it.scn->link_default.bandwidth_bytes_per_s, 0);
    ck_assert(!it.scn->swarm && it.scn->buggify);
    ck_assert_uint_eq(it.scn->leaks, SCN_LEAKS_ANY);
    ck_assert_uint_eq(it.scn->groups[0].clock.set, 0);
    ck_assert_int_eq(it.scn->groups[0].cpu.per_event_ns, 0);
    ck_assert_uint_eq(it.scn->policy, SCN_POLICY_RANDOM);
    ck_assert_uint_eq(it.scn->stack_bytes, 256 << 10);
    ck_assert_uint_eq(it.scn->instant_events_max, 1000000);
    ck_assert_str_eq(it.scn->folder, ".");
    ck_assert_str_eq(it.scn->about, "");
    unload(&it);
}
END_TEST

/* Machines are numbered in file order, and named by their group and number. */
START_TEST(machine_names)
{
    static const struct {
        uint32_t index, group;
        const char *name;
    } wanted[] = {
        {0, 0, "lock"}, {1, 1, "client1"}, {12, 1, "client12"}, {13, 2, "store1"}, {14, 3, "last"}};
    struct loaded it = load_text(SMALL "machines:\n"
                                       "  lock: { daemons: [d] }\n"
                                       "  client: { count: 12, daemons: [d] }\n"
                                       "  store: { count: 1, daemons: [d] }\n"
                                       "  last: { daemons: [d] }\n");
    char name[64];
    ck_assert_uint_eq(it.scn->machine_count, 15);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        ck_assert_uint_eq(scn_machine_group(it.scn, wanted[i].index), wanted[i].group);
        ck_assert_uint_eq(scn_machine_name(it.scn, wanted[i].index, name, sizeof name),
                          strlen(wanted[i].name));
        ck_assert_str_eq(name, wanted[i].name);
    }
    ck_assert_uint_eq(scn_machine_name(it.scn, 12, name, 4), 3); /* cut, and ended */
    ck_assert_str_eq(name, "cli");
    unload(&it);
}
END_TEST

/* An anchor may be used again, and --set at one place does not change the other. */
START_TEST(aliases)
{
    static const char *const sets[] = {"machines.b.config.x=2"};
    static const char text[] = SMALL "machines:\n"
                                     "  a: &a { daemons: [d], config: { x: 1 } }\n"
                                     "  b: *a\n";
    struct scn_arena *arena;
    struct scn *scn;
    struct scn_error error;
    int code = scn_read_text("t", text, strlen(text), sets, 1, &arena, &scn, &error);
    ck_assert_msg(code == 0, "%s", error.text);
    ck_assert_str_eq(scn->groups[0].config[0].value, "1");
    ck_assert_str_eq(scn->groups[1].config[0].value, "2");
    scn_arena_destroy(arena);
}
END_TEST

/* ---- --set ---- */

/* Values are replaced and added by path; what is missing on the way is made. */
START_TEST(set)
{
    static const char *const sets[] = {
        "time=5m",
        "machines.client.count=7",
        "machines.lock.config.retries=3",
        "machines.extra={ daemons: [a, b] }",
        "faults.0.pause.of=client7",
        "faults.3.clog={ at: 1s, for: 1s }",
        "network.links.0.latency=bimodal(1ms, 2ms, 3%)",
        "scheduler.policy=fifo",
        "about=a = b",
    };
    struct loaded it = load("example.yaml", sets, sizeof sets / sizeof *sets);
    ck_assert_int_eq(it.scn->time_ns, 300 * SM_S);
    ck_assert_uint_eq(it.scn->groups[2].count, 7);
    ck_assert_str_eq(it.scn->groups[0].config[0].key, "retries");
    ck_assert_str_eq(it.scn->groups[3].name, "extra");
    ck_assert_uint_eq(it.scn->groups[3].daemon_count, 2);
    ck_assert_uint_eq(it.scn->faults[0].of_index, 6);
    ck_assert_uint_eq(it.scn->faults[3].kind, SCN_FAULT_CLOG);
    ck_assert_uint_eq(it.scn->links[0].latency.kind, SCN_LATENCY_BIMODAL);
    ck_assert_uint_eq(it.scn->policy, SCN_POLICY_FIFO);
    ck_assert_str_eq(it.scn->about, "a = b");
    unload(&it);
}
END_TEST

/* The whole list of faults may be made by --set, element by element. */
START_TEST(set_makes_lists)
{
    static const char text[] = SMALL "machines: { a: { daemons: [d] } }\n";
    static const char *const sets[] = {"faults.0.pause.at=1ms", "faults.0.pause.for=1ms",
                                       "faults.1={ crash: { at: 5ms } }"};
    struct scn_arena *arena;
    struct scn *scn;
    struct scn_error error;
    int code = scn_read_text("t", text, strlen(text), sets, 3, &arena, &scn, &error);
    ck_assert_msg(code == 0, "%s", error.text);
    ck_assert_uint_eq(scn->fault_count, 2);
    ck_assert_int_eq(scn->faults[0].at.max_ns, SM_MS);
    scn_arena_destroy(arena);
}
END_TEST

/* ---- printing ---- */

static void check_round_trip(const char *file)
{
    struct loaded first = load(file, NULL, 0);
    char *once = printed(first.scn);
    struct loaded second = load_text(once);
    char *twice = printed(second.scn);
    ck_assert_str_eq(once, twice);
    ck_assert_uint_eq(first.scn->fault_count, second.scn->fault_count);
    for (uint32_t i = 0; i < first.scn->fault_count; i++)
        ck_assert_str_eq(first.scn->faults[i].name, second.scn->faults[i].name);
    ck_assert_str_eq(first.scn->about, second.scn->about);
    for (uint32_t i = 0; i < first.scn->groups[0].config_count; i++)
        ck_assert_str_eq(first.scn->groups[0].config[i].value,
                         second.scn->groups[0].config[i].value);
    free(once);
    free(twice);
    unload(&first);
    unload(&second);
}

/* A printed scenario is read back as the same scenario. */
START_TEST(round_trip)
{
    check_round_trip("example.yaml");
    check_round_trip("full.yaml");
}
END_TEST

/* Texts that YAML would read in another way come back as they were. */
START_TEST(round_trip_texts)
{
    static const char *const texts[] = {
        "",     "null", "~",   "true", "- a",   "a: b",     "a #b",     "#a", "[x]",    "{x}",
        "*a",   "&a",   "!t",  "'q'",  "\"q\"", "%x",       "@x",       "`x", " lead",  "end ",
        "a\tb", "a\\b", "---", "...",  "a,b",   "1ms..2ms", "\xc3\xa9", "?",  "x\r\ny", "\x7f"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct loaded first = load("example.yaml", NULL, 0);
        first.scn->about = texts[i];
        first.scn->groups[1].config[0].value = texts[i];
        char *once = printed(first.scn);
        struct loaded second = load_text(once);
        ck_assert_str_eq(second.scn->about, texts[i]);
        ck_assert_str_eq(second.scn->groups[1].config[0].value, texts[i]);
        free(once);
        unload(&first);
        unload(&second);
    }
}
END_TEST

static int fail_after(void *arg, const char *bytes, size_t size)
{
    int *left = arg;
    (void)bytes;
    (void)size;
    return --*left < 0 ? -EPIPE : 0;
}

/* A sink that fails ends the output with its error, and is not called again. */
START_TEST(print_error)
{
    struct loaded it = load("example.yaml", NULL, 0);
    int left = 3;
    ck_assert_int_eq(scn_print(it.scn, fail_after, &left), -EPIPE);
    ck_assert_int_eq(left, -1);
    unload(&it);
}
END_TEST

/* ---- the schema ---- */

/* The schema is what was reviewed; it changes only with the format. */
START_TEST(schema)
{
    struct text made = {0};
    ck_assert_int_eq(scn_print_schema(text_append, &made), 0);
    if (getenv("UPDATE_GOLDEN")) {
        FILE *out = fopen(SCENARIO_TESTS "/schema.json", "w");
        ck_assert_ptr_nonnull(out);
        fwrite(made.bytes, 1, made.size, out);
        fclose(out);
    }
    struct text golden = read_file("schema.json");
    ck_assert_str_eq(made.bytes, golden.bytes);
    free(made.bytes);
    free(golden.bytes);
}
END_TEST

/* ---- the arena ---- */

/* Another process that maps the arena sees the same scenario through the same pointers. */
static void check_inside(const struct scn *scn, const char *text)
{
    const uint64_t at = (uint64_t)(uintptr_t)text;
    ck_assert_msg(at >= scn->base && at < scn->base + scn->size_bytes,
                  "a text outside of the arena");
}

/* Every text lies in the arena, also those that the file leaves out: another process reads them. */
START_TEST(texts_are_inside)
{
    struct loaded it = load("example.yaml", NULL, 0);
    const struct scn *scn = it.scn;
    const char *const texts[] = {scn->name,   scn->about,       scn->file,        scn->folder,
                                 scn->plugin, scn->plugin_path, scn->linearizable};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_inside(scn, texts[i]);
    for (uint32_t i = 0; i < scn->fault_count; i++) {
        check_inside(scn, scn->faults[i].name);
        check_inside(scn, scn->faults[i].of_role);
    }
    for (uint32_t i = 0; i < scn->group_count; i++) {
        check_inside(scn, scn->groups[i].name);
        check_inside(scn, scn->groups[i].plugin);
        for (uint32_t j = 0; j < scn->groups[i].config_count; j++)
            check_inside(scn, scn->groups[i].config[j].value);
    }
    unload(&it);
}
END_TEST

START_TEST(attach)
{
    struct loaded it = load("example.yaml", NULL, 0);
    char *before = printed(it.scn);
    int fd = dup(scn_arena_fd(it.arena));
    unload(&it);
    struct scn_arena *attached = NULL;
    const struct scn *scn = NULL;
    ck_assert_int_eq(scn_arena_attach(&attached, fd, &scn), 0);
    ck_assert_int_eq(scn_arena_fd(attached), -1);
    char *after = printed(scn);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
    scn_arena_destroy(attached);
    close(fd);
}
END_TEST

/* Attaching where the arena is mapped already, or to something else, is refused. */
START_TEST(attach_refused)
{
    struct loaded it = load("example.yaml", NULL, 0);
    struct scn_arena *attached = NULL;
    const struct scn *scn = NULL;
    ck_assert_int_eq(scn_arena_attach(&attached, scn_arena_fd(it.arena), &scn), -EEXIST);
    it.scn->magic++;
    ck_assert_int_eq(scn_arena_attach(&attached, scn_arena_fd(it.arena), &scn), -EINVAL);
    it.scn->magic--;
    it.scn->base += 4096;
    ck_assert_int_eq(scn_arena_attach(&attached, scn_arena_fd(it.arena), &scn), -EINVAL);
    int empty = memfd_create("empty", MFD_CLOEXEC);
    ck_assert_int_eq(scn_arena_attach(&attached, empty, &scn), -EINVAL);
    ck_assert_int_eq(scn_arena_attach(&attached, -1, &scn), -EINVAL);
    close(empty);
    unload(&it);
}
END_TEST

/* An arena takes what fits, then says so, and several arenas live side by side. */
START_TEST(arena_limits)
{
    struct scn_arena *one, *two;
    ck_assert_int_eq(scn_arena_create(&one), 0);
    ck_assert_int_eq(scn_arena_create(&two), 0);
    ck_assert_ptr_ne(scn_arena_root(one), scn_arena_root(two));
    ck_assert_ptr_null(scn_arena_alloc(one, (size_t)64 << 20));
    ck_assert_ptr_null(scn_arena_alloc(one, SIZE_MAX));
    char *most = scn_arena_alloc(one, (size_t)63 << 20);
    ck_assert_ptr_nonnull(most);
    ck_assert_int_eq(most[((size_t)63 << 20) - 1], 0);
    ck_assert_ptr_null(scn_arena_alloc(one, (size_t)2 << 20));
    ck_assert_str_eq(scn_arena_text(one, "still room"), "still room");
    scn_arena_destroy(one);
    scn_arena_destroy(two);
    scn_arena_destroy(NULL);
}
END_TEST

SUITE_MAIN("scenario", example, example_faults, full, defaults, machine_names, aliases, set,
           set_makes_lists, round_trip, round_trip_texts, print_error, schema, texts_are_inside,
           attach, attach_refused, arena_limits)
