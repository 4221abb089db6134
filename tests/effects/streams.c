/* SPDX-License-Identifier: MIT */
#include "observer.h"

#include <stdlib.h>
#include <string.h>

#define LATE_NS   (50 * SM_MS)
#define SILENT_NS (500 * SM_MS)

struct chunk {
    uint32_t sum; /* of what follows */
    uint32_t number;
    int64_t sent_ns;
    unsigned char padding[184];
};

static int writes(void *arg)
{
    struct peer *peer = arg;
    struct chunk chunk = {0};
    int error = 0;

    for (uint32_t i = 0; i < ROUNDS && !error; i++) {
        chunk.number = i;
        chunk.sent_ns = sm_now();
        chunk.sum = checksum((char *)&chunk + sizeof chunk.sum, sizeof chunk - sizeof chunk.sum);
        error = sm_stream_write_all(peer->stream, &chunk, sizeof chunk, NULL, SM_FOREVER);
        sm_sleep(PACE_NS);
    }
    if (!error)
        sm_stream_shutdown(peer->stream);
    return 0;
}

/* Reads a chunk; silence is reported once for each. Returns 0, or an error. */
static int read_chunk(struct peer *peer, struct chunk *chunk)
{
    size_t total = 0;
    int error;

    do {
        size_t done = 0;
        error = sm_stream_read_exact(peer->stream, (char *)chunk + total, sizeof *chunk - total,
                                     &done, sm_now() + SILENT_NS);
        total += done;
        if (error == -ETIMEDOUT)
            observe(EFFECT_SILENT);
    } while (error == -ETIMEDOUT);
    return error;
}

static void look_at(const struct chunk *chunk, uint32_t number)
{
    const char *rest = (const char *)chunk + sizeof chunk->sum;

    if (checksum(rest, sizeof *chunk - sizeof chunk->sum) != chunk->sum) {
        observe(EFFECT_STREAM_GARBLED);
        return;
    }
    sm_always(chunk->number == number, "chunks come in order");
    if (sm_now() - chunk->sent_ns > LATE_NS)
        observe(EFFECT_STREAM_LATE);
}

/* Talks both ways until both have said all, or it is over. */
static void talk(struct peer *peer, struct sm_stream *stream)
{
    struct sm_task *writer;
    struct chunk chunk;
    uint32_t number = 0;
    int error;

    peer->stream = stream;
    if (sm_task_spawn(&writer, "writes", writes, peer))
        return;
    while ((error = read_chunk(peer, &chunk)) == 0)
        look_at(&chunk, number++);
    peer->stream_is_over = true;
    if (error == -ECONNRESET) {
        observe(EFFECT_RESET);
        datagrams_tell_reset(peer);
    }
    sm_task_join(writer, NULL, SM_FOREVER);
    sm_stream_close(stream);
}

int streams_connect(void *arg)
{
    struct peer *peer = arg;
    const struct sm_address to = {.ip = peer->address.ip, .port = PORT};
    struct sm_stream *stream;

    if (sm_stream_connect(peer->observer->net, &stream, &to, SM_FOREVER))
        return 0;
    talk(peer, stream);
    return 0;
}

struct accepted {
    struct peer *peer;
    struct sm_stream *stream;
};

static int answers(void *arg)
{
    struct accepted accepted = *(struct accepted *)arg;

    free(arg);
    talk(accepted.peer, accepted.stream);
    return 0;
}

int streams_accept(void *arg)
{
    struct observer *observer = arg;
    struct sm_address from;
    struct sm_stream *stream;

    while (sm_listener_accept(observer->listener, &stream, &from, SM_FOREVER) == 0) {
        struct accepted *accepted = malloc(sizeof *accepted);
        *accepted = (struct accepted){.stream = stream};
        for (uint32_t i = 0; i < observer->count; i++) {
            if (observer->peers[i].address.ip == from.ip)
                accepted->peer = &observer->peers[i];
        }
        sm_task_spawn(NULL, "answers", answers, accepted);
    }
    return 0;
}
