/* SPDX-License-Identifier: MIT */
#include "observer.h"

#include <stddef.h>
#include <string.h>

#define BURST_GAP_NS (200 * SM_US)
#define LATE_NS      (3 * SM_MS)
#define SMALL_BYTES  100u
#define LARGE_BYTES  1304u
#define LARGE_EVERY  8u

enum kind { NUMBERED, WAS_RESET };

struct message {
    uint32_t sum; /* of what follows */
    uint32_t kind, from, number;
    int64_t sent_ns;
    unsigned char padding[LARGE_BYTES - 24];
};
_Static_assert(sizeof(struct message) == LARGE_BYTES, "a large datagram");

static size_t size_of(uint32_t number)
{
    return number % LARGE_EVERY == 0 ? LARGE_BYTES : SMALL_BYTES;
}

static void send_message(struct peer *peer, enum kind kind, uint32_t number)
{
    struct message message = {
        .kind = kind, .from = peer->observer->number, .number = number, .sent_ns = sm_now()};
    const size_t size = kind == NUMBERED ? size_of(number) : SMALL_BYTES;

    memset(message.padding, (int)number, sizeof message.padding);
    message.sum = checksum((char *)&message + sizeof message.sum, size - sizeof message.sum);
    (void)sm_datagram_send(peer->observer->socket, &peer->address, &message, size);
}

int datagrams_send(void *arg)
{
    struct peer *peer = arg;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        const sm_time next = sm_now() + PACE_NS;
        send_message(peer, NUMBERED, 2 * round);
        sm_sleep(BURST_GAP_NS);
        send_message(peer, NUMBERED, 2 * round + 1);
        sm_sleep_until(next);
    }
    return 0;
}

void datagrams_tell_reset(struct peer *peer)
{
    send_message(peer, WAS_RESET, 0);
}

static void hear_numbered(struct peer *peer, const struct message *message)
{
    uint64_t *word = &peer->heard[message->number / 64];
    const uint64_t bit = UINT64_C(1) << (message->number % 64);

    if (*word & bit) {
        observe(EFFECT_TWICE);
        return;
    }
    *word |= bit;
    if (message->number < peer->latest)
        observe(EFFECT_OVERTAKEN);
    else
        peer->latest = message->number;
    if (sm_now() - message->sent_ns > LATE_NS)
        observe(EFFECT_LATE);
}

static void hear(struct observer *observer, const struct message *message, size_t size)
{
    const char *rest = (const char *)message + sizeof message->sum;

    if (size < SMALL_BYTES || checksum(rest, size - sizeof message->sum) != message->sum) {
        observe(EFFECT_GARBLED);
        return;
    }
    struct peer *peer = &observer->peers[message->from - 1];
    if (message->kind == NUMBERED)
        hear_numbered(peer, message);
    else if (peer->stream && !peer->stream_is_over)
        observe(EFFECT_HALF_OPEN);
}

int datagrams_hear(void *arg)
{
    struct observer *observer = arg;
    struct message message;
    int size;

    while ((size = sm_datagram_receive(observer->socket, &message, sizeof message, NULL,
                                       SM_FOREVER)) != -ECANCELED)
        hear(observer, &message, (size_t)size);
    return 0;
}

void datagrams_judge(struct observer *observer)
{
    bool small = false, large = false;

    for (uint32_t i = 0; i < observer->count; i++) {
        const struct peer *peer = &observer->peers[i];
        for (uint32_t number = 0; i + 1 != observer->number && number < 2 * ROUNDS; number++) {
            const bool heard = peer->heard[number / 64] >> (number % 64) & 1;
            large |= !heard && size_of(number) == LARGE_BYTES;
            small |= !heard && size_of(number) == SMALL_BYTES;
        }
    }
    if (small)
        observe(EFFECT_LOST);
    else if (large)
        observe(EFFECT_LOST_LARGE);
}
