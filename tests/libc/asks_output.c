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

/* Streams that a daemon makes. */
static void stdio(void)
{
    static char buffer[64];
    char text[] = "12 apples\nsecond line", word[16], *line = NULL;
    size_t size = 0;
    int number;

    FILE *memory = fmemopen(text, strlen(text), "r");
    expect(memory && fscanf(memory, "%d %15s", &number, word) == 2);
    expect(number == 12 && strcmp(word, "apples") == 0 && fgetc(memory) == '\n');
    expect(ungetc('S', memory) == 'S' && fgetc(memory) == 'S');
    expect(getline(&line, &size, memory) == 11 && strcmp(line, "second line") == 0);
    expect(fgetc(memory) == EOF && feof(memory) && !ferror(memory));
    expect(fseek(memory, 3, SEEK_SET) == 0 && ftell(memory) == 3 && !feof(memory));
    expect(fread(word, 1, 6, memory) == 6 && memcmp(word, "apples", 6) == 0);
    expect(fclose(memory) == 0);
    free(line);

    FILE *null = fopen("/dev/null", "w");
    expect(null && setvbuf(null, buffer, _IOFBF, sizeof buffer) == 0);
    expect(fprintf(null, "%s %d", "kept", 7) == 6);
    sm_sleep(SM_MS);
    expect(fflush(NULL) == 0 && fputs("more", null) >= 0 && fclose(null) == 0);

    FILE *made = open_memstream(&line, &size);
    expect(made && fprintf(made, "%ls", L"wide") == 4 && fclose(made) == 0);
    expect(size == 4 && strcmp(line, "wide") == 0);
    free(line);
}

/* What libc notes of the streams that all have is the machine's; and they take wide characters. */
static void stdio_state(void)
{
    const bool is_one = strcmp(sm_machine_name(), "one") == 0;

    for (int i = 0; i < 3; i++) {
        if (is_one) {
            expect(wprintf(L"wide %ls, %d\n", L"text", i) == 13);
            expect(fputws(L"wide put\n", stdout) >= 0 && putwchar(L'x') == L'x');
            expect(getchar() == EOF && feof(stdin) && ungetc('q', stdin) == 'q' && !feof(stdin));
        } else {
            expect(!feof(stdin) && ungetc('r', stdin) == 'r' && getchar() == 'r');
        }
        sm_sleep(SM_MS);
        expect(!is_one || getchar() == 'q');
    }
}

/* What production tells to the host's log; the test cannot look there. */
static void logs(void)
{
    openlog("asks", LOG_PID, LOG_USER);
    syslog(LOG_INFO, "%s %d", "logged", 1);
    setlogmask(LOG_UPTO(LOG_ERR));
    syslog(LOG_INFO, "not logged");
    errno = ENOENT;
    syslog(LOG_ERR, "%m");
    closelog();
    expect(setlogmask(0) == LOG_UPTO(LOG_ERR));
}

/* The line has no end when the machine goes down. */
static void unended(void)
{
    printf("last words");
    abort();
}

const struct question output_questions[] = {
    {"lines", lines}, {"streams", streams}, {"stdio", stdio}, {"stdio_state", stdio_state},
    {"logs", logs},   {"unended", unended}, {NULL, NULL}};
