/* SPDX-License-Identifier: MIT */
/*
 * A disk in memory that forgets: defines the calls of <steelmill/disk.h> for tests without a world.
 *
 * What was not synced may be lost at a crash, in pieces of 512 bytes and in any order. A crash can
 * be announced: from then on calls fail, after some more have been let through.
 */
#ifndef TESTS_CRAFT_FAKE_DISK_H
#define TESTS_CRAFT_FAKE_DISK_H

#include <steelmill/disk.h>

/* An empty disk; all that it decides follows from the seed. */
void fake_disk_init(uint64_t seed);
void fake_disk_finish(void);
struct sm_disk *fake_disk(void);
/* After `calls` more calls the power is gone: they fail with -ECANCELED, done or not. */
void fake_disk_fail_after(int calls);
bool fake_disk_failing(void);
/* The power comes back; unsynced changes are there, or not. */
void fake_disk_crash(void);
/* Puts bytes over a file's, as a bad sector would. */
void fake_disk_damage(const char *name, int64_t offset, const void *bytes, size_t size);
uint64_t fake_disk_below(uint64_t bound);

#endif
