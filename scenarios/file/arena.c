/* SPDX-License-Identifier: MIT */
/*
 * The memory of a scenario: a memfd at an address that every process which attaches to it uses,
 * too, so that pointers inside need no translation.
 *
 * Arenas lie in slots above SM__MAP_SCENARIO. The whole slot is mapped at once: memfds are sparse,
 * so only what is written costs memory.
 */
#include "scenarios/file/scenario.h"

#include "core/address_map.h"
#include "core/assert.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARENA_BYTES (UINT64_C(64) << 20)
#define ARENA_SLOTS 64u

/* A scenario of a build with another layout is not read by mistake. */
#define ARENA_MAGIC (UINT64_C(0x53434e3100000000) | sizeof(struct scn))

struct scn_arena {
    char *memory;
    struct scn *root; /* == memory */
    int fd;           /* -1: attached */
};

/* Maps `fd` at one address and nowhere else. Returns 0, -EEXIST, -errno. */
static int map_at(uint64_t base, int fd, int protection, char **out)
{
    void *wanted = (void *)(uintptr_t)base;
    void *memory = mmap(wanted, ARENA_BYTES, protection, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
    if (memory == MAP_FAILED)
        return -errno;
    if (memory != wanted) { /* a kernel before 4.17 takes the address for a hint */
        munmap(memory, ARENA_BYTES);
        return -EEXIST;
    }
    *out = memory;
    return 0;
}

static int map_free_slot(int fd, char **out)
{
    int error = -EEXIST;
    for (uint32_t slot = 0; slot < ARENA_SLOTS && error == -EEXIST; slot++)
        error = map_at(SM__MAP_SCENARIO + slot * ARENA_BYTES, fd, PROT_READ | PROT_WRITE, out);
    return error;
}

int scn_arena_create(struct scn_arena **out)
{
    struct scn_arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        return -ENOMEM;
    int error = 0;
    arena->fd = memfd_create("steelmill-scenario", MFD_CLOEXEC);
    if (arena->fd < 0 || ftruncate(arena->fd, (off_t)ARENA_BYTES) != 0)
        error = -errno;
    if (!error)
        error = map_free_slot(arena->fd, &arena->memory);
    if (error) {
        scn_arena_destroy(arena);
        return error;
    }
    arena->root = (struct scn *)(void *)arena->memory;
    arena->root->magic = ARENA_MAGIC;
    arena->root->base = (uint64_t)(uintptr_t)arena->memory;
    arena->root->size_bytes = sizeof(struct scn);
    *out = arena;
    return 0;
}

static bool header_is_valid(const struct scn *header, int fd)
{
    uint64_t offset =
        header->base - (uint64_t)SM__MAP_SCENARIO; /* wraps for what lies below: rejected, too */
    struct stat status;
    return header->magic == ARENA_MAGIC && offset % ARENA_BYTES == 0 &&
           offset / ARENA_BYTES < ARENA_SLOTS && header->size_bytes >= sizeof *header &&
           header->size_bytes <= ARENA_BYTES && fstat(fd, &status) == 0 &&
           (uint64_t)status.st_size == ARENA_BYTES;
}

int scn_arena_attach(struct scn_arena **out, int fd, const struct scn **scn)
{
    struct scn header;
    if (pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header ||
        !header_is_valid(&header, fd))
        return -EINVAL;
    struct scn_arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        return -ENOMEM;
    arena->fd = -1;
    int error = map_at(header.base, fd, PROT_READ, &arena->memory);
    if (error) {
        free(arena);
        return error;
    }
    arena->root = (struct scn *)(void *)arena->memory;
    *scn = arena->root;
    *out = arena;
    return 0;
}

struct scn *scn_arena_root(struct scn_arena *arena)
{
    return arena->root;
}

int scn_arena_fd(const struct scn_arena *arena)
{
    return arena->fd;
}

static void *take(struct scn_arena *arena, size_t size, size_t alignment)
{
    SM_ASSERT_MSG(arena->fd >= 0, "an attached scenario is read-only");
    uint64_t begin = (arena->root->size_bytes + alignment - 1) / alignment * alignment;
    if (size > ARENA_BYTES || begin > ARENA_BYTES - size)
        return NULL;
    arena->root->size_bytes = begin + size;
    return arena->memory + begin; /* zeroed by the kernel; nothing is ever given back */
}

void *scn_arena_alloc(struct scn_arena *arena, size_t size)
{
    return take(arena, size, alignof(max_align_t));
}

const char *scn_arena_text(struct scn_arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = take(arena, size, 1);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

void scn_arena_destroy(struct scn_arena *arena)
{
    if (!arena)
        return;
    if (arena->memory)
        munmap(arena->memory, ARENA_BYTES);
    if (arena->fd >= 0)
        close(arena->fd);
    free(arena);
}
