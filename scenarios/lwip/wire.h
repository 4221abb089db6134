/* SPDX-License-Identifier: MIT */
/*
 * What lwIP is plugged into: a network interface whose packets travel as datagrams, one in each,
 * and the task that drives lwIP.
 *
 *   tcp_write, tcp_output --lwIP--> wire_output --datagram--> ...
 *   callbacks (conn.h) <--lwIP-- wire_input <--datagram-- ...
 *
 *   1. lwIP is not reentrant. Nothing in it parks a task, so each call of a task into it is over
 *      before the next task runs.
 *   2. lwIP's own threads are never started: `wire_run` looks after its timers. They include some
 *      that fire every 100 ms, so a timer that another task starts is never found later than that.
 *   3. Time is sys_now, which asks libc's monotonic clock, and randomness is libc's rand: both are
 *      the machine's.
 */
#ifndef LWIP_WIRE_H
#define LWIP_WIRE_H

#include <steelmill/factory.h>
#include <steelmill/net.h>

#include <lwip/netif.h>

#define WIRE_MTU 1500

struct wire {
    struct sm_net *net;
    struct sm_datagram *socket;
    struct netif netif;
    unsigned char incoming[WIRE_MTU]; /* while the task waits for it */
    unsigned char outgoing[WIRE_MTU];
};

/* The daemon: prepare starts lwIP, run drives it. Who gets it in construct may use lwIP. */
SM_DAEMON_DECLARE(wire)

/* The address that lwIP uses for the machine of an address: 10.x.y.z for 127.x.y.z. */
void wire_address(uint32_t machine_ip, ip_addr_t *address);

#endif
