/* SPDX-License-Identifier: MIT */
/* `hosts:`, the addresses of machines in production: { lock: 10.0.0.5, client2: 10.0.0.8 }. */
#include "scenarios/file/values.h"

#include "scenarios/file/quote.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

/* The first address of multicast; behind it nothing is a machine's. */
#define IP_MULTICAST 0xe0000000u

static int read_address(struct bind *b, const struct scn_node *key, const struct scn_node *value,
                        uint32_t *ip)
{
    char quoted[SCN_QUOTE_BYTES];
    struct in_addr address;
    if (value->kind != SCN_NODE_SCALAR || inet_pton(AF_INET, value->text, &address) != 1)
        return bind_fail(b, value, "'%s' must be an address such as 10.0.0.5, not %s", key->text,
                         value->kind == SCN_NODE_SCALAR ? scn_quote(quoted, value->text)
                                                        : scn_node_kind_text(value));
    *ip = ntohl(address.s_addr);
    if (*ip == 0 || *ip >= IP_MULTICAST)
        return bind_fail(b, value, "'%s': %s is no machine's address", key->text, value->text);
    return 0;
}

/* No two machines have one address. */
static int check_host(struct bind *b, const struct scn_node *map, const struct scn_host *hosts,
                      uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (hosts[i].ip == hosts[index].ip)
            return bind_fail(b, map->values[index], "%s is the address of '%s' already",
                             map->values[index]->text, map->keys[i]->text);
    return 0;
}

static int read_hosts(struct bind *b, const struct bind_field *field, const struct scn_node *node,
                      char *target)
{
    struct scn *scn = (struct scn *)(void *)target;
    if (node->kind != SCN_NODE_MAP)
        return bind_fail_type(b, field, node, "");
    if (node->count > field->max)
        return bind_fail(b, node, "'%s' has %u entries; %u is the limit", field->key, node->count,
                         (uint32_t)field->max);
    scn->hosts = bind_alloc(b, node->count * sizeof *scn->hosts);
    if (!scn->hosts)
        return -E2BIG;
    for (uint32_t i = 0; i < node->count; i++) {
        struct scn_host *host = &scn->hosts[i];
        int error = bind_machine_number(b, field, node->keys[i], &host->machine);
        if (!error)
            error = read_address(b, node->keys[i], node->values[i], &host->ip);
        if (!error)
            error = check_host(b, node, scn->hosts, i);
        if (error)
            return error;
    }
    scn->host_count = node->count;
    return 0;
}

static void print_hosts(struct scn_output *out, const struct bind_field *field, const char *source)
{
    (void)field;
    const struct scn *scn = (const struct scn *)(const void *)source;
    char name[SCN_VALUE_BYTES];
    for (uint32_t i = 0; i < scn->host_count; i++) {
        const uint32_t ip = scn->hosts[i].ip;
        scn_machine_name(scn, scn->hosts[i].machine, name, sizeof name);
        scn_outputf(out, "%s%s: %u.%u.%u.%u", i ? ", " : "{", name, ip >> 24, ip >> 16 & 255,
                    ip >> 8 & 255, ip & 255);
    }
    scn_output_text(out, "}");
}

const struct bind_type bind_hosts = {
    .expected = "a map of addresses by machine",
    .read = read_hosts,
    .print = print_hosts,
    .schema = "\"type\": \"object\", \"additionalProperties\": "
              "{\"type\": \"string\", \"pattern\": \"^[0-9]+([.][0-9]+){3}$\"}",
};
