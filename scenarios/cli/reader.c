/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/reader.h"

#include <poll.h>

bool cli_reader_left(FILE *file)
{
    struct pollfd pipe_end = {fileno(file), POLLOUT, 0};
    return ferror(file) && poll(&pipe_end, 1, 0) == 1 && (pipe_end.revents & POLLERR) != 0;
}
