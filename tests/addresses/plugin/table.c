/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <steelmill/steelmill.h>

#include <stdint.h>
#include <stdlib.h>

#define BLOCKS 64
#define SLOTS  61

struct block {
    struct block *next;
    int number;
};

static struct block *make(int number)
{
    struct block *block = malloc(sizeof *block + sm_random_below(NULL, 200));

    block->number = number;
    return block;
}

static int sleep_and_free(struct block *slots[SLOTS])
{
    int error = 0;

    for (int i = 0; i < SLOTS; i++) {
        while (slots[i]) {
            struct block *block = slots[i];
            slots[i] = block->next;
            if (!error)
                error = sm_sleep((1 + block->number) * SM_US);
            free(block);
        }
    }
    return error;
}

int table_walk(void)
{
    struct block *slots[SLOTS] = {NULL};

    for (int i = 0; i < BLOCKS; i++) {
        struct block *block = make(i);
        struct block **slot = &slots[(uintptr_t)block / 16 % SLOTS];
        block->next = *slot;
        *slot = block;
    }
    return sleep_and_free(slots);
}
