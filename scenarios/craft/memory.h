/* SPDX-License-Identifier: MIT */
/* libraft's memory. */
#ifndef CRAFT_MEMORY_H
#define CRAFT_MEMORY_H

/*
 * From now on libraft gets zeroed memory. Debian's libraft 0.15 writes bytes that it has never set
 * to logs and messages: the padding behind an encoded configuration, and the eight bytes of a
 * barrier. They mean nothing, but two runs with other heaps would differ by them.
 */
void craft_memory_use(void);

#endif
