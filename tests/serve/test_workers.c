/* SPDX-License-Identifier: MIT */
/* A machine on several workers, as people run it. */
#include "tests/serve/served.h"

#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHARDS 4
#define PORT   7000

static struct served served;

/* config: more of it, each with a comma in front; serve: the whole line, or "". */
static void write_scenario(const char *config, const char *serve)
{
    served_write("one.yaml",
                 "scenario: one\nabout: A test.\nplugin: %s\ntime: 10s\nmachines:\n"
                 "  one: { daemons: [ledger, front], config: { shards: %d%s } }\n%s\n",
                 getenv("CROWD_PLUGIN"), SHARDS, config, serve);
}

static void begin(const char *config, const char *serve, const char *arguments)
{
    char line[256];

    write_scenario(config, serve);
    snprintf(line, sizeof line, "one.yaml --machine one %s", arguments);
    served = served_start("log", line);
    served_await("log", "crowd is there", 1);
}

static int end(void)
{
    served_signal(&served, SIGTERM);
    return served_wait(&served);
}

/* What a command says on both its outputs. Returns its exit code. */
static int said(const char *command, char *text, size_t size)
{
    FILE *pipe = popen(command, "r");

    ck_assert_ptr_nonnull(pipe);
    text[fread(text, 1, size - 1, pipe)] = '\0';
    const int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_factories(const char *expected)
{
    char text[1024];

    ck_assert_int_eq(said("\"$STEELMILL\" ctl ctl factories 2>&1", text, sizeof text), 0);
    ck_assert_str_eq(text, expected);
}

/* ---- where factories live ---- */

/* Children go to the worker that has the fewest; the machine's own is on the first. */
START_TEST(balanced)
{
    begin("", "serve: { workers: 3 }", "--control ctl");
    check_factories("machine one, running, worker 0: ledger, front\n"
                    "  factory shard1, running, worker 1: shard\n"
                    "  factory shard2, running, worker 2: shard\n"
                    "  factory shard3, running, worker 0: shard\n"
                    "  factory shard4, running, worker 1: shard\n");
    ck_assert_int_eq(end(), 0);
}
END_TEST

/* A pin says which worker. */
START_TEST(pinned)
{
    begin("", "serve: { workers: 3, placement: pinned, pins: { shard: 2 } }", "--control ctl");
    check_factories("machine one, running, worker 0: ledger, front\n"
                    "  factory shard1, running, worker 2: shard\n"
                    "  factory shard2, running, worker 2: shard\n"
                    "  factory shard3, running, worker 2: shard\n"
                    "  factory shard4, running, worker 2: shard\n");
    ck_assert_int_eq(end(), 0);
}
END_TEST

/* Without a word of the file or the command line there is one worker; the command line wins. */
START_TEST(how_many)
{
    begin("", "", "--control ctl");
    check_factories("machine one, running: ledger, front\n  factory shard1, running: shard\n"
                    "  factory shard2, running: shard\n  factory shard3, running: shard\n"
                    "  factory shard4, running: shard\n");
    ck_assert_int_eq(end(), 0);
    ck_assert_int_eq(unlink("log"), 0);
    begin("", "serve: { workers: 1 }", "--control ctl --workers 2");
    check_factories("machine one, running, worker 0: ledger, front\n"
                    "  factory shard1, running, worker 1: shard\n"
                    "  factory shard2, running, worker 0: shard\n"
                    "  factory shard3, running, worker 1: shard\n"
                    "  factory shard4, running, worker 0: shard\n");
    ck_assert_int_eq(end(), 0);
}
END_TEST

/* A pin that cannot be followed is refused in words, before anything begins. */
START_TEST(bad_pins)
{
    write_scenario("", "serve: { workers: 2, pins: { front: 1 } }");
    ck_assert_int_eq(served_once("log", "one.yaml --machine one"), 2);
    ck_assert(served_logged("log", "pins: daemon 'front' cannot live on worker 1"));
    write_scenario("", "serve: { workers: 2, pins: { shrad: 1 } }");
    ck_assert_int_eq(served_once("log", "one.yaml --machine one"), 2);
    ck_assert(served_logged("log", "no daemon 'shrad' in plugin"));
    ck_assert(served_logged("log", "did you mean 'shard'?"));
    write_scenario("", "serve: { workers: 2, pins: { shard: 1 } }");
    ck_assert_int_eq(served_once("log", "one.yaml --machine one --workers 1"), 2);
    ck_assert(served_logged("log", "there is no worker 1: 'workers' is 1"));
    ck_assert_int_eq(access("data", F_OK), -1);
}
END_TEST

/* ---- work ---- */

/* From an address of its own: to a machine, 127.0.0.1 is itself. */
static int socket_to(int shard)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(PORT + shard))};
    const struct timeval limit = {.tv_sec = 10};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    ck_assert_int_eq(inet_pton(AF_INET, served_ip(2), &own.sin_addr), 1);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
    ck_assert_int_eq(inet_pton(AF_INET, served_ip(1), &to.sin_addr), 1);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    return fd;
}

/* Asks all shards at once, `rounds` times, and checks that each has counted once. */
static void ask(int rounds)
{
    int fds[SHARDS];
    uint64_t total, sum = 0;
    const uint64_t last = (uint64_t)rounds * SHARDS;

    for (int i = 0; i < SHARDS; i++)
        fds[i] = socket_to(i + 1);
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < SHARDS; i++)
            ck_assert_int_eq(send(fds[i], "x", 1, 0), 1);
        for (int i = 0; i < SHARDS; i++) {
            ck_assert_int_eq(recv(fds[i], &total, sizeof total, 0), sizeof total);
            sum += total;
        }
    }
    ck_assert_uint_eq(sum, last * (last + 1) / 2);
    for (int i = 0; i < SHARDS; i++)
        close(fds[i]);
}

static int rounds(void)
{
    const char *text = getenv("WORKERS_ROUNDS");
    return text ? atoi(text) : 200;
}

/* Shards on all workers serve, call the machine's ledger, send through a channel, and create and
 * destroy children of their own; what they count is right, and they stop in reverse. */
START_TEST(works)
{
    char line[64];

    begin("", "serve: { workers: 3 }", "");
    ask(rounds());
    ck_assert_int_eq(end(), 0);
    snprintf(line, sizeof line, "front stops total=%d", rounds() * SHARDS);
    ck_assert(served_logged("log", line));
    ck_assert_uint_eq(served_count("log", "shard stops"), SHARDS);
    ck_assert_int_eq(
        system("test \"$(sed -n 's/.*shard stops number=//p; s/.*front stops.*/f/p' log "
               "| tr -d '\\n')\" = 4321f"),
        0);
}
END_TEST

/* A stop in the middle of it all ends well, whatever is under way. */
START_TEST(stopped_at_work)
{
    for (int i = 0; i < 5; i++) {
        int fds[SHARDS];
        begin("", "serve: { workers: 3 }", "");
        for (int j = 0; j < SHARDS; j++)
            fds[j] = socket_to(j + 1);
        for (int j = 0; j < 40 * SHARDS; j++)
            (void)!send(fds[j % SHARDS], "x", 1, 0);
        nanosleep(&(struct timespec){.tv_nsec = i * 3000000L}, NULL);
        ck_assert_int_eq(end(), 0);
        ck_assert_uint_eq(served_count("log", "front stops"), 1);
        for (int j = 0; j < SHARDS; j++)
            close(fds[j]);
        ck_assert_int_eq(unlink("log"), 0);
    }
}
END_TEST

/* A daemon that keeps its worker to itself is named; the others are stopped, and the process ends
 * in time. */
START_TEST(hog)
{
    begin(", hog: true", "serve: { workers: 3 }", "--stop-limit 300ms");
    ck_assert_int_eq(end(), 1);
    ck_assert(served_logged("log",
                            "daemon 'shard' of factory 'shard1' (task 'shard') keeps a thread "
                            "to itself (worker 1)"));
    ck_assert(served_logged("log", "factory 'shard1': it did not stop in time"));
    ck_assert(served_logged("log", "shard stops number=2"));
    ck_assert(served_logged("log", "front stops"));
}
END_TEST

/* A system that knows nothing of workers is served on several as on one. */
START_TEST(leases)
{
    served_write("leases.yaml",
                 "scenario: leases\nabout: A test.\nplugin: %s\ntime: 10s\nmachines:\n"
                 "  lock: { daemons: [lock_server] }\n"
                 "  store: { daemons: [store_server], config: { check_fence: true } }\n"
                 "  client: { count: 2, daemons: [lock_client] }\nserve: { workers: 3 }\n",
                 getenv("LEASE_LOCK_PLUGIN"));
    served = served_start("log", "leases.yaml --all --log debug");
    served_await("log", "serving", 4);
    nanosleep(&(struct timespec){.tv_nsec = 500000000L}, NULL);
    ck_assert_int_eq(end(), 0);
    ck_assert(!served_logged("log", "ThreadSanitizer"));
}
END_TEST

SERVED_MAIN("workers", balanced, pinned, how_many, bad_pins, works, stopped_at_work, hog, leases)
