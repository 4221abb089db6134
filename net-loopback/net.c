/* SPDX-License-Identifier: MIT */
/* Making the network, and what it hears of machines. */
#include "net-loopback/net.h"

#include "core/factory.h"
#include "core/random.h"
#include "net-loopback/internal.h"
#include "net-loopback/stream.h"
#include "sim/host.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define DATAGRAM_BUFFER_BYTES_DEFAULT 212992u /* Linux's net.core.rmem_default */
#define STREAM_BUFFER_BYTES_DEFAULT   (256u * 1024)
#define STREAM_BUFFER_BYTES_MIN       4096u
#define STREAM_BUFFER_BYTES_MAX       (8u << 20) /* a window has 24 bits in an acknowledgement */
#define QUEUE_LIMIT_NS_DEFAULT        (500 * SM_MS)

/* ---- hooks ---- */

static int resolve(void *arg, struct sim_machine *machine, const char *name, uint32_t *ip,
                   sm_time deadline)
{
    (void)arg;
    return sm_net_resolve(machine->net, name, ip, deadline);
}

static void machine_started(void *arg, struct sim_machine *machine)
{
    struct sm_net *interface = machine->net;

    (void)arg;
    interface->up = true;
    interface->leaked = 0;
}

static void machine_crashed(void *arg, struct sim_machine *machine)
{
    struct sm_net *interface = machine->net;

    (void)arg;
    interface->up = false;
    lo_datagrams_crashed(interface);
    lo_streams_crashed(interface);
}

/* As a kernel closes what a process leaves: the host goes on, delivers what was written, answers.
 */
static void machine_killed(void *arg, struct sim_machine *machine)
{
    struct sm_net *interface = machine->net;

    (void)arg;
    lo_datagrams_crashed(interface);
    lo_streams_close(interface);
}

static uint32_t count_links(const struct sm__list *list)
{
    uint32_t count = 0;

    for (const struct sm__list *link = list->next; link != list; link = link->next)
        count++;
    return count;
}

static void machine_stopped(void *arg, struct sim_machine *machine)
{
    struct sm_net *interface = machine->net;

    (void)arg;
    interface->leaked = count_links(&interface->datagrams) + count_links(&interface->listeners) +
                        lo_streams_count_open(interface);
    interface->up = false;
    lo_datagrams_crashed(interface);
    lo_streams_stopped(interface);
}

/* ---- making ---- */

static void init_interface(struct lo_net *net, struct sim_machine *machine)
{
    struct sm_net *interface = lo_interface(net, machine->index);

    interface->net = net;
    interface->machine = machine;
    interface->index = machine->index;
    interface->port_key = sim_stream_key(net->world, "port", machine->index);
    sm__list_init(&interface->datagrams);
    sm__list_init(&interface->listeners);
    sm__list_init(&interface->streams);
    machine->net = interface;
}

static bool options_valid(const struct lo_net *net, const struct lo_options *options)
{
    for (uint32_t i = 0; i < options->rule_count; i++) {
        if (!lo_link_valid(&options->rules[i].link))
            return false;
    }
    return lo_link_valid(&options->link_default) && net->queue_limit_ns > 0 &&
           net->stream_buffer_bytes >= STREAM_BUFFER_BYTES_MIN &&
           net->stream_buffer_bytes <= STREAM_BUFFER_BYTES_MAX;
}

static void apply_options(struct lo_net *net, const struct lo_options *options)
{
    net->datagram_buffer_bytes = options->datagram_buffer_bytes ? options->datagram_buffer_bytes
                                                                : DATAGRAM_BUFFER_BYTES_DEFAULT;
    net->stream_buffer_bytes =
        options->stream_buffer_bytes ? options->stream_buffer_bytes : STREAM_BUFFER_BYTES_DEFAULT;
    net->queue_limit_ns =
        options->queue_limit_ns ? options->queue_limit_ns : QUEUE_LIMIT_NS_DEFAULT;
}

int lo_net_create(struct lo_net **out, struct sim_world *world, const struct lo_options *given)
{
    const struct lo_options none = {0}, *options = given ? given : &none;
    struct lo_net *net = sim_host_alloc(sizeof *net);

    *out = NULL;
    net->world = world;
    net->machine_count = world->machine_count;
    net->link_name = sm__name_hash("link");
    apply_options(net, options);
    const int error = options_valid(net, options) ? lo_classes_init(net, options) : -EINVAL;
    if (error) {
        lo_classes_finish(net);
        sim_host_free(net);
        return error;
    }
    const size_t bytes = net->machine_count * sizeof *net->interfaces;
    net->interfaces = memset(sim_host_alloc_aligned(64, bytes), 0, bytes);
    for (uint32_t i = 0; i < net->machine_count; i++)
        init_interface(net, world->machines[i]);
    sm__list_init(&net->sequences);
    lo_names_init(net);
    lo_datagrams_init(net);
    lo_streams_init(net);
    const struct sim_hooks hooks = {.arg = net,
                                    .machine_started = machine_started,
                                    .machine_crashed = machine_crashed,
                                    .machine_stopped = machine_stopped,
                                    .machine_killed = machine_killed,
                                    .resolve = resolve};
    sim_world_add_hooks(world, &hooks);
    *out = net;
    return 0;
}

void lo_net_destroy(struct lo_net *net)
{
    if (!net)
        return;
    for (uint32_t i = 0; i < net->machine_count; i++) {
        lo_ports_finish(&net->interfaces[i].datagram_ports);
        lo_ports_finish(&net->interfaces[i].listener_ports);
        lo_ports_finish(&net->interfaces[i].outgoing_ports);
    }
    lo_sequences_finish(net);
    lo_rules_finish(net);
    lo_paths_finish(&net->paths);
    lo_objects_finish(&net->datagrams);
    lo_objects_finish(&net->listeners);
    lo_objects_finish(&net->connections);
    lo_pool_finish(&net->pool);
    lo_names_finish(net);
    lo_classes_finish(net);
    sim_host_free(net->interfaces);
    sim_host_free(net);
}

void *lo_net_capability(struct sim_machine *machine)
{
    return machine->net;
}

struct sm_net *sm_net_get(struct sm_factory *factory)
{
    return sm__factory_capability(factory, SM__CAPABILITY_NET);
}

/* ---- what happened ---- */

const struct lo_counters *lo_net_counters(const struct lo_net *net)
{
    return &net->counters;
}

uint32_t lo_net_leaked(const struct sim_machine *machine)
{
    return ((const struct sm_net *)machine->net)->leaked;
}

size_t lo_net_live_objects(const struct lo_net *net)
{
    return net->datagrams.live + net->listeners.live + net->connections.live + net->pool.live;
}

static void note(const struct sm_net *from, const struct sm_net *to, enum lo_lost reason,
                 uint64_t object, uint64_t hash, uint32_t size)
{
    const struct sim_record record = {
        .object = object,
        .hash = hash,
        .machine = to ? to->index : 0,
        .kind = SIM_LOST,
        .flags = (uint16_t)reason,
        .peer = from->index,
        .size = size,
    };

    sim_note(from->net->world, &record);
}

void lo_note_lost(const struct sm_net *from, const struct sm_net *to, enum lo_lost reason,
                  uint64_t object, uint64_t hash, uint32_t size)
{
    from->net->counters.lost[reason]++;
    note(from, to, reason, object, hash, size);
}

void lo_note_control_lost(const struct sm_net *from, const struct sm_net *to, enum lo_lost reason,
                          uint64_t object)
{
    from->net->counters.control_lost++;
    note(from, to, reason, object, 0, 0);
}

#define LOST_TEXT_(name, value, text) \
    case value:                       \
        return text;
const char *lo_lost_text(uint32_t reason)
{
    switch (reason) {
        LO_LOST_LIST(LOST_TEXT_)
    default:
        return "lost";
    }
}

const char *lo_control_text(uint32_t control)
{
    switch (control) {
        LO_CONTROL_LIST(LOST_TEXT_)
    default:
        return "control";
    }
}

/* ---- handles ---- */

static const char *word_of(uint32_t magic)
{
    switch (magic) {
    case LO_MAGIC_DATAGRAM:
        return "datagram socket";
    case LO_MAGIC_LISTENER:
        return "listener";
    default:
        return "stream";
    }
}

void lo_handle_bug(const struct lo_handle *handle, uint32_t magic, const char *call)
{
    if (handle->magic == LO_MAGIC_CLOSED)
        sm__bug(__FILE__, __LINE__, "%s: this %s was closed before", call, word_of(magic));
    if (handle->magic != magic)
        sm__bug(__FILE__, __LINE__, "%s: this is no open %s", call, word_of(magic));
    sm__bug(__FILE__, __LINE__, "%s: this %s belongs to machine '%s', the caller runs on '%s'",
            call, word_of(magic), handle->interface->machine->name, sm__current->home->name);
}
