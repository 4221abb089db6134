/* SPDX-License-Identifier: MIT */
#include "tests/cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char *read_whole(FILE *file)
{
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
    char *text = calloc(1, (size_t)size + 1);
    rewind(file);
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size)
        abort();
    fclose(file);
    return text;
}

struct command command_run(const char *line)
{
    FILE *out = tmpfile(), *err = tmpfile();
    int status;
    if (out == NULL || err == NULL)
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        abort();
    return (struct command){
        .out = read_whole(out),
        .err = read_whole(err),
        .exit = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
    };
}

void command_free(struct command *command)
{
    free(command->out);
    free(command->err);
}
