/* SPDX-License-Identifier: MIT */
/*
 * What listeners, streams and datagram sockets have in common: a non-blocking descriptor, and tasks
 * that wait for it.
 *
 * A call first tries the system call, and waits only where that says EAGAIN. So no buffer of a
 * caller's is ever held by the loop or the kernel, and the kernel's buffers are all the buffers
 * there are: backpressure is TCP's own.
 *
 * The descriptor is watched by uv_poll, level-triggered:
 *   - a direction is watched from the first wait on; reading stays watched after a wake (the task
 *     usually waits again soon), until an event finds nobody waiting;
 *   - writing is watched only while somebody waits for it.
 */
#ifndef STEELMILL_CORE_OS_SOCKET_H
#define STEELMILL_CORE_OS_SOCKET_H

#include "core/list.h"
#include "core/os/net.h"
#include "core/os/worker.h"

#include <netinet/in.h>

struct sm_net {
    struct os_worker *worker; /* the machine's first */
    uint32_t ip;
    const struct os_name *names;
    size_t name_count;
    pthread_mutex_t lock;
    struct sm__list sockets; /* open handles; locked */
};

enum os_magic {
    OS_MAGIC_CLOSED = 0x6f730001,
    OS_MAGIC_DATAGRAM = 0x6f730002,
    OS_MAGIC_LISTENER = 0x6f730003,
    OS_MAGIC_STREAM = 0x6f730004,
};

/* The first member of whatever a program gets a pointer to. */
struct os_socket {
    uint32_t magic; /* enum os_magic */
    uint16_t port;
    int fd;
    struct sm_net *net;
    struct os_worker *worker; /* that made it, and alone uses it */
    struct sm__list link;     /* in the network's sockets */
    uv_poll_t poll;
    int watched;            /* UV_READABLE | UV_WRITABLE */
    bool drained;           /* the last read left nothing, and no event has come since */
    struct sm_waitable any; /* for sm_wait_any */
    struct sm_waitable readers, writers;
};

/*
 * Makes a handle of `size` bytes, which begins with a struct os_socket, around a descriptor.
 * On failure the descriptor is closed.
 * Returns: 0, -ENOMEM, or what libuv says.
 */
int os_socket_wrap(struct os_socket **out, struct sm_net *net, int fd, enum os_magic magic,
                   size_t size);
/* Closes the descriptor at once and frees the handle later. No task may be waiting. */
void os_socket_close(struct os_socket *socket);

/* A fresh descriptor: non-blocking, close-on-exec. Returns it or -errno. */
int os_socket_fd(int type);
/* Binds to the machine's address. port 0: the kernel picks one. Returns 0, -errno. */
int os_socket_bind(const struct sm_net *net, int fd, uint16_t port);
/* The port that a descriptor is bound to. */
uint16_t os_socket_port(int fd);

/* Park the caller until the direction may be usable. Return 0 (try again), -ETIMEDOUT, -ECANCELED.
 */
int os_socket_wait_read(struct os_socket *socket, bool exclusive, sm_time deadline);
int os_socket_wait_write(struct os_socket *socket, sm_time deadline);

/* For sm_wait_any: what is usable now; the rest will wake `any`. */
uint32_t os_socket_look(struct os_socket *socket, uint32_t interest);

/* A use of a handle that is not one, was closed, or belongs to another worker. Says which. */
void os_socket_check(const struct os_socket *socket, enum os_magic magic, const char *call);
void os_socket_check_idle(const struct os_socket *socket, const char *call);
void os_net_check(const struct sm_net *net, const char *call);

/* ---- addresses ---- */
struct sockaddr_in os_address_to_kernel(const struct sm_net *net, uint32_t ip, uint16_t port);
struct sm_address os_address_of_kernel(const struct sockaddr_in *address);

#endif
