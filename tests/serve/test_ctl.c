/* SPDX-License-Identifier: MIT */
/* `steelmill ctl`: what is asked of a machine while it is being served. */
#include "tests/serve/served.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct served served;
static char answer[4096];

/* Runs `steelmill ctl ARGUMENTS`. Returns its exit code; what it says is in `answer`. */
static int ctl(const char *arguments)
{
    char line[512];
    snprintf(line, sizeof line, "\"$STEELMILL\" ctl %s 2>&1", arguments);
    FILE *pipe = popen(line, "r");
    ck_assert_ptr_nonnull(pipe);
    answer[fread(answer, 1, sizeof answer - 1, pipe)] = '\0';
    const int status = pclose(pipe);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void says(const char *text)
{
    ck_assert_msg(strstr(answer, text) != NULL, "'%s' is not in: %s", text, answer);
}

static bool is_mapped(const char *name)
{
    char path[64], line[1024];
    bool found = false;

    snprintf(path, sizeof path, "/proc/%d/maps", (int)served.pid);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        found |= strstr(line, name) != NULL;
    fclose(file);
    return found;
}

static void begin(const char *guest)
{
    char line[512];

    served_write("one.yaml",
                 "scenario: one\nabout: A test.\nplugin: %s\ntime: 10s\nmachines:\n"
                 "  one: { daemons: [base], config: { guest: %s } }\n",
                 getenv("WILFUL_PLUGIN"), guest);
    snprintf(line, sizeof line, "cp %s guest.so", getenv("GUEST_PLUGIN"));
    ck_assert_int_eq(system(line), 0);
    served = served_start("log", "one.yaml --machine one --control ctl");
    served_await("log", "serving", 1);
}

/* A plugin is added, seen, stopped and removed while the machine is served, and its code is there
 * for exactly as long; the machine's own name stops the whole. */
START_TEST(guests_come_and_go)
{
    struct stat socket;

    begin("runs");
    ck_assert_int_eq(stat("ctl", &socket), 0);
    ck_assert_int_eq(socket.st_mode & 07777, 0600);
    ck_assert_int_eq(ctl("ctl factories"), 0);
    ck_assert_str_eq(answer, "machine one, running: base\n");
    ck_assert_int_eq(ctl("ctl plugin add guest.so"), 0);
    ck_assert(is_mapped("/guest.so"));
    served_await("log", "guest runs", 1);
    ck_assert_int_eq(ctl("ctl factories"), 0);
    ck_assert_str_eq(answer, "machine one, running: base\n  plugin guest, running: guest\n");
    ck_assert_int_eq(ctl("ctl plugin add guest.so"), 2);
    says("there is a factory 'guest' already");
    ck_assert_int_eq(ctl("ctl stop guest"), 0);
    ck_assert(served_logged("log", "guest stops"));
    ck_assert_int_eq(ctl("ctl factories"), 0);
    says("  plugin guest, stopped: guest\n");
    ck_assert(is_mapped("/guest.so"));
    ck_assert_int_eq(ctl("ctl plugin remove guest"), 0);
    ck_assert(!is_mapped("/guest.so"));
    ck_assert_int_eq(ctl("ctl stop one"), 0);
    ck_assert_int_eq(served_wait(&served), 0);
    ck_assert_int_eq(access("ctl", F_OK), -1);
}
END_TEST

/* The same plugin is replaced again and again, by its file of the day. */
START_TEST(replaced)
{
    begin("runs");
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(ctl("ctl plugin add guest.so"), 0);
        ck_assert_int_eq(ctl("ctl plugin remove guest"), 0);
        ck_assert_int_eq(system("cp guest.so new && mv new guest.so"), 0);
    }
    ck_assert_uint_eq(served_count("log", "guest stops"), 10);
    ck_assert_int_eq(ctl("ctl plugin add guest.so"), 0);
    served_signal(&served, SIGTERM); /* with a guest in it */
    ck_assert_int_eq(served_wait(&served), 0);
    ck_assert_uint_eq(served_count("log", "guest stops"), 11);
}
END_TEST

/* A plugin whose daemons cannot start leaves nothing behind. */
START_TEST(fails_to_start)
{
    begin("fails");
    ck_assert_int_eq(ctl("ctl plugin add guest.so"), 1);
    says("plugin 'guest': daemon 'guest': prepare: ");
    ck_assert(!is_mapped("/guest.so"));
    ck_assert_int_eq(ctl("ctl factories"), 0);
    ck_assert_str_eq(answer, "machine one, running: base\n");
    served_signal(&served, SIGTERM);
    ck_assert_int_eq(served_wait(&served), 0);
}
END_TEST

/* What cannot be done is told in words, and ends with 2. */
START_TEST(refusals)
{
    begin("runs");
    ck_assert_int_eq(ctl("ctl sing"), 2);
    says("expected factories, plugin add FILE");
    ck_assert_int_eq(ctl("ctl plugin remove nobody"), 2);
    says("there is no plugin 'nobody'");
    ck_assert_int_eq(ctl("ctl stop nobody"), 2);
    says("there is no factory 'nobody'");
    ck_assert_int_eq(ctl("ctl plugin add nowhere.so"), 2);
    says("plugin 'nowhere.so': No such file");
    ck_assert_int_eq(ctl("ctl plugin add one.yaml"), 2);
    says("cannot be loaded");
    ck_assert_int_eq(ctl("nowhere factories"), 2);
    says("nobody answers there");
    ck_assert_int_eq(served_once("other", "one.yaml --machine one --data other-data --control ctl"),
                     2);
    ck_assert(served_logged("other", "--control 'ctl': address in use"));
    served_signal(&served, SIGTERM);
    ck_assert_int_eq(served_wait(&served), 0);
}
END_TEST

static int connect_silently(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "ctl"};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Clients that say nothing, talk nonsense or leave do no harm; a socket that a killed process has
 * left is taken over. */
START_TEST(rude_clients)
{
    begin("runs");
    const int silent = connect_silently();
    const int gone = connect_silently();
    ck_assert_int_eq(close(gone), 0);
    const int garbage = connect_silently();
    static const char zeros[100000];
    (void)!send(garbage, zeros, sizeof zeros, MSG_DONTWAIT | MSG_NOSIGNAL);
    ck_assert_int_eq(ctl("ctl factories"), 0);
    close(silent);
    close(garbage);
    served_signal(&served, SIGKILL);
    ck_assert_int_eq(served_wait(&served), 128 + SIGKILL);
    served = served_start("log", "one.yaml --machine one --control ctl");
    served_await("log", "serving", 2);
    ck_assert_int_eq(ctl("ctl stop one"), 0);
    ck_assert_int_eq(served_wait(&served), 0);
}
END_TEST

SERVED_MAIN("ctl", guests_come_and_go, replaced, fails_to_start, refusals, rude_clients)
