/* SPDX-License-Identifier: MIT */
#include "tests/net/flow.h"

struct flow flow;

/* What a datagram begins with. */
struct header {
    int64_t number, sent_ns;
};

static int sends(struct nf *nf, struct sm_net *net)
{
    struct sm_datagram *socket;
    const struct sm_address to = nf_address(2, NF_PORT);
    static char bytes[2048];

    (void)nf;
    sm_datagram_open(net, &socket, 0);
    for (uint32_t i = 0; i < flow.count; i++) {
        const struct header header = {i, sm_now()};
        memcpy(bytes, &header, sizeof header);
        ck_assert_int_eq(sm_datagram_send(socket, &to, bytes, flow.size), 0);
        if (flow.gap_ns)
            sm_sleep(flow.gap_ns);
    }
    sm_datagram_close(socket);
    return 0;
}

static void note(const struct header *header, int64_t *highest)
{
    flow.got++;
    if (flow.times[header->number]++ == 0)
        flow.late[header->number] = sm_now() - header->sent_ns;
    flow.overtaken += header->number < *highest;
    *highest = header->number > *highest ? header->number : *highest;
}

/* All behind the header is zero, and the header is what can be. */
static bool is_as_sent(const unsigned char *bytes, int size)
{
    struct header header;

    memcpy(&header, bytes, sizeof header);
    for (int i = sizeof header; i < size; i++) {
        if (bytes[i])
            return false;
    }
    return header.number >= 0 && header.number < flow.count && header.sent_ns >= 0 &&
           header.sent_ns < sm_now();
}

static int receives(struct nf *nf, struct sm_net *net)
{
    static unsigned char bytes[2048];
    struct sm_datagram *socket;
    struct header header;
    int64_t highest = -1;
    int size;

    (void)nf;
    sm_datagram_open(net, &socket, NF_PORT);
    while ((size = sm_datagram_receive(socket, bytes, sizeof bytes, NULL, sm_now() + 100 * SM_S)) >
           0) {
        memcpy(&header, bytes, sizeof header);
        if (is_as_sent(bytes, size))
            note(&header, &highest);
        else
            flow.altered++;
    }
    sm_datagram_close(socket);
    return 0;
}

void flow_run_with(struct nf *nf, const struct sim_options *world, const struct lo_options *options,
                   uint32_t count, sm_time gap_ns, uint32_t size)
{
    memset(&flow, 0, sizeof flow);
    flow.count = count;
    flow.gap_ns = gap_ns;
    flow.size = size;
    nf_create_with(nf, 3, world, options);
    nf->bodies[0] = sends;
    nf->bodies[1] = receives;
    nf_run(nf, 3600 * SM_S);
}

void flow_run(struct nf *nf, const struct lo_link *link, uint32_t count, sm_time gap_ns,
              uint32_t size)
{
    const struct lo_options options = {.link_default = *link};

    flow_run_with(nf, NULL, &options, count, gap_ns, size);
}
