/* SPDX-License-Identifier: MIT */
/*
 * Names of hosts: the machines of the network, as sm_net_resolve knows them, and what faults do to
 * that. Services by name are those of netdb.c. There are no other networks.
 */
#include "sim/libc/libc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#define EXPORT SM__LIBC_EXPORT

#define LOOKUP_LIMIT_NS (10 * SM_S) /* libc asks twice, for five seconds */

/* One answer, and where it points to. */
struct answer {
    struct addrinfo info;
    struct sockaddr_in address;
};

static int resolve(const char *name, uint32_t *ip)
{
    struct sim_machine *machine = sim_machine_of(sm__current);
    const struct sim_world *world = machine->world;

    for (uint32_t i = 0; i < world->hook_count; i++) {
        if (world->hooks[i].resolve)
            return world->hooks[i].resolve(world->hooks[i].arg, machine, name, ip,
                                           sm_now() + LOOKUP_LIMIT_NS);
    }
    return -ENOENT;
}

int sim_libc_host_address(const char *node, int flags, uint32_t *ip)
{
    struct in_addr dotted;

    if (!node)
        *ip = flags & AI_PASSIVE ? INADDR_ANY : INADDR_LOOPBACK;
    else if (inet_pton(AF_INET, node, &dotted) == 1)
        *ip = ntohl(dotted.s_addr);
    else if (flags & AI_NUMERICHOST)
        return EAI_NONAME;
    else {
        const int error = resolve(node, ip);
        return error == -ETIMEDOUT || error == -ECANCELED ? EAI_AGAIN : error ? EAI_NONAME : 0;
    }
    return 0;
}

/* Machines have addresses in a row, and each knows its own. */
const char *sim_libc_host_name(uint32_t ip)
{
    const struct sim_machine *machine = sim_machine_of(sm__current);
    uint32_t own;

    if (ip == INADDR_LOOPBACK)
        return "localhost";
    if (resolve("127.0.0.1", &own) != 0)
        return NULL;
    const uint32_t index = ip - own + machine->index; /* from 1 */
    return index - 1 < machine->world->machine_count ? machine->world->machines[index - 1]->name
                                                     : NULL;
}

static const struct {
    int type, protocol;
    const char *name; /* NULL: it has no services by name */
} kinds[] = {
    {SOCK_STREAM, IPPROTO_TCP, "tcp"}, {SOCK_DGRAM, IPPROTO_UDP, "udp"}, {SOCK_RAW, 0, NULL}};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* False: the kind has no such service. */
static bool find_port(const char *service, size_t kind, uint16_t *port)
{
    char *end;

    *port = 0;
    if (!service)
        return true;
    const unsigned long number = strtoul(service, &end, 10);
    if (service[0] < '0' || service[0] > '9' || *end)
        return kinds[kind].name && sim_libc_service_port(service, kinds[kind].name, port);
    *port = (uint16_t)number;
    return number <= UINT16_MAX;
}

static bool is_wanted(const struct addrinfo *hints, size_t kind)
{
    return (!hints->ai_socktype || hints->ai_socktype == kinds[kind].type) &&
           (!hints->ai_protocol || !kinds[kind].protocol ||
            hints->ai_protocol == kinds[kind].protocol);
}

static void free_answers(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_canonname);
        free(list); /* it is the first member */
        list = next;
    }
}

static int add_answer(struct addrinfo ***end, size_t kind, uint32_t ip, uint16_t port)
{
    struct answer *answer = calloc(1, sizeof *answer);

    if (!answer)
        return EAI_MEMORY;
    answer->address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(ip)};
    answer->info = (struct addrinfo){.ai_family = AF_INET,
                                     .ai_socktype = kinds[kind].type,
                                     .ai_protocol = kinds[kind].protocol,
                                     .ai_addrlen = sizeof answer->address,
                                     .ai_addr = (struct sockaddr *)(void *)&answer->address};
    **end = &answer->info;
    *end = &answer->info.ai_next;
    return 0;
}

static int answer_all(const char *node, const char *service, const struct addrinfo *hints,
                      struct addrinfo **out)
{
    struct addrinfo **end = out;
    bool wanted = false;
    uint16_t port;
    uint32_t ip;

    if (!node && !service)
        return EAI_NONAME;
    if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET)
        return hints->ai_family == AF_INET6 ? EAI_NONAME : EAI_FAMILY;
    int error = sim_libc_host_address(node, hints->ai_flags, &ip);
    for (size_t kind = 0; kind < KINDS && !error; kind++) {
        if (!is_wanted(hints, kind))
            continue;
        wanted = true;
        if (find_port(service, kind, &port))
            error = add_answer(&end, kind, ip, port);
    }
    if (!error && !*out)
        return wanted ? EAI_SERVICE : EAI_SOCKTYPE;
    if (!error && hints->ai_flags & AI_CANONNAME)
        (*out)->ai_canonname = strdup(node ? node : "localhost");
    return error;
}

EXPORT int getaddrinfo(const char *restrict node, const char *restrict service,
                       const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
    static const struct addrinfo no_hints = {.ai_family = AF_UNSPEC};
    struct addrinfo *list = NULL;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(getaddrinfo)(node, service, hints, out);
    const int error = answer_all(node, service, hints ? hints : &no_hints, &list);
    if (error)
        free_answers(list);
    else
        *out = list;
    return error;
}

EXPORT void freeaddrinfo(struct addrinfo *list)
{
    if (sim_libc_inside())
        free_answers(list);
    else
        SM__LIBC_REAL(freeaddrinfo)(list);
}

/* False: there is no room. */
static bool print(char *out, socklen_t size, const char *text)
{
    return !out || !size || snprintf(out, size, "%s", text) < (int)size;
}

static int name_address(const struct sockaddr_in *in, char *host, socklen_t host_size,
                        char *service, socklen_t service_size, int flags)
{
    char text[INET_ADDRSTRLEN], number[8];
    const char *name =
        flags & NI_NUMERICHOST ? NULL : sim_libc_host_name(ntohl(in->sin_addr.s_addr));
    const uint16_t port = ntohs(in->sin_port);
    const char *known = flags & NI_NUMERICSERV
                            ? NULL
                            : sim_libc_service_name(port, flags & NI_DGRAM ? "udp" : "tcp");

    if (!name && flags & NI_NAMEREQD)
        return EAI_NONAME;
    inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    snprintf(number, sizeof number, "%u", port);
    return print(host, host_size, name ? name : text) &&
                   print(service, service_size, known ? known : number)
               ? 0
               : EAI_OVERFLOW;
}

EXPORT int getnameinfo(const struct sockaddr *restrict address, socklen_t size, char *restrict host,
                       socklen_t host_size, char *restrict service, socklen_t service_size,
                       int flags)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(getnameinfo)(address, size, host, host_size, service, service_size,
                                          flags);
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
    if (size < sizeof *in || address->sa_family != AF_INET)
        return EAI_FAMILY;
    return name_address(in, host, host_size, service, service_size, flags);
}
