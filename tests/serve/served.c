/* SPDX-License-Identifier: MIT */
#include "tests/serve/served.h"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_MS  30000
#define LOOK_MS   10
#define LOG_BYTES ((size_t)4 << 20)

static char folder[64];

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

void served_setup(void)
{
    strcpy(folder, "/tmp/steelmill-test-serve-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

void served_teardown(void)
{
    char line[128];

    ck_assert_int_eq(chdir("/"), 0);
    snprintf(line, sizeof line, "rm -r %s", folder);
    ck_assert_int_eq(system(line), 0);
}

void served_write(const char *path, const char *format, ...)
{
    FILE *file = fopen(path, "w");
    va_list list;

    ck_assert_ptr_nonnull(file);
    va_start(list, format);
    vfprintf(file, format, list);
    va_end(list);
    ck_assert_int_eq(fclose(file), 0);
}

/* Tests run side by side, also those of other checkouts: each process has a network of its own. */
static unsigned network(void)
{
    static unsigned chosen;

    if (!chosen)
        chosen = (unsigned)getpid() % 60000;
    return chosen;
}

static unsigned second_byte(void)
{
    return 3 + network() % 250;
}

const char *served_ip(unsigned machine)
{
    static char ip[32];

    snprintf(ip, sizeof ip, "127.%u.0.%u", second_byte(), machine);
    return ip;
}

struct served served_start(const char *log, const char *arguments)
{
    struct served served;
    char line[1024];

    snprintf(served.log, sizeof served.log, "%s", log);
    snprintf(line, sizeof line, "exec \"$STEELMILL\" serve %s --network 127.%u.0.0 2>>%s",
             arguments, second_byte(), log);
    served.pid = fork();
    ck_assert_int_ge(served.pid, 0);
    if (served.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    return served;
}

void served_signal(const struct served *served, int number)
{
    ck_assert_int_eq(kill(served->pid, number), 0);
}

int served_wait(const struct served *served)
{
    for (int waited = 0; waited < LIMIT_MS; waited += LOOK_MS) {
        int status;
        const pid_t pid = waitpid(served->pid, &status, WNOHANG);
        if (pid == served->pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        ck_assert_int_eq(pid, 0);
        sleep_ms(LOOK_MS);
    }
    kill(served->pid, SIGKILL);
    ck_abort_msg("it does not end");
}

int served_once(const char *log, const char *arguments)
{
    const struct served served = served_start(log, arguments);
    return served_wait(&served);
}

/* The whole log, in memory that the next call uses again. */
static const char *read_log(const char *log)
{
    static char text[LOG_BYTES];
    FILE *file = fopen(log, "r");
    size_t size = 0;

    if (file) {
        size = fread(text, 1, sizeof text - 1, file);
        fclose(file);
    }
    text[size] = '\0';
    return text;
}

size_t served_count(const char *log, const char *text)
{
    size_t count = 0;

    for (const char *at = read_log(log); (at = strstr(at, text)); at += strlen(text))
        count++;
    return count;
}

bool served_logged(const char *log, const char *text)
{
    return served_count(log, text) > 0;
}

void served_await(const char *log, const char *text, size_t count)
{
    for (int waited = 0; waited < LIMIT_MS; waited += LOOK_MS) {
        if (served_count(log, text) >= count)
            return;
        sleep_ms(LOOK_MS);
    }
    ck_abort_msg("'%s' is not in %s %zu times:\n%s", text, log, count, read_log(log));
}

int served_main(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);

    tcase_add_checked_fixture(tc, served_setup, served_teardown);
    tcase_set_timeout(tc, 300);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
