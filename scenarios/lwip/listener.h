/* SPDX-License-Identifier: MIT */
/* Accepts connections: lwIP's callback puts them into a list, and a task takes them out. */
#ifndef LWIP_LISTENER_H
#define LWIP_LISTENER_H

#include "conn.h"

struct listener {
    struct tcp_pcb *pcb;
    struct conn *first, **last; /* accepted by lwIP, not yet by a task */
    struct sm_event changed;
};

/* Returns 0; -EADDRINUSE, -ENOMEM: nothing is to be closed. */
int listener_open(struct listener *listener, uint16_t port);
/* Blocks? until there is one. Returns 0 and a connection from malloc; -ECANCELED. */
int listener_accept(struct listener *listener, struct conn **out);
/* Resets what nobody has accepted. */
void listener_close(struct listener *listener);

#endif
