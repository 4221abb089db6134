/* SPDX-License-Identifier: MIT */
/* Workers: threads, posts, fairness, and ends that are not tidy. */
#include "core/factory.h"
#include "core/os/disk.h"
#include "core/os/net.h"
#include "core/os/worker.h"
#include "tests/suite.h"

#include <steelmill/steelmill.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define IP 0x7f0207d2u /* 127.2.7.210: no other program of the tests uses it */

static struct os_worker *make(const char *name, uint32_t index)
{
    struct os_worker *worker;

    ck_assert_int_eq(os_worker_create(&worker, &(struct os_worker_options){.name = name,
                                                                           .machine_index = index}),
                     0);
    return worker;
}

static void *run_worker(void *worker)
{
    os_worker_run(worker);
    return NULL;
}

/* ---- posts ---- */

#define POSTERS 4
#define POSTS   2000

struct poster {
    struct os_worker *worker;
    int next; /* the number of the post that must come next; the worker's */
};

struct letter {
    struct poster *poster;
    int number;
};

static int posts_received;

static void receive_post(void *arg)
{
    struct letter *letter = arg;

    ck_assert_int_eq(letter->number, letter->poster->next++);
    if (++posts_received == POSTERS * POSTS)
        os_worker_quit(letter->poster->worker);
    free(letter);
}

static void *post_many(void *arg)
{
    struct poster *poster = arg;

    for (int i = 0; i < POSTS; i++) {
        struct letter *letter = malloc(sizeof *letter);
        *letter = (struct letter){poster, i};
        if (os_worker_post(poster->worker, receive_post, letter))
            abort();
    }
    return NULL;
}

/* Posts of any thread arrive, all of them, in the order of their thread. */
START_TEST(posts_from_threads)
{
    struct os_worker *worker = make("w", 1);
    struct poster posters[POSTERS];
    pthread_t threads[POSTERS];

    for (int i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){worker, 0};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, &posters[i]), 0);
    }
    os_worker_run(worker);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(posts_received, POSTERS * POSTS);
    os_worker_destroy(worker);
}
END_TEST

/* ---- two workers ---- */

#define ROUNDS 300

static int work(void *arg)
{
    const pthread_t thread = pthread_self();
    struct sm_event never;

    sm_event_init(&never);
    for (int i = 0; i < ROUNDS; i++) {
        if (sm_event_wait(&never, sm_now() + 20 * SM_US) != -ETIMEDOUT || sm_yield() ||
            !pthread_equal(thread, pthread_self()))
            abort();
        (void)sm_random_u64(NULL);
    }
    if (arg)
        atomic_fetch_add((atomic_int *)arg, 1);
    return 0;
}

static atomic_int done_count;

static int spawn_and_join(void *arg)
{
    struct sm_task *tasks[8];

    for (int i = 0; i < 8; i++)
        if (sm_task_spawn(&tasks[i], "work", work, &done_count))
            abort();
    for (int i = 0; i < 8; i++)
        if (sm_task_join(tasks[i], NULL, SM_FOREVER))
            abort();
    os_worker_quit(arg);
    return 0;
}

/* Workers run side by side, and a task stays on its own. */
START_TEST(two_workers)
{
    struct os_worker *workers[2] = {make("a", 1), make("b", 2)};
    pthread_t threads[2];

    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(os_worker_spawn(workers[i], "main", spawn_and_join, workers[i]), 0);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_worker, workers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        os_worker_destroy(workers[i]);
    }
    ck_assert_int_eq(atomic_load(&done_count), 16);
}
END_TEST

/* ---- fairness ---- */

static struct sm_net *net;
static struct sm_disk *disk;
static struct os_worker *fair_worker;
static bool others_ran;

static int tick(void *unused)
{
    (void)unused;
    others_ran = true;
    return 0;
}

/* Reads and writes that never have to wait. */
static int be_busy(void *unused)
{
    struct sm_datagram *socket;
    char byte = 'x';

    (void)unused;
    if (sm_datagram_open(net, &socket, 0) || sm_task_spawn(NULL, "tick", tick, NULL))
        abort();
    const struct sm_address to = {.ip = IP, .port = sm_datagram_port(socket)};
    for (int i = 0; i < 1000 && !others_ran; i++) {
        if (sm_datagram_send(socket, &to, &byte, 1))
            abort();
        if (sm_datagram_receive(socket, &byte, 1, NULL, sm_now() + SM_S) != 1)
            abort();
    }
    sm_datagram_close(socket);
    os_worker_quit(fair_worker);
    return 0;
}

/* A task whose calls never have to wait still lets the others run now and then. */
START_TEST(busy_task_gives_way)
{
    static const struct os_name names[] = {{"w", IP}};

    fair_worker = make("w", 1);
    ck_assert_int_eq(os_net_create(&net, fair_worker, IP, names, 1), 0);
    ck_assert_int_eq(os_worker_spawn(fair_worker, "busy", be_busy, NULL), 0);
    os_worker_run(fair_worker);
    ck_assert(others_ran);
    os_net_destroy(net);
    os_worker_destroy(fair_worker);
}
END_TEST

/* ---- ends that are not tidy ---- */

static int wait_in_accept(void *unused)
{
    struct sm_listener *listener;
    struct sm_stream *stream;

    (void)unused;
    if (sm_listener_open(net, &listener, 0, 1))
        abort();
    return sm_listener_accept(listener, &stream, NULL, sm_now() + 3600 * SM_S);
}

static int write_much(void *arg)
{
    static char bytes[1 << 20];
    struct sm_file *file;

    (void)arg;
    if (sm_file_open(disk, &file, "much", SM_FILE_WRITE | SM_FILE_CREATE))
        abort();
    for (;;)
        if (sm_file_pwrite(file, bytes, sizeof bytes, 0))
            abort();
}

static int leave(void *worker)
{
    struct sm_datagram *socket;

    if (sm_sleep(SM_MS) || sm_datagram_open(net, &socket, 0)) /* nobody closes it */
        abort();
    os_worker_quit(worker);
    return 0;
}

/* A worker can go while tasks wait, timers run, sockets are open and the thread pool is writing. */
START_TEST(leftovers)
{
    static const struct os_name names[] = {{"w", IP}};
    struct os_worker *worker = make("w", 1);
    char folder[] = "/tmp/steelmill-test-worker-XXXXXX", line[64];

    ck_assert_int_eq(os_net_create(&net, worker, IP, names, 1), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(os_worker_spawn(worker, "accepts", wait_in_accept, NULL), 0);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(os_disk_create(&disk, worker, folder), 0);
    ck_assert_int_eq(os_worker_spawn(worker, "writes", write_much, NULL), 0);
    ck_assert_int_eq(os_worker_spawn(worker, "leaves", leave, worker), 0);
    ck_assert_uint_eq(os_worker_run(worker), 4);
    os_net_destroy(net);
    os_disk_destroy(disk);
    snprintf(line, sizeof line, "rm -r %s", folder);
    ck_assert_int_eq(system(line), 0);
    os_worker_destroy(worker);
}
END_TEST

SUITE_MAIN("worker", posts_from_threads, two_workers, busy_task_gives_way, leftovers)
