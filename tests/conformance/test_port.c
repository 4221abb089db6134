/* SPDX-License-Identifier: MIT */
/* Ports by number and by service. */
#include "tests/conformance/conformance.h"

#include <errno.h>
#include <string.h>

static int port_of(const char *service, uint16_t *port)
{
    return sm_net_port(conformance_factory(), service, port);
}

/* A number is itself, from 1 to 65535; what else there may be in digits is no port. */
CONFORMS(numbers)
{
    static const char *const wrong[] = {"0",  "65536", "99999", "100000", "-1",
                                        "+1", "1x",    " 1",    "",       "00000"};
    uint16_t port;

    ck_assert_int_eq(port_of("1", &port), 0);
    ck_assert_uint_eq(port, 1);
    ck_assert_int_eq(port_of("65535", &port), 0);
    ck_assert_uint_eq(port, 65535);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_int_eq(port_of(wrong[i], &port), -ENOENT);
        ck_assert_uint_eq(port, 0);
    }
}

/* A service has the port that the configuration gives it. */
CONFORMS(services)
{
    char name[65];
    uint16_t port;

    ck_assert_int_eq(port_of("raft", &port), -ENOENT);
    ck_assert_int_eq(sm_factory_config_set(conformance_factory(), "service.raft", "7000"), 0);
    ck_assert_int_eq(port_of("raft", &port), 0);
    ck_assert_uint_eq(port, 7000);
    ck_assert_int_eq(port_of("raf", &port), -ENOENT);
    memset(name, 'x', sizeof name);
    name[64] = '\0';
    ck_assert_int_eq(port_of(name, &port), -ENOENT);
}

/* A value that is no port is a mistake of the configuration, and is named. */
CONFORMS(bad_service)
{
    uint16_t port;

    ck_assert_int_eq(sm_factory_config_set(conformance_factory(), "service.web", "80 or so"), 0);
    ck_assert_int_eq(port_of("web", &port), -SM_ECONFIG);
    ck_assert_uint_eq(port, 0);
    ck_assert_ptr_nonnull(strstr(sm_factory_detail(conformance_factory()),
                                 "config 'service.web': '80 or so' is not a port"));
}

CONFORMANCE_TESTS(port, numbers, services, bad_service)
