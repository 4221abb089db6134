/* SPDX-License-Identifier: MIT */
/* What befalls streams besides their messages: resets on the way, half-open ends, slow readers. */
#include "net-loopback/stream.h"
#include "sim/host.h"

#include <errno.h>

/* ---- open connections ---- */

struct found {
    struct lo_connection **list;
    uint32_t count, capacity;
};

static void keep(struct found *found, struct lo_connection *connection)
{
    if (found->count == found->capacity) {
        found->capacity = found->capacity ? found->capacity * 2 : 64;
        found->list = sim_host_resize(found->list, found->capacity * sizeof *found->list);
    }
    lo_connection_hold(connection);
    found->list[found->count++] = connection;
}

static void find_on(struct found *found, const struct sm_net *interface,
                    const struct lo_active_rule *scope)
{
    const struct sm__list *all = &interface->streams;

    for (struct sm__list *link = all->next; link != all; link = link->next) {
        const struct sm_stream *end = sm__container(link, struct sm_stream, handle.link);
        const uint32_t peer = end->peer->handle.interface->index;
        if (end->state == LO_END_OPEN && interface->index != peer &&
            lo_rule_is_about(scope, interface->index, peer))
            keep(found, end->connection);
    }
}

/* The open ends that are `from` in the scope, in the order of machines and of opening. */
static struct found find(struct lo_net *net, const struct lo_rule *which)
{
    struct lo_active_rule *scope = lo_rule_scope(net, which);
    struct found found = {0};

    for (uint32_t i = 1; i <= net->machine_count; i++)
        find_on(&found, lo_interface(net, i), scope);
    lo_rule_scope_free(scope);
    return found;
}

static void let_go(struct found *found)
{
    for (uint32_t i = 0; i < found->count; i++)
        lo_connection_drop(found->list[i]);
    sim_host_free(found->list);
}

uint32_t lo_connections_reset(struct lo_net *net, const struct lo_rule *scope)
{
    struct found found = find(net, scope);
    uint32_t count = 0;

    for (uint32_t i = 0; i < found.count; i++) {
        struct sm_stream *ends = found.list[i]->ends;
        count += lo_end_alive(&ends[0]) || lo_end_alive(&ends[1]);
        lo_end_die(&ends[0], ECONNRESET);
        lo_end_die(&ends[1], ECONNRESET);
    }
    let_go(&found);
    return count;
}

static bool is_from(const struct lo_active_rule *scope, const struct sm_stream *end)
{
    return lo_rule_is_about(scope, end->handle.interface->index,
                            end->peer->handle.interface->index);
}

uint32_t lo_connections_forget(struct lo_net *net, const struct lo_rule *which)
{
    struct lo_active_rule *scope = lo_rule_scope(net, which);
    struct found found = find(net, which);
    uint32_t count = 0;

    for (uint32_t i = 0; i < found.count; i++) {
        /* Where both ends are `from` one of them goes: now the client's, now the server's. */
        struct sm_stream *ends = found.list[i]->ends, *one = &ends[found.list[i]->id % 2];
        if (ends[0].state == LO_END_DEAD || ends[1].state == LO_END_DEAD)
            continue;
        lo_end_die(is_from(scope, one) ? one : one->peer, ECONNRESET);
        count++;
    }
    let_go(&found);
    lo_rule_scope_free(scope);
    return count;
}

/* ---- slow readers ---- */

#define READS_PER_S 10 /* of a slow reader, at most that many */

uint32_t lo_reader_share(struct sm_stream *stream, uint32_t capacity, struct lo_active_rule **slow)
{
    struct lo_net *net = lo_net_of(stream);

    if (SM_LIKELY(net->rules.count == 0))
        return capacity;
    *slow = lo_rules_meet(net, LO_EFFECT_SLOW_READER, stream->peer->handle.interface->index,
                          stream->handle.interface->index);
    if (!*slow)
        return capacity;
    const int64_t share = (*slow)->link.bandwidth_bytes_per_s / READS_PER_S;
    if (share < 1)
        return 1;
    return share < capacity ? (uint32_t)share : capacity;
}

static void goes_on(struct sim_world *world, struct sim_event *event)
{
    struct sm_stream *end = event->object;

    (void)world;
    end->in.stalled = false;
    sm__wake_all_fast(&end->readers);
    sm__wake_all_fast(&end->any);
    lo_connection_drop(end->connection);
}

void lo_reader_stall(struct sm_stream *stream, const struct lo_active_rule *slow, uint32_t count)
{
    struct sim_world *world = lo_net_of(stream)->world;
    const int64_t rate = slow->link.bandwidth_bytes_per_s;
    struct sim_event *event =
        sim_event_at(world, world->now + 1 + (int64_t)count * SM_S / (rate > 0 ? rate : 1),
                     SIM_CONTROL, stream->handle.interface->index, goes_on);

    lo_connection_hold(stream->connection);
    stream->in.stalled = true;
    event->object = stream;
    event->number = stream->connection->id;
    event->peer = stream->peer->handle.interface->index;
    event->size = LO_CONTROL_STALL;
}
