/* SPDX-License-Identifier: MIT */
#include "sim/libc/libc.h"

#include "sim/host.h"

#include <dlfcn.h>
#include <string.h>

SIM_CONTEXT_BARE void *sm__libc_next(const char *name)
{
    struct sim_heap *heap = sim_context_leave();

    void *function = dlsym(RTLD_NEXT, name);
    sim_context_enter(heap);
    SM_ASSERT_MSG(function, "the C library has no %s", name);
    return function;
}

bool sm__libc_inside(void)
{
    return sim_libc_inside();
}

void *sm__libc_alloc(size_t size)
{
    return sim_host_alloc(size);
}

void sm__libc_free(void *memory)
{
    sim_host_free(memory);
}

struct sm__libc_keys *sm__libc_keys(void)
{
    return &sim_libc_here()->keys;
}

_Noreturn void sim_libc_refuse(const char *call, const char *advice)
{
    struct sim_world *world = sim_world_current();

    sim_failf(world, SIM_FAILURE_ESCAPE, NULL, call,
              "the daemon called %s, which is not simulated%s%s", call, advice ? ": " : "",
              advice ? advice : "");
    __builtin_trap(); /* in a task a failure does not return */
}

static void follow(struct sim_machine *machine)
{
    sim_libc_env_follow(machine);
    sim_libc_streams_follow(machine);
}

void sim_libc_follow(struct sim_libc *libc)
{
    sim_world_follow(libc->machine->world, follow);
}

static struct sim_libc *make(struct sim_machine *machine)
{
    struct sim_libc *libc = sim_host_alloc(sizeof *libc);
    struct sm_random start;

    libc->machine = machine;
    sm_random_init(&libc->stream, "libc");
    sm_random_init(&start, "libc-start");
    sm_random_bytes(&start, libc->start_random, sizeof libc->start_random);
    initstate_r(1, libc->random_state, sizeof libc->random_state, &libc->random);
    return libc;
}

struct sim_libc *sim_libc_here(void)
{
    struct sim_machine *machine = sim_machine_of(sm__current);

    if (SM_UNLIKELY(!machine->libc))
        machine->libc = make(machine);
    return machine->libc;
}

/* The machine is off; its heap is still there. */
static void finish(void *arg, struct sim_machine *machine)
{
    struct sim_libc *libc = machine->libc;

    (void)arg;
    sim_libc_streams_forget(&machine->heap);
    sim_libc_streams_finish(machine);
    if (!libc)
        return;
    sim_libc_output_flush(libc);
    sim_libc_env_finish(libc);
    sim_libc_queue_finish(libc);
    sim_libc_maps_finish(libc);
    machine->libc = NULL;
    sim_host_free(libc);
}

void sim_libc_attach(struct sim_world *world)
{
    const struct sim_hooks hooks = {.machine_off = finish};

    sim_world_add_hooks(world, &hooks);
    sim_libc_streams_attach();
}

void sim_libc_detach(void)
{
    sim_libc_streams_detach();
    sim_libc_env_detach();
}

void sim_libc_flush(struct sim_world *world)
{
    for (uint32_t i = 0; i < world->machine_count; i++) {
        if (world->machines[i]->libc)
            sim_libc_output_flush(world->machines[i]->libc);
    }
}
