/* SPDX-License-Identifier: MIT */
/*
 * Who reads the graph of factories, and when its memory is freed: liburcu, the flavour QSBR.
 *
 * Its read side is free: nothing is written or fenced by a look-up. In return each reader says now
 * and then that it holds nothing. That suits workers: no read section spans a blocking call, so
 * between two tasks a worker holds nothing; it says so once a round, and is offline while its loop
 * waits. The loop's callbacks run inside that wait: they must not read the graph (asserted), and
 * they need not, since they only make tasks ready. `./mill bench graph` shows what the flavours
 * cost.
 */
#ifndef STEELMILL_CORE_OS_GRAPH_H
#define STEELMILL_CORE_OS_GRAPH_H

/* The calling thread becomes a reader, online, until it leaves. Workers do it by themselves. */
void os_graph_join(void);
void os_graph_leave(void);
/* The calling reader is outside of any read section. At least now and then, or nothing is freed. */
void os_graph_quiet(void);
/* Brackets a wait of the calling reader; it cannot read meanwhile, and holds up nobody. */
void os_graph_offline(void);
void os_graph_online(void);

/* Blocks the calling thread, which is no reader or is offline, until no read section is left that
 * has begun by now, and what was to be freed after it is freed. */
void os_graph_settle(void);

#endif
