/* SPDX-License-Identifier: MIT */
/* Ports of an interface: a small open-addressing table from port to holder. */
#include "core/random.h"
#include "net-loopback/internal.h"
#include "sim/host.h"

#define CAPACITY_FIRST  8u
#define EPHEMERAL_FIRST 32768u
#define EPHEMERAL_COUNT (60999u - EPHEMERAL_FIRST + 1)

struct lo_port {
    void *holder; /* NULL: free */
    uint16_t port;
};

/* Neighbouring ports, the usual case, go to neighbouring slots. */
static inline uint32_t home_of(const struct lo_ports *ports, uint16_t port)
{
    return port & (ports->capacity - 1);
}

void *lo_ports_find(const struct lo_ports *ports, uint16_t port)
{
    if (ports->count == 0)
        return NULL;
    for (uint32_t i = home_of(ports, port); ports->slots[i].holder;
         i = (i + 1) & (ports->capacity - 1)) {
        if (ports->slots[i].port == port)
            return ports->slots[i].holder;
    }
    return NULL;
}

static void insert(struct lo_ports *ports, uint16_t port, void *holder)
{
    uint32_t i = home_of(ports, port);

    while (ports->slots[i].holder)
        i = (i + 1) & (ports->capacity - 1);
    ports->slots[i] = (struct lo_port){holder, port};
}

static void grow(struct lo_ports *ports)
{
    const struct lo_ports old = *ports;

    ports->capacity = old.capacity ? old.capacity * 2 : CAPACITY_FIRST;
    ports->slots = sim_host_alloc(ports->capacity * sizeof *ports->slots);
    for (uint32_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].holder)
            insert(ports, old.slots[i].port, old.slots[i].holder);
    }
    sim_host_free(old.slots);
}

void lo_ports_put(struct lo_ports *ports, uint16_t port, void *holder)
{
    SM_ASSERT(!lo_ports_find(ports, port));
    if ((ports->count + 1) * 4 > ports->capacity * 3)
        grow(ports);
    insert(ports, port, holder);
    ports->count++;
}

void lo_ports_remove(struct lo_ports *ports, uint16_t port)
{
    const uint32_t mask = ports->capacity - 1;
    uint32_t hole = home_of(ports, port);

    while (ports->slots[hole].port != port || !ports->slots[hole].holder) {
        SM_ASSERT(ports->slots[hole].holder);
        hole = (hole + 1) & mask;
    }
    ports->slots[hole].holder = NULL;
    ports->count--;
    /* Moves back what would not be found any more across the hole. */
    for (uint32_t i = (hole + 1) & mask; ports->slots[i].holder; i = (i + 1) & mask) {
        const uint32_t home = home_of(ports, ports->slots[i].port);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            ports->slots[hole] = ports->slots[i];
            ports->slots[i].holder = NULL;
            hole = i;
        }
    }
}

void lo_ports_finish(struct lo_ports *ports)
{
    sim_host_free(ports->slots);
    *ports = (struct lo_ports){0};
}

uint16_t lo_ports_pick(struct sm_net *interface, const struct lo_ports *ports)
{
    const uint64_t draw = sm__random_draw(interface->port_key, interface->port_draws++);
    const uint32_t first = (uint32_t)sm__random_scale(draw, EPHEMERAL_COUNT);

    for (uint32_t i = 0; i < EPHEMERAL_COUNT; i++) {
        const uint16_t port = (uint16_t)(EPHEMERAL_FIRST + (first + i) % EPHEMERAL_COUNT);
        if (!lo_ports_find(ports, port))
            return port;
    }
    return 0;
}
