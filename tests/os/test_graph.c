/* SPDX-License-Identifier: MIT */
/*
 * The graph of factories, read by threads while it changes.
 *
 * GRAPH_CHURN: how many children the churn adds and removes.
 */
#include "core/factory.h"
#include "core/os/graph.h"
#include "core/os/worker.h"
#include "core/sanitize.h"
#include "tests/suite.h"

#include <steelmill/read.h>

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define READERS       2
#define CHURN_DEFAULT 20000u
#define WINDOW        64u /* children that are there at once */

/* ---- a root with a daemon, and children with one each ---- */

struct plain {
    uint32_t value;
};

static int plain_construct(void *self, struct sm_factory *factory)
{
    struct plain *plain = self;
    (void)factory;
    plain->value = 4711;
    return 0;
}

static const struct sm_daemon_type shared_daemon = {.size_bytes = sizeof(struct sm_daemon_type),
                                                    .name = "shared",
                                                    .instance_bytes = sizeof(struct plain),
                                                    .construct = plain_construct};
static const struct sm_daemon_type plain_daemon = {SM_DAEMON_HEAD(plain),
                                                   .construct = plain_construct};

static struct sm_factory *make_root(void)
{
    struct sm_factory *root;
    void *shared;

    ck_assert_int_eq(sm_factory_create(&root, NULL, "root"), 0);
    ck_assert_int_eq(sm_factory_get(root, &shared_daemon, &shared), 0);
    sm_factory_seal(root);
    return root;
}

static struct sm_factory *make_child(struct sm_factory *root, uint32_t number)
{
    struct sm_factory *child;
    void *instance;
    char name[16];

    snprintf(name, sizeof name, "c%u", number);
    ck_assert_int_eq(sm_factory_create(&child, root, name), 0);
    ck_assert_int_eq(sm_factory_get(child, &plain_daemon, &instance), 0);
    ck_assert_int_eq(sm_factory_get(child, &shared_daemon, &instance), 0);
    sm_factory_seal(child);
    return child;
}

/* ---- readers ---- */

struct readers {
    struct sm_factory *root;
    atomic_bool end;
    atomic_ullong seen, wrong;
};

static int look_at(struct sm_factory *child, void *arg)
{
    struct readers *readers = arg;
    void *shared = NULL;
    const struct plain *own = sm_factory_find(child, "plain"), *inherited;
    const bool named = sm_factory_name(child)[0] == 'c';
    /* It may not have come yet, or have gone; a wrong one may never be. */
    const bool right = !own || own->value == 4711;

    inherited = sm_factory_find(child, "shared");
    const bool same = (!inherited || inherited->value == 4711) &&
                      sm_factory_get(readers->root, &shared_daemon, &shared) == 0 &&
                      (!inherited || inherited == shared);
    atomic_fetch_add(&readers->seen, 1);
    if (!named || !right || !same)
        atomic_fetch_add(&readers->wrong, 1);
    return 0;
}

static void *reader_main(void *arg)
{
    struct readers *readers = arg;

    os_graph_join();
    while (!atomic_load(&readers->end)) {
        sm_read_begin();
        sm_factory_each_child(readers->root, look_at, readers);
        sm_read_end();
        os_graph_quiet();
    }
    os_graph_leave();
    return NULL;
}

/* ---- churn ---- */

static uint32_t churn_count(void)
{
    const char *text = getenv("GRAPH_CHURN");
    return text ? (uint32_t)strtoul(text, NULL, 10) : CHURN_DEFAULT;
}

#if SM__ASAN
size_t __sanitizer_get_current_allocated_bytes(void); /* gcc 12 comes without its header */
#endif

static size_t allocated_bytes(void)
{
#if SM__ASAN
    return __sanitizer_get_current_allocated_bytes();
#else
    return mallinfo2().uordblks;
#endif
}

static void settle(void)
{
    os_graph_offline();
    os_graph_settle();
    os_graph_online();
}

static void churn(struct sm_factory *root, uint32_t count)
{
    struct sm_factory *window[WINDOW] = {NULL};

    for (uint32_t i = 0; i < count; i++) {
        sm_factory_destroy(window[i % WINDOW]);
        window[i % WINDOW] = make_child(root, i);
        os_graph_quiet();
    }
    for (uint32_t i = 0; i < WINDOW; i++)
        sm_factory_destroy(window[i]);
}

/* Threads that walk through a factory's children while they come and go see whole ones only, and
 * the memory of all that went is free in the end. */
START_TEST(churn_under_readers)
{
    struct readers readers = {.root = make_root()};
    pthread_t threads[READERS];

    os_graph_join();
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader_main, &readers), 0);
    churn(readers.root, 2 * WINDOW); /* what a first use allocates for good */
    settle();
    const size_t before = allocated_bytes();
    churn(readers.root, churn_count());
    while (atomic_load(&readers.seen) < WINDOW) { /* readers that got no turn have shown nothing */
        churn(readers.root, WINDOW);
        sched_yield();
    }
    settle();
    const size_t after = allocated_bytes();
    atomic_store(&readers.end, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(atomic_load(&readers.wrong), 0);
    ck_assert_msg(after <= before + 16384, "%zu bytes are in use, %zu before", after, before);
    sm_factory_destroy(readers.root);
    settle();
    os_graph_leave();
}
END_TEST

/* ---- grace periods ---- */

struct block {
    struct sm__later later;
    atomic_bool *freed;
};

static void block_free(struct sm__later *later)
{
    struct block *block = sm__container(later, struct block, later);

    atomic_store(block->freed, true);
    free(block);
}

static void free_a_block(atomic_bool *freed)
{
    struct block *block = malloc(sizeof *block);

    ck_assert_ptr_nonnull(block);
    block->freed = freed;
    sm__free_later(&block->later, block_free);
}

static atomic_bool in_section, end_section;

static void *holds_a_section(void *arg)
{
    os_graph_join();
    sm_read_begin();
    atomic_store(&in_section, true);
    while (!atomic_load(&end_section))
        usleep(1000);
    sm_read_end();
    os_graph_leave();
    return arg;
}

/* Nothing is freed while a read section is left that had begun before. */
START_TEST(section_holds)
{
    pthread_t thread;
    atomic_bool freed = false;

    ck_assert_int_eq(pthread_create(&thread, NULL, holds_a_section, NULL), 0);
    while (!atomic_load(&in_section))
        usleep(1000);
    free_a_block(&freed);
    usleep(50000);
    ck_assert(!atomic_load(&freed));
    atomic_store(&end_section, true);
    os_graph_settle();
    ck_assert(atomic_load(&freed));
    pthread_join(thread, NULL);
}
END_TEST

static atomic_bool asleep;

static int sleeps(void *arg)
{
    atomic_store(&asleep, true);
    (void)sm_sleep_until(SM_FOREVER);
    (void)arg;
    return 0;
}

static void *worker_main(void *worker)
{
    os_worker_run(worker);
    return NULL;
}

static void quit(void *worker)
{
    os_worker_quit(worker);
}

/* A worker whose tasks all wait does not hold up what others free. */
START_TEST(idle_worker_holds_nothing)
{
    struct os_worker *worker;
    pthread_t thread;
    atomic_bool freed = false;

    ck_assert_int_eq(os_worker_create(&worker, &(struct os_worker_options){.name = "w"}), 0);
    ck_assert_int_eq(os_worker_spawn(worker, "sleeps", sleeps, NULL), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, worker_main, worker), 0);
    while (!atomic_load(&asleep))
        usleep(1000);
    free_a_block(&freed);
    os_graph_settle();
    ck_assert(atomic_load(&freed));
    ck_assert_int_eq(os_worker_post(worker, quit, worker), 0);
    pthread_join(thread, NULL);
    os_worker_destroy(worker);
}
END_TEST

/* ---- misuse ---- */

static int sleeps_in_section(void *arg)
{
    (void)arg;
    sm_read_begin();
    return sm_sleep(1);
}

static void block_in_section(void)
{
    struct os_worker *worker;

    if (os_worker_create(&worker, &(struct os_worker_options){.name = "w"}) == 0 &&
        os_worker_spawn(worker, "sleeps", sleeps_in_section, NULL) == 0)
        os_worker_run(worker);
}

static void read_as_nobody(void)
{
    sm_read_begin();
}

/* Runs fn in a process of its own, which must end by an assertion that says `words`. */
static void dies_saying(void (*fn)(void), const char *words)
{
    int ends[2], status;
    char text[512] = "";

    ck_assert_int_eq(pipe(ends), 0);
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(ends[1]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
    close(ends[0]);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ck_assert_msg(strstr(text, words) != NULL, "%s", text);
}

/* What blocks inside of a read section, and who reads without being a reader, is told. */
START_TEST(misuse)
{
    dies_saying(block_in_section, "a blocking call inside a read section");
    dies_saying(read_as_nobody, "a read section on a thread that is no reader");
}
END_TEST

SUITE_MAIN("graph", churn_under_readers, section_holds, idle_worker_holds_nothing, misuse)
