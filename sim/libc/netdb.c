/* SPDX-License-Identifier: MIT */
/*
 * The older calls about names: of hosts, answered as getaddrinfo and getnameinfo are (names.c), and
 * of services and protocols, from the few that are listed here.
 */
#include "sim/libc/libc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#define EXPORT SM__LIBC_EXPORT

/* ---- services ---- */

static const struct service {
    const char *name;
    uint16_t port;
    bool tcp, udp;
} services[] = {
    {"echo", 7, true, true},      {"discard", 9, true, true},   {"ftp", 21, true, false},
    {"ssh", 22, true, false},     {"telnet", 23, true, false},  {"smtp", 25, true, false},
    {"domain", 53, true, true},   {"tftp", 69, false, true},    {"http", 80, true, false},
    {"kerberos", 88, true, true}, {"sunrpc", 111, true, true},  {"ntp", 123, false, true},
    {"imap2", 143, true, false},  {"snmp", 161, true, true},    {"ldap", 389, true, true},
    {"https", 443, true, true},   {"syslog", 514, false, true}, {"ldaps", 636, true, true},
    {"mysql", 3306, true, false}, {"epmd", 4369, true, false},  {"postgresql", 5432, true, false},
    {"amqp", 5672, true, true},   {"redis", 6379, true, false},
};

static bool has(const struct service *service, const char *protocol)
{
    return !protocol || (service->tcp && strcmp(protocol, "tcp") == 0) ||
           (service->udp && strcmp(protocol, "udp") == 0);
}

static const struct service *find_service(const char *name, uint16_t port, const char *protocol)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        if ((name ? strcmp(services[i].name, name) == 0 : services[i].port == port) &&
            has(&services[i], protocol))
            return &services[i];
    }
    return NULL;
}

bool sim_libc_service_port(const char *name, const char *protocol, uint16_t *port)
{
    const struct service *service = find_service(name, 0, protocol);

    if (service)
        *port = service->port;
    return service;
}

const char *sim_libc_service_name(uint16_t port, const char *protocol)
{
    const struct service *service = find_service(NULL, port, protocol);

    return service ? service->name : NULL;
}

/* ---- answers, in the caller's buffer: none needs more than its struct and one list ---- */

static char *none[] = {NULL};

static int answer_service(const struct service *service, const char *protocol, struct servent *out,
                          struct servent **result)
{
    *result = service ? out : NULL;
    if (!service)
        return 0;
    const char *first = service->tcp ? "tcp" : "udp";
    *out = (struct servent){(char *)(uintptr_t)service->name, none, htons(service->port),
                            (char *)(uintptr_t)(protocol ? protocol : first)};
    return 0;
}

EXPORT int getservbyname_r(const char *restrict name, const char *restrict protocol,
                           struct servent *restrict out, char *restrict buffer, size_t size,
                           struct servent **restrict result)
{
    return sim_libc_inside()
               ? answer_service(find_service(name, 0, protocol), protocol, out, result)
               : SM__LIBC_REAL(getservbyname_r)(name, protocol, out, buffer, size, result);
}

EXPORT int getservbyport_r(int port, const char *restrict protocol, struct servent *restrict out,
                           char *restrict buffer, size_t size, struct servent **restrict result)
{
    return sim_libc_inside()
               ? answer_service(find_service(NULL, ntohs((uint16_t)port), protocol), protocol, out,
                                result)
               : SM__LIBC_REAL(getservbyport_r)(port, protocol, out, buffer, size, result);
}

EXPORT struct servent *getservbyname(const char *name, const char *protocol)
{
    struct servent *result;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(getservbyname)(name, protocol);
    (void)getservbyname_r(name, protocol, &sim_libc_here()->service, NULL, 0, &result);
    return result;
}

EXPORT struct servent *getservbyport(int port, const char *protocol)
{
    struct servent *result;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(getservbyport)(port, protocol);
    (void)getservbyport_r(port, protocol, &sim_libc_here()->service, NULL, 0, &result);
    return result;
}

/* ---- protocols ---- */

static struct protoent protocols[] = {{(char[]){"ip"}, none, IPPROTO_IP},
                                      {(char[]){"icmp"}, none, IPPROTO_ICMP},
                                      {(char[]){"tcp"}, none, IPPROTO_TCP},
                                      {(char[]){"udp"}, none, IPPROTO_UDP}};

static struct protoent *find_protocol(const char *name, int number)
{
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        if (name ? strcmp(protocols[i].p_name, name) == 0 : protocols[i].p_proto == number)
            return &protocols[i];
    }
    return NULL;
}

EXPORT struct protoent *getprotobyname(const char *name)
{
    return sim_libc_inside() ? find_protocol(name, 0) : SM__LIBC_REAL(getprotobyname)(name);
}

EXPORT struct protoent *getprotobynumber(int number)
{
    return sim_libc_inside() ? find_protocol(NULL, number)
                             : SM__LIBC_REAL(getprotobynumber)(number);
}

/* ---- hosts ---- */

/* What a struct hostent points to. */
struct host_data {
    struct in_addr address;
    char *addresses[2];
    char name[];
};

static int answer_host(const char *name, uint32_t ip, struct hostent *out, char *buffer,
                       size_t size, struct hostent **result, int *h_error)
{
    const size_t skip = -(uintptr_t)buffer % _Alignof(struct host_data);
    struct host_data *data = (struct host_data *)(void *)(buffer + skip);

    *result = NULL;
    *h_error = NETDB_INTERNAL;
    if (size < skip + sizeof *data + strlen(name) + 1)
        return ERANGE;
    data->address.s_addr = htonl(ip);
    data->addresses[0] = (char *)&data->address;
    data->addresses[1] = NULL;
    strcpy(data->name, name);
    *out = (struct hostent){data->name, none, AF_INET, sizeof data->address, data->addresses};
    *result = out;
    *h_error = NETDB_SUCCESS;
    return 0;
}

static int no_host(int error, struct hostent **result, int *h_error)
{
    *result = NULL;
    *h_error = error;
    return 0;
}

static int host_by_name(const char *name, int family, struct hostent *out, char *buffer,
                        size_t size, struct hostent **result, int *h_error)
{
    uint32_t ip;

    if (family != AF_INET)
        return no_host(HOST_NOT_FOUND, result, h_error);
    const int error = sim_libc_host_address(name, 0, &ip);
    if (error)
        return no_host(error == EAI_AGAIN ? TRY_AGAIN : HOST_NOT_FOUND, result, h_error);
    return answer_host(name, ip, out, buffer, size, result, h_error);
}

static int host_by_address(const void *address, socklen_t length, int family, struct hostent *out,
                           char *buffer, size_t size, struct hostent **result, int *h_error)
{
    struct in_addr in;

    if (family != AF_INET || length != sizeof in)
        return no_host(HOST_NOT_FOUND, result, h_error);
    memcpy(&in, address, sizeof in);
    const char *name = sim_libc_host_name(ntohl(in.s_addr));
    if (!name)
        return no_host(HOST_NOT_FOUND, result, h_error);
    return answer_host(name, ntohl(in.s_addr), out, buffer, size, result, h_error);
}

EXPORT int gethostbyname2_r(const char *restrict name, int family, struct hostent *restrict out,
                            char *restrict buffer, size_t size, struct hostent **restrict result,
                            int *restrict h_error)
{
    return sim_libc_inside()
               ? host_by_name(name, family, out, buffer, size, result, h_error)
               : SM__LIBC_REAL(gethostbyname2_r)(name, family, out, buffer, size, result, h_error);
}

EXPORT int gethostbyname_r(const char *restrict name, struct hostent *restrict out,
                           char *restrict buffer, size_t size, struct hostent **restrict result,
                           int *restrict h_error)
{
    return sim_libc_inside()
               ? host_by_name(name, AF_INET, out, buffer, size, result, h_error)
               : SM__LIBC_REAL(gethostbyname_r)(name, out, buffer, size, result, h_error);
}

EXPORT int gethostbyaddr_r(const void *restrict address, socklen_t length, int family,
                           struct hostent *restrict out, char *restrict buffer, size_t size,
                           struct hostent **restrict result, int *restrict h_error)
{
    return sim_libc_inside()
               ? host_by_address(address, length, family, out, buffer, size, result, h_error)
               : SM__LIBC_REAL(gethostbyaddr_r)(address, length, family, out, buffer, size, result,
                                                h_error);
}

EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
    struct hostent *result;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(gethostbyname2)(name, family);
    struct sim_libc *libc = sim_libc_here();
    (void)host_by_name(name, family, &libc->host, libc->host_data, sizeof libc->host_data, &result,
                       &h_errno);
    return result;
}

EXPORT struct hostent *gethostbyname(const char *name)
{
    return sim_libc_inside() ? gethostbyname2(name, AF_INET) : SM__LIBC_REAL(gethostbyname)(name);
}

EXPORT struct hostent *gethostbyaddr(const void *address, socklen_t length, int family)
{
    struct hostent *result;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(gethostbyaddr)(address, length, family);
    struct sim_libc *libc = sim_libc_here();
    (void)host_by_address(address, length, family, &libc->host, libc->host_data,
                          sizeof libc->host_data, &result, &h_errno);
    return result;
}
