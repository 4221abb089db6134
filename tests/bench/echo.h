/* SPDX-License-Identifier: MIT */
/*
 * bench-echo: an echo server on steelmill's tasks, on libuv and on epoll, each on a thread of its
 * own, driven by the same client.
 */
#ifndef STEELMILL_TESTS_BENCH_ECHO_H
#define STEELMILL_TESTS_BENCH_ECHO_H

#include <stdint.h>

#define ECHO_BYTES 64
#define ECHO_IP    0x7f0207d3u /* 127.2.7.211 */

/* Listens on a port of its choice, writes the port to `ready_fd`, and serves until it is killed. */
_Noreturn void echo_serve_steelmill(int ready_fd);
_Noreturn void echo_serve_uv(int ready_fd);
_Noreturn void echo_serve_epoll(int ready_fd);

/* Writes a port and does not return if that fails. */
void echo_tell(int ready_fd, uint16_t port);
/* A listening socket on ECHO_IP; *port receives its port. */
int echo_listen(uint16_t *port);

#endif
