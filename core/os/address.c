/* SPDX-License-Identifier: MIT */
/* The network of a machine: its birth and end, names and addresses. */
#include "core/factory.h"
#include "core/os/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int os_net_create(struct sm_net **out, struct os_worker *worker, uint32_t ip,
                  const struct os_name *names, size_t name_count)
{
    struct sm_net *net = calloc(1, sizeof *net);

    *out = net;
    if (!net)
        return -ENOMEM;
    net->worker = worker;
    pthread_mutex_init(&net->lock, NULL);
    net->ip = ip;
    net->names = names;
    net->name_count = name_count;
    sm__list_init(&net->sockets);
    return 0;
}

void os_net_destroy(struct sm_net *net)
{
    if (!net)
        return;
    while (!sm__list_empty(&net->sockets))
        os_socket_close(sm__container(net->sockets.next, struct os_socket, link));
    pthread_mutex_destroy(&net->lock);
    free(net);
}

int os_net_check_address(uint32_t ip)
{
    const struct sm_net net = {.ip = ip};
    const int fd = os_socket_fd(SOCK_DGRAM);

    if (fd < 0)
        return fd;
    const int error = os_socket_bind(&net, fd, 0);
    close(fd);
    return error;
}

struct sm_net *sm_net_get(struct sm_factory *factory)
{
    return sm__factory_capability(factory, SM__CAPABILITY_NET);
}

uint32_t sm_net_ip(const struct sm_net *net)
{
    return net->ip;
}

/* Returns 0 where there is no such name. */
static uint32_t find(const struct sm_net *net, const char *name)
{
    struct in_addr dotted;

    if (inet_pton(AF_INET, name, &dotted) == 1) {
        const uint32_t ip = ntohl(dotted.s_addr);
        return ip == INADDR_LOOPBACK ? net->ip : ip;
    }
    for (size_t i = 0; i < net->name_count; i++) {
        if (strcmp(net->names[i].name, name) == 0)
            return net->names[i].ip;
    }
    return strcmp(name, "localhost") == 0 ? net->ip : 0;
}

int sm_net_resolve(struct sm_net *net, const char *name, uint32_t *ip, sm_time deadline)
{
    const int error = sm__enter();

    (void)deadline; /* all names are known from the start */
    os_net_check(net, __func__);
    if (error)
        return error;
    *ip = find(net, name);
    return *ip ? 0 : -ENOENT;
}
