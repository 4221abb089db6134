/* SPDX-License-Identifier: MIT */
/* Anonymous memory by mmap. */
#include "asks.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define MB   ((size_t)1 << 20)

static char *map(size_t size, int protection)
{
    char *start = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    expect(start != MAP_FAILED && (uintptr_t)start % PAGE == 0);
    return start;
}

static bool is_filled(const char *from, char byte, size_t size)
{
    while (size > 0 && from[size - 1] == byte)
        size--;
    return size == 0;
}

/* Zeroed pages, which go in parts, too. */
static void maps(void)
{
    char *start = map(3 * PAGE - 100, PROT_READ | PROT_WRITE);

    printf("mapped at %p\n", (void *)start);
    expect(is_filled(start, 0, 3 * PAGE));
    memset(start, 'x', 3 * PAGE);
    sm_sleep(SM_MS);
    expect(is_filled(start, 'x', 3 * PAGE));
    expect(munmap(start + PAGE, PAGE) == 0);
    expect(is_filled(start, 'x', PAGE) && is_filled(start + 2 * PAGE, 'x', PAGE));
    expect(munmap(start, 3 * PAGE) == 0 && munmap(start, PAGE) == 0);
    expect(munmap(start + 1, PAGE) == -1 && errno == EINVAL);
    expect(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    expect(errno == EINVAL);
    /* More than the machine has. */
    if (is_simulated)
        expect(mmap(NULL, MB << 10, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
               errno == ENOMEM);
}

/* What allocators and stacks do: reserve, use a part, guard, give back, grow. */
static void reservations(void)
{
    const int reserved = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    char *start = mmap(NULL, MB, PROT_NONE, reserved, -1, 0);

    expect(start != MAP_FAILED);
    expect(mprotect(start + PAGE, 4 * PAGE, PROT_READ | PROT_WRITE) == 0);
    memset(start + PAGE, 'y', 4 * PAGE);
    expect(mprotect(start + PAGE, PAGE, PROT_READ) == 0 && start[PAGE] == 'y');
    expect(madvise(start + 2 * PAGE, PAGE, MADV_DONTNEED) == 0);
    expect(is_filled(start + 2 * PAGE, 0, PAGE) && is_filled(start + 3 * PAGE, 'y', PAGE));
    expect(madvise(start, MB, MADV_RANDOM) == 0);
    char *fixed = mmap(start + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE, reserved | MAP_FIXED, -1, 0);
    expect(fixed == start + 3 * PAGE && is_filled(fixed, 0, PAGE));
    expect(munmap(start, MB) == 0);

    char *small = map(2 * PAGE, PROT_READ | PROT_WRITE);
    memset(small, 'z', 2 * PAGE);
    char *large = mremap(small, 2 * PAGE, 32 * PAGE, MREMAP_MAYMOVE);
    expect(large != MAP_FAILED && is_filled(large, 'z', 2 * PAGE));
    expect(is_filled(large + 2 * PAGE, 0, 30 * PAGE));
    expect(mremap(large, 32 * PAGE, PAGE, 0) == large && is_filled(large, 'z', PAGE));
    expect(mlock(large, PAGE) == 0 || errno == EPERM || errno == ENOMEM);
    expect(munlock(large, PAGE) == 0 && munmap(large, PAGE) == 0);
}

/* More than half of what the machine has, guarded, and never given back. */
static void maps_much(void)
{
    const size_t size = 40 * MB;
    char *start = map(size, PROT_NONE);

    expect(mprotect(start, PAGE, PROT_READ | PROT_WRITE) == 0);
    start[0] = 1;
    printf("has much\n");
    sm_sleep(SM_FOREVER);
}

/* Memory may be refused, as malloc's is. */
static void maps_in_vain(void)
{
    void *start;
    int count = 0;

    while ((start = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED)
        count++;
    expect(errno == ENOMEM && count == 4);
}

const struct question memory_questions[] = {
    {"maps", maps},
    {"reservations", reservations},
    {"maps_much", maps_much},
    {"maps_in_vain", maps_in_vain},
    {NULL, NULL},
};
