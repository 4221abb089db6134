/* SPDX-License-Identifier: MIT */
/* Names and addresses of machines. */
#include "core/random.h"
#include "core/task.h"
#include "net-loopback/hash.h"
#include "net-loopback/internal.h"
#include "net-loopback/latency.h"
#include "sim/host.h"

#include <errno.h>
#include <string.h>

static const char *name_of(const struct lo_net *net, uint32_t machine_index)
{
    return net->interfaces[machine_index - 1].machine->name;
}

static uint32_t *find_slot(const struct lo_net *net, const char *name)
{
    const uint32_t mask = net->names.capacity - 1;
    uint32_t i = (uint32_t)lo_hash(name, strlen(name)) & mask;

    while (net->names.slots[i] && strcmp(name_of(net, net->names.slots[i]), name) != 0)
        i = (i + 1) & mask;
    return &net->names.slots[i];
}

void lo_names_init(struct lo_net *net)
{
    net->names.capacity = 16;
    while (net->names.capacity < net->machine_count * 2)
        net->names.capacity *= 2;
    net->names.slots = sim_host_alloc(net->names.capacity * sizeof *net->names.slots);
    for (uint32_t index = 1; index <= net->machine_count; index++)
        *find_slot(net, name_of(net, index)) = index;
}

void lo_names_finish(struct lo_net *net)
{
    sim_host_free(net->names.slots);
}

/* A decimal number of 0 to 255 and what ends it; NULL: it is not one. */
static const char *parse_byte(const char *text, char end, uint32_t *value)
{
    const char *start = text;

    *value = 0;
    while (*text >= '0' && *text <= '9' && text - start < 3)
        *value = *value * 10 + (uint32_t)(*text++ - '0');
    return text > start && *value <= 255 && *text == end ? text + 1 : NULL;
}

static bool parse_dotted(const char *text, uint32_t *ip)
{
    *ip = 0;
    for (int i = 0; i < 4 && text; i++) {
        uint32_t value;
        text = parse_byte(text, i < 3 ? '.' : '\0', &value);
        *ip = *ip << 8 | value;
    }
    return text != NULL;
}

/* What rules do to a look-up, which takes no time and does not fail without them. */
static int name_fault(struct sm_net *interface, uint32_t index, sm_time deadline)
{
    struct lo_net *net = interface->net;

    if (lo_rules_meet(net, LO_EFFECT_NO_NAME, interface->index, index)) {
        net->counters.names_failed++;
        return -ENOENT;
    }
    const struct lo_active_rule *late =
        lo_rules_meet(net, LO_EFFECT_LATE_NAME, interface->index, index);
    if (!late)
        return 0;
    net->counters.names_late++;
    const uint64_t key = sim_stream_key(net->world, "name", interface->index);
    const uint64_t draw = sm__random_draw(key, interface->name_draws++);
    const sm_time answer = sm_now() + lo_latency_draw(&late->link.latency, draw);
    const int error = sm_sleep_until(answer < deadline ? answer : deadline);
    if (error)
        return error;
    return answer <= deadline ? 0 : -ETIMEDOUT;
}

int sm_net_resolve(struct sm_net *net, const char *name, uint32_t *ip, sm_time deadline)
{
    int error = sm__enter();

    if (error)
        return error;
    if (parse_dotted(name, ip)) {
        if (*ip == 0x7f000001u)
            *ip = sm_net_ip(net);
        return 0;
    }
    *ip = 0;
    const uint32_t index = *find_slot(net->net, name);
    if (index && SM_UNLIKELY(net->net->rules.count > 0))
        error = name_fault(net, index, deadline);
    if (error)
        return error;
    if (index)
        *ip = LO_IP_BASE + index;
    else if (strcmp(name, "localhost") == 0)
        *ip = sm_net_ip(net);
    return *ip ? 0 : -ENOENT;
}

uint32_t sm_net_ip(const struct sm_net *net)
{
    return LO_IP_BASE + net->index;
}
