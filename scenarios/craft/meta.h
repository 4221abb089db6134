/* SPDX-License-Identifier: MIT */
/*
 * The term and the vote on disk: two slots in two sectors, written in turn, so that a torn write
 * leaves the older one.
 */
#ifndef CRAFT_META_H
#define CRAFT_META_H

#include <steelmill/disk.h>

struct craft_meta {
    struct sm_file *file;
    uint64_t version; /* of the newest slot; 0: nothing was ever stored */
    uint64_t term, vote;
};

/* Opens or makes the file and reads the newest slot. Returns 0, or what sm_file_... return. */
int craft_meta_open(struct craft_meta *meta, struct sm_disk *disk);
void craft_meta_close(struct craft_meta *meta);
/*
 * Stores term and vote.
 *   sync: false leaves it to the disk when they become durable, which breaks Raft's rules
 * Blocks until durable, or cancelled. Returns 0, or what sm_file_... return.
 */
int craft_meta_store(struct craft_meta *meta, uint64_t term, uint64_t vote, bool sync);

#endif
