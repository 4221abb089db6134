/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include "observe.h"

#include <steelmill/errors.h>

#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/timeouts.h>

#define WIRE_PORT    4000
#define HOST_MASK    0x00ffffffu /* the part of an address that tells machines apart */
#define MACHINES_NET 0x7f000000u
#define LWIP_NET     0x0a000000u

static void lwip_address(uint32_t machine_ip, ip4_addr_t *address)
{
    ip4_addr_set_u32(address, lwip_htonl(LWIP_NET | (machine_ip & HOST_MASK)));
}

void wire_address(uint32_t machine_ip, ip_addr_t *address)
{
    IP_SET_TYPE_VAL(*address, IPADDR_TYPE_V4);
    lwip_address(machine_ip, ip_2_ip4(address));
}

/* ---- between lwIP and the datagrams ---- */

static err_t wire_output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to)
{
    struct wire *wire = netif->state;
    const struct sm_address address = {
        .ip = MACHINES_NET | (lwip_ntohl(ip4_addr_get_u32(to)) & HOST_MASK), .port = WIRE_PORT};

    if (packet->tot_len > WIRE_MTU)
        return ERR_BUF;
    pbuf_copy_partial(packet, wire->outgoing, packet->tot_len, 0);
    /* An earlier packet has met nobody; this one was not sent yet. */
    if (sm_datagram_send(wire->socket, &address, wire->outgoing, packet->tot_len) == -ECONNREFUSED)
        (void)sm_datagram_send(wire->socket, &address, wire->outgoing, packet->tot_len);
    return ERR_OK;
}

static void wire_input(struct wire *wire, uint16_t size)
{
    /* Not from the pool: Debian's build gives buffers from there that are smaller than asked for.
     */
    struct pbuf *packet = pbuf_alloc(PBUF_RAW, size, PBUF_RAM);

    if (!packet)
        return;
    pbuf_take(packet, wire->incoming, size);
    if (wire->netif.input(packet, &wire->netif) != ERR_OK)
        pbuf_free(packet);
}

static err_t wire_interface(struct netif *netif)
{
    netif->name[0] = 's';
    netif->name[1] = 'm';
    netif->mtu = WIRE_MTU;
    netif->flags = NETIF_FLAG_LINK_UP;
    netif->output = wire_output;
    return ERR_OK;
}

/* ---- the daemon ---- */

static int wire_construct(void *arg, struct sm_factory *factory)
{
    struct wire *self = arg;

    self->net = sm_net_get(factory);
    return 0;
}

static int wire_prepare(void *arg)
{
    struct wire *self = arg;
    ip4_addr_t address, mask;

    const int error = sm_datagram_open(self->net, &self->socket, WIRE_PORT);
    if (error)
        return error;
    lwip_init();
    lwip_address(sm_net_ip(self->net), &address);
    ip4_addr_set_u32(&mask, lwip_htonl(~HOST_MASK));
    if (!netif_add(&self->netif, &address, &mask, IP4_ADDR_ANY4, self, wire_interface, ip_input))
        return -ENOMEM;
    netif_set_default(&self->netif);
    netif_set_up(&self->netif);
    return 0;
}

static int wire_run(void *arg)
{
    struct wire *self = arg;

    for (;;) {
        const sm_time next_timer = sm_now() + sys_timeouts_sleeptime() * SM_MS;
        const int size = sm_datagram_receive(self->socket, self->incoming, sizeof self->incoming,
                                             NULL, next_timer);
        if (size > 0 && size <= WIRE_MTU)
            wire_input(self, (uint16_t)size);
        else if (size < 0 && size != -ETIMEDOUT)
            return size;
        sys_check_timeouts();
        observe_connections();
    }
}

static int wire_stop(void *arg, sm_time deadline)
{
    struct wire *self = arg;

    (void)deadline;
    sm_datagram_close(self->socket);
    self->socket = NULL;
    return 0;
}

const struct sm_daemon_type wire_daemon = {
    SM_DAEMON_HEAD(wire),
    .about = "drives lwIP, and carries its packets as datagrams",
    .construct = wire_construct,
    .prepare = wire_prepare,
    .run = wire_run,
    .stop = wire_stop,
};
