/* SPDX-License-Identifier: MIT */
/* Events as a bare C loop has them: a queue, a record, a callback's work. */
#include "tests/bench/bare_context.h"

#include "core/random.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LATENCY_NS 4000000u
#define TIMER_NS   1000000u

void bare_book_record(struct bare_book *book, const struct sim_record *partial)
{
    struct sim_record *record = &book->block[book->block_count++];

    *record = *partial;
    record->seq = ++book->events;
    if (book->block_count < 64)
        return;
    book->block_count = 0;
    if (!book->undigested)
        book->digest = XXH3_64bits_withSeed(book->block, sizeof book->block, book->digest);
}

/* ---- messages: each node is a context that waits for one and sends it back ---- */

struct message {
    uint32_t to, from;
    uint64_t id, sent;
    unsigned char data[64];
};

struct mail {
    struct bare_tasks *tasks;
    struct message *messages; /* one per node: its slot in the queue */
    struct message *arrived;
};

static struct mail mail;

static void record(const struct message *message)
{
    struct bare_book *book = &mail.tasks->book;
    const struct sim_record partial = {
        .time_ns = mail.tasks->now,
        .cause = message->id,
        .hash = book->undigested ? 0 : XXH3_64bits(message->data, sizeof message->data),
        .machine = message->to,
        .kind = SIM_DATAGRAM,
        .size = sizeof message->data};

    bare_book_record(book, &partial);
}

static void send_back(struct message *message)
{
    const uint32_t to = message->from;
    const uint64_t draw = sm__random_draw(message->from, message->sent++);

    message->from = message->to;
    message->to = to;
    message->id = mail.tasks->book.events;
    memset(message->data, (int)draw, 8);
    sim_queue_push(&mail.tasks->queue,
                   mail.tasks->now + 1000000 + (int64_t)sm__random_scale(draw, LATENCY_NS),
                   (uint32_t)(message - mail.messages));
}

static void node(struct context *self)
{
    for (;;) {
        bare_park(self);
        send_back(mail.arrived);
    }
}

static void open_mail(uint32_t nodes, uint64_t count, bool undigested)
{
    mail.tasks = bare_create(nodes, count);
    mail.tasks->book.undigested = undigested;
    mail.messages = calloc(nodes, sizeof *mail.messages);
    for (uint32_t i = 0; i < nodes; i++) {
        bare_start(mail.tasks, i, node);
        bare_switch(mail.tasks, i);
        mail.messages[i].from = i;
        mail.messages[i].to = i ^ 1;
        send_back(&mail.messages[i]);
    }
}

static double messages(uint32_t nodes, uint64_t count, bool undigested)
{
    open_mail(nodes, count, undigested);
    const double start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        mail.tasks->now = sim_queue_time(&mail.tasks->queue);
        mail.arrived = &mail.messages[sim_queue_pop(&mail.tasks->queue)];
        record(mail.arrived);
        bare_switch(mail.tasks, mail.arrived->to);
    }
    const double ns = (bench_now_ns() - start) / (double)count;
    bare_destroy(mail.tasks);
    free(mail.messages);
    return ns;
}

double bare_messages(uint32_t size, uint64_t count)
{
    return messages(size, count, false);
}

double bare_messages_undigested(uint32_t size, uint64_t count)
{
    return messages(size, count, true);
}

/* ---- timers ---- */

struct bare {
    struct sim_queue queue;
    struct bare_book book;
    int64_t now;
};

double bare_timers(uint32_t size, uint64_t count)
{
    struct bare *bare = calloc(1, sizeof *bare);

    sim_queue_init(&bare->queue);
    for (uint32_t i = 0; i < size; i++)
        sim_queue_push(&bare->queue, (int64_t)sm__random_scale(sm__random_draw(1, i), TIMER_NS), i);
    const double start = bench_now_ns();
    for (uint64_t i = 0; i < count; i++) {
        bare->now = sim_queue_time(&bare->queue);
        const uint32_t slot = sim_queue_pop(&bare->queue);
        const struct sim_record partial = {.time_ns = bare->now, .task = slot, .kind = SIM_TIMER};
        bare_book_record(&bare->book, &partial);
        sim_queue_push(&bare->queue,
                       bare->now + 1 + (int64_t)sm__random_scale(sm__random_draw(2, i), TIMER_NS),
                       slot);
    }
    const double ns = (bench_now_ns() - start) / (double)count;
    sim_queue_finish(&bare->queue);
    free(bare);
    return ns;
}
