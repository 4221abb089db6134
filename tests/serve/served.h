/* SPDX-License-Identifier: MIT */
/* Machines that `steelmill serve` runs for a test, in a folder of the test's own. */
#ifndef STEELMILL_TESTS_SERVE_SERVED_H
#define STEELMILL_TESTS_SERVE_SERVED_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct served {
    pid_t pid;
    char log[64]; /* the file that its stderr goes to */
};

/* A fresh folder with data and logs becomes the current one; its name differs between tests. */
void served_setup(void);
void served_teardown(void);

/* Writes a file. */
void served_write(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Starts `steelmill serve ARGUMENTS` on a network of the test's own.
 *   log: the name of its log; one that exists is written on
 */
struct served served_start(const char *log, const char *arguments);
/* The address of a machine of these, numbered from 1; valid until the next call. */
const char *served_ip(unsigned machine);
/* Sends a signal. */
void served_signal(const struct served *served, int number);
/* Waits for its end, at most 30 s. Returns the exit code; 128 + the signal that ended it. */
int served_wait(const struct served *served);
/* Start and wait. */
int served_once(const char *log, const char *arguments);

/* How often a text is in a log. */
size_t served_count(const char *log, const char *text);
bool served_logged(const char *log, const char *text);
/* Waits until a log has a text `count` times, at most 30 s (else the test fails). */
void served_await(const char *log, const char *text, size_t count);

/* Runs tests, each in a folder of its own. Returns what main returns. */
int served_main(const char *name, const TTest *const *tests, size_t count);

#define SERVED_MAIN(name_, ...)                                              \
    int main(void)                                                           \
    {                                                                        \
        const TTest *const tests_[] = {__VA_ARGS__};                         \
        return served_main(name_, tests_, sizeof tests_ / sizeof tests_[0]); \
    }

#endif
