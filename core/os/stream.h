/* SPDX-License-Identifier: MIT */
/* Byte streams, from the inside. */
#ifndef STEELMILL_CORE_OS_STREAM_H
#define STEELMILL_CORE_OS_STREAM_H

#include "core/os/socket.h"

struct sm_stream {
    struct os_socket socket;
    int error; /* why it is over: what calls return from then on, negative; the kernel says it once
                */
    bool shut; /* no more is written */
};

/* The number by which calls report what the kernel calls `number`: -ECONNRESET, -ECONNABORTED. */
int os_stream_error(int number);

/* Makes a stream around a connected descriptor. On failure the descriptor is closed. */
int os_stream_wrap(struct sm_stream **out, struct sm_net *net, int fd);

#endif
