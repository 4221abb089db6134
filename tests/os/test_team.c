/* SPDX-License-Identifier: MIT */
/* A machine on several workers: where its factories live, and what crosses from one to another. */
#include "core/os/disk.h"
#include "core/os/net.h"
#include "tests/os/team.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define CHILDREN 6
#define NOWHERE  UINT32_MAX

/* ---- daemons that note where their hooks run ---- */

struct seen {
    uint32_t construct, prepare, run, stop;
};
static atomic_uint destroyed_on[WORKERS];

static int seen_construct(void *self, struct sm_factory *factory)
{
    struct seen *seen = self;
    (void)factory;
    seen->construct = here();
    seen->run = NOWHERE;
    return 0;
}

static int seen_prepare(void *self)
{
    struct seen *seen = self;
    seen->prepare = here();
    return sm_sleep(SM_MS);
}

static int seen_run(void *self)
{
    struct seen *seen = self;
    seen->run = here();
    return sm_sleep_until(SM_FOREVER);
}

static int seen_stop(void *self, sm_time deadline)
{
    struct seen *seen = self;
    (void)deadline;
    seen->stop = here();
    ck_assert_uint_eq(seen->prepare, seen->stop);
    ck_assert(seen->run == seen->stop || seen->run == NOWHERE);
    return 0;
}

static void seen_destroy(void *self)
{
    const struct seen *seen = self;
    ck_assert_uint_eq(seen->stop, here());
    atomic_fetch_add(&destroyed_on[here()], 1);
}

#define SEEN_HOOKS                                                                            \
    .instance_bytes = sizeof(struct seen), .size_bytes = sizeof(struct sm_daemon_type),       \
    .construct = seen_construct, .prepare = seen_prepare, .run = seen_run, .stop = seen_stop, \
    .destroy = seen_destroy
static const struct sm_daemon_type shard_daemon = {
    .name = "shard", .flags = SM_DAEMON_REENTRANT, SEEN_HOOKS};
static const struct sm_daemon_type plain_daemon = {.name = "plain", SEEN_HOOKS};

static struct sm_factory *make_child(struct sm_factory *parent, const char *name,
                                     const struct sm_daemon_type *type, struct seen **seen)
{
    struct sm_factory *child;
    void *instance;

    ck_assert_int_eq(sm_factory_create(&child, parent, name), 0);
    ck_assert_int_eq(sm_factory_get(child, type, &instance), 0);
    if (seen)
        *seen = instance;
    return child;
}

static struct sm_factory *start_child(const char *name, const struct sm_daemon_type *type,
                                      struct seen **seen)
{
    struct sm_factory *child = make_child(machine, name, type, seen);

    ck_assert_int_eq(sm_factory_start(child, SOON), 0);
    return child;
}

/* ---- spreading ---- */

static void spread_body(void)
{
    struct sm_factory *children[CHILDREN];
    struct seen *seen[CHILDREN];
    uint32_t on[WORKERS] = {1}; /* the machine's own */
    char name[16];

    for (int i = 0; i < CHILDREN; i++) {
        snprintf(name, sizeof name, "c%d", i);
        children[i] = start_child(name, &shard_daemon, &seen[i]);
        on[home_of(children[i])]++;
        ck_assert_uint_eq(seen[i]->construct, 0);
        ck_assert_uint_eq(seen[i]->prepare, home_of(children[i]));
    }
    /* 7 factories on 3 workers */
    for (int i = 0; i < WORKERS; i++)
        ck_assert(on[i] == 2 || on[i] == 3);
    for (int i = 0; i < CHILDREN / 2; i++) {
        ck_assert_int_eq(sm_factory_stop(children[i], SOON), 0);
        sm_factory_destroy(children[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        ck_assert_uint_eq(atomic_load(&destroyed_on[i]), 1);
    start_child("again", &shard_daemon, NULL); /* there is room on worker 1 */
    ck_assert_uint_eq(home_of(children[CHILDREN - 1]), 0);
}

/* Children go to the worker that has the fewest, and all but construct runs there; the machine's
 * stop and end reach those that are left. */
START_TEST(spread)
{
    run_spread(spread_body);
    uint32_t all = 0;
    for (int i = 0; i < WORKERS; i++)
        all += atomic_load(&destroyed_on[i]);
    ck_assert_uint_eq(all, CHILDREN + 1);
}
END_TEST

static void plain_body(void)
{
    for (int i = 0; i < CHILDREN; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", i);
        ck_assert_uint_eq(home_of(start_child(name, &plain_daemon, NULL)), 0);
    }
}

/* A type that does not say that several threads may run it is run by one. */
START_TEST(plain_types_stay)
{
    run_spread(plain_body);
}
END_TEST

static void pinned_body(void)
{
    struct sm_factory *mixed;
    void *instance;

    ck_assert_uint_eq(home_of(start_child("a", &shard_daemon, NULL)), 2);
    ck_assert_uint_eq(home_of(start_child("b", &shard_daemon, NULL)), 2);
    ck_assert_uint_eq(home_of(start_child("c", &plain_daemon, NULL)), 0);
    mixed = make_child(machine, "mixed", &shard_daemon, NULL);
    ck_assert_int_eq(sm_factory_get(mixed, &plain_daemon, &instance), 0);
    ck_assert_int_eq(sm_factory_start(mixed, SOON), -SM_EELSEWHERE);
    ck_assert_ptr_nonnull(strstr(sm_factory_detail(mixed),
                                 "daemon 'shard' is pinned to worker 2, but daemon 'plain' keeps"));
    sm_factory_destroy(mixed);
}

/* A pin says which worker; one that cannot be followed is a failure of the start. */
START_TEST(pinned)
{
    static const struct os_pin pins[] = {{"shard", 2}};
    atomic_store(&destroyed_on[0], 0);
    run_with((struct os_team_options){.worker_count = WORKERS, .pins = pins, .pin_count = 1},
             pinned_body);
}
END_TEST

/* ---- daemons of another worker's ---- */

struct counter {
    unsigned long value;
    atomic_ulong shared;
};
static const struct sm_daemon_type single_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                    .name = "single",
                                                    .instance_bytes = sizeof(struct counter)};
static const struct sm_daemon_type safe_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                  .flags = SM_DAEMON_THREAD_SAFE,
                                                  .name = "safe",
                                                  .instance_bytes = sizeof(struct counter)};

static int adds(void *arg)
{
    void *single;

    ck_assert_int_eq(sm_factory_get(machine, &single_daemon, &single), 0);
    ((struct counter *)single)->value += *(const unsigned *)arg;
    return 0;
}

static int user_run(void *self)
{
    struct sm_factory *own = sm_factory_self();
    unsigned by = 3;
    void *single = self, *safe;

    ck_assert_uint_ne(here(), 0);
    for (int i = 0; i < 2; i++) { /* the second time nothing is new */
        ck_assert_int_eq(sm_factory_get(own, &single_daemon, &single), -SM_EELSEWHERE);
        ck_assert_ptr_null(single);
        ck_assert_int_eq(sm_factory_get(machine, &single_daemon, &single), -SM_EELSEWHERE);
        ck_assert_int_eq(sm_factory_get_by_name(own, "single", &single), -SM_EELSEWHERE);
        ck_assert_ptr_null(sm_factory_find(own, "single"));
        ck_assert_int_eq(sm_factory_get(own, &safe_daemon, &safe), 0);
    }
    ck_assert_int_eq(sm_factory_get(own, &single_daemon, &single), -SM_EELSEWHERE);
    ck_assert_ptr_nonnull(strstr(sm_factory_detail(own), "use it through sm_call"));
    ck_assert_int_eq(sm_call(machine, adds, &by), 0);
    atomic_fetch_add(&((struct counter *)safe)->shared, 1);
    return 0;
}
static const struct sm_daemon_type user_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                  .flags = SM_DAEMON_REENTRANT,
                                                  .name = "user",
                                                  .run = user_run};

static void elsewhere_body(void)
{
    void *single, *safe;

    ck_assert_int_eq(sm_factory_get(machine, &single_daemon, &single), 0);
    ck_assert_int_eq(sm_factory_get(machine, &safe_daemon, &safe), 0);
    ck_assert_int_eq(sm_factory_start(machine, SOON), 0);
    for (int i = 0; i < CHILDREN; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", i);
        if (i % 3 == 2) { /* the first worker's turn */
            start_child(name, &shard_daemon, NULL);
            continue;
        }
        struct sm_factory *child = make_child(machine, name, &user_daemon, NULL);
        ck_assert_int_eq(sm_factory_start(child, SOON), 0);
        ck_assert_int_eq(sm_factory_wait(child, SOON), 0);
    }
    ck_assert_uint_eq(((struct counter *)single)->value, 3 * 4);
    ck_assert_uint_eq(atomic_load(&((struct counter *)safe)->shared), 4);
}

/* A daemon that is not thread-safe is refused on another worker, in words, and sm_call gets there;
 * one that is can be entered. */
START_TEST(elsewhere)
{
    run_spread(elsewhere_body);
}
END_TEST

static int tied_construct(void *self, struct sm_factory *factory)
{
    return sm_factory_get(factory, &single_daemon, self);
}

static int tied_run(void *self)
{
    struct counter **single = self;
    (*single)->value++;
    return 0;
}
static const struct sm_daemon_type tied_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                  .flags = SM_DAEMON_REENTRANT,
                                                  .name = "tied",
                                                  .instance_bytes = sizeof(struct counter *),
                                                  .construct = tied_construct,
                                                  .run = tied_run};

static void tied_body(void)
{
    void *single;

    ck_assert_int_eq(sm_factory_get(machine, &single_daemon, &single), 0);
    for (int i = 0; i < CHILDREN; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", i);
        struct sm_factory *child = make_child(machine, name, &tied_daemon, NULL);
        ck_assert_int_eq(sm_factory_start(child, SOON), 0);
        ck_assert_uint_eq(home_of(child), 0);
        ck_assert_int_eq(sm_factory_wait(child, SOON), 0);
    }
    ck_assert_uint_eq(((struct counter *)single)->value, CHILDREN);
}

/* A child that depends on such a daemon lives with it. */
START_TEST(tied)
{
    run_spread(tied_body);
}
END_TEST

/* ---- failures, and grandchildren ---- */

static int fails_prepare(void *self)
{
    (void)self;
    return sm_factory_fail(sm_factory_self(), -EADDRINUSE, "port 7000");
}
static const struct sm_daemon_type fails_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                   .flags = SM_DAEMON_REENTRANT,
                                                   .name = "fails",
                                                   .prepare = fails_prepare};

static int stuck_run(void *self)
{
    (void)self;
    sm__current->shielded = true; /* it is as if it did not hear of its cancellation */
    return sm_sleep(600 * SM_MS);
}
static const struct sm_daemon_type stuck_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                   .flags = SM_DAEMON_REENTRANT,
                                                   .name = "stuck",
                                                   .run = stuck_run};

static void failures_body(void)
{
    struct sm_factory *child = make_child(machine, "bad", &fails_daemon, NULL);

    ck_assert_int_eq(sm_factory_start(child, SOON), -EADDRINUSE);
    ck_assert_uint_eq(home_of(child), 1);
    ck_assert_str_eq(sm_factory_detail(child), "factory 'bad': daemon 'fails': prepare: "
                                               "address in use (port 7000)");
    sm_factory_destroy(child);
    child = start_child("stuck", &stuck_daemon, NULL);
    ck_assert_int_eq(sm_factory_stop(child, sm_now() + SM_MS), -ETIMEDOUT);
    ck_assert_str_eq(sm_factory_detail(child),
                     "factory 'stuck': daemon 'stuck': run: tasks did not end in time: stuck");
    sm_sleep(700 * SM_MS); /* it has ended after all */
    sm_factory_destroy(child);
}

/* What fails on another worker is told where it was asked for, in the same words. */
START_TEST(failures)
{
    run_spread(failures_body);
}
END_TEST

static int breeder_run(void *self)
{
    struct sm_factory *own = sm_factory_self(), *child;
    char name[16];
    void *instance;

    (void)self;
    ck_assert_uint_eq(here(), 1);
    ck_assert_int_eq(sm_factory_create(&child, own, "plain"), 0);
    ck_assert_int_eq(sm_factory_get(child, &plain_daemon, &instance), -SM_EELSEWHERE);
    ck_assert_ptr_nonnull(strstr(sm_factory_detail(child), "live on the machine's first worker"));
    sm_factory_destroy(child);
    for (int i = 0; i < CHILDREN; i++) {
        snprintf(name, sizeof name, "g%d", i);
        int error = sm_factory_create(&child, own, name);
        if (!error)
            error = sm_factory_get(child, &shard_daemon, &instance);
        if (!error)
            error = sm_factory_start(child, SOON);
        if (error) { /* the machine stops meanwhile */
            ck_assert_int_eq(error, -ECANCELED);
            return error;
        }
        if (i % 2 == 0)
            continue;
        ck_assert_int_eq(sm_factory_stop(child, SOON), 0);
        sm_factory_destroy(child);
    }
    return sm_sleep_until(SM_FOREVER);
}
static const struct sm_daemon_type breeder_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                     .flags = SM_DAEMON_REENTRANT,
                                                     .name = "breeder",
                                                     .run = breeder_run};

static void grandchildren_body(void)
{
    start_child("breeder", &breeder_daemon, NULL);
    sm_sleep(5 * SM_MS); /* it may be at any point of it when the machine stops */
}

/* Children of children are spread, too, and all of them stop with the machine; types of one thread
 * are constructed on the first worker only. */
START_TEST(grandchildren)
{
    run_spread(grandchildren_body);
}
END_TEST

/* ---- what all workers share ---- */

static int sharer_run(void *self)
{
    struct sm_factory *own = sm_factory_self();
    struct sm_disk *disk = sm_disk_get(own);
    struct sm_datagram *socket;
    struct sm_file *file;
    struct sm_address to = {.ip = sm_net_ip(sm_net_get(own))};
    int64_t number;
    char byte = 0;

    (void)self;
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(sm_config_i64(own, i % 2 ? "number" : "unset", 7, &number), 0);
        ck_assert_int_eq(number, i % 2 ? 42 : 7);
        ck_assert_int_eq(sm_datagram_open(sm_net_get(own), &socket, 0), 0);
        to.port = sm_datagram_port(socket);
        ck_assert_int_eq(sm_datagram_send(socket, &to, "x", 1), 0);
        ck_assert_int_eq(sm_datagram_receive(socket, &byte, 1, NULL, SOON), 1);
        sm_datagram_close(socket);
        ck_assert_int_eq(
            sm_file_open(disk, &file, "f", SM_FILE_CREATE | SM_FILE_READ | SM_FILE_WRITE), 0);
        ck_assert_int_eq(sm_file_lock(file, SM_FILE_LOCK_EXCLUSIVE, 0, 0, SOON), 0);
        ck_assert_int_eq(sm_file_pwrite(file, &byte, 1, 0), 0);
        sm_file_close(file);
        ck_assert_int_eq(sm_factory_config_set(machine, "number", "42"), 0);
    }
    return 0;
}
static const struct sm_daemon_type sharer_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                    .flags = SM_DAEMON_REENTRANT,
                                                    .name = "sharer",
                                                    .run = sharer_run};

static void shared_body(void)
{
    static const struct os_name names[] = {{"m", 0x7f0207d4}};
    struct sm_factory *children[CHILDREN];
    struct sm_net *net;
    struct sm_disk *disk;
    char folder[] = "/tmp/steelmill-team-XXXXXX", command[64];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(os_net_create(&net, team->workers[0], names[0].ip, names, 1), 0);
    ck_assert_int_eq(os_disk_create(&disk, team->workers[0], folder), 0);
    sm__factory_capability_set(machine, SM__CAPABILITY_NET, net);
    sm__factory_capability_set(machine, SM__CAPABILITY_DISK, disk);
    ck_assert_int_eq(sm_factory_config_set(machine, "number", "42"), 0);
    for (int i = 0; i < CHILDREN; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", i);
        children[i] = start_child(name, &sharer_daemon, NULL);
    }
    for (int i = 0; i < CHILDREN; i++)
        ck_assert_int_eq(sm_factory_wait(children[i], SOON), 0);
    ck_assert_int_eq(sm_factory_stop(machine, SOON), 0);
    os_net_destroy(net);
    os_disk_destroy(disk);
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* Configuration, network, disk and the locks of its files are the machine's, on all its workers. */
START_TEST(shared)
{
    run_spread(shared_body);
}
END_TEST

SUITE_MAIN("team", spread, plain_types_stay, pinned, elsewhere, tied, failures, grandchildren,
           shared)
