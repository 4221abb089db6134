/* SPDX-License-Identifier: MIT */
/*
 * The copies themselves, in one process: who gets one, and that crashing for long leaves nothing
 * behind.
 *
 * Environment: KEEPS_PLUGIN, SHARES_PLUGIN.
 */
#include "core/sanitize.h"
#include "sim/globals.h"
#include "tests/core/suite.h"
#include "tests/globals/keeps.h"

#include <steelmill/steelmill.h>

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#define MACHINES 2
#define CYCLES   10000

static struct sim_globals *globals;

static void load(const char *variable)
{
    char text[1024];
    void *handle = dlopen(getenv(variable), RTLD_NOW | RTLD_LOCAL);

    ck_assert_msg(handle, "%s", dlerror());
    ck_assert_msg(sim_globals_create(&globals, handle, MACHINES, text, sizeof text) == 0, "%s",
                  text);
}

/* ---- what a process has ---- */

struct usage {
    size_t resident_bytes, mappings, descriptors;
};

static size_t count_lines(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t count = 0;

    ck_assert_ptr_nonnull(file);
    for (int c; (c = fgetc(file)) != EOF;)
        count += c == '\n';
    fclose(file);
    return count;
}

static size_t count_entries(const char *path)
{
    DIR *folder = opendir(path);
    size_t count = 0;

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static struct usage measure(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t pages;

    ck_assert(file && fscanf(file, "%*u %zu", &pages) == 1);
    fclose(file);
    return (struct usage){.resident_bytes = pages * 4096,
                          .mappings = count_lines("/proc/self/maps"),
                          .descriptors = count_entries("/proc/self/fd")};
}

/* ---- crashes ---- */

/* The machine's own copy of a function of the plugin. */
static void *function_of(uint32_t machine, const char *name)
{
    struct sim_heap *heap = sim_context_leave();

    void *function = dlsym(sim_globals_handle(globals, machine), name);
    sim_context_enter(heap);
    return function;
}

struct kept_report {
    const char *wrong; /* what was not the machine's own; NULL: all was */
    size_t changes;
};

static int keep(void *arg, struct sim_machine *machine)
{
    const uint32_t index = machine->index - 1;
    keeps_look_fn *look = (keeps_look_fn *)function_of(index, "keeps_look");
    keeps_change_fn *change = (keeps_change_fn *)function_of(index, "keeps_change");
    struct kept_report *report = arg;

    sim_globals_construct(globals, index);
    const char *wrong = look();
    for (int step = 1; step < 4; step++) {
        report->wrong = report->wrong ? report->wrong : wrong;
        wrong = change(machine->name, step);
        report->changes++;
        sm_sleep(SM_MS);
    }
    return sm_sleep_until(SM_FOREVER);
}

static void restore(void *arg, struct sim_machine *machine)
{
    (void)arg;
    sim_globals_restore(globals, machine->index - 1);
}

/* Lets all machines run, crashes them in the middle of it, and starts them again. */
static void cycle(struct tw *tw, int count)
{
    for (int i = 0; i < count; i++) {
        sim_world_run(tw->world, tw->world->now + 2 * SM_MS);
        for (uint32_t m = 0; m < MACHINES; m++)
            sim_machine_crash(tw->world->machines[m]);
        for (uint32_t m = 0; m < MACHINES; m++)
            sim_machine_start(tw->world->machines[m]);
    }
}

/* Ten thousand crashes leave as much memory, mappings and descriptors as ten; no value survives. */
START_TEST(crashes_leave_nothing)
{
    static struct tw tw;
    const struct sim_hooks hooks = {.machine_off = restore};
    struct kept_report report = {0};

    load("KEEPS_PLUGIN");
    tw_create(&tw, MACHINES, NULL, keep, &report);
    sim_world_add_hooks(tw.world, &hooks);
    tw_run(&tw, 2 * SM_MS);
    cycle(&tw, 10);
    measure(); /* takes memory of its own, once */
    const struct usage before = measure();
    cycle(&tw, CYCLES - 10);
    struct usage after = measure();
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    ck_assert_msg(!report.wrong, "not the machine's own: %s", report.wrong);
    ck_assert_uint_ge(report.changes, (size_t)2 * MACHINES * CYCLES);
    if (SM__ASAN) { /* which keeps freed blocks for a while */
        after.resident_bytes = before.resident_bytes;
        after.mappings = before.mappings;
    }
    ck_assert_msg(after.resident_bytes <= before.resident_bytes + 256 * 1024, "%zu bytes, then %zu",
                  before.resident_bytes, after.resident_bytes);
    ck_assert_uint_eq(after.mappings, before.mappings);
    ck_assert_uint_eq(after.descriptors, before.descriptors);
    tw_destroy(&tw);
}
END_TEST

/* Each machine's copy is another object, listed under the name of the one that was loaded first. */
START_TEST(data_is_copied)
{
    load("KEEPS_PLUGIN");
    void *one = function_of(0, "keeps_look"), *two = function_of(1, "keeps_look");
    ck_assert(one && two && one != two);
    Dl_info info;
    ck_assert(dladdr(one, &info));
    ck_assert_str_eq(info.dli_fname, getenv("KEEPS_PLUGIN"));
}
END_TEST

/* A plugin without variables is one for all. */
START_TEST(nothing_is_copied)
{
    load("SHARES_PLUGIN");
    ck_assert_ptr_eq(sim_globals_handle(globals, 0), sim_globals_handle(globals, 1));
}
END_TEST

SUITE_MAIN("copies", data_is_copied, nothing_is_copied, crashes_leave_nothing)
