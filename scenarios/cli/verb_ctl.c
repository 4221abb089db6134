/* SPDX-License-Identifier: MIT */
/*
 * Asks a machine that is being served (scenarios/serve/control.h has the protocol). The server
 * knows the commands; what is asked for here is that a file's name means the same to both.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "scenarios/cli/args.h"

#define REQUEST_BYTES (PATH_MAX + 256)

/* Returns a descriptor, or -1 after a message. */
static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        cli_error("ctl: '%s': a socket's path has at most %zu bytes", path,
                  sizeof address.sun_path - 1);
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    cli_error("ctl: '%s': nobody answers there: %s (serve with --control %s)", path,
              strerror(errno), path);
    if (fd >= 0)
        close(fd);
    return -1;
}

static int put_request(char *request, const struct cli_args *args)
{
    size_t used = 0;
    for (size_t i = 1; i < args->file_count; i++) {
        const char *word = args->files[i];
        char path[PATH_MAX];
        bool is_file =
            i == 3 && strcmp(args->files[1], "plugin") == 0 && strcmp(args->files[2], "add") == 0;
        if (is_file && realpath(word, path) == NULL) {
            cli_error("ctl: plugin '%s': %s", word, strerror(errno));
            return CLI_USAGE;
        }
        word = is_file ? path : word;
        if (used + strlen(word) + 2 > REQUEST_BYTES) {
            cli_error("ctl: '%s' is too long", word);
            return CLI_USAGE;
        }
        used += (size_t)sprintf(request + used, "%s\n", word);
    }
    return 0;
}

/* The answer begins with a digit, the exit code. */
static int take_answer(int fd)
{
    char text[4096];
    int exit = -1;
    ssize_t count;
    while ((count = read(fd, text, sizeof text)) > 0) {
        size_t skipped = 0;
        if (exit < 0) {
            exit = text[0] - '0';
            skipped = 1;
        }
        fwrite(text + skipped, 1, (size_t)count - skipped, exit == 0 ? stdout : stderr);
    }
    if (exit >= 0)
        return exit;
    cli_error("ctl: the machine has ended without an answer");
    return CLI_NOT_JUDGED;
}

int cli_verb_ctl(const struct cli_args *args)
{
    char request[REQUEST_BYTES];
    int failed = put_request(request, args);
    if (failed != 0)
        return failed;
    int fd = connect_to(args->files[0]);
    if (fd < 0)
        return CLI_USAGE;
    size_t size = strlen(request);
    int exit = CLI_NOT_JUDGED;
    if (send(fd, request, size, MSG_NOSIGNAL) == (ssize_t)size && shutdown(fd, SHUT_WR) == 0)
        exit = take_answer(fd);
    else
        cli_error("ctl: %s", strerror(errno));
    close(fd);
    return exit;
}
