/* SPDX-License-Identifier: MIT */
/*
 * Daemons that write down what happens to them, for the tests of factories and leases.
 *
 * PROBE(lock) defines the type `lock_daemon` and `lock_spec`, which says what its hooks do. Tests
 * compare `probe_trace` with what a reader expects.
 */
#ifndef STEELMILL_TESTS_CORE_PROBE_H
#define STEELMILL_TESTS_CORE_PROBE_H

#include "core/task.h"
#include "tests/core/world.h"
#include "tests/suite.h"

#include <steelmill/steelmill.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

struct probe_spec {
    const char *needs; /* names of daemons that construct asks for, parted by spaces; NULL: none */
    const char *words; /* for whichever hook fails */
    int construct_error, prepare_error, run_error, stop_error;
    sm_time prepare_ns, run_ns, stop_ns; /* how long they take */
    bool stubborn;                       /* run does not heed cancellation */
    bool stubborn_stop;                  /* nor does stop heed its deadline */
};

struct probe {
    struct sm_factory *factory;
};

static char probe_trace[4096];

static inline void probe_note(const char *name, const char *what)
{
    size_t used = strlen(probe_trace);
    snprintf(probe_trace + used, sizeof probe_trace - used, "%s%s %s", used ? ", " : "", what,
             name);
}

static inline int probe_end(struct sm_factory *factory, const struct probe_spec *spec, int error)
{
    return error && spec->words ? sm_factory_fail(factory, error, "%s", spec->words) : error;
}

static inline int probe_construct(struct probe *self, struct sm_factory *factory, const char *name,
                                  const struct probe_spec *spec)
{
    self->factory = factory;
    for (const char *need = spec->needs; need && *need;) {
        char word[32] = "";
        void *instance;
        size_t length = strcspn(need, " ");
        memcpy(word, need, length);
        int error = sm_factory_get_by_name(factory, word, &instance);
        if (error)
            return error;
        need += length + (need[length] == ' ');
    }
    probe_note(name, "construct");
    return probe_end(factory, spec, spec->construct_error);
}

static inline int probe_prepare(struct probe *self, const char *name, const struct probe_spec *spec)
{
    ck_assert_ptr_eq(sm_factory_self(), self->factory);
    probe_note(name, "prepare");
    int error = spec->prepare_ns ? sm_sleep(spec->prepare_ns) : 0;
    return error ? error : probe_end(self->factory, spec, spec->prepare_error);
}

static inline int probe_run(struct probe *self, const char *name, const struct probe_spec *spec)
{
    ck_assert_ptr_eq(sm_factory_self(), self->factory);
    probe_note(name, "run");
    sm__current->shielded = spec->stubborn;
    int error = spec->run_ns ? sm_sleep(spec->run_ns) : 0;
    if (error)
        probe_note(name, "cancelled");
    return error ? error : probe_end(self->factory, spec, spec->run_error);
}

static inline int probe_stop(struct probe *self, sm_time deadline, const char *name,
                             const struct probe_spec *spec)
{
    ck_assert_ptr_eq(sm_factory_self(), self->factory);
    ck_assert(!sm_task_cancelled());
    probe_note(name, "stop");
    int error = 0;
    if (spec->stop_ns)
        error = sm_sleep_until(spec->stubborn_stop || sm_now() + spec->stop_ns < deadline
                                   ? sm_now() + spec->stop_ns
                                   : deadline);
    return error ? error : probe_end(self->factory, spec, spec->stop_error);
}

static inline void probe_destroy(struct probe *self, const char *name)
{
    ck_assert_ptr_eq(sm_factory_self(), self->factory);
    probe_note(name, "destroy");
}

#define PROBE(name_)                                                                       \
    struct name_ {                                                                         \
        struct probe probe;                                                                \
    };                                                                                     \
    static struct probe_spec name_##_spec;                                                 \
    static int name_##_construct(void *self, struct sm_factory *factory)                   \
    {                                                                                      \
        return probe_construct(self, factory, #name_, &name_##_spec);                      \
    }                                                                                      \
    static int name_##_prepare(void *self)                                                 \
    {                                                                                      \
        return probe_prepare(self, #name_, &name_##_spec);                                 \
    }                                                                                      \
    static int name_##_run(void *self)                                                     \
    {                                                                                      \
        return probe_run(self, #name_, &name_##_spec);                                     \
    }                                                                                      \
    static int name_##_stop(void *self, sm_time deadline)                                  \
    {                                                                                      \
        return probe_stop(self, deadline, #name_, &name_##_spec);                          \
    }                                                                                      \
    static void name_##_destroy(void *self)                                                \
    {                                                                                      \
        probe_destroy(self, #name_);                                                       \
    }                                                                                      \
    static const struct sm_daemon_type name_##_daemon = {                                  \
        SM_DAEMON_HEAD(name_), .construct = name_##_construct, .prepare = name_##_prepare, \
        .run = name_##_run,    .stop = name_##_stop,           .destroy = name_##_destroy};

#define PROBE_TRACED(expected)                   \
    do {                                         \
        ck_assert_str_eq(probe_trace, expected); \
        probe_trace[0] = '\0';                   \
    } while (0)

static bool probe_body_ended;

/* Runs a body as the boot task of a machine. First come, first served: traces are what they look.
 */
static inline void probe_in_world(tw_body body)
{
    static struct tw tw;
    struct sim_options options = {.seed = 1, .policy = SIM_POLICY_FIFO, .log_level = SM_LOG_ERROR};
    tw_create(&tw, 1, &options, body, NULL);
    tw_run(&tw, 3600 * SM_S);
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    ck_assert_msg(probe_body_ended, "the body is stuck");
    tw_destroy(&tw);
}

/* IN_WORLD(name) { ... }: a test whose body is the boot task of a machine. */
#define IN_WORLD(name_)                                             \
    static void name_##_body(void);                                 \
    static int name_##_boot(void *arg, struct sim_machine *machine) \
    {                                                               \
        (void)arg, (void)machine;                                   \
        name_##_body();                                             \
        probe_body_ended = true;                                    \
        return 0;                                                   \
    }                                                               \
    START_TEST(name_)                                               \
    {                                                               \
        probe_in_world(name_##_boot);                               \
    }                                                               \
    END_TEST                                                        \
    static void name_##_body(void)

/* Puts a test case of many tests into a suite and runs it as TAP. */
static inline int probe_main(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(all, tests[i]);
    suite_add_tcase(suite, all);
    return suite_run(suite);
}

#endif
