/* SPDX-License-Identifier: MIT */
/* Each call that injects a fault of the network does what sim.h says, for several seeds. */
#include <steelmill/sim.h>
#include <steelmill/steelmill.h>

#include <errno.h>
#include <string.h>

#define PORT  9
#define SEEDS 5

/* ---- a server that sends back what it reads, and what it receives ---- */

struct echo {
    struct sm_net *net;
    struct sm_datagram *socket;
    struct sm_listener *listener;
    int last_error; /* of a connection */
};

static int echo_prepare(void *arg)
{
    struct echo *echo = arg;
    int error;

    echo->net = sm_net_get(sm_factory_self());
    error = sm_datagram_open(echo->net, &echo->socket, PORT);
    return error ? error : sm_listener_open(echo->net, &echo->listener, PORT, 4);
}

static int echo_datagrams(void *arg)
{
    struct echo *echo = arg;
    struct sm_address from;
    char data[2000];
    int size;

    while ((size = sm_datagram_receive(echo->socket, data, sizeof data, &from, SM_FOREVER)) >= 0)
        sm_datagram_send(echo->socket, &from, data, (size_t)size);
    sm_datagram_close(echo->socket);
    return 0;
}

static int echo_run(void *arg)
{
    struct echo *echo = arg;
    struct sm_stream *stream;

    sm_task_spawn(NULL, "datagrams", echo_datagrams, echo);
    while (sm_listener_accept(echo->listener, &stream, NULL, SM_FOREVER) == 0) {
        char data[4096];
        int size;
        while ((size = sm_stream_read(stream, data, sizeof data, SM_FOREVER)) > 0 &&
               sm_stream_write_all(stream, data, (size_t)size, NULL, SM_FOREVER) == 0)
            continue;
        echo->last_error = size;
        sm_stream_close(stream);
    }
    sm_listener_close(echo->listener);
    return 0;
}

static const struct sm_daemon_type echo_daemon = {SM_DAEMON_HEAD(echo), .prepare = echo_prepare,
                                                  .run = echo_run};

#define TEST(name_)                                                      \
    SIM_TEST(name_, .seeds = SEEDS,                                      \
             .machines = {{"a", .daemons = {&echo_daemon}},              \
                          {"b", .count = 3, .daemons = {&echo_daemon}}}, \
             .network = {.latency_min_ns = SM_MS})

/* ---- the body's side ---- */

static struct sm_net *own_net(void)
{
    return sm_net_get(sm_factory_self());
}

static struct sm_address address(const char *name)
{
    struct sm_address to = {.port = PORT};

    ck_assert_int_eq(sm_net_resolve(own_net(), name, &to.ip, SM_S), 0);
    return to;
}

/* How many of so many datagrams of a size come back, within a second, as they were. */
static int come_back(const char *name, int count, size_t size)
{
    const struct sm_address to = address(name);
    struct sm_datagram *socket;
    char sent[2000] = {0}, got[2000];
    int back = 0, result;

    ck_assert_int_eq(sm_datagram_open(own_net(), &socket, 0), 0);
    for (int i = 0; i < count; i++)
        sm_datagram_send(socket, &to, sent, size);
    const sm_time until = sm_now() + SM_S;
    while ((result = sm_datagram_receive(socket, got, sizeof got, NULL, until)) >= 0)
        back += result == (int)size && memcmp(sent, got, size) == 0;
    sm_datagram_close(socket);
    return back;
}

static int dial(struct sm_stream **stream, const char *name)
{
    return sm_stream_dial(own_net(), stream, name, PORT, sm_now() + 500 * SM_MS);
}

/* Writes, and reads back within a second: 0, an error, or 1: other bytes. */
static int speak(struct sm_stream *stream, size_t size)
{
    char sent[4000] = {1}, got[4000];
    int error = sm_stream_write_all(stream, sent, size, NULL, SM_FOREVER);

    if (!error)
        error = sm_stream_read_exact(stream, got, size, NULL, sm_now() + SM_S);
    return error ? error : memcmp(sent, got, size) != 0;
}

static struct sm_stream *open_to(const char *name)
{
    struct sm_stream *stream;

    ck_assert_int_eq(dial(&stream, name), 0);
    ck_assert_int_eq(speak(stream, 10), 0);
    return stream;
}

/* ---- links ---- */

/* A queue limit loses what finds it full; without one the link only delays. */
TEST(queue)
{
    const struct sim_link slow = {.bandwidth_bytes_per_s = 20000};
    const struct sim_link full = {.bandwidth_bytes_per_s = 20000, .queue_bytes = 1000};
    uint32_t fault = sim_degrade(env, "test", "a", &slow);

    ck_assert_int_eq(come_back("a", 10, 500), 10);
    sim_end(env, fault);
    fault = sim_degrade(env, "test", "a", &full);
    ck_assert_int_eq(come_back("a", 10, 500), 2);
    ck_assert_uint_eq(sim_affected(env, fault), 10);
    sim_end(env, fault);
    ck_assert_int_eq(come_back("a", 10, 500), 10);
    ck_assert_uint_eq(sim_affected(env, fault), 10);
}

/* Behind a small mtu large datagrams vanish, and streams go on. */
TEST(mtu)
{
    sim_degrade(env, NULL, NULL, &(struct sim_link){.mtu_bytes = 528});
    ck_assert_int_eq(come_back("a", 3, 500), 3);
    ck_assert_int_eq(come_back("a", 3, 501), 0);
    struct sm_stream *stream = open_to("a");
    ck_assert_int_eq(speak(stream, 4000), 0);
    sm_stream_close(stream);
}

/* Jitter comes on top of the latency. */
TEST(jitter)
{
    struct sm_stream *stream = open_to("a");
    sm_time before = sm_now();

    ck_assert_int_eq(speak(stream, 1), 0);
    ck_assert_int_eq(sm_now() - before, 2 * SM_MS);
    sim_degrade(env, NULL, NULL, &(struct sim_link){.jitter_max_ns = 50 * SM_MS});
    before = sm_now();
    ck_assert_int_eq(speak(stream, 1), 0);
    ck_assert_int_gt(sm_now() - before, 2 * SM_MS);
    ck_assert_int_le(sm_now() - before, 102 * SM_MS);
    sm_stream_close(stream);
}

/* Corruption of datagrams leaves streams alone, and that of streams is asked for explicitly. */
TEST(corruption)
{
    const uint32_t fault =
        sim_degrade(env, "a", "test", &(struct sim_link){.corrupt_ppm = 1000000});
    struct sm_stream *stream = open_to("a");

    ck_assert_int_eq(come_back("a", 5, 100), 0);
    ck_assert_int_eq(speak(stream, 4000), 0);
    sim_end(env, fault);
    sim_degrade(env, "a", "test", &(struct sim_link){.corrupt_streams_ppm = 1000000});
    ck_assert_int_eq(come_back("a", 5, 100), 5);
    ck_assert_int_eq(speak(stream, 4000), 1);
    sm_stream_close(stream);
}

/* A flapping link is down now, up then, and well when it ends. */
TEST(flap)
{
    const uint32_t fault = sim_flap(env, "test", "a", 100 * SM_MS, 100 * SM_MS);
    int back = 0;

    for (int i = 0; i < 30; i++) {
        back += come_back("a", 1, 10);
        sm_sleep(7 * SM_MS);
    }
    ck_assert(back > 0 && back < 30);
    ck_assert_uint_gt(sim_affected(env, fault), 0);
    sim_end(env, fault);
    ck_assert_int_eq(come_back("a", 10, 10), 10);
}

/* Swizzled machines are cut off one after the other, and lose nothing. */
TEST(swizzle)
{
    const uint32_t fault = sim_swizzle(env, "b", 20 * SM_S);
    struct sm_stream *stream;
    const struct sm_address to = address("b2");

    sm_sleep(10 * SM_S); /* all are clogged now, or have been */
    ck_assert_int_eq(sm_stream_connect(own_net(), &stream, &to, sm_now() + 30 * SM_S), 0);
    ck_assert_int_eq(speak(stream, 10), 0);
    ck_assert_int_eq(come_back("a", 10, 10), 10);
    sm_stream_close(stream);
    sim_end(env, fault);
    ck_assert_uint_gt(sim_affected(env, fault), 0);
}

/* In a ring of b1, b2, b3 and the body's machine, b2 does not see it; who is not in it sees all. */
TEST(ring)
{
    const uint32_t fault = sim_ring(env, "b, test");

    ck_assert_int_eq(come_back("b1", 1, 10), 1);
    ck_assert_int_eq(come_back("b2", 1, 10), 0);
    ck_assert_int_eq(come_back("b3", 1, 10), 1);
    ck_assert_int_eq(come_back("a", 1, 10), 1);
    sim_end(env, fault);
    ck_assert_int_eq(come_back("b2", 1, 10), 1);
}

/* ---- connections ---- */

/* Connections are refused while it lasts; those that are open go on. */
TEST(refuse)
{
    struct sm_stream *stream = open_to("b1"), *other;
    const uint32_t fault = sim_refuse(env, "test", "a");

    ck_assert_int_eq(dial(&other, "a"), -ECONNREFUSED);
    ck_assert_int_eq(speak(stream, 10), 0);
    ck_assert_uint_eq(sim_affected(env, fault), 1);
    sim_heal(env);
    sm_stream_close(open_to("a"));
    sm_stream_close(stream);
}

/* Connections are not answered while it lasts; an attempt that is still made then comes through. */
TEST(backlog_full)
{
    struct sm_stream *stream;
    const struct sm_address to = address("a");
    const uint32_t fault = sim_backlog_full(env, NULL, "a");

    ck_assert_int_eq(dial(&stream, "a"), -ETIMEDOUT);
    ck_assert_uint_eq(sim_affected(env, fault), 1);
    sim_end(env, fault);
    ck_assert_int_eq(sm_stream_connect(own_net(), &stream, &to, sm_now() + 2 * SM_S), 0);
    sm_stream_close(stream);
}

/* A reset ends the open connections of both, at both ends, and no other. */
TEST(reset)
{
    struct sm_stream *stream = open_to("a"), *other = open_to("b1");
    char byte;

    ck_assert_uint_eq(sim_reset(env, "a", "test"), 1);
    ck_assert_int_eq(sm_stream_read(stream, &byte, 1, SM_FOREVER), -ECONNRESET);
    sm_sleep(1);
    ck_assert_int_eq(((struct echo *)sim_daemon(env, "a", &echo_daemon))->last_error, -ECONNRESET);
    ck_assert_int_eq(speak(other, 10), 0);
    ck_assert_uint_eq(sim_reset(env, "a", "test"), 0);
    sm_stream_close(stream);
    sm_stream_close(other);
    sm_stream_close(open_to("a"));
}

/* The end at `a` is gone; this one finds out when it writes. */
TEST(half_open)
{
    struct sm_stream *stream = open_to("a");
    char byte;

    ck_assert_uint_eq(sim_half_open(env, "a", "test"), 1);
    sm_sleep(10 * SM_S);
    ck_assert_int_eq(((struct echo *)sim_daemon(env, "a", &echo_daemon))->last_error, -ECONNRESET);
    ck_assert_int_eq(sm_stream_read(stream, &byte, 1, sm_now() + SM_S), -ETIMEDOUT);
    ck_assert_int_eq(sm_stream_write(stream, "x", 1, SM_FOREVER), 1);
    ck_assert_int_eq(sm_stream_read(stream, &byte, 1, SM_FOREVER), -ECONNRESET);
    sm_stream_close(stream);
}

/* What is open gets nothing through, what is new does; at the end of the fault all of it does. */
TEST(black_hole)
{
    struct sm_stream *stream = open_to("b1");
    const uint32_t fault = sim_black_hole(env, "test", "b");

    ck_assert_int_eq(speak(stream, 10), -ETIMEDOUT);
    sm_stream_close(open_to("b2"));
    ck_assert_uint_gt(sim_affected(env, fault), 0);
    sim_end(env, fault);
    char got[10];
    ck_assert_int_eq(sm_stream_read_exact(stream, got, 10, NULL, sm_now() + 10 * SM_S), 0);
    sm_stream_close(stream);
}

/* 1,000 bytes at 1,000 bytes per second take a second. */
TEST(slow_reader)
{
    struct sm_stream *stream = open_to("a");
    const uint32_t fault = sim_slow_reader(env, "test", "a", 1000);
    const sm_time before = sm_now();
    char got[2000];

    ck_assert_int_eq(sm_stream_write_all(stream, got, 1100, NULL, SM_FOREVER), 0);
    ck_assert_int_eq(sm_stream_read_exact(stream, got, 1100, NULL, sm_now() + 5 * SM_S), 0);
    ck_assert_int_ge(sm_now() - before, SM_S);
    ck_assert_int_lt(sm_now() - before, SM_S + 10 * SM_MS);
    sim_end(env, fault);
    sm_sleep(SM_S);
    ck_assert_int_eq(speak(stream, 2000), 0);
    sm_stream_close(stream);
}

/* ---- names ---- */

/* A name is not found, or late, by whom and of whom the fault says; addresses are none of its. */
TEST(names)
{
    const struct sm_address a = address("a");
    uint32_t ip;
    uint32_t fault = sim_no_name(env, "test", "a");
    struct sm_stream *stream;

    ck_assert_int_eq(sm_net_resolve(own_net(), "a", &ip, SM_FOREVER), -ENOENT);
    ck_assert_int_eq(dial(&stream, "a"), -ENOENT);
    ck_assert_int_eq(sm_net_resolve(own_net(), "b1", &ip, SM_FOREVER), 0);
    ck_assert_int_eq(sm_stream_connect(own_net(), &stream, &a, SM_FOREVER), 0);
    sm_stream_close(stream);
    sim_end(env, fault);
    fault = sim_late_name(env, NULL, "a", 2 * SM_S);
    const sm_time before = sm_now();
    ck_assert_int_eq(sm_net_resolve(own_net(), "a", &ip, before + SM_S), -ETIMEDOUT);
    ck_assert_int_eq(sm_now(), before + SM_S);
    ck_assert_int_eq(sm_net_resolve(own_net(), "a", &ip, SM_FOREVER), 0);
    ck_assert_int_eq(sm_now(), before + 3 * SM_S);
    ck_assert_uint_eq(ip, a.ip);
    ck_assert_uint_eq(sim_affected(env, fault), 2);
    sim_end(env, fault);
    ck_assert_int_eq(sm_net_resolve(own_net(), "a", &ip, sm_now()), 0);
}

SIM_MAIN(queue, mtu, jitter, corruption, flap, swizzle, ring, refuse, backlog_full, reset,
         half_open, black_hole, slow_reader, names)
