/* SPDX-License-Identifier: MIT */
/* libraft's memory. */
#ifndef CRAFT_MEMORY_H
#define CRAFT_MEMORY_H

#include <raft.h>

/*
 * From now on libraft gets zeroed memory. Debian's libraft 0.15 writes bytes that it has never set
 * to logs and messages: the padding behind an encoded configuration, and the eight bytes of a
 * barrier. They mean nothing, but two runs with other heaps would differ by them.
 */
void craft_memory_use(void);

/*
 * Entries that libraft hands out, or has in its log: their bytes must not have been freed. What is
 * read after that is left to chance; so the run ends here, with a finding.
 */
void craft_memory_check(const struct raft_entry *entries, unsigned count);

#endif
