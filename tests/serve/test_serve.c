/* SPDX-License-Identifier: MIT */
/* `steelmill serve`, as people and service managers use it. */
#include "tests/serve/served.h"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void scenario(const char *machines)
{
    served_write("wilful.yaml",
                 "scenario: wilful\nabout: A test.\nplugin: %s\ntime: 10s\nmachines:\n%s",
                 getenv("WILFUL_PLUGIN"), machines);
}

static void setup(void)
{
    served_setup();
    scenario("  one: { daemons: [upper] }\n"
             "  two: { daemons: [listener], config: { port: 7100 } }\n"
             "  bad: { daemons: [listener], config: { port: many } }\n");
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static size_t lines_of(const char *log)
{
    return served_count(log, "\n");
}

/* ---- stopping ---- */

/* SIGTERM stops daemons in the reverse order of their construction; the process ends with 0. */
START_TEST(stops_in_reverse_order)
{
    static const int signals[] = {SIGTERM, SIGINT};

    const struct served served = served_start("log", "wilful.yaml --machine one");
    served_await("log", "serving", 1);
    served_signal(&served, signals[_i]);
    ck_assert_int_eq(served_wait(&served), 0);
    ck_assert_uint_eq(served_count("log", "stop hook"), 2);
    served_await("log", "one/upper INFO  stop hook", 1);
    ck_assert_int_eq(system("test \"$(grep -o 'one/.*stop hook' log | head -1)\" = "
                            "'one/upper INFO  stop hook'"),
                     0);
    ck_assert(exists("data/one"));
}
END_TEST

/* A daemon that does not stop in time is named, and the process ends with 1. */
START_TEST(names_who_does_not_stop)
{
    const struct served served =
        served_start("log", "wilful.yaml --machine one --daemon base --daemon stubborn "
                            "--stop-limit 200ms");
    served_await("log", "serving", 1);
    served_signal(&served, SIGTERM);
    ck_assert_int_eq(served_wait(&served), 1);
    ck_assert(served_logged("log", "daemon 'stubborn': stop: it did not end in time"));
    ck_assert(served_logged("log", "one/base INFO  stop hook"));
}
END_TEST

/* Nor does one that never gives way keep the process from ending. */
START_TEST(ends_beside_a_spinning_daemon)
{
    const struct served served =
        served_start("log", "wilful.yaml --machine one --daemon spinner --stop-limit 100ms");
    served_await("log", "spinning", 1);
    served_signal(&served, SIGTERM);
    ck_assert_int_eq(served_wait(&served), 1);
    ck_assert(served_logged("log", "machine 'one': it did not stop in time"));
    ck_assert(served_logged("log", "daemon 'spinner' of machine 'one' (task 'spinner') keeps a "
                                   "thread to itself (worker 0)"));
}
END_TEST

/* A second signal ends it at once, whatever the limit. */
START_TEST(second_signal)
{
    const struct served served =
        served_start("log", "wilful.yaml --machine one --daemon stubborn --stop-limit 1h");
    served_await("log", "serving", 1);
    served_signal(&served, SIGTERM);
    served_await("log", "stopping", 1);
    served_signal(&served, SIGTERM);
    ck_assert_int_eq(served_wait(&served), 1);
    ck_assert(served_logged("log", "interrupted again"));
}
END_TEST

/* ---- what goes wrong while it serves ---- */

/* A run that fails ends the process with 1 and the daemon's words. */
START_TEST(run_fails)
{
    ck_assert_int_eq(served_once("log", "wilful.yaml --machine one --daemon failing"), 1);
    ck_assert(served_logged("log", "machine 'one': daemon 'failing': run: "));
    ck_assert(served_logged("log", "the dog ate it"));
}
END_TEST

/* A property that does not hold is logged and counted; the process goes on, and ends with 1. */
START_TEST(property_violated)
{
    ck_assert_int_eq(served_once("log", "wilful.yaml --machine one --daemon violator"), 1);
    ck_assert(served_logged("log", "always violated property=\"all is well\""));
    ck_assert(served_logged("log", "answer=42"));
    ck_assert(served_logged("log", "violated 1 times"));
}
END_TEST

/* ---- bad input: one clear message, exit code 2, nothing left behind ---- */

static void refused(const char *arguments, const char *message)
{
    ck_assert_int_eq(served_once("log", arguments), 2);
    ck_assert_msg(served_logged("log", message), "'%s' is not said", message);
    ck_assert_uint_eq(lines_of("log"), 1);
    ck_assert(!exists("data"));
}

START_TEST(unknown_machine)
{
    refused("wilful.yaml --machine oen", "no machine 'oen'; did you mean 'one'?");
}
END_TEST

START_TEST(unknown_daemon)
{
    refused("wilful.yaml --machine one --daemon bass", "no daemon 'bass' in plugin '");
}
END_TEST

START_TEST(no_machine_named)
{
    refused("wilful.yaml", "either --machine NAME or --all");
}
END_TEST

/* A history that cannot be written is told before anything runs. */
START_TEST(no_history_file)
{
    refused("wilful.yaml --machine one --history /none/file",
            "--history '/none/file': no such file");
}
END_TEST

/* A value of the wrong form is named. */
START_TEST(bad_configuration)
{
    refused("wilful.yaml --machine bad",
            "machine 'bad': daemon 'listener': prepare: config 'port': 'many'");
}
END_TEST

/* An address that is not this host's. */
START_TEST(foreign_address)
{
    ck_assert_int_eq(system("\"$STEELMILL\" serve wilful.yaml --machine one --network 198.51.0.0 "
                            "2>log"),
                     2 << 8);
    ck_assert(served_logged("log", "its address 198.51.0.1 is not this host's"));
    ck_assert_uint_eq(lines_of("log"), 1);
    ck_assert(!exists("data"));
}
END_TEST

/* A port that another process has: the daemon's own words; what was there before goes on. */
START_TEST(port_in_use)
{
    const struct served first = served_start("first", "wilful.yaml --machine two");
    served_await("first", "serving", 1);
    ck_assert_int_eq(served_once("log", "wilful.yaml --machine two --data other"), 2);
    ck_assert(served_logged("log", "machine 'two': daemon 'listener': prepare: "));
    ck_assert(served_logged("log", "port 7100"));
    ck_assert_uint_eq(lines_of("log"), 1);
    ck_assert(!exists("other"));
    served_signal(&first, SIGTERM);
    ck_assert_int_eq(served_wait(&first), 0);
}
END_TEST

/* Two processes never share a folder; a killed one leaves it free. */
START_TEST(folder_in_use)
{
    const struct served first = served_start("first", "wilful.yaml --machine one");
    served_await("first", "serving", 1);
    ck_assert_int_eq(served_once("log", "wilful.yaml --machine one"), 2);
    ck_assert(served_logged("log", "another process serves from 'data/one'"));
    ck_assert(exists("data/one"));
    served_signal(&first, SIGKILL);
    ck_assert_int_eq(served_wait(&first), 128 + SIGKILL);
    const struct served second = served_start("second", "wilful.yaml --machine one");
    served_await("second", "serving", 1);
    served_signal(&second, SIGTERM);
    ck_assert_int_eq(served_wait(&second), 0);
}
END_TEST

/* ---- all machines ---- */

/* --all serves every machine, and one interrupt stops them all. */
START_TEST(all_machines)
{
    scenario("  one: { count: 3, daemons: [base] }\n  two: { daemons: [listener] }\n");
    const struct served served = served_start("log", "wilful.yaml --all");
    served_await("log", "serving", 4);
    served_signal(&served, SIGTERM);
    ck_assert_int_eq(served_wait(&served), 0);
    ck_assert_uint_eq(served_count("log", "stop hook"), 3);
}
END_TEST

/* If one of them cannot begin, none is left. */
START_TEST(all_or_none)
{
    const struct served served = served_start("log", "wilful.yaml --all");
    ck_assert_int_eq(served_wait(&served), 2);
    ck_assert(served_logged("log", "config 'port': 'many'"));
}
END_TEST

/* ---- what is for production only ---- */

static void simulate(const char *serve, char *digest, size_t size)
{
    char machines[256];

    snprintf(machines, sizeof machines, "  one: { daemons: [upper] }\n%s\n", serve);
    scenario(machines);
    FILE *pipe = popen("\"$STEELMILL\" run wilful.yaml --seed 1 --json | "
                       "sed -n 's/.*\"digest\":\"\\([0-9a-f]*\\).*/\\1/p'",
                       "r");
    ck_assert_ptr_nonnull(pipe);
    ck_assert_ptr_nonnull(fgets(digest, (int)size, pipe));
    ck_assert_int_eq(pclose(pipe), 0);
    ck_assert_uint_eq(strlen(digest), 17); /* and a line feed */
}

/* Simulation takes no notice of `serve:`. */
START_TEST(simulation_ignores_it)
{
    char plain[64], other[64];

    simulate("", plain, sizeof plain);
    simulate("serve: { workers: 4, placement: pinned, pins: { upper: 3 } }", other, sizeof other);
    ck_assert_str_eq(plain, other);
}
END_TEST

/* ---- the service manager ---- */

/* Readiness and the stop are told to whoever set $NOTIFY_SOCKET. */
START_TEST(tells_the_service_manager)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "notify"};
    char text[64] = "";

    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    setenv("NOTIFY_SOCKET", "notify", 1);
    const struct served served = served_start("log", "wilful.yaml --machine one");
    ck_assert_int_gt(recv(fd, text, sizeof text, 0), 0);
    ck_assert_str_eq(text, "READY=1");
    served_signal(&served, SIGTERM);
    memset(text, 0, sizeof text);
    ck_assert_int_gt(recv(fd, text, sizeof text, 0), 0);
    ck_assert_str_eq(text, "STOPPING=1");
    ck_assert_int_eq(served_wait(&served), 0);
    close(fd);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("serve");
    TCase *tc = tcase_create("serve");

    tcase_add_checked_fixture(tc, setup, served_teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, stops_in_reverse_order, 0, 2);
    tcase_add_test(tc, names_who_does_not_stop);
    tcase_add_test(tc, ends_beside_a_spinning_daemon);
    tcase_add_test(tc, second_signal);
    tcase_add_test(tc, simulation_ignores_it);
    tcase_add_test(tc, run_fails);
    tcase_add_test(tc, property_violated);
    tcase_add_test(tc, unknown_machine);
    tcase_add_test(tc, unknown_daemon);
    tcase_add_test(tc, no_machine_named);
    tcase_add_test(tc, no_history_file);
    tcase_add_test(tc, bad_configuration);
    tcase_add_test(tc, foreign_address);
    tcase_add_test(tc, port_in_use);
    tcase_add_test(tc, folder_in_use);
    tcase_add_test(tc, all_machines);
    tcase_add_test(tc, all_or_none);
    tcase_add_test(tc, tells_the_service_manager);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
