/* SPDX-License-Identifier: MIT */
/* Making and unmaking the world, failures, and the parts of the seam that are not scheduling. */
#include "sim/world.h"

#include "core/address_map.h"
#include "core/factory.h"
#include "core/random.h"
#include "sim/host.h"
#include "sim/property.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STACK_BYTES_DEFAULT        ((size_t)256 * 1024)
#define STACK_COUNT_MAX_DEFAULT    (1u << 20)
#define HEAP_LIMIT_DEFAULT_BYTES   ((size_t)64 << 20)
#define INSTANT_EVENTS_MAX_DEFAULT 1000000u

static void apply_defaults(struct sim_options *options)
{
    if (!options->stack_bytes)
        options->stack_bytes = STACK_BYTES_DEFAULT;
    if (!options->stack_count_max)
        options->stack_count_max = STACK_COUNT_MAX_DEFAULT;
    if (!options->heap_limit_bytes)
        options->heap_limit_bytes = HEAP_LIMIT_DEFAULT_BYTES;
    if (!options->instant_events_max)
        options->instant_events_max = INSTANT_EVENTS_MAX_DEFAULT;
}

static void init_home(struct sim_world *world)
{
    world->home.name = "";
    world->home.is_root = true;
    world->home.stacks = world->stacks;
    sm__list_init(&world->home.tasks);
}

static void init_streams(struct sim_world *world)
{
    world->random_world.name = sm__name_hash("daemon");
    world->random_world.epoch = world->options.epoch;
    world->random_world.key = sim_stream_key(world, "daemon", 0);
}

/* Machines lie one after the other, at cache lines; memory that no machine uses is never touched.
 */
static void make_slab(struct sim_world *world)
{
    const size_t count = world->options.machine_count_max;

    world->machines = sim_host_alloc(count * sizeof *world->machines);
    world->machine_memory = sim_host_alloc(count * sizeof *world->machine_slab + 64);
    world->latest = sim_host_alloc(count * sizeof *world->latest);
    char *memory = world->machine_memory;
    world->machine_slab = (void *)(memory + (64 - (uintptr_t)memory % 64));
}

/* ---- stacks ---- */

/* Those of the world before, for the next one: most processes make many of the same. */
static struct sm__stack_pool *kept_stacks;

static int take_stacks(struct sim_world *world)
{
    const struct sim_options *options = &world->options;
    void *base = (void *)(SM__MAP_STACKS + options->address_shift); // NOLINT
    struct sm__stack_pool *kept = kept_stacks;

    kept_stacks = NULL;
    if (kept && !options->stack_fill &&
        sm__stack_pool_is(kept, base, options->stack_bytes, options->stack_count_max)) {
        world->stacks = kept;
        return 0;
    }
    sm__stack_pool_destroy(kept);
    const int error =
        sm__stack_pool_create(&world->stacks, base, options->stack_bytes, options->stack_count_max);
    if (error)
        return error;
    sm__stack_fill(world->stacks, options->stack_fill);
    if (options->address_shift)
        sm__stack_mirror(world->stacks);
    return 0;
}

static void give_stacks(struct sim_world *world)
{
    const struct sim_options *options = &world->options;

    if (!options->address_shift && !options->stack_fill && sm__stack_pool_renew(world->stacks))
        kept_stacks = world->stacks;
    else
        sm__stack_pool_destroy(world->stacks);
}

/* ---- */

int sim_world_create(struct sim_world **out, const struct sim_options *given)
{
    struct sim_world *world = sim_host_alloc(sizeof *world);
    int error;

    *out = NULL;
    world->options = *given;
    apply_defaults(&world->options);
    const struct sim_options *options = &world->options;
    error = take_stacks(world);
    if (error)
        goto fail_world;
    world->enters_slowly = options->stack_fill != 0;
    error = sim_heaps_reserve(options->machine_count_max, options->heap_limit_bytes,
                              options->address_shift);
    if (error)
        goto fail_stacks;
    init_home(world);
    init_streams(world);
    make_slab(world);
    sim_queue_init(&world->queue);
    sim_events_init(&world->events);
    sim_ready_init(&world->ready, options->policy, sim_stream_key(world, "scheduler", 0));
    sm__fiber_adopt_thread(&world->scheduler);
    world->digest.off = options->undigested;
    world->digest.trace = options->trace;
    world->digest.arg = options->arg;
    world->properties = sim_properties_create();
    error = sm__factory_create_as(&world->factory, NULL, "world", "", &world->home);
    if (!error) {
        *out = world;
        return 0;
    }
    sim_heaps_release();
fail_stacks:
    give_stacks(world);
fail_world:
    sim_host_free(world);
    return error;
}

static void destroy_machine(struct sim_machine *machine)
{
    sim_machine_crash(machine);
    sim_heap_finish(&machine->heap);
    sim_held_finish(&machine->held);
}

void sim_world_destroy(struct sim_world *world)
{
    if (!world)
        return;
    for (uint32_t i = 0; i < world->machine_count; i++)
        destroy_machine(world->machines[i]);
    sm_factory_destroy(world->factory);
    sim_properties_destroy(world->properties);
    sim_history_finish(&world->history);
    sim_ready_finish(&world->ready);
    sim_events_finish(&world->events);
    sim_queue_finish(&world->queue);
    sim_heaps_release();
    give_stacks(world);
    sim_host_free(world->machines);
    sim_host_free(world->machine_memory);
    sim_host_free(world->latest);
    sim_host_free(world);
}

void sim_world_add_hooks(struct sim_world *world, const struct sim_hooks *hooks)
{
    SM_ASSERT(world->hook_count < SIM_HOOKS_MAX);
    world->hooks[world->hook_count++] = *hooks;
}

void sim_world_follow(struct sim_world *world, void (*follow)(struct sim_machine *machine))
{
    world->follow = follow;
    world->enters_slowly = true;
}

uint64_t sim_world_digest(const struct sim_world *world)
{
    return sim_digest_value(&world->digest);
}

uint64_t sim_stream_key(const struct sim_world *world, const char *name, uint64_t machine)
{
    return sm__random_key(world->options.seed, world->options.epoch, sm__name_hash(name), machine);
}

/* ---- failures ---- */

void sim_fail(struct sim_world *world, const struct sim_failure *failure)
{
    struct sim_failure copy = *failure;

    if (world->failed) /* the first one ends the run */
        return;
    sim_context_leave();
    copy.task = sm__current;
    if (!copy.machine && sm__current)
        copy.machine = sim_machine_of(sm__current);
    world->failed = true;
    if (world->options.failed)
        world->options.failed(world->options.arg, world, &copy);
    if (sm__current) {
        sm__current->state = SM__TASK_PARKED; /* for good: nothing runs any more */
        sm__sched_park(sm__current);
        __builtin_unreachable();
    }
}

void sim_failf(struct sim_world *world, enum sim_failure_kind kind, struct sim_machine *machine,
               const char *subject, const char *format, ...)
{
    struct sim_failure failure = {.kind = kind, .machine = machine};
    va_list args;

    snprintf(failure.subject, sizeof failure.subject, "%s", subject);
    va_start(args, format);
    vsnprintf(failure.text, sizeof failure.text, format, args);
    va_end(args);
    sim_fail(world, &failure);
}

_Noreturn void sm__bug_report(const char *message)
{
    struct sim_world *world = sim_world_current();

    if (world && sm__current && !world->failed)
        sim_failf(world, SIM_FAILURE_ASSERT, NULL, "assertion", "%s", message);
    fprintf(stderr, "steelmill: %s\n", message);
    __builtin_trap();
}

/* ---- the seam: the kernel ---- */

void *sm__kernel_begin(void)
{
    return sim_context_leave();
}

void sm__kernel_end(void *context)
{
    sim_context_enter(context);
}

/* ---- the seam: clocks, randomness, log ---- */

static struct sim_world *world_of(struct sm__home *home)
{
    if (!home)
        return sim_world_current();
    return home->is_root ? (struct sim_world *)(void *)home
                         : ((struct sim_machine *)(void *)home)->world;
}

sm_time sm__clock_monotonic(struct sm__home *home)
{
    const sm_time now = world_of(home)->now;
    if (SM_LIKELY(!home || !home->is_bent))
        return now;
    struct sim_clock *clock = &((struct sim_machine *)(void *)home)->clock;
    clock->mono_reads++;
    return sim_clock_monotonic(clock, now);
}

sm_time sm__clock_wall(struct sm__home *home)
{
    if (!home || home->is_root)
        return SIM_CLOCK_START_NS + world_of(home)->now;
    struct sim_clock *clock = &((struct sim_machine *)(void *)home)->clock;
    clock->wall_reads++;
    return clock->wall_ns + sm__clock_monotonic(home);
}

void sm__random_rekey(struct sm__home *home, struct sm_random *random)
{
    const struct sim_world *world = world_of(home);
    const uint64_t machine = home ? home->index : 0;
    /* A stream of a daemon's own starts anew after a restart: with other draws. */
    const uint64_t incarnation =
        home && !home->is_root ? ((struct sim_machine *)(void *)home)->incarnation : 0;

    SM_ASSERT_MSG(world, "a random stream is used outside of any run");
    random->epoch = world->options.epoch;
    random->key = sm__random_key(world->options.seed, random->epoch, random->name,
                                 incarnation << 32 | machine);
}

bool sm__random_current(struct sm__home *home, const struct sm_random *random)
{
    return random->epoch == world_of(home)->options.epoch;
}

struct sm_random *sm__random_home(struct sm__home *home)
{
    if (!home || home->is_root)
        return &world_of(home)->random_world;
    return &((struct sim_machine *)(void *)home)->random;
}

enum sm_log_level sm__log_level_max(void)
{
    const struct sim_world *world = sim_world_current();
    return world ? (enum sm_log_level)world->options.log_level : SM_LOG_WARN;
}

bool sm__log_json(void)
{
    const struct sim_world *world = sim_world_current();
    return world && world->options.log_json;
}

void sm__log_emit(struct sm__home *home, enum sm_log_level level, const char *line, size_t size)
{
    struct sim_world *world = world_of(home);

    if (world && world->options.log && (int)level <= world->options.log_level)
        world->options.log(world->options.arg, line, size);
}
