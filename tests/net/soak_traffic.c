/* SPDX-License-Identifier: MIT */
#include "core/random.h"
#include "tests/net/soak.h"

#include <stdio.h>

#define PORT        7000
#define BACKLOG     3
#define BUFFER_SIZE 20000

struct soak_totals soak_totals;

static struct soak *the_soak(struct nf *nf)
{
    return (struct soak *)(void *)nf;
}

/* One end of a connection: two tasks, of which one reads and one writes. The latter of them to
 * leave closes it. */
struct end {
    uint32_t tasks;
    struct soak *soak;
    struct sm_net *net;
    struct sm_stream *stream;
    struct soak_flow *in, *out;
    bool quits; /* leaves when it likes */
};

static unsigned char pattern(uint64_t key, uint64_t position)
{
    return (unsigned char)((key + position) * 0x9e3779b97f4a7c15u >> 56);
}

static void leaves(struct end *end)
{
    if (--end->tasks > 0)
        return;
    if (end->quits && sm_random_chance(NULL, 500000))
        sm_stream_abort(end->stream);
    else if (sm_random_chance(NULL, 100000))
        (void)sm_stream_linger(end->stream, sm_now() + 10 * SM_S);
    else
        sm_stream_close(end->stream);
    free(end);
}

/* ---- writing ---- */

static int writes(void *arg)
{
    struct end *end = arg;
    unsigned char *buffer = malloc(BUFFER_SIZE);
    const uint64_t length = sm_random_below(NULL, sm_random_chance(NULL, 100000) ? 250000 : 4000);
    const uint64_t own_length = end->quits ? length / 2 : length;
    int count = 1;

    for (uint64_t done = 0; count > 0 && done < own_length;) {
        uint64_t size = 1 + sm_random_below(NULL, BUFFER_SIZE);
        size = size < own_length - done ? size : own_length - done;
        for (uint64_t i = 0; i < size; i++)
            buffer[i] = pattern(end->out->key, end->out->written + i);
        count = sm_stream_write(end->stream, buffer, size, sm_now() + SOAK_IDLE_NS);
        done += count > 0 ? (uint64_t)count : 0;
        end->out->written += count > 0 ? (uint64_t)count : 0;
        if (sm_random_chance(NULL, 20000))
            sm_sleep(sm_random_range(NULL, 1, SM_S));
    }
    free(buffer);
    if (count > 0 && !end->quits)
        sm_stream_shutdown(end->stream); /* half-closed: it goes on reading */
    ck_assert_msg(count > 0 || !end->out->must_end_well, "a write of a healed network: %d", count);
    leaves(end);
    return 0;
}

/* ---- reading ---- */

static void check_bytes(struct end *end, const unsigned char *bytes, uint64_t position, int count)
{
    uint64_t altered = 0;

    ck_assert_msg(position + (uint64_t)count <= end->in->written,
                  "seed %llu: bytes that nobody wrote", (unsigned long long)end->soak->seed);
    for (int i = 0; i < count; i++)
        altered += bytes[i] != pattern(end->in->key, position + (uint64_t)i);
    ck_assert_msg(altered == 0 || end->soak->alters, "seed %llu: a byte is not what was written",
                  (unsigned long long)end->soak->seed);
    end->soak->altered += altered;
    soak_totals.bytes_checked += (uint64_t)count;
}

static void note_end(const struct end *end, int result, uint64_t position)
{
    const unsigned long long seed = end->soak->seed;

    ck_assert_msg(sm_now() < SOAK_ENDED_NS, "seed %llu: a connection has ended late", seed);
    if (result == 0)
        ck_assert_msg(position == end->in->written, "seed %llu: the end came too early", seed);
    ck_assert_msg(result == 0 || !end->in->must_end_well || end->quits,
                  "seed %llu: a connection of a healed network has ended with %d", seed, result);
    if (end->quits && result > 0)
        soak_totals.quit++;
    else if (result == 0)
        soak_totals.ended_well++;
    else
        soak_totals.broken++;
}

/* A read that waits; or one after a wait, which must not wait any more. */
static int reads_some(struct end *end, unsigned char *buffer, size_t capacity)
{
    const sm_time deadline = sm_now() + SOAK_IDLE_NS;
    struct sm_wait wait = {.object = sm_stream_waitable(end->stream), .interest = SM_READ};

    if (!sm_random_chance(NULL, 200000))
        return sm_stream_read(end->stream, buffer, capacity, deadline);
    const int ready = sm_wait_any(&wait, 1, deadline);
    if (ready < 0)
        return ready;
    const int count = sm_stream_read(end->stream, buffer, capacity, sm_now());
    ck_assert_msg(count != -ETIMEDOUT, "seed %llu: readable, but a read waits",
                  (unsigned long long)end->soak->seed);
    return count;
}

/* Reads until the end, an error, or until it has had enough. */
static void reads(struct end *end)
{
    unsigned char *buffer = malloc(BUFFER_SIZE);
    uint64_t position = 0;
    int count = 1;

    while (count > 0 && !(end->quits && sm_random_chance(NULL, 100000))) {
        const size_t capacity = 1 + sm_random_below(NULL, BUFFER_SIZE);
        count = reads_some(end, buffer, capacity);
        if (count <= 0)
            break;
        check_bytes(end, buffer, position, count);
        position += (uint64_t)count;
        if (sm_random_chance(NULL, 30000))
            sm_sleep(sm_random_range(NULL, 1, SM_S));
    }
    note_end(end, count, position);
    free(buffer);
}

/* Some do not wait for the deadline of a read or a write to find that the other host is gone. */
static void grow_impatient(struct end *end)
{
    if (sm_random_chance(NULL, 200000))
        (void)sm_stream_keep_alive(end->stream, 5 * SM_S, SM_S, 5);
    if (sm_random_chance(NULL, 200000))
        (void)sm_stream_user_timeout(end->stream, 15 * SM_S);
}

/* Both ways, until all is said, or it is over. `end` is on the heap, and is freed. */
static void talks(struct end *end)
{
    end->quits = !end->out->must_end_well && sm_random_chance(NULL, 80000);
    end->tasks = 2;
    grow_impatient(end);
    if (sm_task_spawn(NULL, "writes", writes, end) == 0)
        reads(end);
    else
        end->tasks = 1;
    leaves(end);
}

/* ---- connections begin with their number ---- */

struct opening {
    uint64_t connection, check;
};

static int answers(void *arg)
{
    struct end *end = arg;
    struct opening opening;
    const int error =
        sm_stream_read_exact(end->stream, &opening, sizeof opening, NULL, sm_now() + SOAK_IDLE_NS);

    if (error || opening.check != sm__random_mix(opening.connection)) {
        ck_assert(error || end->soak->alters);
        soak_totals.unknown += !error;
        sm_stream_abort(end->stream);
        free(end);
        return 0;
    }
    end->in = &end->soak->flows[2 * opening.connection];
    end->out = &end->soak->flows[2 * opening.connection + 1];
    talks(end);
    return 0;
}

static struct end *copy_of(const struct end *template, struct sm_stream *stream)
{
    struct end *end = malloc(sizeof *end);

    *end = *template;
    end->stream = stream;
    return end;
}

static int listens(void *arg)
{
    const struct end *template = arg;
    struct sm_listener *listener;
    struct sm_stream *stream;

    if (sm_listener_open(template->net, &listener, PORT, BACKLOG))
        return -EIO;
    while (sm_listener_accept(listener, &stream, NULL, SM_FOREVER) == 0) {
        struct end *end = copy_of(template, stream);
        if (sm_task_spawn(NULL, "answers", answers, end)) {
            sm_stream_abort(stream);
            free(end);
        }
        if (sm_now() < SOAK_FAULTS_NS && sm_random_chance(NULL, 50000))
            sm_sleep(sm_random_range(NULL, 1, SM_S)); /* the backlog fills up */
    }
    sm_listener_close(listener);
    return 0;
}

static void begin_flows(struct soak *soak, struct end *end, bool must_end_well)
{
    ck_assert_uint_le(soak->flow_count + 2, SOAK_FLOWS_MAX);
    end->out = &soak->flows[soak->flow_count];
    end->in = &soak->flows[soak->flow_count + 1];
    *end->out = (struct soak_flow){.key = sm_random_u64(NULL), .must_end_well = must_end_well};
    *end->in = (struct soak_flow){.key = sm_random_u64(NULL), .must_end_well = must_end_well};
    soak->flow_count += 2;
}

static void calls(const struct end *template, const char *name)
{
    const bool is_healed = sm_now() >= SOAK_HEALED_NS;
    struct sm_stream *stream;
    const int error = sm_stream_dial(template->net, &stream, name, PORT, sm_now() + 20 * SM_S);

    ck_assert_msg(!error || !is_healed || error == -ECANCELED,
                  "seed %llu: no connection in a healed network: %d",
                  (unsigned long long)template->soak->seed, error);
    soak_totals.refused += error < 0;
    if (error)
        return;
    struct end *end = copy_of(template, stream);
    begin_flows(end->soak, end, is_healed);
    const uint64_t number = (uint64_t)(end->out - end->soak->flows) / 2;
    const struct opening opening = {number, sm__random_mix(number)};
    soak_totals.connections++;
    if (sm_stream_write_all(stream, &opening, sizeof opening, NULL, sm_now() + SOAK_IDLE_NS) == 0) {
        talks(end);
    } else {
        sm_stream_abort(stream);
        free(end);
    }
}

static int connects(void *arg)
{
    while (sm_sleep(sm_random_range(NULL, 1, 2 * SM_S)) == 0 && sm_now() < SOAK_TRAFFIC_NS) {
        char name[16];
        snprintf(name, sizeof name, "m%u", 1 + (uint32_t)sm_random_below(NULL, SOAK_MACHINES));
        calls(arg, name);
    }
    return 0;
}

/* ---- datagrams ---- */

struct gossip {
    uint64_t check; /* of the text */
    unsigned char text[1500];
};

static uint64_t sum(const unsigned char *text, size_t size)
{
    uint64_t value = 1;

    for (size_t i = 0; i < size; i++)
        value = sm__random_mix(value + text[i]);
    return value;
}

static void check_gossip(struct soak *soak, const struct gossip *gossip, int size)
{
    const size_t text_size = (size_t)size - sizeof gossip->check;

    soak->garbled += gossip->check != sum(gossip->text, text_size);
    soak_totals.datagrams_checked++;
}

static void tells(struct sm_datagram *socket)
{
    struct gossip gossip = {0};
    const uint32_t other = 1 + (uint32_t)sm_random_below(NULL, SOAK_MACHINES);
    const struct sm_address to = nf_address(other, PORT);
    const size_t size = sm_random_below(NULL, sizeof gossip.text);

    gossip.text[0] = (unsigned char)sm_random_u64(NULL);
    gossip.check = sum(gossip.text, size);
    (void)sm_datagram_send(socket, &to, &gossip, sizeof gossip.check + size);
}

static int gossips(void *arg)
{
    const struct end *end = arg;
    struct sm_datagram *socket;
    struct gossip gossip;
    sm_time next = 0;
    int got = 0;

    if (sm_datagram_open(end->net, &socket, PORT))
        return -EIO;
    while (got != -ECANCELED) {
        if (sm_now() >= next && sm_now() < SOAK_ENDED_NS) {
            tells(socket);
            next = sm_now() + 50 * SM_MS;
        }
        got = sm_datagram_receive(socket, &gossip, sizeof gossip, NULL,
                                  sm_now() < SOAK_ENDED_NS ? next : SM_FOREVER);
        if (got >= 0)
            check_gossip(end->soak, &gossip, got);
    }
    sm_datagram_close(socket);
    return 0;
}

/* ---- all of it ---- */

int soak_program(struct nf *nf, struct sm_net *net)
{
    static struct end templates[SOAK_MACHINES]; /* tasks outlive this one */
    struct end *template = &templates[sm_net_ip(net) - nf_address(1, 0).ip];

    *template = (struct end){.soak = the_soak(nf), .net = net};
    sm_task_spawn(NULL, "listens", listens, template);
    sm_task_spawn(NULL, "connects", connects, template);
    sm_task_spawn(NULL, "connects", connects, template);
    sm_task_spawn(NULL, "connects", connects, template);
    sm_task_spawn(NULL, "gossips", gossips, template);
    return sm_sleep(SM_FOREVER) == -ECANCELED ? 0 : -EIO;
}
