/* SPDX-License-Identifier: MIT */
/* The bodies in production. */
#include "core/factory.h"
#include "core/os/disk.h"
#include "core/os/net.h"
#include "core/os/process.h"
#include "core/os/worker.h"
#include "tests/conformance/conformance.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* No other program of the tests uses it. */
#define IP 0x7f0207d1u /* 127.2.7.209 */

static struct os_worker *worker;
static struct sm_net *net;
static struct sm_disk *disk;
static struct sm_factory *factory;
static char folder[64], mounted[128]; /* mounted: "": nothing is */

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

static int boot(void *body)
{
    const int error = sm__factory_create_as(&factory, NULL, "machine", "m1", &worker->home);

    ck_assert_int_eq(error, 0);
    sm__factory_capability_set(factory, SM__CAPABILITY_NET, net);
    sm__factory_capability_set(factory, SM__CAPABILITY_DISK, disk);
    ((void (*)(void))body)();
    ck_assert_int_eq(sm_factory_stop(factory, sm_now() + SM_S), 0);
    sm_factory_destroy(factory);
    os_worker_quit(worker);
    return 0;
}

void conformance_run(void (*body)(void))
{
    static const struct os_name names[] = {{"m1", IP}};
    char command[128];

    strcpy(folder, "/tmp/steelmill-conformance-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(
        os_worker_create(&worker, &(struct os_worker_options){.name = "m1", .machine_index = 1}),
        0);
    ck_assert_int_eq(os_net_create(&net, worker, IP, names, 1), 0);
    ck_assert_int_eq(os_disk_create(&disk, worker, folder), 0);
    ck_assert_int_eq(os_worker_spawn(worker, "boot", boot, (void *)body), 0);
    ck_assert_msg(os_worker_run(worker) == 0, "a task has outlived the body");
    os_net_destroy(net);
    os_disk_destroy(disk);
    os_worker_destroy(worker);
    if (mounted[0])
        ck_assert_int_eq(umount2(mounted, MNT_DETACH), 0);
    mounted[0] = '\0';
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}
