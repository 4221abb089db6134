/* SPDX-License-Identifier: MIT */
/* `serve --metrics`: what a machine has done, as Prometheus reads it. */
#include "tests/serve/served.h"
#include "tests/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT_BYTES 16384

static unsigned port;

static int connect_to(const char *ip, unsigned to)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)to)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(inet_pton(AF_INET, ip, &address.sin_addr), 1);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* What the machine answers to a request. */
static const char *ask(const char *request)
{
    static char text[TEXT_BYTES];
    const int fd = connect_to("127.0.0.1", port);
    size_t used = 0;
    ssize_t count;

    ck_assert_int_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    while ((count = recv(fd, text + used, sizeof text - 1 - used, 0)) > 0)
        used += (size_t)count;
    close(fd);
    text[used] = '\0';
    return text;
}

static const char *metrics(void)
{
    const char *text = ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ck_assert_msg(strncmp(text, "HTTP/1.1 200 OK\r\n", 17) == 0, "%s", text);
    return text;
}

/* The number of a row; -1: there is no such row. */
static long value(const char *text, const char *row)
{
    char line[256];

    snprintf(line, sizeof line, "\nsteelmill_%s ", row);
    const char *at = strstr(text, line);
    return at ? strtol(at + strlen(line), NULL, 10) : -1;
}

/* A port that nobody uses now. */
static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static struct served start(const char *daemons)
{
    char arguments[256];

    port = free_port();
    snprintf(arguments, sizeof arguments, "w.yaml --machine one %s --metrics %u", daemons, port);
    const struct served served = served_start("log", arguments);
    served_await("log", "serving", 1);
    return served;
}

static void stop(const struct served *served, int code)
{
    served_signal(served, SIGTERM);
    ck_assert_int_eq(served_wait(served), code);
}

static void setup(void)
{
    served_setup();
    served_write("w.yaml",
                 "scenario: w\nplugin: %s\ntime: 10s\nmachines:\n  one: { daemons: [greeter] }\n"
                 "  two: { daemons: [base] }\n",
                 getenv("WILFUL_PLUGIN"));
}

static void ask_greeter(void)
{
    const int fd = connect_to(served_ip(1), 7300);
    char answer[8];

    ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
    ck_assert_int_eq(recv(fd, answer, sizeof answer, MSG_WAITALL), 3);
    close(fd);
}

/* Connections, bytes, tasks, look-ups and roles are counted. */
START_TEST(counts)
{
    const struct served served = start("--daemon greeter");
    const char *text = metrics();

    ck_assert_int_eq(value(text, "connections_opened_total{machine=\"one\",direction=\"in\"}"), 0);
    ck_assert_int_eq(value(text, "stream_bytes_total{machine=\"one\",direction=\"out\"}"), 0);
    const long tasks = value(text, "tasks_started_total{machine=\"one\"}");
    ck_assert_int_ge(tasks, 3); /* the service's two, and the daemon's */
    ck_assert_int_ge(value(text, "factory_lookups_total{machine=\"one\"}"), 0);
    for (int i = 0; i < 3; i++)
        ask_greeter();
    text = metrics();
    ck_assert_int_eq(value(text, "connections_opened_total{machine=\"one\",direction=\"in\"}"), 3);
    ck_assert_int_eq(value(text, "connections_opened_total{machine=\"one\",direction=\"out\"}"), 0);
    ck_assert_int_eq(value(text, "connections_closed_total{machine=\"one\"}"), 3);
    ck_assert_int_eq(value(text, "stream_bytes_total{machine=\"one\",direction=\"in\"}"), 15);
    ck_assert_int_eq(value(text, "stream_bytes_total{machine=\"one\",direction=\"out\"}"), 9);
    ck_assert_int_eq(value(text, "role{machine=\"one\",role=\"host\"}"), 1);
    ck_assert_int_ge(value(text, "tasks_started_total{machine=\"one\"}"),
                     value(text, "tasks_ended_total{machine=\"one\"}"));
    stop(&served, 0);
}
END_TEST

/* A violated property is counted under its name. */
START_TEST(counts_violations)
{
    const struct served served = start("--daemon base --daemon violator");

    served_await("log", "always violated", 1);
    const char *text = metrics();
    ck_assert_int_eq(
        value(text, "property_violations_total{machine=\"one\",property=\"all is well\"}"), 1);
    ck_assert_int_eq(value(text, "property_checks_total{machine=\"one\"}"), 1);
    stop(&served, 1);
}
END_TEST

/* Each metric says once what it is, and all rows are numbers. */
START_TEST(is_the_text_format)
{
    const struct served served = start("--daemon base");
    char text[TEXT_BYTES], *line, *rest = text;
    const char *answer = metrics();
    const char *body = strstr(answer, "\r\n\r\n");
    int rows = 0;

    ck_assert_ptr_nonnull(strstr(answer, "Content-Type: text/plain; version=0.0.4\r\n"));
    ck_assert_ptr_nonnull(body);
    strcpy(text, body + 4);
    while ((line = strtok_r(rest, "\n", &rest))) {
        char name[64], *end;
        if (*line == '#')
            continue;
        const char *number = strrchr(line, ' ');
        ck_assert_msg(number && strncmp(line, "steelmill_", 10) == 0, "%s", line);
        strtoull(number + 1, &end, 10);
        ck_assert_msg(*end == '\0' && end > number + 1, "%s", line);
        snprintf(name, sizeof name, "\n# TYPE %.*s counter\n", (int)strcspn(line, "{ "), line);
        ck_assert_msg(strstr(body, name) && !strstr(strstr(body, name) + 1, name), "%s", name);
        rows++;
    }
    ck_assert_int_ge(rows, 13);
    stop(&served, 0);
}
END_TEST

/* Garbage, silence and unknown pages do no harm, and a daemon that spins does not keep it quiet. */
START_TEST(bears_its_clients)
{
    const struct served served = start("--daemon spinner --stop-limit 100ms");
    const int silent = connect_to("127.0.0.1", port);

    ck_assert_int_eq(send(silent, "GET /met", 8, 0), 8);
    ck_assert_str_eq(ask("\x16\x03\x01 no such thing\r\n\r\n") + 9, ask("POST /metrics\n\n") + 9);
    ck_assert_int_eq(strncmp(ask("POST /metrics HTTP/1.1\r\n\r\n"), "HTTP/1.1 405 ", 13), 0);
    ck_assert_int_eq(strncmp(ask("GET /metricsx HTTP/1.1\r\n\r\n"), "HTTP/1.1 404 ", 13), 0);
    ck_assert_int_eq(strncmp(ask("GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 404 ", 13), 0);
    ck_assert_ptr_nonnull(strstr(metrics(), "steelmill_tasks_started_total"));
    close(silent);
    stop(&served, 1);
}
END_TEST

/* It listens on loopback alone, and only if it is told to. */
START_TEST(is_local_and_off_by_default)
{
    char command[128];

    const struct served served = start("--daemon base");
    snprintf(command, sizeof command,
             "test \"$(awk '$2 ~ /:%04X$/ { print $2 }' /proc/net/tcp)\" = "
             "0100007F:%04X",
             port, port);
    ck_assert_int_eq(system(command), 0);
    stop(&served, 0);
    const struct served other = served_start("other", "w.yaml --machine two");
    served_await("other", "serving", 1);
    snprintf(command, sizeof command, "! ls -l /proc/%d/fd | grep -q socket:", (int)other.pid);
    ck_assert_int_eq(system(command), 0);
    stop(&other, 0);
}
END_TEST

/* A port that is taken, or none, is one clear message. */
START_TEST(bad_ports)
{
    char arguments[128];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    snprintf(arguments, sizeof arguments, "w.yaml --machine one --metrics %u",
             ntohs(address.sin_port));
    ck_assert_int_eq(served_once("log", arguments), 2);
    ck_assert(served_logged("log", "machine 'one': --metrics "));
    ck_assert_uint_eq(served_count("log", "\n"), 1);
    close(fd);
    ck_assert_int_eq(served_once("range", "w.yaml --machine one --metrics 65536"), 2);
    ck_assert(served_logged("range", "a port, 1 to 65535"));
    ck_assert_int_eq(served_once("all", "w.yaml --all --metrics 65535"), 2);
    ck_assert(served_logged("all", "2 machines need as many ports"));
    ck_assert_int_ne(access("data", F_OK), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");

    tcase_add_checked_fixture(tests, setup, served_teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, counts);
    tcase_add_test(tests, counts_violations);
    tcase_add_test(tests, is_the_text_format);
    tcase_add_test(tests, bears_its_clients);
    tcase_add_test(tests, is_local_and_off_by_default);
    tcase_add_test(tests, bad_ports);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
