/* SPDX-License-Identifier: MIT */
/* Ports by number or by the name of a service. */
#include <steelmill/errors.h>
#include <steelmill/factory.h>
#include <steelmill/net.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES_MAX 63u

/* Five digits at most: 0 if it is no number of a port. */
static uint16_t number_of(const char *text)
{
    uint32_t number = 0;
    size_t i = 0;

    for (; text[i] >= '0' && text[i] <= '9' && i < 5; i++)
        number = number * 10 + (uint32_t)(text[i] - '0');
    return text[i] == '\0' && number <= UINT16_MAX ? (uint16_t)number : 0;
}

int sm_net_port(struct sm_factory *factory, const char *service, uint16_t *port)
{
    char key[sizeof "service." + NAME_BYTES_MAX];

    *port = number_of(service);
    if (*port)
        return 0;
    if (service[0] == '\0' || strlen(service) > NAME_BYTES_MAX)
        return -ENOENT;
    snprintf(key, sizeof key, "service.%s", service);
    const char *value = sm_factory_config(factory, key);
    if (!value)
        return -ENOENT;
    *port = number_of(value);
    if (*port)
        return 0;
    return sm_factory_fail(factory, -SM_ECONFIG, "config '%s': '%s' is not a port from 1 to 65535",
                           key, value);
}
