/* SPDX-License-Identifier: MIT */
/*
 * The bodies in production. Where a body wants a peer, that is another process, which runs this
 * program: CONFORMANCE_PEER says so, and where the two machines are.
 */
#include "core/factory.h"
#include "core/os/disk.h"
#include "core/os/net.h"
#include "core/os/process.h"
#include "core/os/team.h"
#include "tests/conformance/peer.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct os_team *team; /* of two: children may live beside the body */
static struct os_worker *worker;
static struct sm_net *net;
static struct sm_disk *disk;
static struct sm_factory *factory;
static char folder[64], mounted[128]; /* mounted: "": nothing is */
static struct os_name names[] = {{"m1", 0}, {"m2", 0}};
static pid_t peer;

struct sm_factory *conformance_factory(void)
{
    return factory;
}

bool conformance_limit(const char *directory, size_t size_bytes)
{
    char options[64];

    snprintf(mounted, sizeof mounted, "%s/%s", folder, directory);
    snprintf(options, sizeof options, "size=%zu", size_bytes);
    if (mount("none", mounted, "tmpfs", 0, options) != 0)
        mounted[0] = '\0';
    return mounted[0] != '\0';
}

void conformance_freeze(const char *directory)
{
    (void)directory;
    ck_assert_int_eq(mount("none", mounted, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
}

/* Check's assertions work in tests only, and this runs in the peer's process, too. */
#define MUST(condition)                                          \
    do {                                                         \
        if (!(condition)) {                                      \
            fprintf(stderr, "this must hold: %s\n", #condition); \
            abort();                                             \
        }                                                        \
    } while (0)

/* Addresses of its own for each process that runs a body: 127.64.0.0 to 127.127.255.255. */
static void choose_addresses(pid_t process)
{
    names[0].ip = 0x7f400000u + ((uint32_t)process * 2) % 0x400000u;
    names[1].ip = names[0].ip + 1;
}

static void make_factory(const char *machine)
{
    MUST(sm__factory_create_as(&factory, NULL, "machine", machine, &worker->home) == 0);
    sm__factory_capability_set(factory, SM__CAPABILITY_NET, net);
    sm__factory_capability_set(factory, SM__CAPABILITY_DISK, disk);
}

static void make_worker(unsigned machine, sm_task_fn boot, void *arg)
{
    const struct os_team_options options = {
        .worker = {.name = names[machine - 1].name, .machine_index = machine},
        .worker_count = 2,
        .spread = true};

    MUST(os_team_create(&team, &options) == 0);
    worker = team->workers[0];
    MUST(os_net_create(&net, worker, names[machine - 1].ip, names, 2) == 0);
    MUST(os_worker_spawn(worker, "boot", boot, arg) == 0);
}

/* ---- the peer's process ---- */

static int boot_peer(void *unused)
{
    (void)unused;
    make_factory("m2");
    return peer_begin(factory);
}

static int stop_peer(void *unused)
{
    (void)unused;
    const int error = sm_factory_stop(factory, sm_now() + SM_S);
    sm_factory_destroy(factory);
    os_worker_quit(worker);
    return error;
}

static void stop_soon(void *unused)
{
    (void)unused;
    (void)os_worker_spawn(worker, "stop", stop_peer, NULL);
}

static void *await_signal(void *signals)
{
    int number;

    sigwait(signals, &number);
    os_worker_post(worker, stop_soon, NULL);
    return NULL;
}

int conformance_main(void)
{
    const char *process = getenv("CONFORMANCE_PEER");
    static sigset_t signals;
    pthread_t thread;

    if (!process)
        return -1;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    choose_addresses((pid_t)strtol(process, NULL, 10));
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    make_worker(2, boot_peer, NULL);
    MUST(pthread_create(&thread, NULL, await_signal, &signals) == 0);
    (void)os_worker_run(worker);
    pthread_join(thread, NULL);
    os_net_destroy(net);
    os_team_destroy(team);
    return EXIT_SUCCESS;
}

void conformance_peer_start(void)
{
    char process[32], name[] = "peer", *const arguments[] = {name, NULL};

    snprintf(process, sizeof process, "%ld", (long)getpid());
    ck_assert_int_eq(setenv("CONFORMANCE_PEER", process, 1), 0);
    ck_assert_int_eq(posix_spawn(&peer, "/proc/self/exe", NULL, NULL, arguments, environ), 0);
}

static void end_peer(int signal)
{
    int status;

    if (!peer)
        return;
    kill(peer, signal);
    ck_assert_int_eq(waitpid(peer, &status, 0), peer);
    ck_assert_msg(signal == SIGKILL || status == 0, "the peer does not stop in good order");
    peer = 0;
}

void conformance_peer_kill(void)
{
    end_peer(SIGKILL);
}

void conformance_peer_stop(void)
{
    end_peer(SIGTERM);
}

/* ---- the body's process ---- */

static int boot(void *body)
{
    make_factory("m1");
    ((void (*)(void))body)();
    end_peer(SIGKILL);
    ck_assert_int_eq(sm_factory_stop(factory, sm_now() + SM_S), 0);
    sm_factory_destroy(factory);
    ck_assert_int_eq(os_team_stop(team, 10 * SM_S), 0);
    os_worker_quit(worker);
    return 0;
}

void conformance_run(void (*body)(void))
{
    char command[128];

    strcpy(folder, "/tmp/steelmill-conformance-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    choose_addresses(getpid());
    make_worker(1, boot, (void *)body);
    ck_assert_int_eq(os_disk_create(&disk, worker, folder), 0);
    ck_assert_int_eq(os_team_start(team), 0);
    ck_assert_msg(os_worker_run(worker) == 0, "a task has outlived the body");
    os_net_destroy(net);
    os_disk_destroy(disk);
    os_team_destroy(team);
    if (mounted[0])
        ck_assert_int_eq(umount2(mounted, MNT_DETACH), 0);
    mounted[0] = '\0';
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}
