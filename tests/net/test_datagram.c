/* SPDX-License-Identifier: MIT */
/* Datagrams: delivery, what is lost and why, what a program is told, misuse. */
#include "tests/net/fixture.h"

#define PORT 7000

static struct nf nf;

/* ---- a sink that says what it receives ---- */

static int sink(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    struct sm_address from;
    char text[64];
    int size;

    ck_assert_int_eq(sm_datagram_open(net, &socket, PORT), 0);
    while ((size = sm_datagram_receive(socket, text, sizeof text, &from, 10 * SM_S)) >= 0)
        nf_say(f, "m%u:%.*s", (unsigned)(from.ip - 0x7f010000u), size, text);
    ck_assert_int_eq(size, -ETIMEDOUT);
    sm_datagram_close(socket);
    return 0;
}

static void send_text(struct sm_datagram *socket, uint32_t machine_index, const char *text)
{
    const struct sm_address to = nf_address(machine_index, PORT);

    ck_assert_int_eq(sm_datagram_send(socket, &to, text, strlen(text)), 0);
}

static int says_three(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;

    (void)f;
    ck_assert_int_eq(sm_datagram_open(net, &socket, 0), 0);
    for (int i = 0; i < 3; i++) {
        char text[] = {(char)('a' + i), 0};
        send_text(socket, 2, text);
        sm_sleep(5 * SM_MS);
    }
    send_text(socket, 2, "");
    sm_datagram_close(socket);
    return 0;
}

/* Datagrams arrive one latency later, with their sender's address; an empty one is one, too. */
START_TEST(arrives)
{
    nf_create(&nf, 2, NULL);
    nf.bodies[0] = says_three;
    nf.bodies[1] = sink;
    ck_assert_int_eq(nf_run(&nf, 60 * SM_S), SIM_IDLE);
    nf_said(&nf, "1ms m1:a, 6ms m1:b, 11ms m1:c, 16ms m1:");
    ck_assert_uint_eq(lo_net_counters(nf.net)->delivered_bytes, 3);
    nf_finish(&nf);
}
END_TEST

/* ---- sizes ---- */

static char big[SM_DATAGRAM_BYTES_MAX + 1], got[SM_DATAGRAM_BYTES_MAX + 1];

static int sends_sizes(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    const struct sm_address to = nf_address(1, PORT);

    (void)f;
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 31 >> 3);
    sm_datagram_open(net, &socket, PORT);
    ck_assert_int_eq(sm_datagram_send(socket, &to, big, SM_DATAGRAM_BYTES_MAX + 1), -EMSGSIZE);
    for (int size = SM_DATAGRAM_BYTES_MAX; size > 0; size /= 3) {
        memset(got, 0, sizeof got);
        ck_assert_int_eq(sm_datagram_send(socket, &to, big, (size_t)size), 0);
        ck_assert_int_eq(sm_datagram_receive(socket, got, sizeof got, NULL, SM_FOREVER), size);
        ck_assert_mem_eq(got, big, (size_t)size);
        ck_assert_int_eq(got[size], 0);
    }
    ck_assert_int_eq(sm_datagram_send(socket, &to, "abcdef", 6), 0);
    memset(got, 0, 8);
    ck_assert_int_eq(sm_datagram_receive(socket, got, 2, NULL, SM_FOREVER), 6);
    ck_assert_str_eq(got, "ab");
    ck_assert_int_eq(sm_datagram_receive(socket, got, 2, NULL, sm_now() + SM_S), -ETIMEDOUT);
    sm_datagram_close(socket);
    return 0;
}

/* All sizes up to the limit go through unchanged; what does not fit into the buffer is dropped. */
START_TEST(sizes)
{
    nf_create(&nf, 1, NULL);
    nf.bodies[0] = sends_sizes;
    nf_run(&nf, 60 * SM_S);
    ck_assert(nf.tw.world->now < 2 * SM_S); /* the machine itself: tens of microseconds */
    nf_finish(&nf);
}
END_TEST

/* ---- nobody there ---- */

static int meets_nobody(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    const struct sm_address nobody = {.ip = 0x0a000001, .port = 1};

    sm_datagram_open(net, &socket, 0);
    send_text(socket, 2, "x"); /* m2 has no socket */
    sm_sleep(1999 * SM_US);
    send_text(socket, 2, "y"); /* the first one has not bounced yet */
    sm_sleep(2 * SM_US);
    const struct sm_address to = nf_address(2, PORT);
    ck_assert_int_eq(sm_datagram_send(socket, &to, "z", 1), -ECONNREFUSED);
    send_text(socket, 2, "z"); /* told once */
    ck_assert_int_eq(sm_datagram_send(socket, &nobody, "n", 1), 0);
    sm_sleep(SM_S);
    ck_assert_int_eq(sm_datagram_send(socket, &nobody, "n", 1), -ECONNREFUSED); /* y and z */
    ck_assert_int_eq(sm_datagram_send(socket, &nobody, "n", 1), 0);
    sm_datagram_close(socket);
    nf_say(f, "done");
    return 0;
}

/* A datagram to a closed port bounces: a later send says so, once. An unknown address is silent. */
START_TEST(refused)
{
    nf_create(&nf, 2, NULL);
    nf.bodies[0] = meets_nobody;
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "1002ms done");
    ck_assert_uint_eq(lo_net_counters(nf.net)->lost[LO_LOST_NO_PORT], 3);
    ck_assert_uint_eq(lo_net_counters(nf.net)->lost[LO_LOST_NO_HOST], 2);
    nf_finish(&nf);
}
END_TEST

/* ---- a peer ---- */

static int has_a_peer(struct nf *f, struct sm_net *net)
{
    const struct sm_address peer = nf_address(2, PORT);
    struct sm_datagram *socket;
    char text[64];
    int size;

    ck_assert_int_eq(sm_datagram_open(net, &socket, PORT), 0);
    ck_assert_int_eq(sm_datagram_connect(socket, &peer), 0);
    ck_assert_int_eq(sm_datagram_send(socket, NULL, "x", 1), 0);
    while ((size = sm_datagram_receive(socket, text, sizeof text, NULL, 10 * SM_S)) > 0)
        nf_say(f, "%.*s", size, text);
    nf_say(f, "%d", size);
    sm_datagram_close(socket);
    return 0;
}

static int answers_twice(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    struct sm_address from;
    char byte;

    ck_assert_int_eq(sm_datagram_open(net, &socket, PORT), 0);
    ck_assert_int_eq(sm_datagram_receive(socket, &byte, 1, &from, SM_FOREVER), 1);
    sm_datagram_send(socket, &from, "answer", 6);
    sm_datagram_close(socket);
    ck_assert_int_eq(sm_datagram_open(net, &socket, PORT + 1), 0);
    sm_datagram_send(socket, &from, "other port", 10);
    sm_sleep(3 * SM_MS);
    nf_say(f, "told %d", sm_datagram_send(socket, &from, "x", 1));
    sm_datagram_close(socket);
    return 0;
}

static int other_machine(struct nf *f, struct sm_net *net)
{
    const struct sm_address to = nf_address(1, PORT);
    struct sm_datagram *socket;

    ck_assert_int_eq(sm_datagram_open(net, &socket, PORT), 0);
    send_text(socket, 1, "other machine");
    sm_sleep(3 * SM_MS);
    nf_say(f, "told %d", sm_datagram_send(socket, &to, "x", 1));
    sm_datagram_close(socket);
    return 0;
}

/* A socket with a peer hears that alone; for others nobody is there. */
START_TEST(hears_its_peer_alone)
{
    nf_create(&nf, 3, NULL);
    nf.bodies[0] = has_a_peer;
    nf.bodies[1] = answers_twice;
    nf.bodies[2] = other_machine;
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "2ms answer, 3ms told -111, 4ms told -111, 10000ms -110");
    nf_finish(&nf);
}
END_TEST

static int asks_nobody(struct nf *f, struct sm_net *net)
{
    const struct sm_address peer = nf_address(2, PORT);
    struct sm_datagram *socket;
    char byte;

    ck_assert_int_eq(sm_datagram_open(net, &socket, 0), 0);
    ck_assert_int_eq(sm_datagram_send(socket, NULL, "x", 1), -EDESTADDRREQ);
    ck_assert_int_eq(sm_datagram_connect(socket, &peer), 0);
    ck_assert_int_eq(sm_datagram_send(socket, NULL, "x", 1), 0);
    nf_say(f, "%d", sm_datagram_receive(socket, &byte, 1, NULL, 10 * SM_S));
    struct sm_wait wait = {sm_datagram_waitable(socket), SM_READ, 0};
    ck_assert_int_eq(sm_datagram_send(socket, NULL, "x", 1), 0);
    nf_say(f, "%d", sm_wait_any(&wait, 1, 10 * SM_S));
    nf_say(f, "%d", sm_datagram_send(socket, NULL, "x", 1));
    nf_say(f, "%d", sm_datagram_receive(socket, &byte, 1, NULL, 20 * SM_MS));
    sm_datagram_close(socket);
    return 0;
}

/* Who waits for an answer of a peer that has no such port is told, once for each datagram. */
START_TEST(peer_is_not_there)
{
    nf_create(&nf, 2, NULL);
    nf.bodies[0] = asks_nobody;
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "2ms -111, 4ms 0, 4ms -111, 20ms -110");
    nf_finish(&nf);
}
END_TEST

/* ---- broadcast ---- */

static int hears_one(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    struct sm_address from;
    char text[64];

    ck_assert_int_eq(sm_datagram_open(net, &socket, PORT), 0);
    const int size = sm_datagram_receive(socket, text, sizeof text, &from, SM_S);
    if (size > 0)
        nf_say(f, "m%u:%.*s", (unsigned)(from.ip - 0x7f010000u), size, text);
    else
        nf_say(f, "%d", size);
    sm_datagram_close(socket);
    return 0;
}

static int calls_all(struct nf *f, struct sm_net *net)
{
    const struct sm_address all = {.ip = SM_IP_BROADCAST, .port = PORT};
    struct sm_datagram *socket;

    ck_assert_int_eq(sm_datagram_open(net, &socket, 0), 0);
    ck_assert_int_eq(sm_datagram_connect(socket, &all), -EINVAL);
    ck_assert_int_eq(sm_datagram_send(socket, &all, "all", 3), 0);
    sm_sleep(10 * SM_MS);
    ck_assert_int_eq(sm_datagram_send(socket, &all, "late", 4), 0); /* nothing has bounced */
    sm_datagram_close(socket);
    return hears_one(f, net);
}

/* A broadcast reaches each machine that listens, over a link of its own; nothing bounces. */
START_TEST(broadcast)
{
    uint64_t only;

    nf_create(&nf, 5, NULL);
    for (int i = 1; i < 4; i++)
        nf.bodies[i] = hears_one;
    nf.bodies[0] = calls_all;
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK, .to = nf_only(&only, 3)};
    nf_add_rule(&nf, 0);
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "1ms m1:all, 1ms m1:all, 10ms m1:late, 1000ms -110");
    ck_assert_uint_eq(lo_net_counters(nf.net)->sent, 10);
    nf_finish(&nf);
}
END_TEST

/* ---- machines that go and come ---- */

static int sends_each_ms(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;

    (void)f;
    sm_datagram_open(net, &socket, 0);
    for (int i = 0; i < 10; i++) {
        char text[] = {(char)('0' + i), 0};
        send_text(socket, 2, text);
        sm_sleep(10 * SM_MS);
    }
    sm_datagram_close(socket);
    return 0;
}

/* What reaches a machine that is off is gone, silently; after its restart it receives again. */
START_TEST(crash_and_restart)
{
    nf_create(&nf, 2, NULL);
    nf.bodies[0] = sends_each_ms;
    nf.bodies[1] = sink;
    nf_at(&nf, 25 * SM_MS, nf_crash, 2);
    nf_at(&nf, 65 * SM_MS, nf_start, 2);
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "1ms m1:0, 11ms m1:1, 21ms m1:2, 71ms m1:7, 81ms m1:8, 91ms m1:9");
    ck_assert_uint_eq(lo_net_counters(nf.net)->lost[LO_LOST_OFF], 4);
    nf_finish(&nf);
}
END_TEST

static int leaves_open(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    struct sm_listener *listener;

    (void)f;
    sm_datagram_open(net, &socket, PORT);
    sm_datagram_open(net, &socket, 0);
    sm_listener_open(net, &listener, PORT, 5);
    return sm_sleep(SM_FOREVER) == -ECANCELED ? 0 : -EIO;
}

/* A proper stop closes what daemons have left open, and tells how much it was. */
START_TEST(leaks_are_counted)
{
    nf_create(&nf, 1, NULL);
    nf.bodies[0] = leaves_open;
    nf_at(&nf, SM_S, nf_stop, 1);
    nf_run(&nf, 60 * SM_S);
    ck_assert_uint_eq(lo_net_leaked(nf.tw.world->machines[0]), 3);
    nf_finish(&nf);
}
END_TEST

/* ---- overflow ---- */

static int floods(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    static char bytes[744]; /* 1,000 with its cost */
    const struct sm_address to = nf_address(2, PORT);

    (void)f;
    sm_datagram_open(net, &socket, 0);
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(sm_datagram_send(socket, &to, bytes, sizeof bytes), 0);
    sm_datagram_close(socket);
    return 0;
}

static int sleeps_then_counts(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    int count = 0;

    sm_datagram_open(net, &socket, PORT);
    sm_sleep(SM_S);
    while (sm_datagram_receive(socket, NULL, 0, NULL, 0) >= 0)
        count++;
    nf_say(f, "%d", count);
    sm_datagram_close(socket);
    return 0;
}

/* A full receive buffer (212,992 bytes) drops the newest; a past deadline still takes what is
 * there. */
START_TEST(overflow)
{
    nf_create(&nf, 2, NULL);
    nf.bodies[0] = floods;
    nf.bodies[1] = sleeps_then_counts;
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "1000ms 212");
    ck_assert_uint_eq(lo_net_counters(nf.net)->lost[LO_LOST_OVERFLOW], 88);
    nf_finish(&nf);
}
END_TEST

/* ---- waiting ---- */

static int waits_for_two(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *a, *b;
    char text[4];

    sm_datagram_open(net, &a, PORT);
    sm_datagram_open(net, &b, PORT + 1);
    struct sm_wait waits[] = {{.object = sm_datagram_waitable(a), .interest = SM_READ},
                              {.object = sm_datagram_waitable(b), .interest = SM_READ}};
    for (int i = 0; i < 2; i++) {
        const int ready = sm_wait_any(waits, 2, SM_FOREVER);
        sm_datagram_receive(ready ? b : a, text, sizeof text, NULL, 0);
        nf_say(f, "socket %d", ready);
    }
    waits[0].interest = SM_READ | SM_WRITE;
    ck_assert_int_eq(sm_wait_any(waits, 2, 0), 0);
    ck_assert_uint_eq(waits[0].ready, SM_WRITE);
    sm_datagram_close(a);
    sm_datagram_close(b);
    return 0;
}

static int sends_to_two(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket;
    const struct sm_address second = nf_address(2, PORT + 1);

    (void)f;
    sm_datagram_open(net, &socket, 0);
    sm_datagram_send(socket, &second, "b", 1);
    sm_sleep(10 * SM_MS);
    send_text(socket, 2, "a");
    sm_datagram_close(socket);
    return 0;
}

/* One task waits for several sockets; a socket can always be written to. */
START_TEST(wait_any)
{
    nf_create(&nf, 2, NULL);
    nf.bodies[0] = sends_to_two;
    nf.bodies[1] = waits_for_two;
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "1ms socket 1, 11ms socket 0");
    nf_finish(&nf);
}
END_TEST

static int receives_one(void *arg)
{
    char text[4];
    const int size = sm_datagram_receive(arg, text, sizeof text, NULL, SM_FOREVER);
    nf_say(&nf, "%d", size);
    return 0;
}

static int many_receivers(struct nf *f, struct sm_net *net)
{
    struct sm_datagram *socket, *other;
    struct sm_task *tasks[3];

    (void)f;
    sm_datagram_open(net, &socket, PORT);
    sm_datagram_open(net, &other, PORT + 1);
    for (int i = 0; i < 3; i++)
        sm_task_spawn(&tasks[i], NULL, receives_one, socket);
    sm_sleep(500 * SM_MS);
    for (int i = 0; i < 3; i++)
        sm_task_cancel(tasks[i]);
    for (int i = 0; i < 3; i++)
        sm_task_join(tasks[i], NULL, SM_FOREVER);
    sm_datagram_close(socket);
    sm_datagram_close(other);
    return 0;
}

/* Each datagram goes to one of the tasks that wait; cancelling wakes those that got none. */
START_TEST(one_datagram_one_task)
{
    nf_create(&nf, 2, NULL);
    nf.bodies[0] = sends_to_two;
    nf.bodies[1] = many_receivers;
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "11ms 1, 500ms -125, 500ms -125");
    nf_finish(&nf);
}
END_TEST

/* ---- misuse ---- */

static struct sm_datagram *shared;
static struct sm_net *shared_net;

static int uses_closed(void *arg, struct sim_machine *machine)
{
    struct sm_datagram *socket;

    (void)arg;
    if (machine->index != 1)
        return 0;
    sm_datagram_open(lo_net_capability(machine), &socket, 0);
    sm_datagram_close(socket);
    sm_datagram_close(socket);
    return 0;
}

static int uses_others(void *arg, struct sim_machine *machine)
{
    (void)arg;
    if (machine->index == 1)
        return sm_datagram_open(lo_net_capability(machine), &shared, 0);
    sm_sleep(SM_MS);
    return sm_datagram_port(shared);
}

static int uses_other_net(void *arg, struct sim_machine *machine)
{
    struct sm_datagram *socket;

    (void)arg;
    if (machine->index == 1)
        shared_net = lo_net_capability(machine);
    sm_sleep(SM_MS);
    return machine->index == 2 ? sm_datagram_open(shared_net, &socket, 0) : 0;
}

static int uses_wrong_kind(void *arg, struct sim_machine *machine)
{
    struct sm_datagram *socket;

    (void)arg;
    sm_datagram_open(lo_net_capability(machine), &socket, 0);
    sm_listener_close((struct sm_listener *)(void *)socket);
    return 0;
}

static int closes_while_waiting(void *arg, struct sim_machine *machine)
{
    struct sm_datagram *socket;

    (void)arg;
    sm_datagram_open(lo_net_capability(machine), &socket, 0);
    sm_task_spawn(NULL, NULL, receives_one, socket);
    sm_sleep(SM_MS);
    sm_datagram_close(socket);
    return 0;
}

static void expect_bug(tw_body body, const char *words)
{
    static struct tw tw;
    struct lo_net *net;

    tw_create(&tw, 2, NULL, body, NULL);
    ck_assert_int_eq(lo_net_create(&net, tw.world, NULL), 0);
    ck_assert_int_eq(tw_run(&tw, SM_S), SIM_FAILED);
    ck_assert_msg(strstr(tw.failure.text, words), "'%s' lacks '%s'", tw.failure.text, words);
    tw_destroy(&tw);
    lo_net_destroy(net);
}

/* Wrong handles are found, and the words say what was wrong with them. */
START_TEST(misuse)
{
    expect_bug(uses_closed, "sm_datagram_close: this datagram socket was closed before");
    expect_bug(uses_others, "belongs to machine 'm1', the caller runs on 'm2'");
    expect_bug(uses_other_net, "this is the network of machine 'm1', the caller runs on 'm2'");
    expect_bug(uses_wrong_kind, "sm_listener_close: this is no open listener");
    expect_bug(closes_while_waiting, "a task still waits on the socket");
}
END_TEST

SUITE_MAIN("datagram", arrives, sizes, refused, hears_its_peer_alone, peer_is_not_there, broadcast,
           crash_and_restart, leaks_are_counted, overflow, wait_any, one_datagram_one_task, misuse)
