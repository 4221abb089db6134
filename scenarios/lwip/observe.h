/* SPDX-License-Identifier: MIT */
/* Which of lwIP's ways to deal with a bad network were taken: sometimes-properties. */
#ifndef LWIP_OBSERVE_H
#define LWIP_OBSERVE_H

/* Looks at all open connections of the machine. Context: a task, outside of lwIP. */
void observe_connections(void);

#endif
