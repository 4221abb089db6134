/* SPDX-License-Identifier: MIT */
/* What daemons print. */
#include "asks.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>
#include <wchar.h>

/* All lines are whole, though the two machines take turns inside of each. */
static void lines(void)
{
    char one[] = "one ", two[] = "writev\n";
    const struct iovec parts[2] = {{one, 4}, {two, 7}};

    printf("%s", "one ");
    sm_sleep(SM_MS);
    printf("printf\n");
    fputs("one fputs\n", stdout);
    puts("one puts");
    fwrite("one fwrite\n", 1, 11, stdout);
    for (const char *c = "one putchar\n"; *c; c++) {
        putchar(*c);
        sm_sleep(SM_MS);
    }
    putc_unlocked('o', stdout);
    fprintf(stderr, "ne stderr is another line\n");
    fprintf(stdout, "ne putc\n");
    dprintf(STDOUT_FILENO, "one %s\n", "dprintf");
    expect(write(STDERR_FILENO, "one write\n", 10) == 10);
    expect(writev(STDOUT_FILENO, parts, 2) == 11);
    openlog("asks", 0, LOG_USER);
    syslog(LOG_WARNING, "one %s", "syslog");
    errno = ENOENT;
    perror("one perror");
}

/* A daemon may do what it likes to its streams. */
static void streams(void)
{
    static char buffer[256];

    expect(setvbuf(stdout, buffer, _IOFBF, sizeof buffer) == 0);
    printf("kept");
    expect(fflush(stdout) == 0);
    sm_sleep(SM_MS);
    expect(fileno(stdout) == 1 && fclose(stdout) == 0);
    printf(" together\n");
    expect(getchar() == EOF);
    char *text;
    size_t size;
    FILE *memory = open_memstream(&text, &size);
    fprintf(memory, "never closed");
    fflush(memory);
    printf("the end of the line is missing");
}

/* The line has no end when the machine goes down. */
static void unended(void)
{
    printf("last words");
    abort();
}

const struct question output_questions[] = {
    {"lines", lines}, {"streams", streams}, {"unended", unended}, {NULL, NULL}};
