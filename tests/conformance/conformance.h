/* SPDX-License-Identifier: MIT */
/*
 * One body, two worlds: what the contract promises, stated once.
 *
 * The test bodies (test_*.c) are compiled once and linked twice, with world_sim.c and with
 * world_os.c. They see the contract and nothing else, and both programs expect the same outcome.
 * What takes time takes milliseconds, and is only compared with what it must not be shorter than.
 */
#ifndef STEELMILL_TESTS_CONFORMANCE_H
#define STEELMILL_TESTS_CONFORMANCE_H

#include <steelmill/steelmill.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>

#define CONFORMANCE_WAIT (5 * SM_MS) /* long enough for tasks to come to where they wait */

/* ---- what a world provides ---- */
/* Runs a body in a task of a machine. It must come to an end, and break no assertion. */
void conformance_run(void (*body)(void));
/* The factory of the machine: it has a network and a disk, and neither daemons nor a stop. */
struct sm_factory *conformance_factory(void);
/*
 * Makes an empty directory of the machine's disk a small file system, until the body's end; and a
 * read-only one. False: the test may not do that here.
 */
bool conformance_limit(const char *directory, size_t size_bytes);
void conformance_freeze(const char *directory);

/* What else the program can be: its exit status, or -1 where it is to run the tests. */
int conformance_main(void);

/* CONFORMS(name) { ... }: a test whose body runs in a task. */
#define CONFORMS(name_)                \
    static void name_##_body(void);    \
    START_TEST(name_)                  \
    {                                  \
        conformance_run(name_##_body); \
    }                                  \
    END_TEST                           \
    static void name_##_body(void)

/* ---- helpers (helpers.c) ---- */
/* Runs fn(arg) in the `run` hook of a daemon, in a factory of its own that stops while it waits.
 * Returns what fn returned. */
int conformance_stopped(sm_task_fn fn, void *arg);
/* Runs fn(arg) in a task that is cancelled while it waits. Returns what fn returned. */
int conformance_cancelled(sm_task_fn fn, void *arg);
/* The same, but it is cancelled before it calls fn. */
int conformance_cancelled_before(sm_task_fn fn, void *arg);
/* Two ends of a connection of the machine with itself. */
void conformance_connect(struct sm_stream **client, struct sm_stream **server);

/* ---- the tests ---- */
/* In parts of some seconds each, to run side by side. */
#define CONFORMANCE_NETWORK(X) X(stream) X(frame) X(datagram) X(port) X(net_open) X(net_datagram)
#define CONFORMANCE_STREAMS(X) X(net_stream)
#define CONFORMANCE_REST(X) \
    X(matrix)               \
    X(tasks)                \
    X(sync)                 \
    X(time)                 \
    X(factory)              \
    X(lease)                \
    X(disk)                 \
    X(disk_names)           \
    X(disk_files)           \
    X(workers)

#define CONFORMANCE_DECLARE_(name_) void conformance_add_##name_(TCase *tc);
CONFORMANCE_NETWORK(CONFORMANCE_DECLARE_)
CONFORMANCE_STREAMS(CONFORMANCE_DECLARE_)
CONFORMANCE_REST(CONFORMANCE_DECLARE_)

#define CONFORMANCE_TESTS(name_, ...)                                  \
    void conformance_add_##name_(TCase *tc)                            \
    {                                                                  \
        const TTest *const tests_[] = {__VA_ARGS__};                   \
        for (size_t i_ = 0; i_ < sizeof tests_ / sizeof *tests_; i_++) \
            tcase_add_test(tc, tests_[i_]);                            \
    }

#endif
