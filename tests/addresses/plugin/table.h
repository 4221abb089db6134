/* SPDX-License-Identifier: MIT */
/* A hash table of heap blocks, ordered by their addresses, as careless code has it. */
#ifndef STEELMILL_TESTS_ADDRESSES_TABLE_H
#define STEELMILL_TESTS_ADDRESSES_TABLE_H

/* Makes a table of blocks of random sizes and sleeps for each of them, in the table's order: so the
 * order is one of events. Context: task. Returns 0; -ECANCELED. */
int table_walk(void);

#endif
